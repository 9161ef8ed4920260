package entities

import (
	"context"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// Right is what an entity wants to do in a channel.
type Right int

// The rights in a channel.
const (
	Hear        Right = iota + 1 // live messages
	ReadHistory                  // older messages
	Post                         // speak
	React                        // add a reaction
)

// needs is what the bot itself must be allowed for a right. Speaking goes through a webhook,
// which needs Manage Webhooks; Send Messages is asked for too, since a server that silences
// the bot somewhere means its entities as well.
func (right Right) needs(c Channel) discord.Permissions {
	switch right {
	case Hear:
		return discord.PermissionViewChannel
	case ReadHistory:
		return discord.PermissionViewChannel | discord.PermissionReadMessageHistory
	case Post:
		if c.IsThread() {
			return discord.PermissionViewChannel | discord.PermissionManageWebhooks | discord.PermissionSendMessagesInThreads
		}
		return discord.PermissionViewChannel | discord.PermissionManageWebhooks | discord.PermissionSendMessages
	case React:
		return discord.PermissionViewChannel | discord.PermissionReadMessageHistory | discord.PermissionAddReactions
	default:
		return everything
	}
}

// Permit is a decision in an entity's favour: the proof that Discord calls for it are made
// with. Only [Registry.Authorize] makes one that permits anything.
type Permit struct {
	actor   Actor
	right   Right
	entity  Entity
	guild   Guild
	channel Channel
	parent  Channel
}

// Right is what the permit is for; the zero permit is for nothing.
func (p Permit) Right() Right { return p.right }

// Actor is who was permitted.
func (p Permit) Actor() Actor { return p.actor }

// Entity is the entity that acts, without its persona.
func (p Permit) Entity() Entity { return p.entity }

// Guild is where.
func (p Permit) Guild() Guild { return p.guild }

// Channel is the channel or thread that is meant.
func (p Permit) Channel() Channel { return p.channel }

// WebhookChannel is the channel whose webhook speaks here: a thread's parent, else the
// channel itself.
func (p Permit) WebhookChannel() Channel {
	if p.channel.IsThread() {
		return p.parent
	}
	return p.channel
}

// facts are what one decision is made from, all resolved.
type facts struct {
	admitted  bool
	standing  standing
	channel   Channel
	governing Channel // the channel itself, or a thread's parent
	bot       discord.Permissions
}

// ruling are the ids whose rules count for a channel, the nearest first: the thread, its
// channel, the category. Two kinds of channel want to be named: private threads themselves,
// and age-restricted channels (or a thread in them).
func ruling(c, governing Channel) []snowflake.ID {
	ids := []snowflake.ID{c.ID}
	if c.Type == discord.ChannelTypeGuildPrivateThread {
		return ids
	}
	if governing.ID != c.ID {
		ids = append(ids, governing.ID)
	}
	if governing.ParentID != 0 && !governing.NSFW {
		ids = append(ids, governing.ParentID)
	}
	return ids
}

// access is what the channel rules give.
func (f facts) access() (Access, bool) {
	for _, id := range ruling(f.channel, f.governing) {
		if rule, ok := f.standing.rule(id); ok {
			return rule.Access, true
		}
	}
	return "", false
}

// visible says whether the entity may know that the channel is there.
func (f facts) visible() bool {
	_, ruled := f.access()
	return f.admitted && ruled && f.standing.entity.State == Active && f.standing.presence.State == PresenceActive &&
		f.bot.Has(discord.PermissionViewChannel)
}

// missing names what stands against a right, or "" when nothing does. It is asked only about
// visible channels, so that it gives nothing away; names, which are strangers' text, are left
// out.
func (f facts) missing(right Right) string {
	access, _ := f.access()
	if right == Post && access != Write {
		return "You may read that channel but not speak there. An admin of that server decides which channels you may write in."
	}
	if lacking := right.needs(f.channel) &^ f.bot; lacking != 0 {
		return "The bot lacks " + PermissionNames(lacking) + " in that channel. An admin of that server can grant it to the bot's role."
	}
	if right == Post && f.channel.Locked && !f.bot.Has(discord.PermissionManageThreads) {
		return "That thread is locked. A moderator of that server can unlock it."
	}
	return ""
}

// PermissionNames words permissions as Discord's own settings name them: "Manage Webhooks,
// Send Messages".
func PermissionNames(p discord.Permissions) string {
	names := strings.Split(p.String(), ", ")
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Authorize decides whether an entity may use a right in a channel. Unknown, foreign and
// forbidden channels are refused alike.
func (r *Registry) Authorize(_ context.Context, actor Actor, right Right, channel snowflake.ID) (Permit, error) {
	if err := r.check(actor); err != nil {
		return Permit{}, err
	}
	permit, refusal, visible := r.decide(actor, right, channel)
	switch {
	case !visible:
		return Permit{}, errNoChannel
	case refusal != "":
		return Permit{}, &Refusal{Reason: NotAllowed, Text: refusal}
	}
	return permit, nil
}

var errNoChannel = &Refusal{Reason: NotFound, Text: "There is no such channel for you. list_channels shows the channels that you can use."}

func (r *Registry) decide(actor Actor, right Right, channel snowflake.ID) (permit Permit, refusal string, visible bool) {
	c, ok := r.world.Channel(channel)
	if !ok {
		return Permit{}, "", false
	}
	guild, ok := r.world.Guild(c.GuildID)
	if !ok {
		return Permit{}, "", false
	}
	f := facts{admitted: r.admits(guild.ID), channel: c, governing: c, bot: r.world.BotPermissions(channel, r.now())}
	if c.IsThread() {
		if f.governing, ok = r.world.Channel(c.ParentID); !ok {
			return Permit{}, "", false
		}
	}
	r.roster.standing(actor.entity, guild.ID, func(s standing) {
		f.standing = s
		if visible = f.visible(); !visible {
			return
		}
		if refusal = f.missing(right); refusal == "" {
			permit = Permit{actor: actor, right: right, entity: s.entity, guild: guild, channel: c, parent: f.governing}
		}
	})
	return permit, refusal, visible
}

// Hears says whether any entity could be told of what happens in a channel, so that nothing
// else is written down.
func (r *Registry) Hears(channel snowflake.ID) bool {
	c, ok := r.world.Channel(channel)
	if !ok || !r.admits(c.GuildID) {
		return false
	}
	governing := c
	if c.IsThread() {
		if governing, ok = r.world.Channel(c.ParentID); !ok {
			return false
		}
	}
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	return slices.ContainsFunc(ruling(c, governing), func(id snowflake.ID) bool { return r.roster.ruled[id] > 0 })
}

// Inhabited says whether a guild is served and has entities.
func (r *Registry) Inhabited(guild snowflake.ID) bool {
	if !r.admits(guild) {
		return false
	}
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	return len(r.roster.present[guild]) > 0
}
