package entities

import (
	"context"
	"errors"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Owned says whether a message is the permitted entity's own line in the permitted channel:
// what it edits or deletes is asked for here right before. Lines of others, lines in other
// channels and messages that do not exist are refused alike.
func (r *Registry) Owned(ctx context.Context, actor Actor, permit Permit, message snowflake.ID) error {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return err
	}
	if (permit.right != Post && permit.right != Retract) || permit.entity.ID != m.entry.ID {
		return Refuse(NotAllowed, "Whose line it is follows from a permit of one's own to speak there or to delete, which this is not.")
	}
	row, err := readOwnership(r.db.reader.WithContext(ctx), message)
	if err != nil {
		return err
	}
	if row == nil || row.EntityID != m.entry.ID || !row.standsIn(permit.channel.ID, permit.governing) {
		done := permit.right.act()
		if permit.right == Post {
			done.name = "edit line"
		}
		return r.refused(ctx, actor, done, "", permit.guild.ID, errNotYours)
	}
	return nil
}

var errNotYours = &Refusal{Reason: NotFound, Text: "There is no such message of yours in that channel. You can edit and delete only what you said yourself."}

// standsIn says whether a line stands in a channel or thread; governing is that channel or the
// thread's. A new post's first message, which has the post's own id, was said to the forum.
func (o Ownership) standsIn(channel snowflake.ID, governing Channel) bool {
	return o.ChannelID == channel || (governing.IsForum() && o.ChannelID == governing.ID && o.MessageID == channel)
}

// readOwnership is whose line a message is; nil when it is nobody's.
func readOwnership(db *gorm.DB, message snowflake.ID) (*Ownership, error) {
	var row Ownership
	err := db.Where("message_id = ?", message).Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, nil //nolint:nilnil // that a message is nobody's line is no error
	case err != nil:
		return nil, fmt.Errorf("read whose line it is: %w", err)
	}
	return &row, nil
}

// Removal is a person's leave to delete an entity's line, by [Registry.MayDeleteLine]. The zero
// removal is for nothing.
type Removal struct {
	guild, channel, message snowflake.ID
	entity                  Entity
}

// Channel is the channel or thread in which the line stands.
func (l Removal) Channel() snowflake.ID { return l.channel }

// Message is the line.
func (l Removal) Message() snowflake.ID { return l.message }

// Entity is who said it, as it is shown there. It may be gone by now.
func (l Removal) Entity() Entity { return l.entity }

// SpokenBy says which entity said a message in the channel where a person acts. channel is
// that channel, by Discord's word.
func (r *Registry) SpokenBy(ctx context.Context, actor Actor, channel, message snowflake.ID) (Entity, error) {
	if _, err := r.pass(ctx, actor, actLook, ""); err != nil {
		return Entity{}, err
	}
	row, err := r.spoken(ctx, actor, channel, message)
	if err != nil {
		return Entity{}, err
	}
	return r.roster.entry(row.EntityID).shownIn(actor.guild), nil
}

// spoken is the row of a line in the guild and channel where a person acts.
func (r *Registry) spoken(ctx context.Context, actor Actor, channel, message snowflake.ID) (Ownership, error) {
	row, err := readOwnership(r.db.reader.WithContext(ctx), message)
	if err != nil {
		return Ownership{}, err
	}
	scene, _ := r.world.scene(channel, 0, r.now())
	if row == nil || row.GuildID != actor.guild || !row.standsIn(channel, scene.governing) || r.roster.entry(row.EntityID) == nil {
		return Ownership{}, errNoLine
	}
	return *row, nil
}

var errNoLine = &Refusal{Reason: NotFound, Text: "No entity of this bot said this message, as far as the bot knows."}

// MayDeleteLine says whether a person may delete what an entity said in the channel where they
// act: its owner, admins and moderators may. channel is that channel, by Discord's word.
func (r *Registry) MayDeleteLine(ctx context.Context, actor Actor, channel, message snowflake.ID) (Removal, error) {
	if _, err := r.pass(ctx, actor, actLook, ""); err != nil {
		return Removal{}, err
	}
	row, err := r.spoken(ctx, actor, channel, message)
	if err != nil {
		return Removal{}, err
	}
	m, err := r.pass(ctx, actor, actDeleteLine, row.EntityID)
	if err != nil {
		return Removal{}, err
	}
	return Removal{guild: row.GuildID, channel: channel, message: message, entity: m.entry.shownIn(row.GuildID)}, nil
}

// LineDeleted writes into the audit that a person deleted an entity's line. Whose line it was
// stays known.
func (r *Registry) LineDeleted(ctx context.Context, actor Actor, done Removal) error {
	if _, err := r.pass(ctx, actor, actLook, ""); err != nil {
		return err
	}
	if done.message == 0 || done.guild != actor.guild {
		return Refuse(NotAllowed, "What was deleted follows from a leave to delete it, which this is not.")
	}
	return r.change(ctx, func(tx *gorm.DB) error {
		return r.audit(tx, actor, actDeleteLine, done.entity.ID, done.guild, "message "+done.message.String())
	}, nil)
}
