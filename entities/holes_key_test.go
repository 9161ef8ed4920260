package entities_test

import (
	"testing"

	"troupe/entities"
)

// A key with a NUL character is valid UTF-8 (JSON's \u0000). SQLite takes it, PostgreSQL does not:
// it is refused in words, or taken, by both.
func TestKeyWithNUL(t *testing.T) {
	reg, ids := namesakes(t, "Ada")
	acting, err := reg.RotateKey(t.Context(), admin(olivia), ids[0])
	require(t, err)
	actor, err := reg.Authenticate(t.Context(), acting.Key, ids[0])
	require(t, err)
	permit, err := reg.Authorize(t.Context(), actor, entities.Post, general)
	require(t, err)
	_, err = reg.Begin(t.Context(), actor, permit, entities.Draft{Key: "a\x00b", Body: "b", Parts: []string{"hello"}, Said: entities.Said{Text: "hello"}})
	if err != nil && !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("%v", err)
	}
}
