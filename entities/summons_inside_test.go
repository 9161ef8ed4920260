package entities

import (
	"fmt"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// crowd is a registry that has n entities on server 1, and nothing else.
func crowd(n int) *Registry {
	r := &Registry{roster: newRoster(), world: NewWorld()}
	for i := range n {
		id := ID(fmt.Sprint("id", i))
		r.roster.replace(id, &entry{Entity: Entity{ID: id, Name: fmt.Sprintf("Entity %04d", i), State: Active}, stays: map[snowflake.ID]*stay{
			1: {Presence: Presence{EntityID: id, GuildID: 1}, words: []string{fmt.Sprint("helper", i)}},
		}})
	}
	return r
}

var spokenText = Heard{
	Event: Event{Kind: EventMessage, GuildID: 1, ChannelID: 2, MessageID: 3}, Person: true,
	Text: "000001: the quick brown fox jumps over the lazy dog, and Entity 0000 looks at it",
}

func BenchmarkAddressed(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := crowd(n)
			for b.Loop() {
				if len(r.addressed(spokenText, "")) != 1 {
					b.Fatal("it is not found")
				}
			}
		})
	}
}

// What it costs to find whom a message addresses does not grow with the number of entities.
func TestAddressedCost(t *testing.T) {
	const rounds, most = 2000, 1.2
	took := func(r *Registry) time.Duration {
		begin := time.Now()
		for range rounds {
			if len(r.addressed(spokenText, "")) != 1 {
				t.Fatal("it is not found")
			}
		}
		return time.Since(begin)
	}
	one, many := crowd(1), crowd(1000)
	few, lots := took(one), took(many)
	for range 50 { // until a moment comes in which the machine has nothing else to do
		if few, lots = min(few, took(one)), min(lots, took(many)); float64(lots) <= most*float64(few) {
			return
		}
	}
	t.Errorf("with 1,000 entities it takes %v for %d messages, with one %v", lots, rounds, few)
}
