package entities

import (
	"context"
	"slices"
	"strings"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// matter is everything that the gate decides from.
type matter struct {
	actor    Actor
	act      act
	guild    snowflake.ID // that it is about, for the audit
	served   bool         // the guild where a person acts
	operator bool         // the person runs this instance
	valid    bool         // the entity's credential holds
	settings Settings
	// entry is the entity that it is about; nil when there is none.
	entry    *entry
	transfer *Transfer // the open offer of that entity
}

// stay is the entity's presence where the actor acts; nil when there is none.
func (m matter) stay() *stay {
	if m.entry == nil {
		return nil
	}
	return m.entry.stays[m.actor.guild]
}

// owns says whether the actor is the entity's owner.
func (m matter) owns() bool { return m.entry != nil && m.entry.OwnerID == m.actor.user }

// pass is the one gate: every method of the registry that reads or writes goes through it
// first. It decides, and writes refusals into the audit. What it gives back is what it decided
// from.
func (r *Registry) pass(ctx context.Context, a Actor, act act, id ID) (matter, error) {
	if err := r.welcome(ctx, a); err != nil {
		return matter{}, err
	}
	var db *gorm.DB
	if a.kind == member { // only they can have an offer
		db = r.db.reader.WithContext(ctx)
	}
	m, err := r.matter(db, a, act, id)
	if err != nil {
		return matter{}, err
	}
	if err := r.judge(m); err != nil {
		return matter{}, r.refused(ctx, a, act, id, a.guild, err)
	}
	return m, nil
}

// welcome admits a server by the first act there of an operator who manages it.
func (r *Registry) welcome(ctx context.Context, a Actor) error {
	if !a.manages() || !r.dormant(a.guild) || !slices.Contains(r.runners(), a.user) {
		return nil
	}
	m := matter{actor: a, act: actAdmit, operator: true}
	if err := r.judge(m); err != nil {
		return err
	}
	return r.admit(ctx, m, a.guild)
}

// matter gathers what the gate decides from. Only an offer costs a query.
func (r *Registry) matter(db *gorm.DB, a Actor, act act, id ID) (matter, error) {
	m := matter{actor: a, act: act, guild: a.guild}
	switch a.kind {
	case member:
		m.operator = slices.Contains(r.runners(), a.user)
		m.served = a.guild != 0 && r.serves(a.guild)
		m.settings = r.roster.guild(a.guild).Settings
		if id == "" {
			return m, nil
		}
		m.entry = r.roster.entry(id)
		if act.open(recipient) {
			offer, err := readOffer(db, id, r.now())
			if err != nil {
				return matter{}, err
			}
			m.transfer = offer
		}
	case entity:
		m.entry = r.roster.entry(a.entity)
		m.valid = m.entry != nil && m.entry.State != Deleted && m.entry.Generation == a.generation
	case nobody, system:
	}
	return m, nil
}

// judge is the decision itself, from nothing but what it is given.
func judge(m matter) error {
	switch m.actor.kind {
	case system:
		if m.act.open(program) {
			return nil
		}
	case entity:
		if m.act.open(itself) {
			if !m.valid {
				return errBadKey
			}
			return nil
		}
	case member:
		return judgePerson(m)
	case nobody:
	}
	return Refuse(NotAllowed, "This is not open to you.")
}

func judgePerson(m matter) error {
	runs := m.operator && m.act.open(operator)
	switch {
	case runs && !m.act.entity:
		return nil
	case !m.act.anywhere && m.actor.guild == 0:
		return Refuse(NotAllowed, "This works on a server only. Use it in one of the server's channels.")
	case !m.act.anywhere && !m.served:
		return errDormant
	}
	if m.act.entity {
		switch in := m.stay(); {
		case m.entry == nil || m.entry.State == Deleted, !m.owns() && in == nil && !runs && !m.offered():
			return errNoEntity
		case m.act.here && in == nil:
			return errNotHere(m)
		}
	}
	if runs || slices.ContainsFunc(m.act.by, m.holds) {
		return nil
	}
	return m.refusal()
}

// holds says whether a person has a power in this matter.
func (m matter) holds(p power) bool {
	switch p {
	case everyone:
		return true
	case creator:
		return m.creates()
	case owner:
		return m.owns()
	case recipient:
		return m.offered()
	case admin:
		return m.actor.manages()
	case moderator:
		return m.actor.moderates()
	default:
		return false
	}
}

// creates says whether a person may create entities where they act.
func (m matter) creates() bool {
	switch {
	case m.actor.manages():
		return true
	case m.settings.Creators == EveryoneCreate:
		return true
	case m.settings.Creators == RoleCreates:
		return m.settings.CreatorRole != 0 && slices.Contains(m.actor.roles, m.settings.CreatorRole)
	default:
		return false
	}
}

func (m matter) offered() bool {
	return m.transfer != nil && m.entry != nil && m.transfer.ToID == m.actor.user && m.transfer.FromID == m.entry.OwnerID
}

// refusal words the no.
func (m matter) refusal() error {
	text := m.act.refusal
	if m.entry != nil {
		text = strings.ReplaceAll(text, "{name}", m.entry.nameIn(m.actor.guild))
	}
	return &Refusal{Reason: NotAllowed, Text: text}
}

func errNotHere(m matter) error {
	return Refuse(NotFound, "%s is not on this server. /entity join brings it here.", m.entry.Name)
}

var errNoEntity = &Refusal{Reason: NotFound, Text: "There is no such entity here. /entities lists them."}
