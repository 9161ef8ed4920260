package entities

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

const sessionMAC = 16 // bytes: 128 bits cannot be guessed

// SignSession gives the proof, in hex, that a session of the nonce was opened by this actor: with
// the same entity, the same credential and in the same generation of the entity's credentials.
// Anybody else's proof for that nonce is another one. It outlasts restarts.
func (r *Registry) SignSession(ctx context.Context, actor Actor, nonce string) (string, error) {
	if _, err := r.pass(ctx, actor, actBe, ""); err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, r.cursorKey)
	// No entity's id has these words, so this is never the signature of a cursor.
	_, _ = fmt.Fprintf(mac, "a session\x00%s\x00%s\x00%d\x00%s", actor.entity, actor.credential, actor.generation, nonce) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil)[:sessionMAC]), nil
}
