package entities_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"gorm.io/gorm"

	"troupe/entities"
)

// namesakes makes entities that an older version let have one name, and opens the database anew.
func namesakes(t *testing.T, name string, others ...string) (*entities.Registry, []entities.ID) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	ids := make([]entities.ID, 0, 1+len(others))
	for i, called := range append([]string{name}, others...) {
		made, _ := create(t, reg, "Entity "+strings.Repeat("x", i), general)
		ids = append(ids, made.Entity.ID)
		require(t, reg.Change(t.Context(), func(tx *gorm.DB) error {
			when := at(i)
			if err := tx.Exec("UPDATE presences SET created_at = ? WHERE entity_id = ?", when, made.Entity.ID).Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE entities SET name = ? WHERE id = ?", called, made.Entity.ID).Error
		}))
	}
	return open(t, path, newWorld()), ids
}

// shown gives the names under which entities are shown, by id.
func shown(t *testing.T, reg *entities.Registry) map[entities.ID]string {
	t.Helper()
	residents, err := reg.List(t.Context(), admin(olivia))
	require(t, err)
	names := map[entities.ID]string{}
	for _, r := range residents {
		names[r.Entity.ID] = r.Entity.Name
	}
	return names
}

func TestNamesakesAreToldApart(t *testing.T) {
	reg, ids := namesakes(t, "Ada", "ADA", "Аdа", "Ada 🌸")
	names := shown(t, reg)
	second, third := "ADA ("+string(ids[1][:4])+")", "Аdа ("+string(ids[2][:4])+")"
	if names[ids[0]] != "Ada" || names[ids[1]] != second || names[ids[2]] != third || names[ids[3]] != "Ada 🌸" {
		t.Fatalf("they are shown as %q", names)
	}
	// So they speak.
	acting, err := reg.RotateKey(t.Context(), admin(olivia), ids[1])
	require(t, err)
	actor, err := reg.Authenticate(t.Context(), acting.Key, ids[1])
	require(t, err)
	permit, err := reg.Authorize(t.Context(), actor, entities.Post, general)
	require(t, err)
	if got := permit.Entity().Name; got != second {
		t.Errorf("it speaks as %q", got)
	}
	// They are found by what people see.
	found, err := reg.Find(t.Context(), admin(olivia), second)
	require(t, err)
	if found.ID != ids[1] || found.Name != second {
		t.Errorf("found %+v", found)
	}
	// Who is left keeps what tells it apart, as long as it has to be.
	_, err = reg.Edit(t.Context(), admin(olivia), ids[1], entities.Changes{Name: to("Bea")})
	require(t, err)
	if names = shown(t, reg); names[ids[0]] != "Ada" || names[ids[1]] != "Bea" || names[ids[2]] != third {
		t.Errorf("after a change of name: %q", names)
	}
	_, err = reg.Leave(t.Context(), admin(olivia), ids[0])
	require(t, err)
	if names = shown(t, reg); names[ids[2]] != "Аdа" {
		t.Errorf("alone it is shown as %q", names[ids[2]])
	}
	afresh, err := reg.Afresh(t.Context())
	require(t, err)
	if now := reg.Memory(); now != afresh {
		t.Errorf("memory is\n%s\nand afresh\n%s", now, afresh)
	}
}

// TestNamesakesOfLongNames: what tells them apart has room in 80 characters.
func TestNamesakesOfLongNames(t *testing.T) {
	long := strings.Repeat("愛", entities.MaxName)
	reg, ids := namesakes(t, long, long)
	names := shown(t, reg)
	if got := names[ids[1]]; utf8.RuneCountInString(got) > entities.MaxName || !strings.HasSuffix(got, " ("+string(ids[1][:4])+")") {
		t.Errorf("%q has %d characters", got, utf8.RuneCountInString(got))
	}
	if names[ids[0]] == names[ids[1]] {
		t.Error("they are shown as one")
	}
}
