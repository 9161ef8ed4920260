package relay

import (
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func flightOf(hash string, since time.Time) *flight {
	f := newFlight(entities.Line{}, 0, []byte(hash), since)
	f.name, f.channel = "Ada", 1
	return f
}

func TestLostFlightsAreBounded(t *testing.T) {
	m := &mouth{}
	at := time.Unix(1_800_000_000, 0)
	for i := range 2 * mostLost {
		f := flightOf("words", at.Add(time.Duration(i)*time.Second))
		m.depart(f)
		m.lose(f, f.since)
	}
	if len(m.flights) != mostLost || !m.flights[0].since.Equal(at.Add(mostLost*time.Second)) {
		t.Errorf("%d flights are kept, the oldest of %v", len(m.flights), m.flights[0].since)
	}
	last := flightOf("words", at.Add(time.Hour))
	m.depart(last)
	m.lose(last, last.since)
	if len(m.flights) != 1 {
		t.Errorf("%d flights are kept after an hour", len(m.flights))
	}
}

func TestWhichFlightAnEchoIsOf(t *testing.T) {
	flights := map[string]*flight{
		"lost": flightOf("lost words", time.Time{}), "under way": flightOf("words under way", time.Time{}),
		"elsewhere": flightOf("words elsewhere", time.Time{}), "the same, lost": flightOf("words under way", time.Time{}),
	}
	flights["lost"].lost, flights["the same, lost"].lost, flights["elsewhere"].channel = true, true, 2
	for name, test := range map[string]struct {
		author, hash string
		flights      []string
		want         string
	}{
		"its text":                           {"Ada", "lost words", []string{"lost", "under way"}, "lost"},
		"one that is waited for comes first": {"Ada", "words under way", []string{"the same, lost", "under way"}, "under way"},
		"another text is the one on its way": {"Ada", "words, censored", []string{"lost", "under way"}, "under way"},
		"a lost one wants its text":          {"Ada", "words, censored", []string{"lost"}, ""},
		"another name":                       {"Bob", "words, censored", []string{"lost", "under way"}, ""},
		"another channel":                    {"Ada", "words elsewhere", []string{"elsewhere"}, ""},
	} {
		m := &mouth{}
		for _, f := range test.flights {
			m.flights = append(m.flights, flights[f])
		}
		got := m.match(discord.Message{Author: discord.User{Username: test.author}, ChannelID: 1}, []byte(test.hash))
		if got != flights[test.want] {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// Two equal lines: the echo of one must not end as the other's.
func TestEchoesOfEqualLines(t *testing.T) {
	echo := func(id snowflake.ID) discord.Message {
		return discord.Message{ID: id, ChannelID: 1, Author: discord.User{Username: "Ada"}}
	}
	m := &mouth{expected: map[snowflake.ID]*flight{}}
	first, second := flightOf("ok", time.Time{}), flightOf("ok", time.Time{})
	m.depart(first)
	m.lose(first, time.Time{})
	m.depart(second)
	if f, late := m.claim(echo(1), []byte("ok"), true); f != second || late {
		t.Fatalf("the first echo goes to %+v", f)
	}
	if other := m.land(second, 2, 1); other != first || first.echo.ID != 1 {
		t.Errorf("after the answer named another message, the echo is %+v's", other)
	}
	if f, _ := m.claim(echo(2), []byte("ok"), true); f != nil {
		t.Errorf("the answered message is taken for %+v", f)
	}
}
