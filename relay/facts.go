package relay

import (
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// learn takes from a gateway event what rights and names depend on. It only changes memory,
// so that the gateway's reader is never held up.
func (r *Relay) learn(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventReady:
		r.world.SetBot(e.User.ID, e.User.Username, e.User.EffectiveName())
		r.beginSession(e)
	case gateway.EventGuildCreate:
		r.learnGuild(e.GatewayGuild)
	case gateway.EventGuildUpdate:
		r.world.UpdateGuild(guild(e.Guild))
	case gateway.EventGuildDelete:
		if e.Unavailable {
			r.world.SetAvailable(e.ID, false)
		} else {
			for _, c := range r.world.Channels(e.ID) {
				r.forsake(c.ID)
			}
			r.world.RemoveGuild(e.ID)
			r.departed(e.ID)
		}
	case gateway.EventGuildRoleCreate:
		r.world.PutRole(e.GuildID, role(e.Role))
	case gateway.EventGuildRoleUpdate:
		r.world.PutRole(e.GuildID, role(e.Role))
	case gateway.EventGuildRoleDelete:
		r.world.RemoveRole(e.GuildID, e.RoleID)
	case gateway.EventGuildMembersChunk, gateway.EventGuildMemberAdd, gateway.EventGuildMemberUpdate, gateway.EventGuildMemberRemove:
		r.learnPeople(event)
	default:
		r.learnChannel(event)
	}
}

// beginSession forgets what may have changed while there was no session: which guilds there
// are and what they allow, and which messages were edited or deleted.
func (r *Relay) beginSession(e gateway.EventReady) {
	guilds := make([]snowflake.ID, 0, len(e.Guilds))
	for _, guild := range e.Guilds {
		guilds = append(guilds, guild.ID)
	}
	r.world.Announce(e.Shard[0], max(e.Shard[1], 1), guilds)
	r.cache.clear()
	r.rolled(e.Shard[0], max(e.Shard[1], 1), guilds)
	if e.Shard[0] == 0 {
		r.lookForMissedDMs()
	}
}

func (r *Relay) learnChannel(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventChannelCreate:
		r.world.PutChannel(channel(e.GuildChannel))
	case gateway.EventChannelUpdate:
		r.world.PutChannel(channel(e.GuildChannel))
		r.webhooks.forget(e.ID())
	case gateway.EventChannelDelete:
		r.world.RemoveChannel(e.ID())
		r.forsake(e.ID())
	case gateway.EventThreadCreate:
		r.learnThread(e.GuildThread, e.ThreadMember.UserID != 0 || r.joined(e.ID()))
	case gateway.EventThreadUpdate:
		before, known := r.world.Channel(e.ID())
		r.learnThread(e.GuildThread, r.joined(e.ID()))
		r.woken(e.GuildThread, known && !before.Archived)
	case gateway.EventThreadDelete:
		r.world.RemoveChannel(e.ID)
	case gateway.EventThreadListSync:
		r.learnThreads(e)
	case gateway.EventThreadMemberUpdate:
		r.learnThreadMember(e.ThreadID, true)
	case gateway.EventThreadMembersUpdate:
		r.learnThreadMembers(e)
	case gateway.EventWebhooksUpdate:
		r.webhooks.forget(e.ChannelID)
	}
}

func (r *Relay) learnGuild(g discord.GatewayGuild) {
	if g.Unavailable {
		r.world.SetAvailable(g.ID, false)
		return
	}
	roles := make([]entities.Role, 0, len(g.Roles))
	for _, known := range g.Roles {
		roles = append(roles, role(known))
	}
	channels := make([]entities.Channel, 0, len(g.Channels)+len(g.Threads))
	for _, known := range g.Channels {
		c := channel(known)
		c.GuildID = g.ID
		channels = append(channels, c)
	}
	for _, known := range g.Threads {
		c := channel(known)
		c.GuildID = g.ID
		// Of private threads GUILD_CREATE lists those that the bot has joined.
		c.Joined = true
		channels = append(channels, c)
	}
	known := guild(g.Guild)
	known.Available = true
	var self entities.Membership
	for _, m := range g.Members {
		if m.User.ID == r.world.Bot() {
			self = membership(m)
		}
	}
	r.world.SeekThreads(g.ID) // before anything of it can be read
	r.world.PutGuild(known, roles, self, channels)
	for _, m := range g.Members {
		r.notice(g.ID, m.User, m)
	}
	r.state.lookAfter(g.ID)
	r.arrived(g.ID)
	r.lookForMissed(g)
	if !r.unasked.put(g.ID) {
		r.log.Warn("too many servers at once; owners there are asked for when it matters", "guild", g.ID)
	}
}

func (r *Relay) learnThread(thread discord.GuildThread, joined bool) {
	c := channel(thread)
	c.Joined = joined
	if joined != r.joined(c.ID) {
		// While the bot is not in a private thread it is not told who is.
		r.world.ForgetThreadMembers(c.GuildID, c.ID)
	}
	r.world.PutChannel(c)
}

func (r *Relay) learnThreads(e gateway.EventThreadListSync) {
	mine := map[snowflake.ID]bool{}
	for _, m := range e.Members {
		mine[m.ThreadID] = true
	}
	threads := make([]entities.Channel, 0, len(e.Threads))
	for _, thread := range e.Threads {
		c := channel(thread)
		c.GuildID, c.Joined = e.GuildID, mine[thread.ID()]
		threads = append(threads, c)
	}
	r.world.SyncThreads(e.GuildID, e.ChannelIDs, threads)
}

func (r *Relay) learnThreadMembers(e gateway.EventThreadMembersUpdate) {
	for _, added := range e.AddedMembers {
		r.learnThreadMembership(e.GuildID, e.ID, added.UserID, true)
	}
	for _, removed := range e.RemovedMemberIDs {
		r.learnThreadMembership(e.GuildID, e.ID, removed, false)
	}
}

func (r *Relay) learnThreadMembership(guild, thread, user snowflake.ID, joined bool) {
	if user == r.world.Bot() {
		r.learnThreadMember(thread, joined)
	} else if r.world.Follows(guild, user) {
		r.world.SetThreadMember(thread, user, joined, r.now())
	}
}

func (r *Relay) learnThreadMember(thread snowflake.ID, joined bool) {
	if c, ok := r.world.Channel(thread); ok {
		if joined != c.Joined {
			r.world.ForgetThreadMembers(c.GuildID, thread)
		}
		c.Joined = joined
		r.world.PutChannel(c)
	}
}

func (r *Relay) joined(thread snowflake.ID) bool {
	c, ok := r.world.Channel(thread)
	return ok && c.Joined
}

func guild(known discord.Guild) entities.Guild {
	g := entities.Guild{ID: known.ID, Name: known.Name, OwnerID: known.OwnerID}
	if known.PublicUpdatesChannelID != nil {
		g.UpdatesChannel = *known.PublicUpdatesChannelID
	}
	if known.SystemChannelID != nil {
		g.SystemChannel = *known.SystemChannelID
	}
	return g
}

func role(known discord.Role) entities.Role {
	return entities.Role{ID: known.ID, Name: known.Name, Permissions: known.Permissions}
}

// notice keeps the names of those who look after a guild, so that no entity takes them.
func (r *Relay) notice(guild snowflake.ID, user discord.User, m discord.Member) {
	known := membership(m)
	known.UserID = user.ID
	r.called.learn(guild, user, m.Nick)
	r.world.Notice(guild, known, entities.Names(user, m.Nick)...)
}

func membership(m discord.Member) entities.Membership {
	var until time.Time
	if m.CommunicationDisabledUntil != nil {
		until = *m.CommunicationDisabledUntil
	}
	return entities.Membership{UserID: m.User.ID, Roles: m.RoleIDs, TimeoutUntil: until}
}

func channel(known discord.GuildChannel) entities.Channel {
	c := entities.Channel{
		ID: known.ID(), GuildID: known.GuildID(), Type: known.Type(), Name: known.Name(), Position: known.Position(),
		Overwrites: overwrites(known.PermissionOverwrites()),
	}
	if parent := known.ParentID(); parent != nil {
		c.ParentID = *parent
	}
	if text, ok := known.(discord.GuildMessageChannel); ok {
		c.NSFW = text.NSFW()
		if topic := text.Topic(); topic != nil {
			c.Topic = *topic
		}
	}
	switch typed := known.(type) {
	case discord.GuildThread:
		c.Archived, c.Locked = typed.ThreadMetadata.Archived, typed.ThreadMetadata.Locked
	case discord.GuildForumChannel:
		c.NSFW, c.Tags, c.RequiresTag = typed.NSFW, tags(typed.AvailableTags), typed.Flags.Has(discord.ChannelFlagRequireTag)
		if typed.Topic != nil {
			c.Topic = *typed.Topic
		}
	case discord.GuildMediaChannel:
		c.NSFW, c.Tags, c.RequiresTag = typed.NSFW, tags(typed.AvailableTags), typed.Flags.Has(discord.ChannelFlagRequireTag)
		if typed.Topic != nil {
			c.Topic = *typed.Topic
		}
	}
	return c
}

func tags(available []discord.ChannelTag) []entities.Tag {
	out := make([]entities.Tag, 0, len(available))
	for _, tag := range available {
		out = append(out, entities.Tag{ID: tag.ID, Name: tag.Name, Moderated: tag.Moderated})
	}
	return out
}

func overwrites(known discord.PermissionOverwrites) []entities.Overwrite {
	out := make([]entities.Overwrite, 0, len(known))
	for _, o := range known {
		switch typed := o.(type) {
		case discord.RolePermissionOverwrite:
			out = append(out, entities.Overwrite{ID: typed.RoleID, Allow: typed.Allow, Deny: typed.Deny})
		case discord.MemberPermissionOverwrite:
			out = append(out, entities.Overwrite{ID: typed.UserID, Member: true, Allow: typed.Allow, Deny: typed.Deny})
		}
	}
	return out
}
