package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Server is a guild as the operator sees it.
type Server struct {
	Guild    Guild // without a name when the bot is not there
	Row      GuildRow
	Served   bool
	Dormant  bool // waits for a decision
	Entities int
}

// Servers lists the guilds where the bot is or about which something was decided, for the
// operator.
func (r *Registry) Servers(ctx context.Context, actor Actor) ([]Server, error) {
	if _, err := r.pass(ctx, actor, actServers, ""); err != nil {
		return nil, err
	}
	var servers []Server
	listed := map[snowflake.ID]bool{}
	for _, guild := range r.world.Guilds() {
		servers = append(servers, r.server(guild))
		listed[guild.ID] = true
	}
	r.roster.mu.RLock()
	var away []snowflake.ID
	for id := range r.roster.guilds {
		if !listed[id] {
			away = append(away, id)
		}
	}
	r.roster.mu.RUnlock()
	for _, id := range away {
		servers = append(servers, r.server(Guild{ID: id}))
	}
	return servers, nil
}

func (r *Registry) server(guild Guild) Server {
	return Server{
		Guild: guild, Row: r.roster.guild(guild.ID), Served: r.serves(guild.ID), Dormant: r.dormant(guild.ID),
		Entities: len(r.roster.in(guild.ID)),
	}
}

// Orphans lists the entities that nobody can look after: their owner is in none of the guilds
// where they are.
func (r *Registry) Orphans(ctx context.Context, actor Actor) ([]Entity, error) {
	if _, err := r.pass(ctx, actor, actOrphans, ""); err != nil {
		return nil, err
	}
	var orphans []Entity
	for _, e := range r.roster.all() {
		if r.orphaned(e) {
			orphans = append(orphans, e.Entity)
		}
	}
	return orphans, nil
}

// OrphanGaps lists whose memberships Discord has to be asked for before it can be said which
// entities nobody can look after.
func (r *Registry) OrphanGaps(ctx context.Context, actor Actor) ([]Gap, error) {
	if _, err := r.pass(ctx, actor, actOrphans, ""); err != nil {
		return nil, err
	}
	var gaps []Gap
	for _, e := range r.roster.all() {
		for guild, in := range e.stays {
			if _, known := r.world.Here(guild, e.OwnerID, r.now()); !known && in.Cause == OwnerLeft && !r.world.Pending(guild) {
				gaps = append(gaps, Gap{Guild: guild, User: e.OwnerID})
			}
		}
	}
	return gaps, nil
}

// orphaned says whether an entity's owner is known to have left every guild where it is. Guilds
// that removed the bot do not count.
func (r *Registry) orphaned(e *entry) bool {
	left := 0
	for guild := range e.stays {
		if _, there := r.world.Guild(guild); !there && !r.world.Pending(guild) {
			continue
		}
		if here, known := r.world.Here(guild, e.OwnerID, r.now()); here || !known {
			return false
		}
		left++
	}
	return left > 0
}

// Assign gives an orphaned entity to a new owner. Every credential ends.
func (r *Registry) Assign(ctx context.Context, actor Actor, id ID, to Person) (Entity, error) {
	m, err := r.pass(ctx, actor, actAssign, id)
	if err != nil {
		return Entity{}, err
	}
	if to.ID == 0 {
		return Entity{}, Refuse(Invalid, "Choose the person who is to have %s.", m.entry.Name)
	}
	if err := r.mayOwn(to); err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		if !r.orphaned(m.entry) {
			return "", Refuse(NotAllowed, "%s has an owner who is on its server. Only its owner can give it away, with /entity transfer.", m.entry.Name)
		}
		return "to member " + to.ID.String(), r.handOver(tx, m.entry, to.ID)
	})
	if err != nil {
		return Entity{}, err
	}
	r.credentialsEnded(id)
	return r.roster.entry(id).Entity, nil
}

// Everything lists all entities for the operator, by name and without their personas.
func (r *Registry) Everything(ctx context.Context, actor Actor) ([]Entity, error) {
	if _, err := r.pass(ctx, actor, actAll, ""); err != nil {
		return nil, err
	}
	var all []Entity
	for _, e := range r.roster.all() {
		all = append(all, e.Entity)
	}
	return all, nil
}

// Stop is the operator's kill switch for one entity: it neither hears nor speaks, anywhere,
// until the operator lets it go on.
func (r *Registry) Stop(ctx context.Context, actor Actor, id ID, stopped bool) (Entity, error) {
	m, err := r.pass(ctx, actor, actStop, id)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, _ matter) (string, error) {
		if err := tx.Model(&Entity{}).Where("id = ?", id).Update("stopped", stopped).Error; err != nil {
			return "", fmt.Errorf("save the entity: %w", err)
		}
		return onOff(stopped), nil
	})
	if err != nil {
		return Entity{}, err
	}
	return r.roster.entry(id).Entity, nil
}

// StopAll is the operator's kill switch for everything.
func (r *Registry) StopAll(ctx context.Context, actor Actor, stopped bool) error {
	m, err := r.pass(ctx, actor, actSwitch, "")
	if err != nil {
		return err
	}
	return r.change(ctx, func(tx *gorm.DB) error {
		if err := writeSetting(tx, switchSetting, []byte(onOff(stopped))); err != nil {
			return err
		}
		return r.audit(tx, actor, m.act, "", 0, onOff(stopped))
	}, func(s *roster) { s.stopped = stopped })
}

// Switches are the kill switches: which of them are pulled.
type Switches struct {
	Everywhere bool // the operator's, for everything
	Here       bool // that of the guild's admins
}

// Stopped says which kill switches are pulled, to an admin of the guild where they act, or an
// operator.
func (r *Registry) Stopped(ctx context.Context, actor Actor) (Switches, error) {
	if _, err := r.pass(ctx, actor, actStatus, ""); err != nil {
		return Switches{}, err
	}
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	return Switches{Everywhere: r.roster.stopped, Here: r.roster.guilds[actor.guild].Stopped}, nil
}

const switchSetting = "stopped"

func onOff(stopped bool) string {
	if stopped {
		return "stopped"
	}
	return "running"
}

func readSwitch(db *gorm.DB) (bool, error) {
	value, _, err := readSetting(db, switchSetting)
	return string(value) == onOff(true), err
}
