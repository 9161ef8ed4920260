package entities

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// World is what is known of Discord that rights and names depend on: guilds, roles, channels,
// threads, and the membership of the bot and of those who own entities. relay fills it from the gateway; what it
// has not filled is unknown, and what is unknown is refused. It is safe for concurrent use,
// and what it hands out are copies.
type World struct {
	mu    sync.RWMutex
	bot   snowflake.ID
	names []string // the bot's own
	// application is the name of the bot's application.
	application string
	guilds      map[snowflake.ID]*guildFacts
	channels    map[snowflake.ID]Channel
	// threadMembers are people's memberships of private threads.
	threadMembers map[snowflake.ID]map[snowflake.ID]threadMember
	memberLife    time.Duration             // how long what is known of people holds; 0 = until told otherwise
	shards        int                       // 0 before the first was announced
	begun         map[int]struct{}          // shards whose guilds were announced
	archived      []snowflake.ID            // archived threads, the longest known first
	sought        map[snowflake.ID]struct{} // guilds of which Discord is still asked for threads that it does not announce
	changes       int                       // of all guilds
}

// Guild is a Discord server as the bot sees it.
type Guild struct {
	ID      snowflake.ID
	Name    string
	OwnerID snowflake.ID
	// UpdatesChannel is where Discord tells the admins of a community, and SystemChannel where
	// it greets members; 0 without one.
	UpdatesChannel snowflake.ID
	SystemChannel  snowflake.ID
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
	staff    []figure                     // who run or moderate the guild, as far as they were seen
	members  map[snowflake.ID]memberFacts // people whose standing matters: owners of entities
	// doubted guilds have facts that could not be read; nothing is allowed there until they
	// were read anew.
	doubted bool
	// changed is the world's count of changes when what rights depend on besides channels was
	// last changed here, so that an answer that was asked for before does not undo it.
	changed int
}

// mostArchived bounds how many archived threads are remembered: there is no end to them.
const mostArchived = 5000

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
	return &World{
		guilds: map[snowflake.ID]*guildFacts{}, channels: map[snowflake.ID]Channel{}, begun: map[int]struct{}{},
		threadMembers: map[snowflake.ID]map[snowflake.ID]threadMember{}, sought: map[snowflake.ID]struct{}{},
	}
}

// SetBot says which user the bot is, and what it is called.
func (w *World) SetBot(user snowflake.ID, names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bot, w.names = user, names
}

// Bot is the bot's own user id, or 0 before Discord told it.
func (w *World) Bot() snowflake.ID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.bot
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

// shardOf is which shard tells of a guild (Discord: topics/gateway, "Sharding").
func shardOf(guild snowflake.ID, shards int) int {
	return int(uint64(guild) >> 22 % uint64(max(shards, 1))) //nolint:gosec // a remainder of an int
}

// Pending says whether what is known of a guild is not complete just now: it was not announced
// or filled yet, it has an outage, or it is doubted. A guild that the bot has left is not
// pending.
func (w *World) Pending(guild snowflake.ID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok {
		_, begun := w.begun[shardOf(guild, w.shards)]
		return !begun
	}
	return !facts.open()
}

// SeekThreads notes that Discord is going to be asked for a guild's archived threads: a channel
// that is not known may be one of them, and nothing is decided about it before
// [World.ThreadsFound].
func (w *World) SeekThreads(guild snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sought[guild] = struct{}{}
}

// ThreadsFound ends what [World.SeekThreads] began.
func (w *World) ThreadsFound(guild snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sought, guild)
}

// mayBeThread says whether a channel that is not known may be an archived thread of a guild.
func (w *World) mayBeThread(guild, channel snowflake.ID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	_, known := w.channels[channel]
	_, sought := w.sought[guild]
	return sought && !known
}

func (f *guildFacts) open() bool { return f.Available && !f.doubted && f.bot.UserID != 0 }
