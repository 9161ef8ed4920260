package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// DMMark is how far a person's direct messages are settled.
type DMMark struct {
	User    snowflake.ID `gorm:"column:user_id"`
	Channel snowflake.ID `gorm:"column:channel_id"`
	// After is the newest message that is settled: what comes after it was missed. It is never
	// more than 30 days old.
	After snowflake.ID `gorm:"column:settled"`
	// Unasked is the newest message that waits for the person's choice although nobody asked for
	// that yet; 0 for none.
	Unasked snowflake.ID `gorm:"column:unasked"`
}

// DMMarks gives how far the direct messages of some people are settled, without users of all who
// are known; those who wrote last come first. A person who is not known is absent. Only the
// program itself asks.
func (r *Registry) DMMarks(ctx context.Context, actor Actor, users ...snowflake.ID) ([]DMMark, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	oldest := snowflake.New(r.now().Add(-missedLife))
	query := r.db.reader.WithContext(ctx).Model(&DM{}).
		Select(`dms.user_id, dms.channel_id,
			CASE WHEN watermarks.message_id > dms.message_id THEN watermarks.message_id ELSE dms.message_id END AS settled,
			(SELECT coalesce(max(w.message_id), 0) FROM waiting_dms w WHERE w.user_id = dms.user_id AND w.menu_id = 0 AND w.message_id > ?) AS unasked`,
			snowflake.New(r.now().Add(-WaitingLife))).
		Joins("LEFT JOIN watermarks ON watermarks.channel_id = dms.channel_id").Order("dms.message_id DESC")
	if len(users) > 0 {
		query = query.Where("dms.user_id IN ?", users)
	}
	var marks []DMMark
	if err := query.Scan(&marks).Error; err != nil {
		return nil, fmt.Errorf("read how far direct messages are settled: %w", err)
	}
	for i := range marks {
		marks[i].After = max(marks[i].After, oldest)
	}
	return marks, nil
}

// SettleDM notes that all up to a message was looked at in a person's channel of direct messages.
// Of who is not known, or was erased meanwhile, nothing is noted.
func (r *Registry) SettleDM(ctx context.Context, actor Actor, user, reached snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.write(ctx, false, func(tx *gorm.DB) error {
		row, err := readDM(tx, user)
		if err != nil || row.ChannelID == 0 {
			return err
		}
		return settleDM(tx, row.ChannelID, reached)
	})
}

// settleDM never moves back.
func settleDM(tx *gorm.DB, channel, reached snowflake.ID) error {
	err := tx.Exec("INSERT INTO watermarks (channel_id, guild_id, message_id) VALUES "+watermarkValues+
		" ON CONFLICT (channel_id) DO UPDATE SET message_id = excluded.message_id WHERE watermarks.message_id < excluded.message_id", channel, 0, reached).Error
	if err != nil {
		return fmt.Errorf("save how far direct messages are settled: %w", err)
	}
	return nil
}

// beginDM notes that a person's channel is known from now on: what stands there already is no
// news to anybody.
func (r *Registry) beginDM(tx *gorm.DB, row DM) error {
	if row.MessageID != 0 {
		return nil
	}
	err := tx.Exec("INSERT INTO watermarks (channel_id, guild_id, message_id) VALUES "+watermarkValues+" ON CONFLICT DO NOTHING",
		row.ChannelID, 0, snowflake.New(r.now())-1).Error
	if err != nil {
		return fmt.Errorf("save since when direct messages are known: %w", err)
	}
	return nil
}

// LoseDMs notes that a person wrote so much while nobody listened that what came after one message
// up to another is not fetched. It is routed to none any more. The entity to which they wrote then
// is told by a gap, which is given back.
func (r *Registry) LoseDMs(ctx context.Context, actor Actor, user, from, until snowflake.ID) ([]Noted, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.grow(ctx, true, func(tx *gorm.DB) ([]*noted, error) {
		row, err := readDM(tx, user)
		if err != nil || row.ChannelID == 0 || row.MessageID >= until {
			return nil, err
		}
		id, err := r.meant(tx, IncomingDM{User: user, Channel: row.ChannelID, Message: until, At: until.Time(), Missed: true}, row)
		if err != nil {
			return nil, err
		}
		row.MessageID = until
		if err := saveDM(tx, row); err != nil || id == "" {
			return nil, err
		}
		gap := &noted{
			Event: Event{Kind: EventGap, ChannelID: row.ChannelID, MessageID: from, AuthorID: user, At: r.now().UTC().Truncate(time.Microsecond), EntityID: id, UntilID: until},
			to:    []Address{{EntityID: id, Reason: ByDM}},
		}
		written, err := r.insertEvents(tx, []*noted{gap})
		if err != nil {
			return nil, fmt.Errorf("append a gap to the event log: %w", err)
		}
		return written, nil
	})
}
