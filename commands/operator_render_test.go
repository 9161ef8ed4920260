package commands_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
)

func TestCensus(t *testing.T) {
	left := noon
	servers := []entities.Server{
		{Guild: entities.Guild{ID: 1, Name: "Zoo"}, Served: true, Entities: 3, Row: entities.GuildRow{Admitted: true, DecidedBy: "member 1"}},
		{Guild: entities.Guild{ID: 2, Name: "**[Free](nitro)** <@1>"}, Dormant: true},
		{Guild: entities.Guild{ID: 3, Name: "Away"}, Row: entities.GuildRow{DecidedBy: "member 1"}, Entities: 1},
		{Guild: entities.Guild{ID: 4}, Served: true, Row: entities.GuildRow{LeftAt: &left}},
		{Guild: entities.Guild{ID: 5, Name: "Unlisted"}},
	}
	var b strings.Builder
	for _, part := range []struct {
		title string
		m     commands.Shown
	}{
		{"none", commands.Census(nil, 0, 0, "")},
		{"none chosen", commands.Census(servers, 0, 0, "")},
		{"one that is served", commands.Census(servers, 0, 1, "**Zoo** is served from now on.")},
		{"one that waits", commands.Census(servers, 0, 2, "")},
		{"one that is dismissed", commands.Census(servers, 0, 3, "")},
	} {
		fits(t, part.m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(part.m))
	}
	golden(t, "servers.txt", b.String())
}

// TestCensusAtItsLargest has 1,000 servers with the longest names there can be.
func TestCensusAtItsLargest(t *testing.T) {
	var servers []entities.Server
	for n := range 1000 {
		servers = append(servers, entities.Server{
			Guild: entities.Guild{ID: snowflake.ID(math.MaxUint64 - uint64(n)), Name: strings.Repeat("*", 100)}, Dormant: n%2 == 0, Served: n%2 == 1, Entities: 99_999,
		})
	}
	seen := map[string]bool{}
	for page := range 100 {
		m := commands.Census(servers, page, 0, "")
		fits(t, m)
		for _, o := range menus(m)[0].Options {
			seen[o.Value] = true
		}
	}
	if len(seen) != 1000 {
		t.Errorf("the pages show %d of 1000 servers", len(seen))
	}
	for page, same := range map[int]int{-1: 0, 100: 99, math.MaxInt: 99, math.MinInt: 0} {
		if show(commands.Census(servers, page, 0, "")) != show(commands.Census(servers, same, 0, "")) {
			t.Errorf("page %d is not page %d", page, same)
		}
	}
	chosen := commands.Census(servers, 0, servers[777].Guild.ID, "**x** is served from now on.")
	fits(t, chosen)
	if !strings.Contains(show(chosen), servers[777].Guild.ID.String()+" (chosen)") || len(buttons(chosen)) != 4 {
		t.Errorf("the chosen one is not on its page:\n%s", show(chosen))
	}
}

func TestOrphanage(t *testing.T) {
	var found []entities.Entity
	for n := range 12 {
		e := ada()
		e.Name, e.OwnerID = fmt.Sprintf("Ada %02d", n), snowflake.ID(100+n)
		found = append(found, e)
	}
	found[0].Name, found[1].Stopped = "**[free](nitro)** <@1> `x`", true
	golden(t, "orphans.txt", show(commands.Orphanage(nil, 0))+show(commands.Orphanage(found, 0))+show(commands.Orphanage(found, 1)))
	for n := range found {
		found[n].Name, found[n].OwnerID = strings.Repeat("_", entities.MaxName), math.MaxUint64
	}
	for _, page := range []int{0, 1, math.MaxInt, math.MinInt} {
		fits(t, commands.Orphanage(found, page))
	}
}

func TestTold(t *testing.T) {
	e := ada()
	if got := commands.Told(e); got != "Ada · id 012345" {
		t.Errorf("told is %q", got)
	}
	e.Name, e.Stopped = strings.Repeat("ü", entities.MaxName), true
	if got := commands.Told(e); utf8.RuneCountInString(got) > 100 || !strings.HasSuffix(got, "· stopped") {
		t.Errorf("told is %q", got)
	}
}
