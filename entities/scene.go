package entities

import (
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// scene is what is known of Discord about one channel and one owner, taken at one moment.
type scene struct {
	guild Guild
	// open is false while what is known of the guild is not complete.
	open      bool
	channel   Channel
	governing Channel // the channel itself, or a thread's parent
	bot       discord.Permissions
	owner     party
}

// party is how a person stands in a channel.
type party struct {
	known       bool // else nothing else counts
	here        bool // a member of the guild
	permissions discord.Permissions
	timedOut    bool
	// joinedKnown and joined are about private threads only.
	joinedKnown bool
	joined      bool
}

// scene gives the facts about a channel and a person; ok is false when the channel is not
// known.
func (w *World) scene(channel, owner snowflake.ID, now time.Time) (s scene, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if s.channel, ok = w.channels[channel]; !ok {
		return scene{}, false
	}
	s.governing = s.channel
	if s.channel.IsThread() {
		if s.governing, ok = w.channels[s.channel.ParentID]; !ok {
			return scene{}, false
		}
	}
	facts, ok := w.guilds[s.channel.GuildID]
	if !ok {
		return scene{}, false
	}
	s.guild, s.open = facts.Guild, facts.open()
	if !s.open {
		return s, true
	}
	s.bot = Permissions(facts.Guild, facts.roles, facts.bot, s.governing.Overwrites, now)
	if s.channel.Type == discord.ChannelTypeGuildPrivateThread && !s.channel.Joined && !s.bot.Has(discord.PermissionManageThreads) {
		s.bot = discord.PermissionsNone
	}
	s.owner = w.party(facts, s, owner, now)
	return s, true
}

func (w *World) party(facts *guildFacts, s scene, user snowflake.ID, now time.Time) party {
	m, followed := facts.members[user]
	if !followed || !m.known || !w.fresh(m.at, now) {
		return party{}
	}
	p := party{known: true, here: m.here}
	if !m.here {
		return p
	}
	p.permissions = Permissions(facts.Guild, facts.roles, m.Membership, s.governing.Overwrites, now)
	p.timedOut = m.TimeoutUntil.After(now) && p.permissions != everything
	if s.channel.Type == discord.ChannelTypeGuildPrivateThread {
		t, asked := w.threadMembers[s.channel.ID][user]
		p.joinedKnown = asked && w.fresh(t.at, now)
		p.joined = t.joined
	}
	return p
}

// shows says whether a member whose roles are given sees a scene's channel; a private thread
// only by the permission to manage threads.
func (w *World) shows(s scene, m Membership, now time.Time) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[s.channel.GuildID]
	if !ok {
		return false
	}
	wanted := discord.PermissionViewChannel
	if s.channel.Type == discord.ChannelTypeGuildPrivateThread {
		wanted |= discord.PermissionManageThreads
	}
	return Permissions(facts.Guild, facts.roles, m, s.governing.Overwrites, now).Has(wanted)
}

// seesAll says whether a member sees every channel of a category.
func (w *World) seesAll(category Channel, m Membership, administers bool, now time.Time) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[category.GuildID]
	if !ok {
		return false
	}
	for id := range facts.channels {
		c := w.channels[id]
		if c.ParentID == category.ID && !c.IsThread() && !administers &&
			!Permissions(facts.Guild, facts.roles, m, c.Overwrites, now).Has(discord.PermissionViewChannel) {
			return false
		}
	}
	return true
}

// BotPermissions is what the bot may do in a channel or thread. It is nothing where the
// channel, its parent or the guild is not known, is doubted, or has an outage.
func (w *World) BotPermissions(channel snowflake.ID, now time.Time) discord.Permissions {
	s, _ := w.scene(channel, 0, now)
	return s.bot
}

// Here says whether a person is a member of a guild, and whether that is known.
func (w *World) Here(guild, user snowflake.ID, now time.Time) (here, known bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok || !facts.open() {
		return false, false
	}
	m, followed := facts.members[user]
	if !followed || !m.known || !w.fresh(m.at, now) {
		return false, false
	}
	return m.here, true
}
