package relay

import (
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

func TestLostFlightsAreBounded(t *testing.T) {
	m := &mouth{}
	at := time.Unix(1_800_000_000, 0)
	for i := range 50 {
		f := &flight{name: "Ada", since: at.Add(time.Duration(i) * time.Second), echoed: make(chan snowflake.ID, 1)}
		m.depart(f)
		m.lose(f, f.since)
	}
	if len(m.flights) != mostLost || !m.flights[0].since.Equal(at.Add(30*time.Second)) {
		t.Errorf("%d flights are kept, the oldest of %v", len(m.flights), m.flights[0].since)
	}
	last := &flight{name: "Ada", since: at.Add(time.Hour), echoed: make(chan snowflake.ID, 1)}
	m.depart(last)
	m.lose(last, last.since)
	if len(m.flights) != 1 {
		t.Errorf("%d flights are kept after an hour", len(m.flights))
	}
}

func TestWhichFlightAnEchoIsOf(t *testing.T) {
	flights := map[string]*flight{
		"lost":      {name: "Ada", channel: 1, content: "lost words", lost: true},
		"under way": {name: "Ada", channel: 1, content: "words under way"},
		"elsewhere": {name: "Ada", channel: 2, content: "words elsewhere"},
	}
	for name, test := range map[string]struct {
		author, content string
		flights         []string
		want            string
	}{
		"its text":                           {"Ada", "lost words", []string{"lost", "under way"}, "lost"},
		"its text, spaced otherwise":         {"Ada", " words \n under  way ", []string{"lost", "under way"}, "under way"},
		"another text is the one on its way": {"Ada", "words, censored", []string{"lost", "under way"}, "under way"},
		"a lost one wants its text":          {"Ada", "words, censored", []string{"lost"}, ""},
		"another name":                       {"Bob", "lost words", []string{"lost", "under way"}, ""},
		"another channel":                    {"Ada", "words elsewhere", []string{"elsewhere"}, ""},
	} {
		m := &mouth{}
		for _, f := range test.flights {
			m.flights = append(m.flights, flights[f])
		}
		got := m.match(discord.Message{Author: discord.User{Username: test.author}, Content: test.content, ChannelID: 1})
		if got != flights[test.want] {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
