package entities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// MaxChannels is how many channels can be chosen at once. Discord: options of a select.
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
	// Owner is whose entity it will be; without an id, the actor's.
	Owner Person
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
	// Requested says that it waits until this server's admins let it in.
	Requested bool
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
	m, err := r.pass(ctx, actor, actCreate, "")
	if err != nil {
		return err
	}
	return r.withinQuota(m, "")
}

// withinQuota refuses a member one entity more than the server's admins allow. Admins are
// free. One that is here already (id) does not count.
func (r *Registry) withinQuota(m matter, id ID) error {
	if m.actor.manages() {
		return nil
	}
	have := 0
	for _, e := range r.roster.of(m.actor.user) {
		if _, here := e.stays[m.actor.guild]; here && e.ID != id {
			have++
		}
	}
	quota := m.settings.quota()
	if made := r.madeWithinADay(m.actor.user); id == "" && made >= quota+sparesADay {
		return Refuse(Conflict, "You have created %d entities within a day. Go on tomorrow, or ask an admin of this server.", made)
	}
	if have >= quota {
		return Refuse(Conflict, "You have %d of %d entities on this server, and may have no more. /entity leave takes one out; an admin of this server can allow more.", have, quota)
	}
	return nil
}

// sparesADay is how many entities more than they may have a member can create within a day:
// those that are deleted again would else evade all limits.
const sparesADay = 3

func (r *Registry) madeWithinADay(owner snowflake.ID) (made int) {
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	for _, e := range r.roster.entities {
		if e.OwnerID == owner && r.now().Sub(e.CreatedAt) < day {
			made++
		}
	}
	return made
}

// Create makes an entity that is present in the actor's guild, or asks its admins to let it in.
func (r *Registry) Create(ctx context.Context, actor Actor, n NewEntity) (Created, error) {
	m, err := r.pass(ctx, actor, actCreate, "")
	if err != nil {
		return Created{}, err
	}
	e, err := r.newEntity(m, n)
	if err != nil {
		return Created{}, r.noted(ctx, m, "", err)
	}
	rules, err := r.chosenRules(actor, e.ID, n.Channels, n.Here)
	if err != nil {
		return Created{}, r.noted(ctx, m, "", err)
	}
	presence := m.newPresence(e.ID, e.CreatedAt)
	created := Created{Entity: e, Places: r.places(rules), Requested: presence.State == PresenceRequested}
	var credential *Credential
	if e.OwnerID == actor.user {
		key, c, err := r.newKey(e)
		if err != nil {
			return Created{}, err
		}
		created.Key, credential = key, &c
	}
	err = r.alter(ctx, m, e.ID, func(tx *gorm.DB, m matter) (string, error) {
		if err := r.withinQuota(m, ""); err != nil {
			return "", err
		}
		if err := r.nameIsFree(e.Name, actor.guild, e.ID); err != nil {
			return "", err
		}
		return "", r.insert(tx, n.Avatar, &e, &presence, rules, credential)
	})
	if err != nil {
		return Created{}, err
	}
	return created, nil
}

func (r *Registry) newEntity(m matter, n NewEntity) (Entity, error) {
	name, err := cleanName(n.Name)
	if err != nil {
		return Entity{}, err
	}
	persona, err := cleanPersona(n.Persona)
	if err != nil {
		return Entity{}, err
	}
	owner := n.Owner
	if owner.ID == 0 {
		owner = Person{ID: m.actor.user}
	}
	if err := r.mayOwn(owner); err != nil {
		return Entity{}, err
	}
	if owner.ID != m.actor.user && !m.actor.manages() {
		return Entity{}, Refuse(NotAllowed, "Only people with Manage Server can create an entity for somebody else. Leave the owner out; it will be yours.")
	}
	id, err := r.randomLetters(entityIDSize)
	if err != nil {
		return Entity{}, err
	}
	e := Entity{ID: ID(id), Name: name, Persona: persona, OwnerID: owner.ID, State: Active, Generation: 1, CreatedAt: r.now().UTC()}
	if n.Avatar != nil {
		e.Avatar = n.Avatar.Hash
	}
	return e, nil
}

// newPresence is a presence where the actor acts: admins let in by bringing, others as the
// server's settings say.
func (m matter) newPresence(id ID, now time.Time) Presence {
	p := Presence{EntityID: id, GuildID: m.actor.guild, State: PresenceActive, CreatedAt: now}
	if !m.actor.manages() && (m.settings.Approval || !m.creates()) {
		p.State = PresenceRequested
	}
	return p
}

// chosenRules are the rules for the channels that were chosen, or for the one where it was
// done. Nobody can let an entity into a channel that they cannot see themselves.
func (r *Registry) chosenRules(actor Actor, id ID, chosen []ChosenChannel, here ChosenChannel) ([]ChannelRule, error) {
	if len(chosen) == 0 {
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
		if err := r.mayChoose(actor, c); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rules, func(rule ChannelRule) bool { return rule.ChannelID == c.ID }) {
			continue
		}
		rules = append(rules, ChannelRule{EntityID: id, GuildID: actor.guild, ChannelID: c.ID, Access: Write})
	}
	return rules, nil
}

// mayChoose says whether a person may let an entity into a channel.
func (r *Registry) mayChoose(actor Actor, c ChosenChannel) error {
	channel, ok := r.world.Channel(c.ID)
	sees := c.Permissions.Has(discord.PermissionViewChannel) || c.Permissions.Has(discord.PermissionAdministrator)
	switch {
	case !ok || channel.GuildID != actor.guild || !sees:
		// One text for all of them: it must not tell what is hidden.
		return Refuse(NotFound, "One of the chosen channels is not on this server, or you or the bot cannot see it. Choose another one.")
	case channel.Type == discord.ChannelTypeGuildCategory && !r.world.seesAll(channel, Membership{UserID: actor.user, Roles: actor.roles}, actor.manages() && actor.permissions.Has(discord.PermissionAdministrator), r.now()):
		return Refuse(NotAllowed, "There are channels in one of these categories that you cannot see yourself. Choose its channels one by one.")
	}
	return nil
}

func (r *Registry) places(rules []ChannelRule) []Place {
	places := make([]Place, 0, len(rules))
	for _, rule := range rules {
		channel, _ := r.world.Channel(rule.ChannelID)
		wanted := Post.asksBot(channel) | ReadHistory.asksBot(channel)
		places = append(places, Place{ID: rule.ChannelID, Lacks: wanted &^ r.world.BotPermissions(rule.ChannelID, r.now())})
	}
	return places
}

func (r *Registry) insert(tx *gorm.DB, avatar *Avatar, e *Entity, p *Presence, rules []ChannelRule, credential *Credential) error {
	if avatar != nil {
		if err := savePicture(tx, *avatar); err != nil {
			return err
		}
	}
	if err := tx.Create(e).Error; err != nil {
		return fmt.Errorf("save the entity: %w", err)
	}
	latest, err := insertPresence(tx, p, rules)
	if err != nil || credential == nil {
		return err
	}
	credential.Read = latest
	if err := tx.Create(credential).Error; err != nil {
		return fmt.Errorf("save the credential: %w", err)
	}
	return nil
}

// insertPresence begins a presence now: nothing that happened before is news for it.
func insertPresence(tx *gorm.DB, p *Presence, rules []ChannelRule) (latest int64, err error) {
	if latest, err = latestSeq(tx); err != nil {
		return 0, err
	}
	p.Since = latest
	if err := tx.Create(p).Error; err != nil {
		return 0, fmt.Errorf("save the presence: %w", err)
	}
	for i := range rules {
		rules[i].Since = latest
	}
	if err := tx.Create(&rules).Error; err != nil {
		return 0, fmt.Errorf("save the channel rules: %w", err)
	}
	return latest, nil
}
