package entities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Setup is how an entity's presence in a guild is set up.
type Setup struct {
	Resident     Resident
	Rooms        []Room // in no order
	Capabilities []Capability
	Words        []string
	// Limits apply; Resident.Presence.Limits are the presence's own.
	Limits Limits
	Left   Limits // of them, now
	Usual  Limits // the guild's, which apply where the presence has none of its own
	// Changes says that the actor may change all this, rather than only see it.
	Changes bool
}

// Room is a channel or category that a channel rule names, and what stands against the rule.
type Room struct {
	ID     snowflake.ID
	Access Access
	// Known is false for a channel that was deleted or that the bot does not see.
	Known    bool
	Seen     bool // the actor sees it too
	Type     discord.ChannelType
	Category bool // then nothing more is said here: its channels may differ
	// BotLacks and OwnerLacks are what Discord does not allow them there.
	BotLacks      discord.Permissions
	OwnerLacks    discord.Permissions
	OwnerTimedOut bool // which takes all but reading
	// OwnerUnknown says that Discord has not told yet what the owner may do.
	OwnerUnknown bool
	OwnerAway    bool // the owner is no member of the server
	// OwnerOutside says that the owner is not in this private thread.
	OwnerOutside bool
}

// Setup shows an entity's owner, and the admins and moderators of the guild where they act,
// how its presence there is set up.
func (r *Registry) Setup(ctx context.Context, actor Actor, id ID) (Setup, error) {
	m, err := r.pass(ctx, actor, actInspect, id)
	if err != nil {
		return Setup{}, err
	}
	in, limits := m.stay(), r.limitsOf(m.entry, actor.guild)
	setup := Setup{
		Resident: r.resident(m.entry, actor.guild), Capabilities: in.capabilities.list(), Words: slices.Clone(in.words),
		Rooms: r.rooms(m), Limits: limits, Left: r.pace.left(paceKey{id, actor.guild}, limits, r.now()),
		Usual: r.roster.guild(actor.guild).Limits.or(UsualLimits()), Changes: m.holds(admin),
	}
	return setup, nil
}

func (r *Registry) rooms(m matter) []Room {
	rules := m.stay().rules
	rooms := make([]Room, 0, len(rules))
	for _, channel := range slices.Sorted(maps.Keys(rules)) {
		rooms = append(rooms, r.room(m.actor, m.entry, channel, rules[channel].access))
	}
	return rooms
}

func (r *Registry) room(actor Actor, e *entry, channel snowflake.ID, access Access) Room {
	room := Room{ID: channel, Access: access}
	s, ok := r.world.scene(channel, e.OwnerID, r.now())
	if !ok || !s.open {
		return room
	}
	room.Type = s.channel.Type
	room.Known, room.Seen = true, r.world.shows(s, Membership{UserID: actor.user, Roles: actor.roles}, r.now())
	if s.channel.Type == discord.ChannelTypeGuildCategory {
		room.Category = true
		return room
	}
	bot, owner := ReadHistory.asksBot(s.channel), ReadHistory.asksOwner(s.channel)
	if access == Write {
		bot, owner = bot|Post.asksBot(s.channel), owner|Post.asksOwner(s.channel)
	}
	room.BotLacks = bot &^ s.bot
	switch {
	case !s.owner.known:
		room.OwnerUnknown = true
	case !s.owner.here:
		room.OwnerAway = true
	default:
		room.OwnerLacks, room.OwnerTimedOut = owner&^s.owner.permissions, s.owner.timedOut
		if s.channel.Type == discord.ChannelTypeGuildPrivateThread {
			room.OwnerUnknown, room.OwnerOutside = !s.owner.joinedKnown, s.owner.joinedKnown && !s.owner.joined
		}
	}
	return room
}

// ChosenRule is a channel rule that an admin chose, with the permissions that Discord says the
// admin has there.
type ChosenRule struct {
	ChosenChannel
	Access Access
}

// mostRules bounds the channel rules of a presence.
const mostRules = 100

// SetChannels replaces the channel rules of an entity where an admin acts. A rule that was
// there before stays although the admin does not see its channel; a new one needs that. change
// is handed what the rules are at that moment, as Setup gives them, and answers with all that
// there are to be, so that two admins at once undo nothing of each other's; when it returns an
// error, nothing changes. It must not call the registry.
func (r *Registry) SetChannels(ctx context.Context, actor Actor, id ID, change func([]Room) ([]ChosenRule, error)) error {
	m, err := r.pass(ctx, actor, actChannels, id)
	if err != nil {
		return err
	}
	return r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		chosen, err := change(r.rooms(m))
		if err != nil {
			return "", err
		}
		rules, err := r.nextRules(tx, m, chosen)
		if err != nil {
			return "", err
		}
		if err := tx.Where("entity_id = ? AND guild_id = ?", id, actor.guild).Delete(&ChannelRule{}).Error; err != nil {
			return "", fmt.Errorf("replace the channel rules: %w", err)
		}
		for _, channel := range slices.Sorted(maps.Keys(rules)) {
			rule := rules[channel]
			if err := tx.Create(&rule).Error; err != nil {
				return "", fmt.Errorf("save a channel rule: %w", err)
			}
		}
		return fmt.Sprintf("%d channels", len(rules)), nil
	})
}

// nextRules are the channel rules of what was chosen, each but once.
func (r *Registry) nextRules(tx *gorm.DB, m matter, chosen []ChosenRule) (map[snowflake.ID]ChannelRule, error) {
	latest, err := latestSeq(tx)
	if err != nil {
		return nil, err
	}
	rules := map[snowflake.ID]ChannelRule{}
	for _, c := range chosen {
		if c.Access != Read && c.Access != Write {
			return nil, Refuse(Invalid, "A channel is to be read, or to be read and written in.")
		}
		old, kept := m.stay().rules[c.ID]
		if !kept || (old.access == Read && c.Access == Write) {
			if err := r.mayChoose(m.actor, c.ChosenChannel); err != nil {
				return nil, err
			}
		}
		if !kept {
			old.since = latest // what was said before is no news
		}
		if rules[c.ID].Access != Write {
			rules[c.ID] = ChannelRule{EntityID: m.entry.ID, GuildID: m.actor.guild, ChannelID: c.ID, Access: c.Access, Since: old.since}
		}
	}
	if len(rules) > mostRules {
		return nil, Refuse(Invalid, "At most %d channels can be set for one entity. Choose their category instead.", mostRules)
	}
	return rules, nil
}

// SetCapabilities makes an entity where an admin acts able to do exactly what change answers;
// change is as that of [Registry.SetChannels] is.
func (r *Registry) SetCapabilities(ctx context.Context, actor Actor, id ID, change func([]Capability) ([]Capability, error)) error {
	m, err := r.pass(ctx, actor, actAbilities, id)
	if err != nil {
		return err
	}
	return r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		allowed, err := change(m.stay().capabilities.list())
		if err != nil {
			return "", err
		}
		for _, c := range allowed {
			if bitOf(c) == 0 {
				return "", Refuse(Invalid, "There is no ability called %q.", c)
			}
		}
		for _, c := range Capabilities() {
			rule := CapabilityRule{EntityID: id, GuildID: actor.guild, Capability: c, Allowed: slices.Contains(allowed, c)}
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rule).Error; err != nil {
				return "", fmt.Errorf("save a capability: %w", err)
			}
		}
		return wordCapabilities(allowed), nil
	})
}

// SetLimits bounds how much an entity says where an admin acts; 0 = as the guild has it. change
// is as that of [Registry.SetChannels] is, and is handed the presence's own limits.
func (r *Registry) SetLimits(ctx context.Context, actor Actor, id ID, change func(Limits) (Limits, error)) error {
	m, err := r.pass(ctx, actor, actLimits, id)
	if err != nil {
		return err
	}
	return r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		limits, err := change(m.stay().Limits)
		if err != nil {
			return "", err
		}
		if err := limits.check(); err != nil {
			return "", err
		}
		columns := map[string]any{"limit_minute": limits.Minute, "limit_hour": limits.Hour, "limit_day": limits.Day}
		return limits.words(), updatePresence(tx, id, actor.guild, columns)
	})
}
