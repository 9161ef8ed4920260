package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Resident is an entity in a guild: as it is shown there, without its persona, and its
// presence.
type Resident struct {
	Entity   Entity
	Presence Presence
	// Speaks says that nothing of ours keeps it from taking part there: no pause, no
	// suspension, no kill switch.
	Speaks bool
}

// Find finds an entity by its id or name, among those in the actor's guild and then among the
// actor's own, as people see it: without its persona.
func (r *Registry) Find(ctx context.Context, actor Actor, ref string) (Entity, error) {
	if _, err := r.pass(ctx, actor, actLook, ""); err != nil {
		return Entity{}, err
	}
	ref = strings.TrimSpace(ref)
	found := slices.Concat(r.roster.in(actor.guild), r.roster.of(actor.user))
	// Ids first: nobody's name may stand in for one.
	for _, means := range []func(*entry) bool{
		func(e *entry) bool { return string(e.ID) == ref },
		func(e *entry) bool { return sameName(e.shownAs(actor.guild), ref) },
		func(e *entry) bool { return sameName(e.nameIn(actor.guild), ref) },
	} {
		if i := slices.IndexFunc(found, means); i >= 0 {
			return found[i].shownIn(actor.guild), nil
		}
	}
	return Entity{}, Refuse(NotFound, "No entity here is called %q. /entities lists them.", ref)
}

// List lists the entities in the actor's guild by name.
func (r *Registry) List(ctx context.Context, actor Actor) ([]Resident, error) {
	if _, err := r.pass(ctx, actor, actLook, ""); err != nil {
		return nil, err
	}
	var residents []Resident
	for _, e := range r.roster.in(actor.guild) {
		residents = append(residents, r.resident(e, actor.guild))
	}
	return residents, nil
}

func (r *Registry) resident(e *entry, guild snowflake.ID) Resident {
	found := Resident{Entity: e.shownIn(guild)}
	if in, ok := e.stays[guild]; ok {
		found.Presence = in.copied()
		awake := in.active(r.now())
		if awake { // a pause that is over is none
			found.Presence.State, found.Presence.Cause, found.Presence.Until = PresenceActive, "", nil
		}
		found.Speaks = awake && e.State == Active && !e.Stopped && r.runs(guild)
	}
	return found
}

// Mine lists the actor's own entities by name, wherever they are.
func (r *Registry) Mine(ctx context.Context, actor Actor) ([]Entity, error) {
	if _, err := r.pass(ctx, actor, actMine, ""); err != nil {
		return nil, err
	}
	var own []Entity
	for _, e := range r.roster.of(actor.user) {
		own = append(own, e.shownIn(actor.guild))
	}
	return own, nil
}

// shownIn is the entity as people see it in a guild.
func (e *entry) shownIn(guild snowflake.ID) Entity {
	shown := e.Entity
	shown.Name, shown.Avatar = e.shownAs(guild), e.avatarIn(guild)
	return shown
}

// Acting is the entity that acts, without its persona, while the credential that it acts with
// holds. It costs no query, unless that is a grant which was not used of late.
func (r *Registry) Acting(ctx context.Context, actor Actor) (Entity, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Entity{}, err
	}
	if err := r.lasts(ctx, actor); err != nil {
		return Entity{}, err
	}
	return m.entry.Entity, nil
}

// Home is a guild in which an entity is, as the entity itself learns of it.
type Home struct {
	Guild        Guild
	Name         string // under which it is shown there
	Speaks       bool   // see [Resident]
	Requested    bool   // it waits for the server's admins
	HouseRules   string
	Words        []string // by which people call it there, besides its name
	Capabilities []Capability
	Limits       Limits // that apply
	Left         Limits // of them, now
	// Filter is what its owner and the server's admins together let it say there, and Blocked
	// how many words and patterns they block.
	Filter  Filter
	Blocked int
}

// Self is the entity that acts, with its persona, and the guilds in which it is.
func (r *Registry) Self(ctx context.Context, actor Actor) (Entity, []Home, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Entity{}, nil, err
	}
	var e Entity
	err = r.db.reader.WithContext(ctx).Take(&e, "id = ?", actor.entity).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Entity{}, nil, errBadKey
	}
	if err != nil {
		return Entity{}, nil, fmt.Errorf("read the entity: %w", err)
	}
	var homes []Home
	for _, id := range m.entry.guilds() {
		// One that was announced but has not come yet has no name.
		if guild, ok := r.world.Guild(id); ok && guild.Name != "" && r.serves(id) {
			homes = append(homes, r.home(m.entry, guild))
		}
	}
	return e, homes, nil
}

func (r *Registry) home(e *entry, guild Guild) Home {
	in, limits := e.stays[guild.ID], r.limitsOf(e, guild.ID)
	home := Home{
		Guild: guild, Name: e.shownAs(guild.ID), Speaks: r.resident(e, guild.ID).Speaks, Requested: in.State == PresenceRequested,
		Capabilities: in.capabilities.list(), Limits: limits, Left: r.pace.left(paceKey{e.ID, guild.ID}, limits, r.now()),
		Filter: e.Filter, Blocked: e.blocked.size(),
	}
	// What a server says to those who take part in it is not for those who do not.
	if here, known := r.world.Here(guild.ID, e.OwnerID, r.now()); in.active(r.now()) && (here || !known) {
		row := r.roster.guild(guild.ID)
		home.HouseRules, home.Words = row.HouseRules, slices.Clone(in.words)
		home.Filter, home.Blocked = home.Filter.and(row.Filter), home.Blocked+r.roster.blockedIn(guild.ID).size()
	}
	return home
}
