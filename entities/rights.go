package entities

import (
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
	Post                         // speak, and edit what it said; in a forum: open a post
	React                        // add a reaction
	Retract                      // delete what it said
	Unreact                      // take its reaction back
	StartThread                  // open a thread
	StartTalk                    // open a thread and speak in it
	CatchUp                      // have older messages counted and condensed
	ListThreads                  // list its threads or posts, also archived ones
	ListPins                     // see what is pinned
	Pin                          // pin and unpin messages, which changes it for everybody
	MakePoll                     // speak by a poll
	SeePoll                      // see how a poll stands
	Introduce                    // speak by a card about itself
)

// capability is what a presence must have for a right in a channel.
func (right Right) capability(c Channel) Capability {
	switch right {
	case Hear, ReadHistory:
		return CanRead
	case Post:
		if c.IsForum() {
			return CanThread
		}
		return CanPost
	case StartTalk, Retract:
		return CanPost
	case StartThread:
		return CanThread
	case React, Unreact:
		return CanReact
	case CatchUp:
		return CanCatchUp
	case ListThreads:
		return CanListThreads
	case ListPins, Pin:
		return CanPin
	case MakePoll, SeePoll:
		return CanPoll
	case Introduce:
		return CanIntroduce
	default:
		return ""
	}
}

// speaks says whether a right is one to say something: what it is said by differs, and all that
// stands against saying it is the same.
func (right Right) speaks() bool { return right == Post || right == MakePoll || right == Introduce }

// takes is the right that another one takes besides what it asks for itself; 0 for none.
func (right Right) takes() Right {
	switch right {
	case StartTalk:
		return StartThread
	case CatchUp, SeePoll, ListThreads, ListPins, Pin:
		return ReadHistory
	case MakePoll, Introduce:
		return Post
	default:
		return 0
	}
}

// writes says whether a right wants a channel in which the entity may write.
func (right Right) writes() bool {
	return right == Post || right == StartThread || right == StartTalk || right == Pin
}

// seeing is what Discord asks of whoever wants to see what is said in a channel: the chat of a
// voice channel is only for those who may connect (Discord: resources/channel, "Get Channel
// Messages").
func seeing(c Channel) discord.Permissions {
	if c.Type == discord.ChannelTypeGuildVoice || c.Type == discord.ChannelTypeGuildStageVoice {
		return discord.PermissionViewChannel | discord.PermissionConnect
	}
	return discord.PermissionViewChannel
}

// asksOwner is what Discord must allow a person for a right.
func (right Right) asksOwner(c Channel) discord.Permissions {
	return seeing(c) | right.asks(c)
}

func (right Right) asks(c Channel) discord.Permissions {
	switch right {
	case Hear:
		return discord.PermissionViewChannel
	case ReadHistory, CatchUp, ListThreads, ListPins, SeePoll:
		return discord.PermissionViewChannel | discord.PermissionReadMessageHistory
	case MakePoll:
		return Post.asks(c) | discord.PermissionSendPolls
	case Post, Introduce:
		// In a forum Send Messages is what opens a post (Discord: topics/permissions).
		if c.IsThread() {
			return discord.PermissionViewChannel | discord.PermissionSendMessagesInThreads
		}
		return discord.PermissionViewChannel | discord.PermissionSendMessages
	case React:
		return discord.PermissionViewChannel | discord.PermissionReadMessageHistory | discord.PermissionAddReactions
	case Retract, Unreact:
		return discord.PermissionViewChannel
	case Pin:
		// Manage Messages does not do since 23 February 2026 (Discord: change log, "Pin Messages").
		return discord.PermissionViewChannel | discord.PermissionReadMessageHistory | discord.PermissionPinMessages
	case StartThread:
		return discord.PermissionViewChannel | discord.PermissionCreatePublicThreads
	case StartTalk:
		return discord.PermissionViewChannel | discord.PermissionCreatePublicThreads | discord.PermissionSendMessagesInThreads
	default:
		return everything
	}
}

// asksBot is what Discord must allow the bot for a right. Speaking goes through a webhook,
// which needs Manage Webhooks; Send Messages is asked for too, since a server that silences
// the bot somewhere means its entities as well.
func (right Right) asksBot(c Channel) discord.Permissions {
	if right == Post || right == StartTalk {
		return right.asksOwner(c) | discord.PermissionManageWebhooks
	}
	return right.asksOwner(c)
}

// facts are what one decision is made from, all resolved. The decision itself asks nobody.
type facts struct {
	scene
	served       bool // the guild is admitted, and no kill switch is pulled
	entity       Entity
	active       bool // its presence here is
	capabilities capabilitySet
	rules        map[snowflake.ID]grant // by channel or category
}

// verdict is how a decision went: the entity may (all empty), or it does not learn that the
// channel is there (hidden), or it learns what stands against it (refusal), or Discord has not
// told yet what the decision needs (gap).
type verdict struct {
	hidden  bool
	refusal string
	gap     *Gap
}

func (v verdict) allowed() bool { return !v.hidden && v.refusal == "" && v.gap == nil }

// Gap is what a decision lacks: a person's membership in a guild or, when Thread is set, in
// that private thread.
type Gap struct {
	Guild  snowflake.ID
	User   snowflake.ID
	Thread snowflake.ID
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

// granted is what the channel rules give; no access when none counts.
func (f facts) granted() grant {
	for _, id := range ruling(f.channel, f.governing) {
		if given, ok := f.rules[id]; ok {
			return given
		}
	}
	return grant{}
}

func (f facts) access() Access { return f.granted().access }

// decide is the whole decision: the bot's permission ∩ what the server allows ∩ what the owner
// may ∩ the channel rules. What is not known is refused.
func decide(f facts, right Right) verdict {
	if !f.visibleToRules() || !f.bot.Has(discord.PermissionViewChannel) {
		return verdict{hidden: true}
	}
	if v := f.ownerSees(); v.hidden || v.gap != nil {
		return v
	}
	return verdict{refusal: f.missing(right)}
}

// visibleToRules says whether all of ours allows the entity to know of the channel. Categories
// have rules, but nothing is said in them.
func (f facts) visibleToRules() bool {
	return f.open && (f.channel.HoldsMessages() || f.channel.IsForum()) && f.served && f.active && f.entity.State == Active && !f.entity.Stopped && f.access() != ""
}

// ownerSees says whether the owner sees the channel: where they do not, it does not exist for
// their entity.
func (f facts) ownerSees() verdict {
	gap := Gap{Guild: f.guild.ID, User: f.entity.OwnerID}
	private := f.channel.Type == discord.ChannelTypeGuildPrivateThread
	switch {
	case !f.owner.known:
		return verdict{gap: &gap}
	case !f.owner.here || !f.owner.permissions.Has(seeing(f.channel)):
		return verdict{hidden: true}
	case private && !f.owner.joinedKnown:
		gap.Thread = f.channel.ID
		return verdict{gap: &gap}
	case private && !f.owner.joined:
		return verdict{hidden: true}
	default:
		return verdict{}
	}
}

// missing names what stands against a right, or "" when nothing does. It is asked only about
// visible channels, so that it gives nothing away; names, which are strangers' text, are left
// out.
func (f facts) missing(right Right) string {
	if first := right.takes(); first != 0 {
		if text := f.missing(first); text != "" {
			return text
		}
	}
	if wanted := right.capability(f.channel); !f.capabilities.has(wanted) {
		return "On that server you may not do this (" + string(wanted) + "). An admin of that server decides what you may do, with /entity abilities."
	}
	if right.writes() && f.access() != Write {
		return "You may read that channel but not speak there. An admin of that server decides which channels you may write in."
	}
	if lacking := right.asksBot(f.channel) &^ f.bot; lacking != 0 {
		return "The bot lacks " + PermissionNames(lacking) + " in that channel. An admin of that server can grant it to the bot's role."
	}
	if lacking := right.asksOwner(f.channel) &^ f.owner.permissions; lacking != 0 {
		if f.owner.timedOut {
			return "Your owner is timed out on that server, which silences you there too. It ends with the timeout."
		}
		return "Your owner lacks " + PermissionNames(lacking) + " in that channel, and you may do no more than they may. An admin of that server can grant it to them."
	}
	if (right == Post || right == Pin) && f.channel.Locked && !(f.bot & f.owner.permissions).Has(discord.PermissionManageThreads) {
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
