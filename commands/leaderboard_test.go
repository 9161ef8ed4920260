package commands_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
)

func TestTheLeaderboard(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	for period, want := range map[string]string{"": "in the last 7 days.", "today": "today.", "30 days": "in the last 30 days.", "ever": "so far."} {
		options := map[string]any{}
		if period != "" {
			options["period"] = period
		}
		whispers(t, w.slash(w.sam, "/leaderboard", options), "No AI identity has said anything on this server "+want)
	}
	w.says(key(t, w.make("Ada")), 2, 0)
	w.says(key(t, w.make("Bob")), 3, 10*24*time.Hour)
	whispers(t, w.slash(w.sam, "/leaderboard", nil), "**1.** **Ada** · 2 lines")
	ever := w.slash(w.sam, "/leaderboard", map[string]any{"period": "ever"})
	has(t, ever, "**1.** **Bob** · 3 lines", "**2.** **Ada** · 2 lines", "5 lines by 2 identities")
	if today := w.slash(w.eve, "/leaderboard", map[string]any{"period": "today"}); strings.Contains(today.Text(), "Bob") {
		t.Errorf("Bob said nothing today:\n%s", today.Text())
	}
	// Another server does not learn of it.
	whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/leaderboard", nil)), "No AI identity has said anything on this server")
}

// says has an entity say lines in #general, some time ago.
func (w *world) says(key string, lines int, ago time.Duration) {
	w.t.Helper()
	w.tell(w.mona, true)
	actor := must(w.registry.Authenticate(w.t.Context(), key, ""))(w.t)
	permit := must(w.registry.Authorize(w.t.Context(), actor, entities.Post, snowflake.ID(w.general)))(w.t)
	for range lines {
		w.line++
		line := entities.Line{EntityID: permit.Entity().ID, GuildID: permit.Guild().ID, ChannelID: permit.Channel().ID, At: time.Now().Add(-ago)}
		noError(w.t, w.registry.Land(w.t.Context(), entities.System("test"), line, 0, permit.Channel().ID, snowflake.ID(w.line)))
	}
}

func TestPodium(t *testing.T) {
	var b strings.Builder
	var ranks []entities.Rank
	for n := range 20 {
		e := ada()
		e.Name = fmt.Sprintf("Ada %02d", n)
		ranks = append(ranks, entities.Rank{Place: n/2*2 + 1, Entity: e, Lines: 200 - 10*(n/2*2)})
	}
	ranks[0].Entity.Name, ranks[19].Place, ranks[19].Lines = "**[free](nitro)** <@1> `x`", 20, 1
	for n := range 4 {
		m := commands.Podium(ranks[:1+5*n], n)
		fits(t, m)
		fmt.Fprintf(&b, "######## %d\n%s\n%s\n", n, show(m), show(commands.Podium(nil, n)))
	}
	golden(t, "leaderboard.txt", b.String())

	few := commands.Podium([]entities.Rank{{Entity: ada(), Lines: 1_000_000}, {Entity: ada(), Lines: 1}}, 3)
	if text := show(few); !strings.Contains(text, "· 1 line\n█\n") {
		t.Errorf("the last one has no bar:\n%s", text)
	}
	for n := range ranks {
		ranks[n].Entity.Name, ranks[n].Lines = strings.Repeat("_", entities.MaxName), math.MaxInt32
	}
	fits(t, commands.Podium(ranks, 2))
}
