package entities

import (
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// memberFacts is what is known of a person's membership in a guild.
type memberFacts struct {
	Membership
	known bool      // else it is asked for only
	here  bool      // they are a member
	at    time.Time // since when it is known to be so
}

// threadMember is what is known of a person's membership of a thread.
type threadMember struct {
	joined bool
	at     time.Time
}

// HoldMembers says how long what is known of people holds: until told otherwise (0), when
// Discord tells of every change, or for a time, when it does not.
func (w *World) HoldMembers(life time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.memberLife = life
}

// Expect follows a person's membership in a guild from now on. What Discord tells of people
// who are not followed is of no use and is not kept.
// What Discord was asked for before at says nothing about what it is told now.
func (w *World) Expect(guild, user snowflake.ID, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		if _, followed := facts.members[user]; !followed {
			facts.members[user] = memberFacts{Membership: Membership{UserID: user}, at: at}
		}
	}
}

// Follows says whether a person's membership in a guild is followed.
func (w *World) Follows(guild, user snowflake.ID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return false
	}
	_, followed := facts.members[user]
	return followed
}

// SetMember takes what Discord said of a followed person's membership. It was so at a time: when
// the event came, or when Discord was asked; what is known to be newer stays.
func (w *World) SetMember(guild snowflake.ID, m Membership, here bool, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return
	}
	if known, followed := facts.members[m.UserID]; !followed || known.at.After(at) {
		return
	}
	facts.members[m.UserID] = memberFacts{Membership: m, known: true, here: here, at: at}
	if !here {
		// Who leaves a guild leaves its threads, and comes back without them.
		w.forgetThreadMember(facts, m.UserID)
	}
}

// ForgetMember makes unknown what was known of a followed person's membership, until Discord
// tells or is asked after at; user = 0 means of everybody's in the guild.
func (w *World) ForgetMember(guild, user snowflake.ID, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return
	}
	for id := range facts.members {
		if user == 0 || id == user {
			facts.members[id] = memberFacts{Membership: Membership{UserID: id}, at: at}
		}
	}
}

// forgetThreadMember forgets in which of a guild's threads a person is.
func (w *World) forgetThreadMember(facts *guildFacts, user snowflake.ID) {
	for thread, members := range w.threadMembers {
		if _, ours := facts.channels[thread]; ours {
			delete(members, user)
		}
	}
}

// ForgetThreadMembers makes unknown who is in a thread, or in any thread of a guild.
func (w *World) ForgetThreadMembers(guild, thread snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.threadMembers, thread)
	if facts, ok := w.guilds[guild]; ok && thread == 0 {
		for id := range facts.channels {
			delete(w.threadMembers, id)
		}
	}
}

// SetThreadMember takes what Discord said of a person's membership of a private thread, as
// [World.SetMember] does of a guild's.
func (w *World) SetThreadMember(thread, user snowflake.ID, joined bool, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.channels[thread]; !ok {
		return
	}
	members := w.threadMembers[thread]
	if members == nil {
		members = map[snowflake.ID]threadMember{}
		w.threadMembers[thread] = members
	}
	if !members[user].at.After(at) {
		members[user] = threadMember{joined: joined, at: at}
	}
}

// Knows says whether what a decision lacked is known by now.
func (w *World) Knows(gap Gap, now time.Time) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[gap.Guild]
	if !ok {
		return false
	}
	if gap.Thread != 0 {
		t, asked := w.threadMembers[gap.Thread][gap.User]
		return asked && w.fresh(t.at, now)
	}
	m, followed := facts.members[gap.User]
	return followed && m.known && w.fresh(m.at, now)
}

// fresh says whether something that is known since a time still holds.
func (w *World) fresh(at, now time.Time) bool {
	return w.memberLife == 0 || now.Sub(at) < w.memberLife
}
