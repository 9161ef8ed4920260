package entities_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"troupe/entities"
)

// Logins outlive the process, and count for a day.
func TestLogins(t *testing.T) {
	path, world := filepath.Join(t.TempDir(), "troupe.db"), newWorld()
	now := at(0)
	clock := func(c *entities.Config) { c.Now = func() time.Time { return now } }
	s := open(t, path, world, clock)
	if got, err := s.Logins(t.Context(), program); err != nil || !reflect.DeepEqual(got, entities.Logins{}) {
		t.Fatalf("before the first: %+v, %v", got, err)
	}
	left := 7
	want := entities.Logins{Since: now.Add(-time.Hour).Truncate(time.Millisecond).UTC(), Left: &left, All: []entities.Login{
		{Shard: 3, At: now.Add(-24*time.Hour + time.Second).Truncate(time.Millisecond).UTC()},
		{Shard: 0, At: now.Truncate(time.Millisecond).UTC()},
	}}
	given := want
	given.All = append([]entities.Login{{Shard: 1, At: now.Add(-24 * time.Hour)}}, want.All...)
	if err := s.SaveLogins(t.Context(), program, given); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, world, clock)
	if got, err := s.Logins(t.Context(), program); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v\nwant %+v", got, err, want)
	}
}

// Another application has logins of its own.
func TestAdoptingForgetsLogins(t *testing.T) {
	reg := fresh(t)
	require(t, reg.Adopt(t.Context(), program, 1, false))
	require(t, reg.SaveLogins(t.Context(), program, entities.Logins{All: []entities.Login{{At: time.Now()}}}))
	kept := func() int {
		got, err := reg.Logins(t.Context(), program)
		require(t, err)
		return len(got.All)
	}
	require(t, reg.Adopt(t.Context(), program, 1, false))
	if n := kept(); n != 1 {
		t.Errorf("%d logins of the same application", n)
	}
	require(t, reg.Adopt(t.Context(), program, 2, true))
	if n := kept(); n != 0 {
		t.Errorf("%d logins of the application before", n)
	}
}
