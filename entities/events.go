package entities

import (
	"context"
	"fmt"
	"strings"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Heard is an event with what decides whom it addresses; none of that is stored.
type Heard struct {
	Event   Event
	Text    string         // of a message, as Discord has it
	Replied snowflake.ID   // the message that it answers; 0 for none
	Roles   []snowflake.ID // roles that it mentions
	Person  bool           // a person said it
	// Landing is the line whose echo it is; nil for none.
	Landing *Landing
}

// Noted is an event that is in the log now.
type Noted struct {
	Event Event
	To    []ID // the entities that it addresses
}

// Append writes down in one transaction what was heard, with the landings of lines that it shows,
// and gives back, with their positions, the events that were not there already. Edits and
// deletions of messages that the log does not have are left out, and so are reactions to what is
// no entity's line. Only the program itself appends.
func (r *Registry) Append(ctx context.Context, actor Actor, heard []Heard) ([]Noted, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	heard, err := r.worthNoting(ctx, heard)
	if err != nil {
		return nil, err
	}
	addresses, err := r.addresses(ctx, heard)
	if err != nil {
		return nil, err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	heard, addresses = r.told(heard, addresses)
	var noted []Noted
	// A mark that lasts makes the events before it last; those after the last mark can be had from
	// Discord again. What a landing says may be answered at once.
	err = r.write(ctx, lands(heard), func(tx *gorm.DB) error {
		if err := land(tx, heard); err != nil {
			return err
		}
		if noted, err = r.insertEvents(tx, heard, addresses); err != nil {
			return fmt.Errorf("append to the event log: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, h := range heard {
		if h.Landing != nil {
			r.outbox.settle(h.Landing.Line.ID, false)
		}
	}
	if len(noted) > 0 {
		r.latest.Store(noted[len(noted)-1].Event.Seq)
	}
	return noted, nil
}

func lands(heard []Heard) bool {
	for _, h := range heard {
		if h.Landing != nil {
			return true
		}
	}
	return false
}

func land(tx *gorm.DB, heard []Heard) error {
	for _, h := range heard {
		if h.Landing == nil {
			continue
		}
		if err := h.Landing.save(tx); err != nil {
			return fmt.Errorf("save whose line it is: %w", err)
		}
	}
	return nil
}

const (
	eventColumns   = "seq, kind, guild_id, channel_id, message_id, author_id, author_entity, at, entity_id, emoji, until_id"
	eventValues    = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	addressColumns = "entity_id, seq, reason"
	addressValues  = "(?, ?, ?)"
)

// insertEvents writes by hand: gorm's way costs as much again, and everything that is heard passes
// here.
func (r *Registry) insertEvents(tx *gorm.DB, heard []Heard, addresses [][]Address) ([]Noted, error) {
	if len(heard) == 0 {
		return nil, nil
	}
	noted := make([]Noted, 0, len(heard))
	values := make([]any, 0, len(heard)*strings.Count(eventValues, "?"))
	for i, h := range heard {
		e := h.Event
		e.Seq = r.seqs.next(r.now())
		values = append(values, e.Seq, e.Kind, e.GuildID, e.ChannelID, e.MessageID, e.AuthorID, e.AuthorEntity, e.At, e.EntityID, e.Emoji, e.UntilID)
		n := Noted{Event: e}
		for j := range addresses[i] {
			addresses[i][j].Seq = e.Seq
			n.To = append(n.To, addresses[i][j].EntityID)
		}
		noted = append(noted, n)
	}
	done := tx.Exec("INSERT INTO events ("+eventColumns+") VALUES "+rows(eventValues, len(heard))+" ON CONFLICT DO NOTHING", values...)
	if done.Error != nil {
		return nil, done.Error
	}
	if int(done.RowsAffected) < len(noted) {
		var err error
		if noted, err = stillNew(tx, noted); err != nil {
			return nil, err
		}
	}
	return noted, insertAddresses(tx, noted, addresses)
}

// rows repeats the marks of one row: "(?, ?), (?, ?)".
func rows(values string, n int) string {
	return strings.TrimSuffix(strings.Repeat(values+", ", n), ", ")
}

// stillNew gives those that were written: the log had the others already.
func stillNew(tx *gorm.DB, noted []Noted) ([]Noted, error) {
	var seqs []int64
	first, last := noted[0].Event.Seq, noted[len(noted)-1].Event.Seq
	if err := tx.Raw("SELECT seq FROM events WHERE seq BETWEEN ? AND ?", first, last).Scan(&seqs).Error; err != nil {
		return nil, err
	}
	written := make(map[int64]bool, len(seqs))
	for _, seq := range seqs {
		written[seq] = true
	}
	kept := noted[:0]
	for _, n := range noted {
		if written[n.Event.Seq] {
			kept = append(kept, n)
		}
	}
	return kept, nil
}

func insertAddresses(tx *gorm.DB, noted []Noted, addresses [][]Address) error {
	written := make(map[int64]bool, len(noted))
	for _, n := range noted {
		written[n.Event.Seq] = true
	}
	var values []any
	count := 0
	for _, of := range addresses {
		for _, a := range of {
			if written[a.Seq] {
				values = append(values, a.EntityID, a.Seq, a.Reason)
				count++
			}
		}
	}
	if count == 0 {
		return nil
	}
	return tx.Exec("INSERT INTO addresses ("+addressColumns+") VALUES "+rows(addressValues, count), values...).Error
}

// worthNoting leaves out edits and deletions of messages that the log does not have, and
// reactions to what is no entity's line; those to a line are for its entity. A change is for whom
// the message was for, and has its author.
func (r *Registry) worthNoting(ctx context.Context, heard []Heard) ([]Heard, error) {
	var changed, reacted []snowflake.ID
	known := map[snowflake.ID]Event{}
	for _, h := range heard {
		switch h.Event.Kind {
		case EventMessage, EventDM:
			known[h.Event.MessageID] = h.Event
		case EventEdit, EventDelete:
			changed = append(changed, h.Event.MessageID)
		case EventReaction:
			reacted = append(reacted, h.Event.MessageID)
		case EventGap:
		}
	}
	if len(changed) == 0 && len(reacted) == 0 {
		return heard, nil
	}
	logged, err := r.logged(ctx, changed)
	if err != nil {
		return nil, err
	}
	for _, e := range logged {
		known[e.MessageID] = e
	}
	owners, err := r.ownersOf(ctx, reacted)
	if err != nil {
		return nil, err
	}
	kept := make([]Heard, 0, len(heard))
	for _, h := range heard {
		switch h.Event.Kind {
		case EventEdit, EventDelete:
			of, ok := known[h.Event.MessageID]
			if !ok || of.ChannelID != h.Event.ChannelID {
				continue
			}
			h.Event.GuildID, h.Event.AuthorID, h.Event.AuthorEntity, h.Event.EntityID = of.GuildID, of.AuthorID, of.AuthorEntity, of.EntityID
		case EventReaction:
			owner, ok := owners[h.Event.MessageID]
			if !ok {
				continue
			}
			h.Event.EntityID = owner
		case EventMessage, EventDM, EventGap:
		}
		kept = append(kept, h)
	}
	return kept, nil
}

// logged are the events by which messages came into the log.
func (r *Registry) logged(ctx context.Context, messages []snowflake.ID) ([]Event, error) {
	var found []Event
	if len(messages) == 0 {
		return nil, nil
	}
	// The kinds stand there in words: only so is it seen that the indices hold no others.
	err := r.db.reader.WithContext(ctx).Raw("SELECT * FROM events WHERE kind = 'message' AND message_id IN ? UNION ALL SELECT * FROM events WHERE kind = 'dm' AND message_id IN ?", messages, messages).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find the messages that changed: %w", err)
	}
	return found, nil
}

// ownersOf says whose lines messages are.
func (r *Registry) ownersOf(ctx context.Context, messages []snowflake.ID) (map[snowflake.ID]ID, error) {
	owners := map[snowflake.ID]ID{}
	if len(messages) == 0 {
		return owners, nil
	}
	var found []Ownership
	if err := r.db.reader.WithContext(ctx).Where("message_id IN ?", messages).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("read whose lines they are: %w", err)
	}
	for _, row := range found {
		owners[row.MessageID] = row.EntityID
	}
	return owners, nil
}

func latestSeq(db *gorm.DB) (int64, error) {
	var latest *int64
	if err := db.Model(&Event{}).Select("max(seq)").Scan(&latest).Error; err != nil {
		return 0, fmt.Errorf("read the event log's end: %w", err)
	}
	if latest == nil {
		return 0, nil
	}
	return *latest, nil
}
