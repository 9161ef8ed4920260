package entities_test

import (
	"bytes"
	"testing"

	"troupe/entities"
)

// What is written down of a line must be what its echo hashes to: who is shown to say what. Of an
// entity that is told from its namesakes, "Ada (1f3c)", the hash has the plain name instead
// (lines.go: saveLine takes nameIn, and the message has shownAs), so that neither a late echo nor
// a read-back ever finds its lost lines.
func TestHostileFingerprintOfANamesake(t *testing.T) {
	reg, ids := namesakes(t, "Ada", "Ada")
	acting, err := reg.RotateKey(t.Context(), admin(olivia), ids[1])
	require(t, err)
	actor, err := reg.Authenticate(t.Context(), acting.Key, ids[1])
	require(t, err)
	permit, err := reg.Authorize(t.Context(), actor, entities.Post, general)
	require(t, err)
	begun, err := reg.Begin(t.Context(), actor, permit, entities.Draft{Body: "b", Parts: []string{"hello"}, Said: entities.Said{Text: "hello"}})
	require(t, err)
	echo, err := reg.Fingerprint(t.Context(), entities.System("test"), permit.Entity().Name, "hello")
	require(t, err)
	if !bytes.Equal(begun.Parts[0].Hash, echo) {
		t.Errorf("its message stands under %q, and its hash is of another name", permit.Entity().Name)
	}
}
