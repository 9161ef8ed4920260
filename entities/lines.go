package entities

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

const (
	// MaxKey is the longest idempotency key, in characters.
	MaxKey = 200
	// KeyLife is how long an idempotency key is known again.
	KeyLife = 24 * time.Hour
	// MaxParts is how many messages one line may become.
	MaxParts = 10
	// repeatTime is how long the same call after an answer that was not delivered is taken for
	// a repetition.
	repeatTime = 2 * time.Minute
	// longestAnswer is how long a call may wait for its answer.
	longestAnswer = 30 * time.Second
	// openLife is how long a line whose outcome is unknown stays open after a restart.
	openLife = time.Hour
	hashSize = 16
)

// Draft is what an entity is about to say.
type Draft struct {
	// Key is the client's name for this call, up to [MaxKey] characters; "" without one.
	Key string
	// Body is all that the call asks for: two calls with equal ones ask for the same.
	Body string
	// Parts are the texts of the messages that it becomes, 1 to [MaxParts].
	Parts []string
	// Said is what the rules of its owner and of its guild judge.
	Said Said
	// Opened is called with a line that may be said, before any other call learns of it.
	Opened func(Begun)
	// Waits says that others speak before it, so that Discord is not asked at once.
	Waits bool
}

// Begun is a line that may be said now, or one that was begun before by the same call.
type Begun struct {
	Line  Line
	Parts []LinePart
	// Channel is where its first message stands; 0 while none does.
	Channel snowflake.ID
	// Again says that an earlier call began it: it is not to be said once more.
	Again bool
}

// outbox is what is remembered of lines beside their rows.
type outbox struct {
	mu      sync.Mutex
	undo    map[int64]func()   // uncounts a line that is not said after all
	repeats map[callKey]repeat // by entity and body: calls whose answers got lost
}

type repeat struct {
	line  int64
	until time.Time
}

func newOutbox() outbox {
	return outbox{undo: map[int64]func(){}, repeats: map[callKey]repeat{}}
}

// Begin writes a line down before it is said, once everything allows it: the response filters,
// the entity's limits, the loop guard. A call that was made before gives back its line: one with
// the same key, or one whose answer could not be delivered within the last two minutes.
func (r *Registry) Begin(ctx context.Context, actor Actor, permit Permit, draft Draft) (Begun, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Begun{}, err
	}
	if permit.right != Post || permit.entity.ID != m.entry.ID {
		return Begun{}, Refuse(NotAllowed, "What is said follows from a permit of one's own to speak, which this is not.")
	}
	if err := draft.check(); err != nil {
		return Begun{}, err
	}
	// It is judged here, where nobody waits for it; a line that was begun before stands all the same.
	broken := r.screen(m.entry, permit.guild.ID, draft.Said)
	r.writing.Lock()
	defer r.writing.Unlock()
	var (
		begun Begun
		undo  func()
	)
	err = r.changeLocked(ctx, func(tx *gorm.DB) error {
		line := r.lineOf(permit, draft)
		if begun, err = r.begunBefore(tx, line); err != nil || begun.Again {
			return err
		}
		if broken != nil {
			return broken
		}
		if undo, err = r.weigh(m, permit, line.At); err != nil {
			return err
		}
		begun, err = r.saveLine(tx, line, permit.entity.Name, draft.Parts)
		return err
	}, nil)
	if err != nil {
		return Begun{}, r.notBegun(ctx, actor, permit, undo, err)
	}
	if undo != nil {
		r.outbox.keep(begun.Line.ID, undo)
	}
	if draft.Opened != nil && !begun.Again {
		draft.Opened(begun)
	}
	return begun, nil
}

// Known finds the line of an earlier call that was the same, as Begin does, and begins none:
// Again is false when there is none.
func (r *Registry) Known(ctx context.Context, actor Actor, permit Permit, draft Draft) (Begun, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Begun{}, err
	}
	if permit.right != Post || permit.entity.ID != m.entry.ID {
		return Begun{}, Refuse(NotAllowed, "What was said follows from a permit of one's own to speak, which this is not.")
	}
	if err := draft.checkKey(); err != nil {
		return Begun{}, err
	}
	return r.earlier(r.db.reader.WithContext(ctx), r.lineOf(permit, draft))
}

func (d Draft) check() error {
	if len(d.Parts) == 0 || len(d.Parts) > MaxParts {
		return fmt.Errorf("a line of %d messages", len(d.Parts))
	}
	return d.checkKey()
}

func (d Draft) checkKey() error {
	if utf8.RuneCountInString(d.Key) > MaxKey || !utf8.ValidString(d.Key) || strings.ContainsFunc(d.Key, unicode.IsControl) {
		return Refuse(Invalid, "idempotency_key has at most %d characters, none of them control characters.", MaxKey)
	}
	return nil
}

func (r *Registry) lineOf(permit Permit, draft Draft) Line {
	line := Line{
		EntityID: permit.entity.ID, GuildID: permit.guild.ID, ChannelID: permit.channel.ID,
		Body: r.hash("body", draft.Body), State: LineSending, At: r.now().UTC(),
	}
	if draft.Waits {
		line.State = LineQueued
	}
	if draft.Key != "" {
		line.Key = &draft.Key
	}
	return line
}

// weigh asks everything that may stand against a line which the entity has the right to say,
// and counts it. Undo uncounts it.
func (r *Registry) weigh(m matter, permit Permit, now time.Time) (undo func(), err error) {
	unspend, err := r.spend(m.entry, permit.guild.ID, now)
	if err != nil {
		return nil, err
	}
	unturn, err := r.takeTurn(m.entry, permit, now)
	if err != nil {
		unspend()
		return nil, err
	}
	return func() { unspend(); unturn() }, nil
}

// begunBefore finds the line of an earlier call that was the same, and makes way for a new one
// under a key that may be used again.
func (r *Registry) begunBefore(tx *gorm.DB, line Line) (Begun, error) {
	begun, err := r.earlier(tx, line)
	if err != nil || begun.Again || begun.Line.ID == 0 {
		return begun, err
	}
	return Begun{}, dropLines(tx, "id = ?", begun.Line.ID)
}

// earlier finds the line of an earlier call that was the same. One that is there and not Again was
// not said, or is too old: its key may be used again.
func (r *Registry) earlier(db *gorm.DB, line Line) (Begun, error) {
	if line.Key == nil {
		id, ok := r.outbox.repeated(line, r.now())
		if !ok {
			return Begun{}, nil
		}
		begun, err := r.readLine(db.Where("id = ?", id))
		if begun.Line.State == LineFailed {
			return Begun{}, err
		}
		return begun, err
	}
	begun, err := r.readLine(db.Where("entity_id = ? AND key = ?", line.EntityID, *line.Key))
	old := begun.Line
	switch {
	case err != nil || !begun.Again:
		return Begun{}, err
	case old.State == LineFailed || line.At.Sub(old.At) > KeyLife:
		begun.Again = false
		return begun, nil
	case !bytes.Equal(old.Body, line.Body):
		return Begun{}, Refuse(Conflict, "You used this idempotency_key before, for another message or channel. Nothing was sent; give each new message a key of its own.")
	}
	return begun, nil
}

// readLine reads the line that a query finds; Again is false when there is none.
func (r *Registry) readLine(query *gorm.DB) (Begun, error) {
	var rows []Line
	if err := query.Session(&gorm.Session{}).Limit(1).Find(&rows).Error; err != nil {
		return Begun{}, fmt.Errorf("read a line: %w", err)
	}
	if len(rows) == 0 {
		return Begun{}, nil
	}
	begun, err := withParts(query.Session(&gorm.Session{NewDB: true}), rows[0])
	if err != nil || begun.Line.MessageID == 0 {
		return begun, err
	}
	var first Ownership
	err = query.Session(&gorm.Session{NewDB: true}).Limit(1).Find(&first, "message_id = ?", begun.Line.MessageID).Error
	if err != nil {
		return Begun{}, fmt.Errorf("read where a line stands: %w", err)
	}
	begun.Channel = first.ChannelID
	return begun, nil
}

func (r *Registry) saveLine(tx *gorm.DB, line Line, name string, texts []string) (Begun, error) {
	line.Hash = r.fingerprint(name, texts[0])
	// By hand: gorm's way costs as much again, and every line passes here.
	err := tx.Raw(`INSERT INTO lines (entity_id, guild_id, channel_id, key, body, state, at, answered, hash, message_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id`,
		line.EntityID, line.GuildID, line.ChannelID, line.Key, line.Body, line.State, line.At, line.Answered, line.Hash).Scan(&line.ID).Error
	if err != nil {
		return Begun{}, fmt.Errorf("save a line: %w", err)
	}
	begun := Begun{Line: line, Parts: []LinePart{{LineID: line.ID, Hash: line.Hash}}}
	for i, text := range texts[1:] {
		begun.Parts = append(begun.Parts, LinePart{LineID: line.ID, Part: i + 1, Hash: r.fingerprint(name, text)})
	}
	if len(begun.Parts) > 1 {
		if err := tx.Create(begun.Parts[1:]).Error; err != nil {
			return Begun{}, fmt.Errorf("save a line's parts: %w", err)
		}
	}
	return begun, nil
}

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
	return landPart(tx, owned, l.Line.ID, l.Part)
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
