package entities

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// World is what is known of Discord that rights and names depend on: guilds, roles,
// channels, threads and the bot's own membership. relay fills it from the gateway; what it
// has not filled is unknown, and what is unknown is refused. It is safe for concurrent use,
// and what it hands out are copies.
type World struct {
	mu       sync.RWMutex
	bot      snowflake.ID
	guilds   map[snowflake.ID]*guildFacts
	channels map[snowflake.ID]Channel
}

// Guild is a Discord server as the bot sees it.
type Guild struct {
	ID      snowflake.ID
	Name    string
	OwnerID snowflake.ID
	// Available is false while Discord has an outage there.
	Available bool
}

// Role is a guild's role. The role with the guild's id is @everyone.
type Role struct {
	ID          snowflake.ID
	Name        string
	Permissions discord.Permissions
}

// Membership is a member's standing in a guild.
type Membership struct {
	UserID snowflake.ID
	Roles  []snowflake.ID
	// TimeoutUntil is when a timeout ends; zero without one.
	TimeoutUntil time.Time
}

// Overwrite is one permission overwrite of a channel, for a role or a member.
type Overwrite struct {
	ID     snowflake.ID
	Member bool // else a role
	Allow  discord.Permissions
	Deny   discord.Permissions
}

// Channel is a channel, category or thread.
type Channel struct {
	ID       snowflake.ID
	GuildID  snowflake.ID
	ParentID snowflake.ID // the category; of a thread, its channel; 0 without one
	Type     discord.ChannelType
	Name     string
	Topic    string
	Position int
	NSFW     bool
	Archived bool // threads only
	Locked   bool // threads only
	// Joined says that the bot is a member of this thread.
	Joined     bool
	Overwrites []Overwrite
	// Tags are a forum's tags by name.
	Tags []Tag
	// RequiresTag says that a post in this forum needs a tag.
	RequiresTag bool
}

// Tag is a forum's tag.
type Tag struct {
	ID        snowflake.ID
	Name      string
	Moderated bool
}

type guildFacts struct {
	Guild
	roles    map[snowflake.ID]Role
	bot      Membership
	channels map[snowflake.ID]struct{}
}

// IsThread says whether c is a thread or a forum post.
func (c Channel) IsThread() bool {
	switch c.Type {
	case discord.ChannelTypeGuildNewsThread, discord.ChannelTypeGuildPublicThread, discord.ChannelTypeGuildPrivateThread:
		return true
	default:
		return false
	}
}

// IsForum says whether c holds posts instead of messages.
func (c Channel) IsForum() bool {
	return c.Type == discord.ChannelTypeGuildForum || c.Type == discord.ChannelTypeGuildMedia
}

// HoldsMessages says whether messages can stand in c itself.
func (c Channel) HoldsMessages() bool {
	switch c.Type {
	case discord.ChannelTypeGuildText, discord.ChannelTypeGuildNews, discord.ChannelTypeGuildVoice, discord.ChannelTypeGuildStageVoice:
		return true
	default:
		return c.IsThread()
	}
}

// NewWorld is a world of which nothing is known yet.
func NewWorld() *World {
	return &World{guilds: map[snowflake.ID]*guildFacts{}, channels: map[snowflake.ID]Channel{}}
}

// SetBot says which user the bot is.
func (w *World) SetBot(user snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bot = user
}

// Bot is the bot's own user id, or 0 before Discord told it.
func (w *World) Bot() snowflake.ID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.bot
}

// PutGuild takes a whole guild as GUILD_CREATE gives it and forgets what was known before.
func (w *World) PutGuild(g Guild, roles []Role, bot Membership, channels []Channel) {
	facts := &guildFacts{Guild: g, roles: make(map[snowflake.ID]Role, len(roles)), bot: bot, channels: make(map[snowflake.ID]struct{}, len(channels))}
	for _, role := range roles {
		facts.roles[role.ID] = role
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgetChannels(g.ID)
	w.guilds[g.ID] = facts
	for _, channel := range channels {
		w.putChannel(channel)
	}
}

// UpdateGuild changes a guild's own facts and keeps its roles and channels.
func (w *World) UpdateGuild(g Guild) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[g.ID]; ok {
		facts.Guild = g
	}
}

// ReplaceRoles takes everything about a known guild but its channels.
func (w *World) ReplaceRoles(g Guild, roles []Role, bot Membership) {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts, ok := w.guilds[g.ID]
	if !ok {
		return
	}
	facts.Guild, facts.bot, facts.roles = g, bot, make(map[snowflake.ID]Role, len(roles))
	for _, role := range roles {
		facts.roles[role.ID] = role
	}
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
	}
}

// RemoveRole forgets a role.
func (w *World) RemoveRole(guild, role snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		delete(facts.roles, role)
	}
}

// PutBotMembership replaces the bot's own standing in a guild.
func (w *World) PutBotMembership(guild snowflake.ID, bot Membership) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		facts.bot = bot
	}
}

// KnowsBot says whether the bot's own standing in a guild is known.
func (w *World) KnowsBot(guild snowflake.ID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	return ok && facts.bot.UserID != 0
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
			delete(w.channels, id)
			delete(facts.channels, id)
		}
	}
}

// Channel finds a channel, category or thread.
func (w *World) Channel(id snowflake.ID) (Channel, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	channel, ok := w.channels[id]
	return channel, ok
}

// Guild finds a guild.
func (w *World) Guild(id snowflake.ID) (Guild, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[id]
	if !ok {
		return Guild{}, false
	}
	return facts.Guild, true
}

// Guilds lists the guilds that the bot is in, by id.
func (w *World) Guilds() []Guild {
	w.mu.RLock()
	defer w.mu.RUnlock()
	guilds := make([]Guild, 0, len(w.guilds))
	for _, id := range slices.Sorted(maps.Keys(w.guilds)) {
		guilds = append(guilds, w.guilds[id].Guild)
	}
	return guilds
}

// RoleName is the name of a guild's role.
func (w *World) RoleName(guild, role snowflake.ID) (string, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return "", false
	}
	found, ok := facts.roles[role]
	return found.Name, ok
}

// Channels lists a guild's channels and threads in no order.
func (w *World) Channels(guild snowflake.ID) []Channel {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return nil
	}
	channels := make([]Channel, 0, len(facts.channels))
	for id := range facts.channels {
		channels = append(channels, w.channels[id])
	}
	return channels
}

func (w *World) putChannel(channel Channel) {
	facts, ok := w.guilds[channel.GuildID]
	if !ok {
		return
	}
	w.channels[channel.ID] = channel
	facts.channels[channel.ID] = struct{}{}
}

func (w *World) forgetChannels(guild snowflake.ID) {
	if facts, ok := w.guilds[guild]; ok {
		for id := range facts.channels {
			delete(w.channels, id)
		}
	}
}
