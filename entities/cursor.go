package entities

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	cursorSecret = "cursor"
	cursorMAC    = 12 // bytes: 96 bits cannot be guessed within a cursor's life
)

// instanceSecret reads the secret with which cursors are signed, and makes it at first start.
func (r *Registry) instanceSecret(ctx context.Context) ([]byte, error) {
	db := r.db.writer.WithContext(ctx)
	value, known, err := readSetting(db, cursorSecret)
	if err != nil || known {
		return value, err
	}
	value = make([]byte, sha256.Size)
	if _, err := io.ReadFull(r.random, value); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	return value, writeSetting(db, cursorSecret, value)
}

// Cursor words a position in the event log for one entity and one scope. It is opaque to clients
// and means nothing to any other entity.
func (r *Registry) Cursor(ctx context.Context, actor Actor, scope Scope, position int64) (string, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return "", err
	}
	raw := binary.AppendUvarint(binary.AppendVarint(nil, position), uint64(scope))
	return base64.RawURLEncoding.EncodeToString(append(raw, r.sign(actor.entity, raw)...)), nil
}

// Position reads a cursor that was made for this entity, and its scope. A position that the
// log has not reached (a backup was restored) is its end.
func (r *Registry) Position(ctx context.Context, actor Actor, cursor string) (position int64, scope Scope, err error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return 0, 0, err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= cursorMAC {
		return 0, 0, errBadCursor
	}
	body, mac := raw[:len(raw)-cursorMAC], raw[len(raw)-cursorMAC:]
	if subtle.ConstantTimeCompare(mac, r.sign(actor.entity, body)) != 1 {
		return 0, 0, errBadCursor
	}
	position, n := binary.Varint(body)
	if n <= 0 {
		return 0, 0, errBadCursor
	}
	id, m := binary.Uvarint(body[n:])
	if m <= 0 || n+m != len(body) || position < 0 {
		return 0, 0, errBadCursor
	}
	return min(position, r.latest.Load()), Scope(id), nil
}

var errBadCursor = &Refusal{Reason: Invalid, Text: "This cursor is not one of yours. Leave it out to go on where you stopped reading."}

func (r *Registry) sign(id ID, body []byte) []byte {
	mac := hmac.New(sha256.New, r.cursorKey)
	mac.Write([]byte(id))
	mac.Write([]byte{0})
	mac.Write(body)
	return mac.Sum(nil)[:cursorMAC]
}
