package entities_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func ids(letters string) []entities.ID {
	var all []entities.ID
	for _, letter := range letters {
		all = append(all, entities.ID(letter))
	}
	return all
}

func TestLoopRules(t *testing.T) {
	loop := entities.Loop{Pair: 4, Alone: 6}
	for _, c := range []struct {
		taken, next string
		want        entities.LoopRule
	}{
		{"", "a", ""},
		{"a", "b", ""},
		{"aba", "b", ""},
		{"abab", "a", entities.PairRule},
		{"abab", "b", ""}, // who has the word may go on
		{"abab", "c", ""}, // a third one ends what the two had
		{"cbab", "a", ""}, // it counts from the third one on
		{"acabab", "a", entities.PairRule},
		{"abcabc", "a", entities.AloneRule},
		{"abcabc", "c", ""},
		{"abcab", "c", ""},
		{"abcaca", "b", entities.AloneRule},
		{"abcaca", "c", entities.PairRule},
		{"abacac", "a", entities.PairRule},
	} {
		if got := loop.Full(ids(c.taken), entities.ID(c.next)); got != c.want {
			t.Errorf("%s after %s: %q, want %q", c.next, c.taken, got, c.want)
		}
	}
	if got := entities.UsualLoop(); got != (entities.Loop{Pair: 8, Alone: 20}) {
		t.Errorf("as usual %+v", got)
	}
}

func TestTalkers(t *testing.T) {
	for _, c := range []struct{ taken, next, want string }{
		{"abababab", "a", "ab"},
		{"babababa", "b", "ba"},
		{"abcabcab", "c", "cb"}, // each has three: who had the word last
		{"acbcacbc", "d", "cb"},
		{"", "a", "a"},
	} {
		if got := entities.Talkers(ids(c.taken), entities.ID(c.next)); !slices.Equal(got, ids(c.want)) {
			t.Errorf("%s after %s: %v, want %s", c.next, c.taken, got, c.want)
		}
	}
}

func TestClockIsNeverTooEarly(t *testing.T) {
	day := time.Date(2026, 11, 23, 23, 59, 0, 0, time.FixedZone("", 3600))
	for after, want := range map[time.Duration]string{0: "22:59 UTC", 1: "23:00 UTC", time.Minute: "23:00 UTC", 59 * time.Minute: "23:58 UTC"} {
		if got := entities.Clock(day.Add(after)); got != want {
			t.Errorf("%s later: %s, want %s", after, got, want)
		}
	}
}

// chat is a registry with Ada, Bea and Cleo, who may speak in general, its thread, lab and the forum.
type chat struct {
	*entities.Registry
	path   string
	now    time.Time
	ids    map[string]entities.ID
	actors map[string]entities.Actor
	began  []entities.Rest
	said   int   // how often something was to be said
	last   int64 // line that was begun
}

func newChat(t *testing.T, path string) *chat {
	t.Helper()
	c := &chat{path: path, now: at(0), ids: map[string]entities.ID{}, actors: map[string]entities.Actor{}}
	c.restart(t, newWorld())
	c.set(t, entities.Loop{})
	for letter, name := range map[string]string{"a": "Ada", "b": "Bea", "c": "Cleo"} {
		made, actor := create(t, c.Registry, name, general, lab, stories)
		c.ids[letter], c.actors[letter] = made.Entity.ID, actor
		require(t, c.SetCapabilities(t.Context(), admin(olivia), made.Entity.ID, just(entities.Capabilities())))
	}
	return c
}

// set sets the bounds of a loop; the limits are as wide as can be.
func (c *chat) set(t *testing.T, loop entities.Loop) {
	t.Helper()
	require(t, errOf(c.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Limits: entities.MaxLimits(), Loop: loop}))))
}

func (c *chat) restart(t *testing.T, world *entities.World) {
	t.Helper()
	c.Registry = open(t, c.path, world, func(cfg *entities.Config) { cfg.Now = func() time.Time { return c.now } })
	c.OnRest(func(rest entities.Rest) { c.began = append(c.began, rest) })
}

// says has somebody say a line; the world is told anew who Olivia is, since time passes.
func (c *chat) says(t *testing.T, who string, channel snowflake.ID) error {
	t.Helper()
	permit, err := c.Authorize(t.Context(), c.actors[who], entities.Post, channel)
	require(t, err)
	c.said++
	begun, err := c.Begin(t.Context(), c.actors[who], permit, entities.Draft{Body: strconv.Itoa(c.said), Parts: []string{"hello"}})
	c.last = begun.Line.ID
	return err
}

// all has all of these letters say a line in general, one after the other.
func (c *chat) all(t *testing.T, letters string) {
	t.Helper()
	for i, letter := range letters {
		if err := c.says(t, string(letter), general); err != nil {
			t.Fatalf("line %d of %s: %v", i+1, letters, err)
		}
	}
}

func (c *chat) refused(t *testing.T, who string, channel snowflake.ID, with ...string) {
	t.Helper()
	err := c.says(t, who, channel)
	if !entities.IsRefusal(err, entities.Unavailable) {
		t.Fatalf("%s is refused with %v", who, err)
	}
	for _, text := range with {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("it reads %q, without %q", err, text)
		}
	}
}

func newLoop(t *testing.T) *chat {
	t.Helper()
	return newChat(t, filepath.Join(t.TempDir(), "troupe.db"))
}

var sheriff = entities.Member(mia, guild, discord.PermissionManageMessages)

func TestAPairRests(t *testing.T) {
	c := newLoop(t)
	c.all(t, "aabababbbab")
	c.refused(t, "a", general, "two of you have taken 8 turns in a row", "Nothing was sent", "a person speaks", "a moderator", "at 08:30 UTC")
	for range 3 {
		c.refused(t, "a", general, "8 turns")
		c.refused(t, "b", general)
		c.refused(t, "c", general)
	}
	if len(c.began) != 1 {
		t.Fatalf("told %d times", len(c.began))
	}
	rest := c.began[0]
	if rest.Guild != guild || rest.Channel != general || !rest.Until.Equal(at(1800)) || rest.Rule != entities.PairRule || rest.Turns != 8 ||
		len(rest.Speakers) != 2 || rest.Speakers[0].ID != c.ids["a"] || rest.Speakers[1].ID != c.ids["b"] {
		t.Errorf("told %+v", rest)
	}
	// Elsewhere they may talk, in the channel's own thread too.
	for _, channel := range []snowflake.ID{lab, thread, stories} {
		require(t, c.says(t, "a", channel))
	}
	c.now = at(1799)
	c.refused(t, "c", general)
	c.now = at(1800)
	c.all(t, "abababab")
	c.refused(t, "a", general)
	if len(c.began) != 2 {
		t.Errorf("told %d times", len(c.began))
	}
}

func TestAllTogetherRest(t *testing.T) {
	c := newLoop(t)
	for range 6 {
		c.all(t, "abc")
	}
	c.all(t, "ab")
	c.all(t, "b") // she has the word
	c.refused(t, "c", general, "20 turns among yourselves within half an hour")
	if rest := c.began[0]; rest.Rule != entities.AloneRule || rest.Turns != 20 || len(rest.Speakers) != 2 || rest.Speakers[0].ID != c.ids["c"] || rest.Speakers[1].ID != c.ids["b"] {
		t.Errorf("told %+v", c.began)
	}
}

// What was said more than half an hour ago does not count.
func TestSlowTalkNeverRests(t *testing.T) {
	c := newLoop(t)
	for range 30 {
		c.all(t, "ab")
		c.now = c.now.Add(8 * time.Minute)
	}
	if len(c.began) != 0 {
		t.Errorf("told %+v", c.began)
	}
}

func TestAPersonEndsARest(t *testing.T) {
	c := newLoop(t)
	c.all(t, "abababab")
	require(t, c.PersonSpoke(t.Context(), program, lab))
	c.refused(t, "a", general)
	require(t, c.PersonSpoke(t.Context(), program, general))
	c.now = c.now.Add(time.Second)
	c.all(t, "abab")
	require(t, c.PersonSpoke(t.Context(), program, general))
	c.now = c.now.Add(time.Second)
	c.all(t, "abababab")
	c.refused(t, "a", general)
	wantRefusal(t, c.PersonSpoke(t.Context(), admin(olivia), general), entities.NotAllowed)
}

// Whoever speaks in a post speaks in the forum; in another channel's thread nobody does.
func TestAPersonSpeaksInAForum(t *testing.T) {
	c := newLoop(t)
	const post snowflake.ID = 700000000000000011
	c.World().PutChannel(entities.Channel{ID: post, GuildID: guild, ParentID: stories, Type: discord.ChannelTypeGuildPublicThread, Name: "once"})
	for range 4 {
		require(t, c.says(t, "a", stories))
		require(t, c.says(t, "b", stories))
	}
	c.refused(t, "a", stories)
	require(t, c.PersonSpoke(t.Context(), program, post))
	c.now = c.now.Add(time.Second)
	require(t, c.says(t, "a", stories))

	c.all(t, "abababab")
	c.refused(t, "a", general)
	require(t, c.PersonSpoke(t.Context(), program, thread))
	c.refused(t, "a", general)
}

func TestOrdinaryTrafficCostsNothing(t *testing.T) {
	c := newLoop(t)
	if c.Concerned(general) {
		t.Error("nobody spoke in general, and it matters")
	}
	c.all(t, "a")
	if !c.Concerned(general) || c.Concerned(lab) {
		t.Error("Ada spoke in general")
	}
	require(t, c.PersonSpoke(t.Context(), program, general))
	before := dump(t, c.Registry)
	c.now = c.now.Add(time.Second)
	require(t, c.PersonSpoke(t.Context(), program, general))
	require(t, c.PersonSpoke(t.Context(), program, lab))
	if after := dump(t, c.Registry); c.Concerned(general) || after != before {
		t.Errorf("something was written down:\n%s", difference(before, after))
	}
}

func TestContinue(t *testing.T) {
	c := newLoop(t)
	c.all(t, "abababab")
	c.refused(t, "a", general)
	until, ctx := c.began[0].Until, t.Context()
	require(t, c.Resting(ctx, sheriff, general, until))
	for _, stranger := range []entities.Actor{ordinary(), c.actors["a"], entities.Member(operator, guild, 0)} {
		wantRefusal(t, c.Continue(ctx, stranger, general, until), entities.NotAllowed)
		wantRefusal(t, c.Resting(ctx, stranger, general, until), entities.NotAllowed)
	}
	// Who moderates another server, or names another rest, ends none.
	abroad := entities.Member(mia, other, discord.PermissionManageGuild)
	wantRefusal(t, c.Continue(ctx, abroad, general, until), entities.NotFound)
	wantRefusal(t, c.Resting(ctx, abroad, general, until), entities.NotFound)
	wantRefusal(t, c.Continue(ctx, sheriff, general, until.Add(time.Second)), entities.Conflict)
	wantRefusal(t, c.Continue(ctx, sheriff, lab, until), entities.Conflict)
	c.refused(t, "a", general)

	require(t, c.Continue(ctx, sheriff, general, until))
	wantRefusal(t, c.Continue(ctx, sheriff, general, until), entities.Conflict)
	wantRefusal(t, c.Resting(ctx, sheriff, general, until), entities.Conflict)
	audits, err := c.Audits(ctx, admin(olivia))
	require(t, err)
	var acts []string
	for _, a := range audits {
		acts = append(acts, a.Act+" "+string(a.Outcome)+" "+a.Target)
	}
	for _, want := range []string{"continue done channel " + general.String(), "rest done channel " + general.String(), "continue refused "} {
		if !slices.Contains(acts, want) {
			t.Errorf("%q is not among %q", want, acts)
		}
	}
	c.now = c.now.Add(time.Second)
	c.all(t, "abababab")
	c.refused(t, "a", general)
}

func TestALineThatFailedIsNoTurn(t *testing.T) {
	c := newLoop(t)
	c.all(t, "abababab")
	fail := func() { require(t, c.Settle(t.Context(), program, c.last, entities.LineFailed)) }
	fail()
	c.all(t, "b")
	c.restart(t, c.World())
	fail() // it was under way when the program ended
	c.all(t, "b")
	fail()
	c.restart(t, c.World())
	c.all(t, "b")
	c.refused(t, "a", general)
	remembers(t, c.Registry)
}

func TestARestartForgivesNothing(t *testing.T) {
	c := newLoop(t)
	require(t, c.PersonSpoke(t.Context(), program, general))
	c.all(t, "abab")
	require(t, c.PersonSpoke(t.Context(), program, general))
	c.now = c.now.Add(time.Second)
	c.all(t, "ababab")
	c.restart(t, c.World())
	c.all(t, "ab")
	c.refused(t, "a", general)
	until := c.began[0].Until
	c.now = c.now.Add(10 * time.Minute)
	c.restart(t, c.World())
	c.refused(t, "c", general, "you have talked long enough among yourselves")
	if len(c.began) != 1 {
		t.Errorf("told %d times", len(c.began))
	}
	require(t, c.Resting(t.Context(), sheriff, general, until))
	require(t, c.Continue(t.Context(), sheriff, general, until))
	c.restart(t, c.World())
	c.now = c.now.Add(time.Second)
	c.all(t, "ab")
}

func TestLoopSettings(t *testing.T) {
	c := newLoop(t)
	for _, loop := range []entities.Loop{{Pair: 1}, {Pair: -1}, {Alone: 1}, {Alone: 1001}, {Pair: 1001}} {
		wantRefusal(t, errOf(c.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Loop: loop}))), entities.Invalid)
	}
	c.set(t, entities.Loop{Pair: 2, Alone: 3})
	c.all(t, "ab")
	c.refused(t, "a", general, "2 turns")
	require(t, c.Continue(t.Context(), sheriff, general, c.began[0].Until))
	c.now = c.now.Add(time.Second)
	c.all(t, "abc")
	c.refused(t, "a", general, "3 turns")
	if got := c.began[1].Turns; got != 3 {
		t.Errorf("told of %d turns", got)
	}
	c.set(t, entities.Loop{Pair: 1000, Alone: 1000})
}
