package entities_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

// modelLine is a line that was begun and has not failed.
type modelLine struct {
	id      int64
	who     string
	at      time.Time
	channel snowflake.ID
}

// modelLoop keeps everything that ever happened, and looks through all of it for each decision.
type modelLoop struct {
	loop   entities.Loop
	lines  []modelLine
	since  map[snowflake.ID]time.Time // when a person spoke there last, or a moderator continued
	rests  map[snowflake.ID]time.Time
	hourly map[snowflake.ID]int
}

// said are the lines that count in a channel, over a time that ends now.
func (m *modelLoop) said(channel snowflake.ID, now time.Time, span time.Duration) []modelLine {
	var all []modelLine
	for _, line := range m.lines {
		if line.channel == channel && now.Sub(line.at) < span && line.at.After(m.since[channel]) {
			all = append(all, line)
		}
	}
	return all
}

// may says whether the next line may be said, and begins a rest when that is why not.
func (m *modelLoop) may(who string, channel snowflake.ID, now time.Time) (may, begins bool) {
	budget := m.hourly[channel]
	if channel == thread && budget == 0 {
		budget = m.hourly[general]
	}
	if budget > 0 {
		return len(m.said(channel, now, time.Hour)) < budget, false
	}
	if now.Before(m.rests[channel]) {
		return false, false
	}
	var turns string
	for _, line := range m.said(channel, now, 30*time.Minute) {
		if !strings.HasSuffix(turns, line.who) {
			turns += line.who
		}
	}
	if strings.HasSuffix(turns, who) {
		return true, false
	}
	turns += who
	pair := len(turns) > m.loop.Pair
	if tail := turns[max(0, len(turns)-m.loop.Pair-1):]; pair {
		seen := map[rune]bool{}
		for _, letter := range tail {
			seen[letter] = true
		}
		pair = len(seen) <= 2
	}
	if pair || len(turns) > m.loop.Alone {
		m.rests[channel] = now.Add(30 * time.Minute)
		return false, true
	}
	return true, false
}

func TestTheGuardAgreesWithTheSlowModel(t *testing.T) {
	fewChecks(t, 20)
	dir, n := t.TempDir(), 0
	places := []snowflake.ID{general, thread, lab}
	rapid.Check(t, func(rt *rapid.T) {
		n++
		c := newChat(t, filepath.Join(dir, time.Duration(n).String()+".db"))
		defer shut(t, c.path)
		m := &modelLoop{since: map[snowflake.ID]time.Time{}, rests: map[snowflake.ID]time.Time{}, hourly: map[snowflake.ID]int{}}
		set := func(rt *rapid.T) {
			m.loop = entities.Loop{Pair: rapid.IntRange(2, 5).Draw(rt, "pair"), Alone: rapid.IntRange(2, 8).Draw(rt, "alone")}
			c.set(t, m.loop)
		}
		set(rt)
		place := rapid.SampledFrom(places)
		pass := func(rt *rapid.T) {
			c.now = c.now.Add(time.Duration(rapid.IntRange(2500, 200_000).Draw(rt, "ms")) * time.Millisecond)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) { c.compareRests(t, rt, m, places) },
			"talk": func(rt *rapid.T) {
				channel := place.Draw(rt, "channel")
				for _, letter := range rapid.SliceOfN(rapid.SampledFrom([]rune("ab")), 1, 8).Draw(rt, "who") {
					c.sayBoth(t, rt, m, string(letter), channel)
					pass(rt)
				}
			},
			"say": func(rt *rapid.T) {
				c.sayBoth(t, rt, m, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "who"), place.Draw(rt, "channel"))
				pass(rt)
			},
			"fail": func(rt *rapid.T) {
				if len(m.lines) == 0 {
					rt.Skip("nothing was said")
				}
				i := rapid.IntRange(max(0, len(m.lines)-3), len(m.lines)-1).Draw(rt, "line")
				require(t, c.Settle(t.Context(), program, m.lines[i].id, entities.LineFailed))
				m.lines = slices.Delete(m.lines, i, i+1)
			},
			"person": func(rt *rapid.T) {
				channel := place.Draw(rt, "channel")
				require(t, c.PersonSpoke(t.Context(), program, channel))
				m.since[channel], m.rests[channel] = c.now, time.Time{}
				pass(rt)
			},
			"continue": func(rt *rapid.T) {
				channel := place.Draw(rt, "channel")
				until := m.rests[channel]
				err := c.Continue(t.Context(), sheriff, channel, until)
				if resting := c.now.Before(until); resting != (err == nil) {
					rt.Fatalf("they rest: %v; continued: %v", resting, err)
				}
				if err == nil {
					m.since[channel], m.rests[channel] = c.now, time.Time{}
				}
				pass(rt)
			},
			"mark": func(rt *rapid.T) {
				channel := place.Draw(rt, "channel")
				m.hourly[channel] = rapid.SampledFrom([]int{0, 0, 3, 10}).Draw(rt, "lines")
				require(t, c.SetTalk(t.Context(), admin(olivia), channel, m.hourly[channel]))
				m.rests[channel] = time.Time{}
			},
			"settings": set,
			"restart":  func(*rapid.T) { c.restart(t, c.World()) },
			"wait": func(rt *rapid.T) {
				c.now = c.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			},
			"retain": func(*rapid.T) { require(t, c.Retain(t.Context(), program)) },
		})
	})
}

// sayBoth has somebody say a line, if the registry and the model agree on it.
func (c *chat) sayBoth(t *testing.T, rt *rapid.T, m *modelLoop, who string, channel snowflake.ID) {
	told := len(c.began)
	may, begins := m.may(who, channel, c.now)
	err := c.says(t, who, channel)
	if err != nil && !entities.IsRefusal(err, entities.Unavailable) {
		t.Fatal(err)
	}
	if may != (err == nil) {
		rt.Fatalf("%s may speak in %d: %v; the guard says %v", who, channel, may, err)
	}
	if begun := len(c.began) > told; begun != begins {
		rt.Fatalf("a rest begins: %v; it was told: %v", begins, begun)
	}
	if err == nil {
		m.lines = append(m.lines, modelLine{c.last, who, c.now, channel})
	}
}

func (c *chat) compareRests(t *testing.T, rt *rapid.T, m *modelLoop, places []snowflake.ID) {
	talks, err := c.Talks(t.Context(), admin(olivia))
	require(t, err)
	for _, channel := range places {
		resting := slices.ContainsFunc(talks, func(talk entities.Talk) bool { return talk.ChannelID == channel && talk.RestsUntil != nil })
		if want := c.now.Before(m.rests[channel]); resting != want {
			rt.Fatalf("they rest in %d: %v, want %v", channel, resting, want)
		}
	}
	afresh, err := c.Afresh(t.Context())
	if memory := c.Memory(); err != nil || memory != afresh {
		rt.Fatalf("memory and a fresh start differ: %v\n%s", err, difference(memory, afresh))
	}
}
