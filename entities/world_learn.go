package entities

import (
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// PutGuild takes a whole guild as GUILD_CREATE gives it and forgets what was known before, but for
// public threads that are not listed: archived ones never are, and what was heard there may not
// have been read yet.
func (w *World) PutGuild(g Guild, roles []Role, bot Membership, channels []Channel) {
	facts := newGuildFacts(g)
	facts.bot = bot
	for _, role := range roles {
		facts.roles[role.ID] = role
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	asleep := w.publicThreads(g.ID)
	w.forgetChannels(g.ID)
	if known, ok := w.guilds[g.ID]; ok {
		facts.staff = known.staff // Discord does not tell of them again
	}
	w.guilds[g.ID] = facts
	w.touch(facts)
	for _, channel := range channels {
		w.putChannel(channel)
	}
	for _, thread := range asleep {
		_, listed := w.channels[thread.ID]
		if parent, there := w.channels[thread.ParentID]; !listed && there && parent.GuildID == g.ID {
			if !thread.Archived {
				thread.Archived = true
				w.archive(thread.ID)
			}
			w.channels[thread.ID] = thread
			facts.channels[thread.ID] = struct{}{}
		}
	}
}

// publicThreads are a guild's threads that everybody sees who sees their channel.
func (w *World) publicThreads(guild snowflake.ID) (threads []Channel) {
	facts, ok := w.guilds[guild]
	if !ok {
		return nil
	}
	for id := range facts.channels {
		if c := w.channels[id]; c.IsThread() && c.Type != discord.ChannelTypeGuildPrivateThread {
			threads = append(threads, c)
		}
	}
	return threads
}

func newGuildFacts(g Guild) *guildFacts {
	return &guildFacts{Guild: g, roles: map[snowflake.ID]Role{}, channels: map[snowflake.ID]struct{}{}, members: map[snowflake.ID]memberFacts{}}
}

// Announce takes the list of guilds with which a shard's session begins. What was known of
// them is closed until each of them is put again; guilds of that shard that are not listed
// are gone.
func (w *World) Announce(shard, shards int, guilds []snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shards = shards
	w.begun[shard] = struct{}{}
	for id, facts := range w.guilds {
		if shardOf(id, shards) != shard {
			continue
		}
		facts.Available = false
		if !slices.Contains(guilds, id) {
			w.forgetChannels(id)
			delete(w.guilds, id)
		}
	}
	for _, id := range guilds {
		if _, known := w.guilds[id]; !known {
			w.guilds[id] = newGuildFacts(Guild{ID: id})
		}
	}
}

// UpdateGuild changes what a guild itself is; whether it is available stays.
func (w *World) UpdateGuild(g Guild) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[g.ID]; ok {
		g.Available = facts.Available
		facts.Guild = g
		w.touch(facts)
	}
}

// Doubt closes a guild until [World.PutGuild] or [World.Settle] brings its facts anew.
func (w *World) Doubt(guild snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		facts.doubted = true
		w.touch(facts)
	}
}

// Changes is a mark of what a guild's facts are now, for [World.Settle].
func (w *World) Changes(guild snowflake.ID) int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if facts, ok := w.guilds[guild]; ok {
		return facts.changed
	}
	return 0
}

// Settle ends the doubt about a guild with facts that were asked for when Changes was as
// given. It says false, and changes nothing, when they are older than what is known now.
func (w *World) Settle(changes int, g Guild, roles []Role, bot Membership) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts, ok := w.guilds[g.ID]
	if !ok || facts.changed != changes {
		return false
	}
	g.Available = facts.Available
	facts.Guild, facts.bot, facts.doubted = g, bot, false
	facts.roles = make(map[snowflake.ID]Role, len(roles))
	for _, role := range roles {
		facts.roles[role.ID] = role
	}
	return true
}

// SetAvailable notes an outage of a guild, or its end.
func (w *World) SetAvailable(guild snowflake.ID, available bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		facts.Available = available
	}
}

// RemoveGuild forgets a guild that the bot left or that was deleted.
func (w *World) RemoveGuild(guild snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgetChannels(guild)
	delete(w.guilds, guild)
}

// PutRole adds or replaces a role.
func (w *World) PutRole(guild snowflake.ID, role Role) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		facts.roles[role.ID] = role
		w.touch(facts)
	}
}

// RemoveRole forgets a role.
func (w *World) RemoveRole(guild, role snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		delete(facts.roles, role)
		w.touch(facts)
	}
}

// PutBotMembership replaces the bot's own standing in a guild.
func (w *World) PutBotMembership(guild snowflake.ID, bot Membership) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		facts.bot = bot
		w.touch(facts)
	}
}

// PutChannel adds or replaces a channel, category or thread of a known guild.
func (w *World) PutChannel(channel Channel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.putChannel(channel)
}

// RemoveChannel forgets a channel, and the threads under it.
func (w *World) RemoveChannel(channel snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known, ok := w.channels[channel]
	if !ok {
		return
	}
	facts := w.guilds[known.GuildID]
	for id := range facts.channels {
		if id == channel || (w.channels[id].IsThread() && w.channels[id].ParentID == channel) {
			w.forgetChannel(facts, id)
		}
	}
}

// SyncThreads takes the active threads of some channels (all of the guild's when parents is
// empty); those that are not among them are no longer there for the bot.
func (w *World) SyncThreads(guild snowflake.ID, parents []snowflake.ID, threads []Channel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return
	}
	for id := range facts.channels {
		c := w.channels[id]
		switch {
		case !c.IsThread() || (len(parents) > 0 && !slices.Contains(parents, c.ParentID)):
		case c.Archived:
			// Who joined or left while the bot had no access was not told.
			delete(w.threadMembers, id)
		default:
			w.forgetChannel(facts, id)
		}
	}
	for _, thread := range threads {
		w.putChannel(thread)
	}
}

// touch notes that a guild's facts changed.
func (w *World) touch(facts *guildFacts) {
	w.changes++
	facts.changed = w.changes
}

func (w *World) putChannel(channel Channel) {
	facts, ok := w.guilds[channel.GuildID]
	if !ok {
		return
	}
	if channel.Archived && !w.channels[channel.ID].Archived {
		w.archive(channel.ID)
	}
	w.channels[channel.ID] = channel
	facts.channels[channel.ID] = struct{}{}
}

// archive remembers a thread as archived, and forgets the one longest so when there are too
// many.
func (w *World) archive(thread snowflake.ID) {
	w.archived = append(w.archived, thread)
	if len(w.archived) <= mostArchived {
		return
	}
	oldest := w.archived[0]
	w.archived = w.archived[1:]
	if c, ok := w.channels[oldest]; ok && c.Archived {
		w.forgetChannel(w.guilds[c.GuildID], oldest)
	}
}

func (w *World) forgetChannels(guild snowflake.ID) {
	if facts, ok := w.guilds[guild]; ok {
		for id := range facts.channels {
			w.forgetChannel(facts, id)
		}
	}
}

func (w *World) forgetChannel(facts *guildFacts, id snowflake.ID) {
	delete(w.channels, id)
	delete(w.threadMembers, id)
	delete(facts.channels, id)
}
