package entities

import (
	"context"
	"errors"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// Permit is a decision in an entity's favour: the proof that Discord calls for it are made
// with. Only [Registry.Authorize] makes one that permits anything.
type Permit struct {
	right     Right
	entity    Entity
	guild     Guild
	channel   Channel
	governing Channel
	mentions  bool
}

// Right is what the permit is for; the zero permit is for nothing.
func (p Permit) Right() Right { return p.right }

// Entity is the entity that acts, as it is shown there and without its persona.
func (p Permit) Entity() Entity { return p.entity }

// Guild is where.
func (p Permit) Guild() Guild { return p.guild }

// Channel is the channel or thread that is meant.
func (p Permit) Channel() Channel { return p.channel }

// WebhookChannel is the channel whose webhook speaks here: a thread's parent, else the
// channel itself.
func (p Permit) WebhookChannel() Channel { return p.governing }

// MentionsAll says whether the entity may ping roles, @everyone and @here there: an admin has
// given it mention_all, and Discord lets both the bot and its owner (topics/permissions,
// MENTION_EVERYONE).
func (p Permit) MentionsAll() bool { return p.mentions }

// gapError is a refusal that ends when relay has read what the decision lacks.
type gapError struct {
	*Refusal
	gap Gap
}

func (e *gapError) Unwrap() error { return e.Refusal }

// Lacks says what Discord has to be asked before a refused right can be decided, if that is
// why it was refused.
func Lacks(err error) (Gap, bool) {
	var lacking *gapError
	if errors.As(err, &lacking) {
		return lacking.gap, true
	}
	return Gap{}, false
}

// Authorize decides whether an entity may use a right in a channel. Unknown, foreign and
// forbidden channels are refused alike. A refusal for which [Lacks] finds something is not
// final.
func (r *Registry) Authorize(ctx context.Context, actor Actor, right Right, channel snowflake.ID) (Permit, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Permit{}, err
	}
	f, ok := r.facts(m.entry, channel)
	if !ok {
		return Permit{}, r.refused(ctx, actor, right.act(), "", 0, errNoChannel)
	}
	switch v := decide(f, right); {
	case v.gap != nil:
		return Permit{}, &gapError{Refusal: errNotYet, gap: *v.gap}
	case v.hidden:
		return Permit{}, r.refused(ctx, actor, right.act(), "", f.guild.ID, errNoChannel)
	case v.refusal != "":
		return Permit{}, r.refused(ctx, actor, right.act(), "", f.guild.ID, &Refusal{Reason: NotAllowed, Text: v.refusal})
	}
	return Permit{
		right: right, entity: m.entry.shownIn(f.guild.ID), guild: f.guild, channel: f.channel, governing: f.governing,
		mentions: f.capabilities.has(CanMentionAll) && (f.bot & f.owner.permissions).Has(discord.PermissionMentionEveryone),
	}, nil
}

var (
	errNoChannel = &Refusal{Reason: NotFound, Text: "There is no such channel for you. list_channels shows the channels that you can use."}
	errNotYet    = &Refusal{Reason: Unavailable, Text: "Discord has not told yet whether your owner may do this, and you may do no more than they may. Try again in a moment."}
)

// act is how the audit names a right.
func (right Right) act() act {
	switch right {
	case Hear:
		return act{name: "hear"}
	case ReadHistory:
		return act{name: "read"}
	case Post:
		return act{name: "post"}
	case Retract:
		return act{name: "delete line"}
	case Unreact:
		return act{name: "take reaction back"}
	case StartThread, StartTalk:
		return act{name: "start thread"}
	case CatchUp:
		return act{name: "catch up"}
	case ListThreads:
		return act{name: "list threads"}
	case ListPins:
		return act{name: "list pins"}
	case Pin:
		return act{name: "pin"}
	case MakePoll:
		return act{name: "make poll"}
	case SeePoll:
		return act{name: "see poll"}
	case Introduce:
		return act{name: "introduce"}
	default:
		return act{name: "react"}
	}
}

// facts gathers what a decision about an entity in a channel is made from; ok is false when
// the channel is not known, or the entity is not in its guild.
func (r *Registry) facts(e *entry, channel snowflake.ID) (f facts, ok bool) {
	now := r.now()
	if f.scene, ok = r.world.scene(channel, e.OwnerID, now); !ok {
		return facts{}, false
	}
	in, ok := e.stays[f.guild.ID]
	if !ok {
		return facts{}, false
	}
	f.entity, f.active, f.capabilities, f.rules = e.Entity, in.active(now), in.capabilities, in.rules
	f.served = r.runs(f.guild.ID)
	return f, true
}

// runs says whether entities may do anything in a guild: it is served, and no kill switch is
// pulled.
func (r *Registry) runs(guild snowflake.ID) bool {
	r.roster.mu.RLock()
	row, stopped := r.roster.guilds[guild], r.roster.stopped
	r.roster.mu.RUnlock()
	row.ID = guild
	return !stopped && !row.Stopped && r.admission.admits(row)
}

// Unknown lists whose memberships Discord has to be asked for before it can be decided what
// an entity may do: its owner's, in the guilds where it is.
func (r *Registry) Unknown(ctx context.Context, actor Actor) ([]Gap, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	var gaps []Gap
	for _, guild := range m.entry.guilds() {
		if r.world.Pending(guild) || !r.runs(guild) {
			continue
		}
		if _, known := r.world.Here(guild, m.entry.OwnerID, r.now()); !known {
			gaps = append(gaps, Gap{Guild: guild, User: m.entry.OwnerID})
		}
	}
	return gaps, nil
}

// Hears says whether any entity could be told of what happens in a channel, so that nothing
// else is written down.
func (r *Registry) Hears(ctx context.Context, actor Actor, channel snowflake.ID) (bool, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return false, err
	}
	s, ok := r.world.scene(channel, 0, r.now())
	if !ok || !r.runs(s.channel.GuildID) {
		return false, nil
	}
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	return slices.ContainsFunc(ruling(s.channel, s.governing), func(id snowflake.ID) bool { return r.roster.heard[id] > 0 }), nil
}

// Inhabited says whether a guild is served and has entities.
func (r *Registry) Inhabited(ctx context.Context, actor Actor, guild snowflake.ID) (bool, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return false, err
	}
	if !r.runs(guild) {
		return false, nil
	}
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	return len(r.roster.present[guild]) > 0, nil
}

// Owners lists whose memberships in a guild the rights of its entities depend on.
func (r *Registry) Owners(ctx context.Context, actor Actor, guild snowflake.ID) ([]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	var owners []snowflake.ID
	for _, e := range r.roster.in(guild) {
		if !slices.Contains(owners, e.OwnerID) {
			owners = append(owners, e.OwnerID)
		}
	}
	return owners, nil
}

// Sees says whether an entity may hear what is said in a channel now. Unlike [Registry.Authorize]
// it is asked about channels that the entity did not name, and a no is no refusal. An error for
// which [Lacks] finds something means that it cannot be decided yet.
func (r *Registry) Sees(ctx context.Context, actor Actor, channel snowflake.ID) (bool, error) {
	return r.has(ctx, actor, Hear, channel)
}

// has says whether an entity has a right in a channel now.
func (r *Registry) has(ctx context.Context, actor Actor, right Right, channel snowflake.ID) (bool, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return false, err
	}
	f, ok := r.facts(m.entry, channel)
	if !ok {
		return false, nil
	}
	v := decide(f, right)
	if v.gap != nil {
		return false, &gapError{Refusal: errNotYet, gap: *v.gap}
	}
	return v.allowed(), nil
}
