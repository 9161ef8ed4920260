package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// join makes a user a member without telling anybody.
func (d *Discord) join(g *guild, user ID, roles []ID) *Member {
	m := &Member{User: d.state.users[user], Roles: array(roles), JoinedAt: d.now()}
	g.members[user] = m
	return m
}

// AddMember makes a user a member of a guild. Sends GUILD_MEMBER_ADD.
func (d *Discord) AddMember(guild, user ID, roles ...ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || d.state.users[user] == nil || g.members[user] != nil {
		return fmt.Errorf("add member %s to guild %s: unknown, or there already", user, guild)
	}
	m := d.join(g, user, roles)
	d.dispatch(guild, 0, IntentGuildMembers, "GUILD_MEMBER_ADD", showMember(guild, m))
	return nil
}

// ChangeMember lets change edit a copy of a member (roles, nick, timeout), which then
// becomes the member. Sends GUILD_MEMBER_UPDATE.
func (d *Discord) ChangeMember(guild, user ID, change func(*Member)) error {
	next, ok := d.Member(guild, user)
	if !ok {
		return fmt.Errorf("change member %s: unknown", user)
	}
	change(&next)
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || g.members[user] == nil {
		return fmt.Errorf("change member %s: gone", user)
	}
	next.User = d.state.users[user]
	g.members[user] = &next
	d.dispatch(guild, 0, memberIntent(user == d.bot), "GUILD_MEMBER_UPDATE", showMember(guild, &next))
	return nil
}

// memberIntent is what GUILD_MEMBER_UPDATE needs: nothing when it tells of the bot itself.
func memberIntent(self bool) Intents {
	if self {
		return 0
	}
	return IntentGuildMembers
}

// TimeOut keeps a member from speaking until then. Sends GUILD_MEMBER_UPDATE.
func (d *Discord) TimeOut(guild, user ID, until time.Time) error {
	return d.ChangeMember(guild, user, func(m *Member) { m.TimedOutUntil = &until })
}

// RemoveMember takes a user out of a guild, and out of its threads. Sends GUILD_MEMBER_REMOVE.
func (d *Discord) RemoveMember(guild, user ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || g.members[user] == nil {
		return fmt.Errorf("remove member %s: unknown", user)
	}
	delete(g.members, user)
	for _, ch := range d.state.channels {
		if ch.GuildID == guild && ch.isThread() && ch.member(user) != nil {
			d.leaveThread(user, ch)
		}
	}
	d.dispatch(guild, 0, IntentGuildMembers, "GUILD_MEMBER_REMOVE", struct {
		GuildID ID    `json:"guild_id"`
		User    *User `json:"user"`
	}{guild, d.state.users[user]})
	return nil
}

// Member is a copy of a guild's member.
func (d *Discord) Member(guild, user ID) (Member, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || g.members[user] == nil {
		return Member{}, false
	}
	m := *g.members[user]
	m.Roles = slices.Clone(m.Roles)
	return m, true
}

// RefuseDMs makes a user take no direct messages (50007), or take them again.
func (d *Discord) RefuseDMs(user ID, refuse bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.closedDMs[user] = refuse
}
