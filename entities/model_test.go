package entities_test

import (
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// The slow model of rights: it keeps all that happened in the plainest form, and asks one
// question after the other in the words of the design and of Discord's documentation.
type (
	modelWorld struct {
		now      time.Time
		life     time.Duration
		stopped  bool
		guilds   map[snowflake.ID]*modelGuild
		entities []*modelEntity
	}
	modelGuild struct {
		entities.Guild
		there    bool // the bot is in it
		doubted  bool
		admitted bool
		stopped  bool
		roles    map[snowflake.ID]discord.Permissions
		bot      entities.Membership
		channels map[snowflake.ID]entities.Channel
		people   map[snowflake.ID]modelPerson
		threads  map[[2]snowflake.ID]modelPerson // by thread and person
	}
	modelPerson struct {
		entities.Membership
		here bool
		at   time.Time
	}
	modelEntity struct {
		id      entities.ID
		actor   entities.Actor
		owner   snowflake.ID
		paused  bool
		stopped bool
		deleted bool
		stays   map[snowflake.ID]*modelStay
		gone    map[snowflake.ID]modelDeparture
	}
	// modelDeparture is what is remembered of an entity that was taken out or sent away.
	modelDeparture struct {
		able      map[entities.Capability]bool
		notBefore time.Time
	}
	modelStay struct {
		requested bool
		suspended bool
		until     time.Time // of a suspension; zero = without an end
		rules     map[snowflake.ID]entities.Access
		able      map[entities.Capability]bool
	}
	// modelAnswer is what a question about a right leads to; reason 0 = yes.
	modelAnswer struct {
		reason entities.Reason
		gap    entities.Gap
	}
)

func (w *modelWorld) find(channel snowflake.ID) (*modelGuild, entities.Channel, bool) {
	for _, g := range w.guilds {
		if c, ok := g.channels[channel]; ok && g.there {
			return g, c, true
		}
	}
	return nil, entities.Channel{}, false
}

func isThread(c entities.Channel) bool {
	return c.Type == discord.ChannelTypeGuildPublicThread || c.Type == discord.ChannelTypeGuildPrivateThread
}

// answer says whether an entity may use a right in a channel.
func (w *modelWorld) answer(e *modelEntity, channel snowflake.ID, right entities.Right) modelAnswer {
	if e.deleted {
		return modelAnswer{reason: entities.Unauthenticated}
	}
	no := modelAnswer{reason: entities.NotFound}
	g, c, ok := w.find(channel)
	if !ok || c.Type == discord.ChannelTypeGuildCategory || !g.Available || g.doubted || !g.admitted || g.stopped || w.stopped || e.paused || e.stopped {
		return no
	}
	stay := e.stays[g.ID]
	if stay == nil || stay.requested || (stay.suspended && (stay.until.IsZero() || w.now.Before(stay.until))) {
		return no
	}
	parent := c
	if isThread(c) {
		if parent, ok = g.channels[c.ParentID]; !ok {
			return no
		}
	}
	access := stay.access(c, parent)
	if access == "" || !g.may(w.now, g.bot, parent, view) {
		return no
	}
	if c.Type == discord.ChannelTypeGuildPrivateThread && !c.Joined && !g.may(w.now, g.bot, parent, discord.PermissionManageThreads) {
		return no
	}
	if a := w.owner(e, g, c, parent); a.reason != 0 {
		return a
	}
	if !w.enough(g, stay, g.people[e.owner].Membership, c, parent, access, right) {
		return modelAnswer{reason: entities.NotAllowed}
	}
	return modelAnswer{}
}

// access is what the nearest rule gives.
func (s *modelStay) access(c, parent entities.Channel) entities.Access {
	if rule, ok := s.rules[c.ID]; ok || c.Type == discord.ChannelTypeGuildPrivateThread {
		return rule
	}
	if rule, ok := s.rules[parent.ID]; ok || parent.NSFW {
		return rule
	}
	return s.rules[parent.ParentID]
}

// owner says whether the owner sees the channel.
func (w *modelWorld) owner(e *modelEntity, g *modelGuild, c, parent entities.Channel) modelAnswer {
	stale := func(at time.Time) bool { return w.life != 0 && !w.now.Before(at.Add(w.life)) }
	person, known := g.people[e.owner]
	if !known || stale(person.at) {
		return modelAnswer{entities.Unavailable, entities.Gap{Guild: g.ID, User: e.owner}}
	}
	if !person.here || !g.may(w.now, person.Membership, parent, view) {
		return modelAnswer{reason: entities.NotFound}
	}
	if c.Type != discord.ChannelTypeGuildPrivateThread {
		return modelAnswer{}
	}
	joined, known := g.threads[[2]snowflake.ID{c.ID, e.owner}]
	if !known || stale(joined.at) {
		return modelAnswer{entities.Unavailable, entities.Gap{Guild: g.ID, User: e.owner, Thread: c.ID}}
	}
	if !joined.here {
		return modelAnswer{reason: entities.NotFound}
	}
	return modelAnswer{}
}

// enough says whether capability, rule, bot and owner suffice in a channel that is seen.
func (w *modelWorld) enough(g *modelGuild, stay *modelStay, owner entities.Membership, c, parent entities.Channel, access entities.Access, right entities.Right) bool {
	both := func(p discord.Permissions) bool {
		return g.may(w.now, g.bot, parent, p) && g.may(w.now, owner, parent, p)
	}
	switch right {
	case entities.Hear:
		return stay.able[entities.CanRead]
	case entities.ReadHistory:
		return stay.able[entities.CanRead] && both(read)
	case entities.React:
		return stay.able[entities.CanReact] && both(read) && both(discord.PermissionAddReactions)
	case entities.Retract:
		return stay.able[entities.CanPost]
	case entities.Unreact:
		return stay.able[entities.CanReact]
	}
	if right != entities.Post {
		opens := stay.able[entities.CanThread] && access == entities.Write && both(discord.PermissionCreatePublicThreads)
		speaks := stay.able[entities.CanPost] && both(discord.PermissionSendMessagesInThreads) && g.may(w.now, g.bot, parent, discord.PermissionManageWebhooks)
		return opens && (speaks || right == entities.StartThread)
	}
	capability, speak := entities.CanPost, send
	switch {
	case c.Type == discord.ChannelTypeGuildForum:
		capability = entities.CanThread
	case isThread(c):
		speak = discord.PermissionSendMessagesInThreads
	}
	return stay.able[capability] && access == entities.Write && both(speak) && g.may(w.now, g.bot, parent, discord.PermissionManageWebhooks) &&
		(!c.Locked || both(discord.PermissionManageThreads))
}

// may is Discord's documented algorithm for one permission of a member in a channel.
func (g *modelGuild) may(now time.Time, m entities.Membership, c entities.Channel, bit discord.Permissions) bool {
	everyone := g.roles[g.ID]
	if m.UserID == g.OwnerID || everyone&admi != 0 {
		return true
	}
	roles := map[snowflake.ID]entities.Role{g.ID: {Permissions: everyone}}
	for _, id := range m.Roles {
		if g.roles[id]&admi != 0 {
			return true
		}
		if p, exists := g.roles[id]; exists {
			roles[id] = entities.Role{Permissions: p}
		}
	}
	if m.TimeoutUntil.After(now) && bit != view && bit != read {
		return false
	}
	return slowPermissions(g.ID, roles, m, c.Overwrites, view) && slowPermissions(g.ID, roles, m, c.Overwrites, bit)
}
