package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// withParts gives a line with all its parts.
func withParts(db *gorm.DB, line Line) (Begun, error) {
	var others []LinePart
	if err := db.Where("line_id = ?", line.ID).Order("part").Find(&others).Error; err != nil {
		return Begun{}, fmt.Errorf("read a line's parts: %w", err)
	}
	first := LinePart{LineID: line.ID, Hash: line.Hash, MessageID: line.MessageID}
	return Begun{Line: line, Parts: append([]LinePart{first}, others...), Again: true}, nil
}

// landPart makes a message an entity's own and lets the line come forward by it. By hand, as in
// saveLine.
func landPart(tx *gorm.DB, owned Ownership, line Line, part int) error {
	done := tx.Exec(`INSERT INTO ownerships (message_id, entity_id, guild_id, channel_id, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		owned.MessageID, owned.EntityID, owned.GuildID, owned.ChannelID, owned.At)
	if done.Error != nil {
		return done.Error
	}
	if part == 0 && done.RowsAffected > 0 {
		if err := countLine(tx, owned); err != nil {
			return err
		}
	}
	if part > 0 {
		err := tx.Exec("UPDATE line_parts SET message_id = ? WHERE line_id = ? AND part = ?", owned.MessageID, line.ID, part).Error
		if err != nil {
			return fmt.Errorf("note a line's message: %w", err)
		}
	}
	if err := moveOn(tx, line, owned.MessageID, part); err != nil {
		return fmt.Errorf("note how far a line came: %w", err)
	}
	return nil
}

func moveOn(tx *gorm.DB, line Line, message snowflake.ID, part int) error {
	if line.Single { // the database takes half the time to read this
		return tx.Exec("UPDATE lines SET message_id = ?, state = ? WHERE id = ?", message, LineSent, line.ID).Error
	}
	return tx.Exec(`UPDATE lines SET message_id = CASE WHEN ? = 0 THEN ? ELSE message_id END, state = CASE
		WHEN (message_id <> 0 OR ? = 0) AND NOT EXISTS (SELECT 1 FROM line_parts WHERE line_id = lines.id AND message_id = 0) THEN ?
		WHEN state = ? THEN ? ELSE state END WHERE id = ?`,
		part, message, part, LineSent, LineUnknown, LinePartial, line.ID).Error
}

// dropLines deletes lines and their parts. Which is a condition of our own writing.
func dropLines(tx *gorm.DB, which string, args ...any) error {
	if err := tx.Exec("DELETE FROM line_parts WHERE line_id IN (SELECT id FROM lines WHERE "+which+")", args...).Error; err != nil {
		return fmt.Errorf("forget lines' parts: %w", err)
	}
	if err := tx.Where(which, args...).Delete(&Line{}).Error; err != nil {
		return fmt.Errorf("forget lines: %w", err)
	}
	return nil
}

// readLines counts what was said within the last day, so that a restart forgives nothing, and
// finds the calls whose answers may have been lost with the last run.
func (r *Registry) readLines(ctx context.Context) error {
	now := r.now()
	var rows []Line
	err := r.db.reader.WithContext(ctx).Where("at > ? AND state <> ?", now.UTC().Add(-day), LineFailed).Order("at").Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read what was said within the last day: %w", err)
	}
	var lost []Line
	for _, row := range rows {
		key := paceKey{row.EntityID, row.GuildID}
		r.pace.said[key] = append(r.pace.said[key], row.At)
		if !row.Answered && row.Key == nil && row.State != LineQueued && now.Sub(row.At) < repeatTime+longestAnswer {
			lost = append(lost, row)
		}
	}
	r.outbox.deliver(lost, false, now)
	return nil
}

// keep remembers how a line is uncounted.
func (o *outbox) keep(line int64, undo func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.undo[line] = undo
}

// settle forgets that, after doing it for a line that failed.
func (o *outbox) settle(line int64, failed bool) {
	o.mu.Lock()
	undo := o.undo[line]
	delete(o.undo, line)
	o.mu.Unlock()
	if failed && undo != nil {
		undo()
	}
}

// deliver notes of which calls the answer was lost, or came after all.
func (o *outbox) deliver(lines []Line, reached bool, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, r := range o.repeats {
		if now.After(r.until) {
			delete(o.repeats, key)
		}
	}
	for _, line := range lines {
		switch {
		case line.Key != nil:
		case reached:
			delete(o.repeats, callOf(line))
		default:
			o.repeats[callOf(line)] = repeat{line: line.ID, until: now.Add(repeatTime)}
		}
	}
}

// repeated says which line a call repeats whose answer was lost.
func (o *outbox) repeated(line Line, now time.Time) (int64, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, ok := o.repeats[callOf(line)]
	return r.line, ok && !now.After(r.until)
}

// callKey tells calls apart: by entity and by what they asked for.
type callKey struct {
	entity ID
	body   [hashSize]byte
}

func callOf(line Line) callKey { return callKey{line.EntityID, [hashSize]byte(line.Body)} }
