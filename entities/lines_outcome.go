package entities

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Start notes that Discord is about to be asked to take a line that waited.
func (r *Registry) Start(ctx context.Context, actor Actor, line int64) error {
	return r.moveLine(ctx, actor, line, LineSending, LineQueued)
}

// Settle notes how a line ended, as far as no message of it showed that: failed, partial or
// unknown. A line that failed is not counted.
func (r *Registry) Settle(ctx context.Context, actor Actor, line int64, state LineState) error {
	if err := r.moveLine(ctx, actor, line, state, LineQueued, LineSending, LineUnknown); err != nil {
		return err
	}
	r.outbox.settle(line, state == LineFailed)
	return nil
}

func (r *Registry) moveLine(ctx context.Context, actor Actor, line int64, to LineState, from ...LineState) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	err := r.change(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Line{}).Where("id = ? AND state IN ?", line, from).Update("state", to).Error
	}, nil)
	if err != nil {
		return fmt.Errorf("note how a line stands: %w", err)
	}
	return nil
}

// Land notes that Discord has a part of a line as a message in a channel: the message is the
// entity's own from now on, and the line counts on its day. It may be told again.
func (r *Registry) Land(ctx context.Context, actor Actor, line Line, part int, channel, message snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	landing := Landing{Line: line, Part: part, Channel: channel, Message: message}
	if err := r.change(ctx, landing.save, nil); err != nil {
		return fmt.Errorf("save whose line it is: %w", err)
	}
	r.outbox.settle(line.ID, false)
	return nil
}

// Landing is a part of a line that Discord has as a message in a channel.
type Landing struct {
	Line             Line
	Part             int
	Channel, Message snowflake.ID
}

func (l Landing) save(tx *gorm.DB) error {
	owned := Ownership{MessageID: l.Message, EntityID: l.Line.EntityID, GuildID: l.Line.GuildID, ChannelID: l.Channel, At: l.Line.At}
	return landPart(tx, owned, l.Line, l.Part)
}

// Deliver notes whether those who said lines were told what became of them. A call like theirs
// that comes soon after an answer which was lost is known as a repetition.
func (r *Registry) Deliver(ctx context.Context, actor Actor, lines []Line, reached bool) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	r.outbox.deliver(lines, reached, r.now())
	return nil
}

// Answered writes down which lines' answers were delivered, for the next run of the program.
func (r *Registry) Answered(ctx context.Context, actor Actor, lines []int64) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	err := r.change(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Line{}).Where("id IN ?", lines).Update("answered", true).Error
	}, nil)
	if err != nil {
		return fmt.Errorf("note which lines were answered: %w", err)
	}
	return nil
}

// OpenLines lists the lines whose end was not known when the program ended last.
func (r *Registry) OpenLines(ctx context.Context, actor Actor) ([]Begun, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	db := r.db.reader.WithContext(ctx)
	var rows []Line
	err := db.Where("state IN ? OR (state = ? AND at > ?)", []LineState{LineQueued, LineSending}, LineUnknown, r.now().UTC().Add(-openLife)).
		Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the open lines: %w", err)
	}
	open := make([]Begun, 0, len(rows))
	for _, row := range rows {
		begun, err := withParts(db, row)
		if err != nil {
			return nil, err
		}
		open = append(open, begun)
	}
	return open, nil
}

// Outcome reads how a line stands.
func (r *Registry) Outcome(ctx context.Context, actor Actor, line int64) (Begun, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return Begun{}, err
	}
	begun, err := r.readLine(r.db.reader.WithContext(ctx).Where("id = ?", line))
	if err == nil && !begun.Again {
		err = errors.New("read a line: it is gone")
	}
	return begun, err
}

// Fingerprint is by what a message of one of our webhooks is known again as a part of a line:
// a keyed hash of who is shown to say what.
func (r *Registry) Fingerprint(ctx context.Context, actor Actor, name, text string) ([]byte, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	return r.fingerprint(name, text), nil
}

// fingerprint leaves out how a text is spaced, which Discord changes.
func (r *Registry) fingerprint(name, text string) []byte {
	return r.hash("part", name, strings.Join(strings.Fields(text), " "))
}

// hash is keyed, so that texts cannot be guessed from the hashes without the instance's secret.
func (r *Registry) hash(purpose string, texts ...string) []byte {
	mac := hmac.New(sha256.New, r.cursorKey)
	for _, text := range append([]string{purpose}, texts...) {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(text), text) // a hash takes everything
	}
	return mac.Sum(nil)[:hashSize]
}
