package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
// else than the actor, who then gets a key with [Registry.RotateKey].
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
		if strings.EqualFold(other.Name, name) {
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

// Find finds an entity of the actor's guild by its id or name, as people see it: without its
// persona.
func (r *Registry) Find(ctx context.Context, actor Actor, ref string) (Entity, error) {
	found, err := r.List(ctx, actor)
	if err != nil {
		return Entity{}, err
	}
	ref = strings.TrimSpace(ref)
	for _, e := range found {
		if string(e.ID) == ref || strings.EqualFold(e.Name, ref) {
			return e, nil
		}
	}
	return Entity{}, Refuse(NotFound, "No entity here is called %q. /entities lists them.", ref)
}

// List lists the entities in the actor's guild by name, without their personas.
func (r *Registry) List(ctx context.Context, actor Actor) ([]Entity, error) {
	if err := r.enter(ctx, actor); err != nil {
		return nil, err
	}
	return r.roster.in(actor.guild), nil
}

// MayRotate says whether an actor may replace an entity's key: its owner may, nobody else.
func (r *Registry) MayRotate(ctx context.Context, actor Actor, id ID) error {
	_, err := r.owned(ctx, actor, "rotate key", id)
	return err
}

func (r *Registry) owned(ctx context.Context, actor Actor, act string, id ID) (Entity, error) {
	if err := r.enter(ctx, actor); err != nil {
		return Entity{}, r.refused(ctx, actor, act, id, actor.guild, err)
	}
	e, ok := r.roster.entity(id)
	if !ok || e.State == Deleted || (e.OwnerID != actor.user && !slices.Contains(r.roster.guildsOf(id), actor.guild)) {
		return Entity{}, r.refused(ctx, actor, act, id, actor.guild, Refuse(NotFound, "There is no such entity here. /entities lists them."))
	}
	if e.OwnerID != actor.user {
		return Entity{}, r.refused(ctx, actor, act, id, actor.guild, Refuse(NotAllowed, "Only %s's owner can do this. The key is shown to nobody else.", e.Name))
	}
	return e, nil
}

// RotateKey replaces an entity's key: the new one is shown once, and every other credential
// of the entity ends at once.
func (r *Registry) RotateKey(ctx context.Context, actor Actor, id ID) (Created, error) {
	e, err := r.owned(ctx, actor, "rotate key", id)
	if err != nil {
		return Created{}, err
	}
	var key string
	err = r.change(ctx, func(tx *gorm.DB) error {
		// Two rotations at once must not end with the same generation.
		if err := tx.Omit("persona").Take(&e, "id = ?", id).Error; err != nil {
			return fmt.Errorf("read the entity: %w", err)
		}
		if e.OwnerID != actor.user || e.State == Deleted {
			return Refuse(Conflict, "%s has changed hands. Start again.", e.Name)
		}
		key, err = r.replaceCredentials(tx, &e)
		if err != nil {
			return err
		}
		return r.audit(tx, actor, "rotate key", id, actor.guild, "")
	}, func(s *roster) { s.putEntity(e) })
	if err != nil {
		return Created{}, err
	}
	r.credentialsEnded(id)
	return Created{Entity: e, Key: key}, nil
}

// replaceCredentials ends all credentials of e and makes a new key, which goes on reading
// where the furthest of them was.
func (r *Registry) replaceCredentials(tx *gorm.DB, e *Entity) (string, error) {
	var furthest *int64
	if err := tx.Model(&Credential{}).Where("entity_id = ?", e.ID).Select("max(read)").Scan(&furthest).Error; err != nil {
		return "", fmt.Errorf("read the credentials: %w", err)
	}
	if furthest == nil {
		latest, err := latestSeq(tx)
		if err != nil {
			return "", err
		}
		furthest = &latest
	}
	e.Generation++
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Update("generation", e.Generation).Error; err != nil {
		return "", fmt.Errorf("save the entity: %w", err)
	}
	if err := tx.Where("entity_id = ?", e.ID).Delete(&Credential{}).Error; err != nil {
		return "", fmt.Errorf("end the credentials: %w", err)
	}
	key, credential, err := r.newKey(*e)
	if err != nil {
		return "", err
	}
	credential.Read = *furthest
	if err := tx.Create(&credential).Error; err != nil {
		return "", fmt.Errorf("save the credential: %w", err)
	}
	return key, nil
}

// Acting is the entity that acts, without its persona; it costs no query.
func (r *Registry) Acting(_ context.Context, actor Actor) (Entity, error) {
	if err := r.check(actor); err != nil {
		return Entity{}, err
	}
	e, _ := r.roster.entity(actor.entity)
	return e, nil
}

// Self is the entity that acts, with its persona, and the guilds in which it is served.
func (r *Registry) Self(ctx context.Context, actor Actor) (Entity, []Guild, error) {
	if err := r.check(actor); err != nil {
		return Entity{}, nil, err
	}
	var e Entity
	err := r.db.reader.WithContext(ctx).Take(&e, "id = ?", actor.entity).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Entity{}, nil, errBadKey
	}
	if err != nil {
		return Entity{}, nil, fmt.Errorf("read the entity: %w", err)
	}
	var guilds []Guild
	for _, id := range r.roster.guildsOf(e.ID) {
		if guild, ok := r.world.Guild(id); ok && r.admits(id) {
			guilds = append(guilds, guild)
		}
	}
	return e, guilds, nil
}
