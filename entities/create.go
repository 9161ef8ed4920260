package entities

import (
	"context"
	"fmt"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// MaxChannels is how many channels can be chosen at creation. Discord: options of a select.
const MaxChannels = 25

// ChosenChannel is a channel that a member chose, with the permissions that Discord says the
// member has there.
type ChosenChannel struct {
	ID          snowflake.ID
	Permissions discord.Permissions
}

// NewEntity is what an entity is made from.
type NewEntity struct {
	Name    string
	Persona string
	// Owner is whose entity it will be; 0 = the actor's.
	Owner snowflake.ID
	// Avatar is its picture; nil for none.
	Avatar *Avatar
	// Channels are where it may read and write. None means Here.
	Channels []ChosenChannel
	// Here is the channel in which it is made.
	Here ChosenChannel
}

// Created is a new entity. Key is shown once; it is empty when the entity belongs to somebody
// else than the actor, who then gets one with [Registry.FirstKey].
type Created struct {
	Entity Entity
	Key    string
	// Places are where a new entity may read and write.
	Places []Place
}

// Place is a channel that an entity was let into.
type Place struct {
	ID snowflake.ID
	// Lacks is what the bot itself has yet to be granted there, before the entity can read
	// and speak.
	Lacks discord.Permissions
}

// MayCreate says whether an actor may create entities in the guild where they act.
func (r *Registry) MayCreate(ctx context.Context, actor Actor) error {
	if err := r.mayCreate(ctx, actor); err != nil {
		return r.refused(ctx, actor, "create", "", actor.guild, err)
	}
	return nil
}

func (r *Registry) mayCreate(ctx context.Context, actor Actor) error {
	if err := r.enter(ctx, actor); err != nil {
		return err
	}
	if !actor.manages() {
		return Refuse(NotAllowed, "Only people with Manage Server can create entities here. Ask an admin of this server; they can create one for you.")
	}
	return nil
}

// Create makes an entity that is present in the actor's guild.
func (r *Registry) Create(ctx context.Context, actor Actor, n NewEntity) (Created, error) {
	created, err := r.create(ctx, actor, n)
	if _, ok := AsRefusal(err); ok {
		return Created{}, r.refused(ctx, actor, "create", "", actor.guild, err)
	}
	return created, err
}

func (r *Registry) create(ctx context.Context, actor Actor, n NewEntity) (Created, error) {
	if err := r.mayCreate(ctx, actor); err != nil {
		return Created{}, err
	}
	e, err := r.newEntity(actor, n)
	if err != nil {
		return Created{}, err
	}
	rules, err := r.chosenRules(actor, e.ID, n)
	if err != nil {
		return Created{}, err
	}
	created := Created{Entity: e, Places: r.places(rules)}
	var credential *Credential
	if e.OwnerID == actor.user {
		key, c, err := r.newKey(e)
		if err != nil {
			return Created{}, err
		}
		created.Key, credential = key, &c
	}
	presence := Presence{EntityID: e.ID, GuildID: actor.guild, State: PresenceActive, CreatedAt: e.CreatedAt}
	err = r.change(ctx, func(tx *gorm.DB) error {
		if err := r.nameIsFree(e.Name, actor.guild); err != nil {
			return err
		}
		return r.insert(tx, actor, n.Avatar, &e, &presence, rules, credential)
	}, func(s *roster) {
		s.putEntity(e)
		s.putPresence(presence)
		for _, rule := range rules {
			s.putRule(rule)
		}
	})
	if err != nil {
		return Created{}, err
	}
	return created, nil
}

func (r *Registry) newEntity(actor Actor, n NewEntity) (Entity, error) {
	name, err := cleanName(n.Name)
	if err != nil {
		return Entity{}, err
	}
	persona, err := cleanPersona(n.Persona)
	if err != nil {
		return Entity{}, err
	}
	id, err := r.randomLetters(entityIDSize)
	if err != nil {
		return Entity{}, err
	}
	e := Entity{ID: ID(id), Name: name, Persona: persona, OwnerID: n.Owner, State: Active, Generation: 1, CreatedAt: r.now().UTC()}
	if e.OwnerID == 0 {
		e.OwnerID = actor.user
	}
	if n.Avatar != nil {
		e.Avatar = n.Avatar.Hash
	}
	return e, nil
}

// chosenRules are the rules for the channels that were chosen. Nobody can let an entity into
// a channel that they cannot see themselves.
func (r *Registry) chosenRules(actor Actor, id ID, n NewEntity) ([]ChannelRule, error) {
	chosen := n.Channels
	if len(chosen) == 0 {
		here := n.Here
		// A thread's rights are its channel's, and an entity made in a thread belongs there.
		if c, ok := r.world.Channel(here.ID); ok && c.IsThread() && c.Type != discord.ChannelTypeGuildPrivateThread {
			here.ID = c.ParentID
		}
		chosen = []ChosenChannel{here}
	}
	if len(chosen) > MaxChannels {
		return nil, Refuse(Invalid, "At most %d channels can be chosen at once.", MaxChannels)
	}
	rules := make([]ChannelRule, 0, len(chosen))
	for _, c := range chosen {
		channel, ok := r.world.Channel(c.ID)
		if !ok || channel.GuildID != actor.guild {
			return nil, Refuse(NotFound, "One of the chosen channels is not on this server, or not known to the bot. Choose another one.")
		}
		if !c.Permissions.Has(discord.PermissionViewChannel) && !c.Permissions.Has(discord.PermissionAdministrator) {
			return nil, Refuse(NotAllowed, "You cannot see #%s yourself, so you cannot let an entity into it.", channel.Name)
		}
		if slices.ContainsFunc(rules, func(rule ChannelRule) bool { return rule.ChannelID == c.ID }) {
			continue
		}
		rules = append(rules, ChannelRule{EntityID: id, GuildID: actor.guild, ChannelID: c.ID, Access: Write})
	}
	return rules, nil
}

func (r *Registry) places(rules []ChannelRule) []Place {
	places := make([]Place, 0, len(rules))
	for _, rule := range rules {
		channel, _ := r.world.Channel(rule.ChannelID)
		wanted := Post.needs(channel) | ReadHistory.needs(channel)
		places = append(places, Place{ID: rule.ChannelID, Lacks: wanted &^ r.world.BotPermissions(rule.ChannelID, r.now())})
	}
	return places
}

// nameIsFree refuses a second entity of the same name in a guild: Discord shows neighbouring
// messages of equal names as one speaker's.
func (r *Registry) nameIsFree(name string, guild snowflake.ID) error {
	for _, other := range r.roster.in(guild) {
		if sameName(other.Name, name) {
			return Refuse(Conflict, "There is an entity called %q on this server already. Choose another name, so that people can tell them apart.", other.Name)
		}
	}
	return nil
}

func (r *Registry) insert(tx *gorm.DB, actor Actor, avatar *Avatar, e *Entity, p *Presence, rules []ChannelRule, credential *Credential) error {
	if avatar != nil {
		if err := savePicture(tx, *avatar); err != nil {
			return err
		}
	}
	latest, err := latestSeq(tx)
	if err != nil {
		return err
	}
	p.Since = latest
	if err := tx.Create(e).Error; err != nil {
		return fmt.Errorf("save the entity: %w", err)
	}
	if err := tx.Create(p).Error; err != nil {
		return fmt.Errorf("save the presence: %w", err)
	}
	if err := tx.Create(&rules).Error; err != nil {
		return fmt.Errorf("save the channel rules: %w", err)
	}
	if credential != nil {
		credential.Read = latest
		if err := tx.Create(credential).Error; err != nil {
			return fmt.Errorf("save the credential: %w", err)
		}
	}
	return r.audit(tx, actor, "create", e.ID, p.GuildID, "")
}
