package entities

import (
	"context"
	"fmt"
	"slices"
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
// and gives back, with their positions, the events that were not there already: edits of a message
// are told from each other by when they were. Edits and
// deletions of messages that the log does not have are left out, and so are reactions to what is
// no entity's line. A change of a message addresses whom the message did, an edit also
// whom it names, and what was for one entity only stays so. Only the program itself appends.
func (r *Registry) Append(ctx context.Context, actor Actor, heard []Heard) ([]Noted, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	addresses, err := r.addresses(ctx, heard)
	if err != nil {
		return nil, err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	heard, addresses = r.told(heard, addresses)
	sifted, err := r.worthNoting(ctx, heard, addresses)
	if err != nil {
		return nil, err
	}
	batch := r.marking.take()
	// A mark that lasts makes the events before it last; those after the last mark can be had from
	// Discord again. What a landing says may be answered at once.
	appended, err := r.grow(ctx, lands(heard), func(tx *gorm.DB) ([]*noted, error) {
		if err := land(tx, heard); err != nil {
			return nil, err
		}
		if err := r.writeBatch(tx, batch); err != nil {
			return nil, err
		}
		written, err := r.insertEvents(tx, sifted)
		if err != nil {
			return nil, fmt.Errorf("append to the event log: %w", err)
		}
		return written, acquaint(tx, heard, written)
	})
	if err != nil {
		r.endMarks(ctx, batch) // who marked is not at fault
		return nil, err
	}
	r.marking.end(batch, nil)
	for _, h := range heard {
		if h.Landing != nil {
			r.outbox.settle(h.Landing.Line.ID, false)
		}
	}
	return appended, nil
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
func (r *Registry) insertEvents(tx *gorm.DB, sifted []*noted) ([]*noted, error) {
	if len(sifted) == 0 {
		return nil, nil
	}
	values := make([]any, 0, len(sifted)*strings.Count(eventValues, "?"))
	said := map[snowflake.ID]int64{}
	for _, e := range sifted {
		e.Seq = r.seqs.next(r.now())
		if e.Kind == EventMessage || e.Kind == EventDM {
			said[e.MessageID] = e.Seq
		} else if e.said == 0 && (e.Kind == EventEdit || e.Kind == EventDelete) {
			e.said = said[e.MessageID]
		}
		for i := range e.to {
			e.to[i].Seq = e.Seq
		}
		values = append(values, e.Seq, e.Kind, e.GuildID, e.ChannelID, e.MessageID, e.AuthorID, e.AuthorEntity, e.At, e.EntityID, e.Emoji, e.UntilID)
	}
	done := tx.Exec("INSERT INTO events ("+eventColumns+") VALUES "+rows(eventValues, len(sifted))+" ON CONFLICT DO NOTHING", values...)
	if done.Error != nil {
		return nil, done.Error
	}
	if int(done.RowsAffected) < len(sifted) {
		var err error
		if sifted, err = stillNew(tx, sifted); err != nil {
			return nil, err
		}
	}
	return sifted, insertAddresses(tx, sifted)
}

// stillNew gives those that were written: the log had the others already.
func stillNew(tx *gorm.DB, all []*noted) ([]*noted, error) {
	var seqs []int64
	if err := tx.Raw("SELECT seq FROM events WHERE seq BETWEEN ? AND ?", all[0].Seq, all[len(all)-1].Seq).Scan(&seqs).Error; err != nil {
		return nil, err
	}
	written := make(map[int64]bool, len(seqs))
	for _, seq := range seqs {
		written[seq] = true
	}
	return slices.DeleteFunc(all, func(n *noted) bool { return !written[n.Seq] }), nil
}

func insertAddresses(tx *gorm.DB, written []*noted) error {
	var values []any
	count := 0
	for _, n := range written {
		for _, a := range n.to {
			values = append(values, a.EntityID, a.Seq, a.Reason)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return tx.Exec("INSERT INTO addresses ("+addressColumns+") VALUES "+rows(addressValues, count), values...).Error
}

// worthNoting leaves out edits and deletions of messages that the log does not have or that are
// deleted, and reactions to what is no entity's line; those to a line are for its entity. It is
// asked while nothing else is written, so that no message comes in between.
func (r *Registry) worthNoting(ctx context.Context, heard []Heard, addresses [][]Address) ([]*noted, error) {
	var changed, reacted []snowflake.ID
	for _, h := range heard {
		switch h.Event.Kind {
		case EventEdit, EventDelete:
			changed = append(changed, h.Event.MessageID)
		case EventReaction:
			reacted = append(reacted, h.Event.MessageID)
		case EventMessage, EventDM, EventGap:
		}
	}
	messages, err := r.messages(ctx, changed)
	if err != nil {
		return nil, err
	}
	owners, err := r.ownersOf(ctx, reacted)
	if err != nil {
		return nil, err
	}
	kept := make([]*noted, 0, len(heard))
	for i, h := range heard {
		n := &noted{Event: h.Event, to: addresses[i]}
		switch h.Event.Kind {
		case EventMessage, EventDM:
			if _, known := messages[h.Event.MessageID]; !known {
				messages[h.Event.MessageID] = earlier{Event: h.Event, to: n.to}
			}
		case EventEdit, EventDelete:
			was, known := messages[h.Event.MessageID]
			if !known || was.deleted() || n.Kind == EventEdit && was.had(n) {
				continue
			}
			n.follow(was)
			was.changes = append(was.changes, n)
			messages[h.Event.MessageID] = was
		case EventReaction:
			if n.EntityID = owners[h.Event.MessageID]; n.EntityID == "" {
				continue
			}
			if n.GuildID == 0 { // between a person and the entity all is for it
				n.to = []Address{{EntityID: n.EntityID, Reason: ByDM}}
			}
		case EventGap:
		}
		kept = append(kept, n)
	}
	return kept, nil
}

// follow makes a change its message's: for whom it is, whom it addresses, and whose it is.
func (n *noted) follow(was earlier) {
	called := n.to
	n.said, n.by, n.to = was.Seq, was.AuthorID, slices.Clone(was.to)
	n.GuildID, n.ChannelID, n.EntityID, n.AuthorID, n.AuthorEntity = was.GuildID, was.ChannelID, was.EntityID, was.AuthorID, was.AuthorEntity
	for _, a := range called {
		if n.reason(a.EntityID) == "" && a.EntityID != n.AuthorEntity {
			n.to = append(n.to, a)
			n.called = append(n.called, a.EntityID)
		}
	}
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
	return largest(db.Model(&Event{}).Select("max(seq)"))
}

// lastPosition is the last position that was ever given away, also when the events there are gone.
func lastPosition(db *gorm.DB) (int64, error) {
	latest, err := latestSeq(db)
	for _, given := range []*gorm.DB{
		db.Model(&Credential{}).Select("max(read)"), db.Model(&ReadMark{}).Select("max(position)"),
	} {
		if err != nil {
			return 0, err
		}
		var position int64
		position, err = largest(given)
		latest = max(latest, position)
	}
	return latest, err
}

func largest(of *gorm.DB) (int64, error) {
	var found *int64
	if err := of.Scan(&found).Error; err != nil {
		return 0, fmt.Errorf("read the event log's end: %w", err)
	}
	if found == nil {
		return 0, nil
	}
	return *found, nil
}
