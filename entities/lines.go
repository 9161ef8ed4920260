package entities

import (
	"bytes"
	"context"
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
	if !permit.right.speaks() || permit.entity.ID != m.entry.ID {
		return Begun{}, Refuse(NotAllowed, "What is said follows from a permit of one's own to speak, which this is not.")
	}
	return r.begin(ctx, actor, m, permit, draft)
}

func (r *Registry) begin(ctx context.Context, actor Actor, m matter, permit Permit, draft Draft) (Begun, error) {
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
	// Nobody was told of it yet, and what tells of it lasts, and makes this last too.
	err := r.write(ctx, false, func(tx *gorm.DB) (err error) {
		line := r.lineOf(permit, draft)
		if begun, err = r.begunBefore(tx, line); err != nil || begun.Again {
			return err
		}
		if broken != nil {
			return broken
		}
		if undo, err = r.charge(m, permit, line.At); err != nil {
			return err
		}
		begun, err = r.saveLine(tx, line, permit.speaker(), draft.Parts)
		return err
	})
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
	if !permit.right.speaks() || permit.entity.ID != m.entry.ID {
		return Begun{}, Refuse(NotAllowed, "What was said follows from a permit of one's own to speak, which this is not.")
	}
	return r.known(ctx, permit, draft)
}

func (r *Registry) known(ctx context.Context, permit Permit, draft Draft) (Begun, error) {
	if err := draft.checkKey(); err != nil {
		return Begun{}, err
	}
	begun, err := r.earlier(r.db.reader.WithContext(ctx), r.lineOf(permit, draft))
	if begun.Again {
		// Whoever began it may not have been told yet: they are, before writing is free again.
		r.writing.Lock()
		defer r.writing.Unlock()
	}
	return begun, err
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

// charge asks everything that may stand against a line which the entity has the right to say,
// and counts it. Undo uncounts it.
func (r *Registry) charge(m matter, permit Permit, now time.Time) (undo func(), err error) {
	unspend, err := r.spend(m.entry, permit.guild.ID, now)
	if err != nil {
		return nil, err
	}
	if permit.guild.ID == 0 { // between one person and one entity nobody talks in circles
		return unspend, nil
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
	line.ID, line.Single = r.lineIDs.next(line.At), len(texts) == 1
	err := tx.Exec(`INSERT INTO lines (id, entity_id, guild_id, channel_id, key, body, state, at, answered, hash, message_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		line.ID, line.EntityID, line.GuildID, line.ChannelID, line.Key, line.Body, line.State, line.At, line.Answered, line.Hash).Error
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
