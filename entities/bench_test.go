package entities_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	manyGuild   snowflake.ID = 810000000000000000
	manyChannel snowflake.ID = 710000000000000000
	perGuild                 = 100 // entities
)

// many makes a database of n entities and gives its path and the world that belongs to it.
func many(t testing.TB, n int) (path string, w *entities.World) {
	t.Helper()
	path, w = filepath.Join(t.TempDir(), "troupe.db"), entities.NewWorld()
	guilds := max(1, n/perGuild)
	for i := range guilds {
		id := manyGuild + snowflake.ID(i)
		roles := []entities.Role{{ID: id, Permissions: view | read}, {ID: botRole, Permissions: needed}}
		w.PutGuild(entities.Guild{ID: id, Name: "Many", Available: true}, roles, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}}, []entities.Channel{
			{ID: manyChannel + snowflake.ID(i), GuildID: id, Type: discord.ChannelTypeGuildText, Overwrites: []entities.Overwrite{{ID: id, Allow: send}}},
		})
		w.Expect(id, id, at(0))
		w.SetMember(id, entities.Membership{UserID: id}, true, at(0))
	}
	if err := open(t, path, w).Many(t.Context(), n, guilds, manyGuild, manyChannel); err != nil {
		t.Fatal(err)
	}
	return path, w
}

// authorizeAll decides one right of each of n entities, and says how long one took.
func authorizeAll(t testing.TB, reg *entities.Registry, actors []entities.Actor, rounds int) time.Duration {
	t.Helper()
	guilds, begin := max(1, len(actors)/perGuild), time.Now()
	for i := range rounds {
		k := i % len(actors)
		if _, err := reg.Authorize(t.Context(), actors[k], entities.Post, manyChannel+snowflake.ID(k%guilds)); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(begin) / time.Duration(rounds)
}

func allOf(n int) []entities.Actor {
	actors := make([]entities.Actor, n)
	for i := range actors {
		actors[i] = entities.One(i)
	}
	return actors
}

func BenchmarkAuthorize(b *testing.B) {
	onlySQLite(b)
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path, w := many(b, n)
			reg, actors := open(b, path, w), allOf(n)
			b.ReportAllocs()
			b.ResetTimer()
			authorizeAll(b, reg, actors, b.N)
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	onlySQLite(b)
	for _, n := range []int{100, 10_000} {
		path, w := many(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				open(b, path, w)
			}
		})
		b.Run(fmt.Sprintf("rows/%d", n), func(b *testing.B) {
			reg := open(b, path, w)
			b.ResetTimer()
			for range b.N {
				if err := reg.ReadRows(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fastest is how long fn took at best.
func fastest(times int, fn func() time.Duration) time.Duration {
	best := fn()
	for range times - 1 {
		best = min(best, fn())
	}
	return best
}

// What one decision costs does not grow with the number of entities, and a start grows only
// by reading their rows. A machine that is busy otherwise is given several chances.
func TestGrowth(t *testing.T) {
	onlySQLite(t)
	if !full {
		t.Skip("TEST_FULL=1 measures how long decisions and starts take, which needs an idle machine")
	}
	const few, lots, tries = 100, 5000, 4
	smallPath, smallWorld := many(t, few)
	largePath, largeWorld := many(t, lots)
	starts := func(path string, w *entities.World) time.Duration {
		return fastest(3, func() time.Duration {
			begin := time.Now()
			open(t, path, w)
			return time.Since(begin)
		})
	}
	var reasons []string
	for range tries {
		reasons = nil
		begun, grown := starts(smallPath, smallWorld), starts(largePath, largeWorld)
		small, large := open(t, smallPath, smallWorld), open(t, largePath, largeWorld)
		rows := fastest(3, func() time.Duration {
			begin := time.Now()
			if err := large.ReadRows(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Since(begin)
		})
		decision := func(reg *entities.Registry, n int) time.Duration {
			actors := allOf(n)
			return fastest(8, func() time.Duration { return authorizeAll(t, reg, actors, lots) })
		}
		one, other := decision(small, 10), decision(large, lots)
		if other > 2*one {
			reasons = append(reasons, fmt.Sprintf("a decision takes %v with %d entities and %v with %d", other, lots, one, 10))
		}
		if grown > 2*begun+rows {
			reasons = append(reasons, fmt.Sprintf("a start takes %v with %d entities, and %v with %d; reading the rows takes %v", grown, lots, begun, few, rows))
		}
		if len(reasons) == 0 {
			t.Logf("a decision: %v and %v; a start: %v and %v, rows %v", one, other, begun, grown, rows)
			return
		}
	}
	t.Error(reasons)
}
