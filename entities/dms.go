package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// DMPermit is a decision that an entity may write to a person. Only [Registry.MayWrite] makes one
// that permits anything.
type DMPermit struct {
	entity     Entity
	owner      bool
	user       snowflake.ID
	channel    snowflake.ID
	introduced bool
}

// Entity is the entity that may write, as it is shown outside of servers and without its persona.
func (p DMPermit) Entity() Entity { return p.entity }

// User is the person to whom it may write.
func (p DMPermit) User() snowflake.ID { return p.user }

// Channel is the person's channel of direct messages with the bot; 0 while it is not known.
func (p DMPermit) Channel() snowflake.ID { return p.channel }

// ToOwner says whether the person owns the entity.
func (p DMPermit) ToOwner() bool { return p.owner }

// Introduced says whether the person was told already whose AI it is.
func (p DMPermit) Introduced() bool { return p.introduced }

var (
	errStranger  = &Refusal{Reason: NotAllowed, Text: "You may write only to your owner and to people who spoke to you first, by mentioning you, answering you or writing to you. An admin of a server that you share can open it with its settings."}
	errUnwelcome = &Refusal{Reason: NotAllowed, Text: "This person wants no direct messages from you. Only they can change that."}
	errNoDMs     = &Refusal{Reason: NotAllowed, Text: "You take part in no server now, so you can exchange no direct messages. Your owner sees why."}
)

// MayWrite decides whether an entity may write to a person, and read what the two of them wrote.
// A refusal for which [Lacks] finds something is not final. Whether somebody refuses direct
// messages is told only to entities that could write to them otherwise.
func (r *Registry) MayWrite(ctx context.Context, actor Actor, user snowflake.ID) (DMPermit, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return DMPermit{}, err
	}
	refuse := func(err error) (DMPermit, error) {
		if _, open := Lacks(err); open {
			return DMPermit{}, err
		}
		return DMPermit{}, r.refused(ctx, actor, DirectMessage.act(), "", 0, err)
	}
	guilds, err := r.privately(m.entry)
	if err != nil {
		return refuse(err)
	}
	db := r.db.reader.WithContext(ctx)
	known, err := readAcquaintance(db, user, m.entry.ID)
	if err != nil {
		return DMPermit{}, err
	}
	if known.MetAt == nil && m.entry.OwnerID != user {
		if err := r.opened(guilds, user); err != nil {
			return refuse(err)
		}
	}
	if known.Blocked || r.RefusesDMs(user) {
		return refuse(errUnwelcome)
	}
	row, err := readDM(db, user)
	if err != nil {
		return DMPermit{}, err
	}
	return DMPermit{entity: m.entry.shownIn(0), owner: m.entry.OwnerID == user, user: user, channel: row.ChannelID, introduced: known.Introduced}, nil
}

// privately lists the guilds by which an entity may exchange direct messages now: there is at
// least one, else the error says why not.
func (r *Registry) privately(e *entry) ([]snowflake.ID, error) {
	var guilds []snowflake.ID
	var gap *Gap
	refusal := error(errNoDMs)
	for _, guild := range e.guilds() {
		switch v := r.decideServer(e, guild, DirectMessage); {
		case v.gap != nil:
			gap = v.gap
		case v.refusal != "":
			refusal = &Refusal{Reason: NotAllowed, Text: v.refusal}
		case !v.hidden:
			guilds = append(guilds, guild)
		}
	}
	switch {
	case len(guilds) > 0:
		return guilds, nil
	case gap != nil:
		return nil, &gapError{Refusal: errNotYet, gap: *gap}
	default:
		return nil, refusal
	}
}

// opened says no unless a person is a member of one of the guilds, whose admins let entities write
// to members.
func (r *Registry) opened(guilds []snowflake.ID, user snowflake.ID) error {
	var gap *Gap
	for _, guild := range guilds {
		if !r.roster.guild(guild).OpenDM {
			continue
		}
		switch here, known := r.world.Here(guild, user, r.now()); {
		case !known:
			gap = &Gap{Guild: guild, User: user}
		case here:
			return nil
		}
	}
	if gap != nil {
		return &gapError{Refusal: errNotYet, gap: *gap}
	}
	return errStranger
}

// Introduce notes that a person was told whose AI an entity is, in their channel of direct
// messages. It changes nobody's route.
func (r *Registry) Introduce(ctx context.Context, actor Actor, permit DMPermit, channel snowflake.ID) error {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return err
	}
	if permit.user == 0 || permit.entity.ID != m.entry.ID || channel == 0 {
		return Refuse(NotAllowed, "Whom an entity wrote to follows from a permit of its own to do so, which this is not.")
	}
	return r.change(ctx, func(tx *gorm.DB) error {
		if err := r.openDM(tx, permit.user, channel); err != nil {
			return err
		}
		known, err := readAcquaintance(tx, permit.user, m.entry.ID)
		if err != nil {
			return err
		}
		known.Introduced = true
		return saveAcquaintance(tx, known)
	}, nil)
}

// Block decides, for the person who asks, whether an entity may write to them. One that is blocked
// is no partner any more, and gets nothing that they write.
func (r *Registry) Block(ctx context.Context, actor Actor, id ID, blocked bool) error {
	m, err := r.pass(ctx, actor, actBlock, "")
	if err != nil {
		return err
	}
	if e := r.roster.entry(id); e == nil || e.State == Deleted {
		return errNoEntity
	}
	err = r.change(ctx, func(tx *gorm.DB) error {
		if err := r.judgeAgain(tx, m); err != nil {
			return err
		}
		known, err := readAcquaintance(tx, actor.user, id)
		if err != nil || known.Blocked == blocked {
			return err
		}
		known.Blocked = blocked
		if err := saveAcquaintance(tx, known); err != nil {
			return err
		}
		if blocked {
			err = tx.Model(&DM{}).Where("user_id = ? AND partner_id = ?", actor.user, id).Updates(map[string]any{"partner_id": "", "partner_at": nil}).Error
			if err != nil {
				return fmt.Errorf("end a conversation: %w", err)
			}
		}
		return r.auditAlone(tx, actor.String(), actBlock)
	}, nil)
	return r.noted(ctx, m, "", err)
}
