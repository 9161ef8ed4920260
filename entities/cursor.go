package entities

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

const (
	cursorSecret = "cursor"
	cursorMAC    = 12 // bytes: 96 bits cannot be guessed within a cursor's life
)

// instanceSecret reads the secret with which cursors are signed, and makes it at first start.
func (r *Registry) instanceSecret(ctx context.Context) (value []byte, err error) {
	err = r.write(ctx, true, func(tx *gorm.DB) (err error) {
		var known bool
		if value, known, err = readSetting(tx, cursorSecret); err != nil || known {
			return err
		}
		value = make([]byte, sha256.Size)
		if _, err := io.ReadFull(r.random, value); err != nil {
			return fmt.Errorf("read random bytes: %w", err)
		}
		return writeSetting(tx, cursorSecret, value)
	})
	return value, err
}

// Cursor words how far one entity has read one scope. It is opaque to clients and means nothing
// to any other entity.
func (r *Registry) Cursor(ctx context.Context, actor Actor, scope Scope, reading Reading) (string, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return "", err
	}
	raw := binary.AppendUvarint(binary.AppendVarint(nil, reading.Seq), uint64(scope))
	if reading.Until != 0 || len(reading.Behind) > 0 { // which is rare: a cursor is short
		raw = binary.AppendVarint(binary.AppendVarint(raw, reading.From), reading.Until)
	}
	for _, guild := range reading.guilds() {
		stage := reading.Behind[guild]
		raw = binary.AppendUvarint(raw, uint64(guild))
		for _, position := range []int64{stage.Seq, stage.From, stage.Until} {
			raw = binary.AppendVarint(raw, position)
		}
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, r.sign(actor.entity, raw)...)), nil
}

// Position reads a cursor that was made for this entity, and its scope. What the log has not
// reached (a backup was restored) is its end.
func (r *Registry) Position(ctx context.Context, actor Actor, cursor string) (Reading, Scope, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return Reading{}, 0, err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= cursorMAC {
		return Reading{}, 0, errBadCursor
	}
	body, mac := raw[:len(raw)-cursorMAC], raw[len(raw)-cursorMAC:]
	if subtle.ConstantTimeCompare(mac, r.sign(actor.entity, body)) != 1 {
		return Reading{}, 0, errBadCursor
	}
	reading, scope, err := readCursor(bytes.NewReader(body))
	if err != nil {
		return Reading{}, 0, errBadCursor
	}
	return reading.upTo(r.latest.Load()), scope, nil
}

// readCursor reads what [Registry.Cursor] wrote.
func readCursor(from *bytes.Reader) (Reading, Scope, error) {
	var broken error
	number := func() int64 {
		n, err := binary.ReadVarint(from)
		broken = errors.Join(broken, err)
		return n
	}
	id := func() uint64 {
		n, err := binary.ReadUvarint(from)
		broken = errors.Join(broken, err)
		return n
	}
	reading := ReadTo(number())
	scope := Scope(id())
	if from.Len() > 0 {
		reading.From, reading.Until = number(), number()
	}
	for from.Len() > 0 && broken == nil {
		if reading.Behind == nil {
			reading.Behind = map[snowflake.ID]Stage{}
		}
		reading.Behind[snowflake.ID(id())] = Stage{Seq: number(), From: number(), Until: number()}
	}
	return reading, scope, broken
}

var errBadCursor = &Refusal{Reason: Invalid, Text: "This cursor is not one of yours. Leave it out to go on where you stopped reading."}

func (r *Registry) sign(id ID, body []byte) []byte {
	mac := hmac.New(sha256.New, r.cursorKey)
	mac.Write([]byte(id))
	mac.Write([]byte{0})
	mac.Write(body)
	return mac.Sum(nil)[:cursorMAC]
}
