package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

const (
	// endsWithin is how long after an event that takes a right away something may still be given,
	// and busyTimes as long where other tests take what the machine has.
	endsWithin  = 250 * time.Millisecond
	busyTimes   = 8
	talkPace    = 40 * time.Millisecond
	casesAtOnce = 5 // cases that are played
	// Three times of a case: before its right ends, just after, and when nothing may be told.
	dayLines, duskLines, nightLines = 10, 5, 8
)

// TestRevoked takes rights away while clients wait and look, in every way in which Discord or
// people can. What was said is given no longer than 250 ms after that; what is said later, never.
// TEST_FULL=1 plays every way ten times, and wants a machine of its own.
func TestRevoked(t *testing.T) {
	c := gather(t, sandbox.Config{NoRateLimits: true, Pace: 50}, 1, 1)
	c.play(t)
	wrong := &complaints{t: t}
	cases := make(chan *hearing)
	var (
		mu      sync.Mutex
		worst   time.Duration
		playing sync.WaitGroup
	)
	for range casesAtOnce {
		playing.Go(func() {
			for h := range cases {
				last, err := h.play(t.Context())
				if err != nil {
					wrong.add("%s: %v", h.way.name, err)
				}
				mu.Lock()
				worst = max(worst, last)
				mu.Unlock()
			}
		})
	}
	for n := range round(1, 10) {
		for i, way := range revocations {
			cases <- &hearing{c: c, way: way, wrong: wrong, heard: map[string]bool{}, checks: (n+i)%2 == 0}
		}
	}
	close(cases)
	playing.Wait()
	wrong.close()
	t.Logf("the last words were given %s after a right had ended; %s are allowed", worst.Round(100*time.Microsecond), allowed())
}

// allowed is how long after the end something may be given here.
func allowed() time.Duration { return endsWithin * time.Duration(round(busyTimes, 1)) }

// hearing is an entity in a room of its own that is listened in on while its right to be there
// ends. Its owner sees the room by a role.
type hearing struct {
	c     *company
	way   revocation
	wrong *complaints
	// checks: what addresses nobody is left for check_inbox, else somebody waits for it.
	checks bool
	who    *speaker
	talk   sandbox.ID // the person who speaks
	from   sandbox.ID // the entity's owner

	role, category, elsewhere, room sandbox.ID

	mu     sync.Mutex
	ended  time.Time       // when the right did; zero before
	last   time.Time       // when something was given last
	heard  map[string]bool // tools that gave something that was said in the room
	latest sandbox.ID
}

// revocation is a way in which an entity's right to hear a room ends.
type revocation struct {
	name   string
	thread bool // the room is a private thread
	end    func(ctx context.Context, h *hearing) error
}

// play sets a case up and plays it. It gives how long after the end something was given.
func (h *hearing) play(ctx context.Context) (time.Duration, error) {
	d, guild := h.c.discord, h.c.guild
	var failed error
	got := func(id sandbox.ID, err error) sandbox.ID {
		failed = errors.Join(failed, err)
		return id
	}
	h.talk, h.from = d.AddUser(sandbox.User{Username: "talker"}), d.AddUser(sandbox.User{Username: "owner"})
	h.role = got(d.AddRole(guild, sandbox.Role{Name: "listeners"}))
	got(0, d.AddMember(guild, h.talk))
	got(0, d.AddMember(guild, h.from, h.role))
	h.category = got(d.AddChannel(sandbox.Channel{GuildID: guild, Type: sandbox.CategoryChannel, Name: "here"}))
	h.elsewhere = got(d.AddChannel(sandbox.Channel{GuildID: guild, Type: sandbox.CategoryChannel, Name: "elsewhere"}))
	h.room = got(d.AddChannel(sandbox.Channel{GuildID: guild, ParentID: h.category, Type: sandbox.TextChannel, Name: "room", Overwrites: h.overwrites()}))
	ruled := h.category
	if h.way.thread {
		h.room = got(d.AddThread(sandbox.Channel{ParentID: h.room, Type: sandbox.PrivateThread, Name: "whispers", OwnerID: h.talk}, ""))
		got(0, d.JoinThread(h.from, h.room))
		ruled = h.room
	}
	if failed != nil {
		return 0, failed
	}
	if err := h.enter(ctx, ruled); err != nil {
		return 0, err
	}
	return h.out(ctx)
}

// overwrites let the bot, the one who speaks and the role into the room, and nobody else.
func (h *hearing) overwrites() []sandbox.Overwrite {
	see := sandbox.ViewChannel | sandbox.ReadMessageHistory
	return []sandbox.Overwrite{
		{ID: h.c.guild, Deny: sandbox.ViewChannel},
		{ID: h.role, Allow: see},
		{ID: h.talk, Type: 1, Allow: see},
		{ID: h.c.discord.BotID(), Type: 1, Allow: see},
	}
}

// enter makes the entity, whose only rule names one channel or category.
func (h *hearing) enter(ctx context.Context, ruled sandbox.ID) error {
	reg := h.registry()
	until, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := within(until, func() error {
		if _, known := reg.World().Channel(snowflake.ID(h.room)); !known {
			return errors.New("the room is not known")
		}
		return nil
	})
	if err != nil {
		return err
	}
	made, err := reg.Create(ctx, h.admin(), entities.NewEntity{
		Name: "Heron " + h.room.String(), Owner: entities.Person{ID: snowflake.ID(h.from)}, Here: entities.ChosenChannel{ID: snowflake.ID(h.c.rooms[0]), Permissions: everyRight},
	})
	if err != nil {
		return err
	}
	if err := reg.SetChannels(ctx, h.admin(), made.Entity.ID, h.rules(ruled)); err != nil {
		return err
	}
	able := func(before []entities.Capability) ([]entities.Capability, error) {
		return append(before, entities.CanCatchUp), nil
	}
	if err := reg.SetCapabilities(ctx, h.admin(), made.Entity.ID, able); err != nil {
		return err
	}
	keyed, err := reg.FirstKey(ctx, h.owner(), made.Entity.ID)
	if err != nil {
		return err
	}
	h.who = &speaker{id: made.Entity.ID, name: made.Entity.Name, key: keyed.Key, room: h.room}
	return nil
}

func (h *hearing) rules(channels ...sandbox.ID) func([]entities.Room) ([]entities.ChosenRule, error) {
	var all []entities.ChosenRule
	for _, id := range channels {
		all = append(all, entities.ChosenRule{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(id), Permissions: everyRight}, Access: entities.Read})
	}
	return func([]entities.Room) ([]entities.ChosenRule, error) { return all, nil }
}

// out lets the right end while clients wait and look.
func (h *hearing) out(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	waits := []args{{"scope": "addressed"}, {"scope": "all"}, {"channel": h.room.String()}}
	if h.checks {
		waits = waits[:1]
	}
	for _, arguments := range waits {
		clients.Go(func() { h.wait(ctx, arguments) })
	}
	for _, look := range h.looks() {
		clients.Go(func() { h.look(ctx, look) })
	}
	until, stop := context.WithTimeout(ctx, patience)
	defer stop()
	h.speak("day", dayLines)
	if err := within(until, h.listened); err != nil {
		return 0, err
	}
	h.speak("day", dayLines)
	if err := h.way.end(ctx, h); err != nil {
		return 0, err
	}
	h.mu.Lock()
	h.ended = time.Now()
	h.mu.Unlock()
	h.speak("dusk", duskLines)
	over := time.NewTimer(time.Until(h.ended.Add(allowed())))
	defer over.Stop()
	<-over.C
	h.speak("night", nightLines)
	for _, look := range append(h.looks(), look{"wait_for_messages", args{"timeout_s": 0}}, look{"whoami", args{}}, look{"list_channels", args{}}) {
		h.once(ctx, look)
	}
	cancel()
	clients.Wait()
	return max(0, h.last.Sub(h.ended)), nil
}

// listened says whether every tool that reads has given something.
func (h *hearing) listened() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.heard["wait_for_messages"] {
		return errors.New("waiting gave nothing")
	}
	for _, look := range h.looks() {
		if !h.heard[look.tool] && (look.tool != "check_inbox" || h.checks) {
			return fmt.Errorf("%s gave nothing", look.tool)
		}
	}
	return nil
}

// speak says lines at the pace of talk.
func (h *hearing) speak(when string, lines int) {
	tick := time.NewTicker(talkPace)
	defer tick.Stop()
	for n := range lines {
		text := fmt.Sprintf("plumage %s-%s-%d?", when, h.room, n)
		if n%2 == 0 {
			text = h.who.name + ", " + text
		}
		m, err := h.c.discord.Say(h.talk, h.room, text)
		if err != nil {
			return // the room is gone, or they are
		}
		h.mu.Lock()
		h.latest = m.ID
		h.mu.Unlock()
		<-tick.C
	}
}

// look is one call that reads.
type look struct {
	tool      string
	arguments args
}

type args = map[string]any

// latest stands for the message that was said last.
const latest = "latest"

// looks are the ways to read what was said in the room, without waiting.
func (h *hearing) looks() []look {
	room := h.room.String()
	return []look{
		{"check_inbox", args{}},
		{"check_inbox", args{"scope": "all"}},
		{"check_inbox", args{"channel": room}},
		{"read_messages", args{"channel": room}},
		{"read_messages", args{"channel": room, "around": latest}},
		{"get_message", args{"channel": room, "message": latest}},
		{"search_messages", args{"query": "plumage"}},
		{"search_messages", args{"query": "plumage", "channel": room}},
		{"catch_up", args{"channel": room}},
	}
}

// look reads again and again.
func (h *hearing) look(ctx context.Context, what look) {
	// Discord is asked no faster than the program lets through, or all wait for that.
	pause := time.NewTicker(time.Duration(round(1000, 250)) * time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		h.once(ctx, what)
		<-pause.C
	}
}

var givenCursor = regexp.MustCompile(`"next_cursor":"([^"]+)"`)

// wait waits for what is said, and goes on from there.
func (h *hearing) wait(ctx context.Context, arguments args) {
	arguments["timeout_s"] = 50
	pause := time.NewTicker(glance)
	defer pause.Stop()
	for ctx.Err() == nil {
		body := h.once(ctx, look{"wait_for_messages", arguments})
		if cursor := givenCursor.FindSubmatch(body); cursor != nil {
			arguments["cursor"] = string(cursor[1])
		}
		<-pause.C
	}
}

// once calls a tool and looks at every byte of its answer.
func (h *hearing) once(ctx context.Context, what look) []byte {
	arguments := maps.Clone(what.arguments)
	for key, value := range arguments {
		if value == latest {
			h.mu.Lock()
			arguments[key] = h.latest.String()
			h.mu.Unlock()
		}
	}
	_, body, err := h.c.ask(ctx, h.who, what.tool, arguments)
	if err != nil {
		return nil // cut off, or over
	}
	h.weigh(what.tool, body, time.Now())
	return body
}

// weigh notes what stands in an answer, and complains of what must not.
func (h *hearing) weigh(tool string, body []byte, at time.Time) {
	said := func(when string) bool { return bytes.Contains(body, []byte(when+"-"+h.room.String())) }
	day, dusk, night := said("day"), said("dusk"), said("night")
	h.mu.Lock()
	defer h.mu.Unlock()
	if !day && !dusk && !night {
		return
	}
	h.heard[tool] = true
	if h.ended.IsZero() {
		return
	}
	h.last = at
	switch late := at.Sub(h.ended); {
	case night, tool == "wait_for_messages" && dusk, late > allowed():
		h.wrong.add("%s: %s gave, %s after that: %.1500s", h.way.name, tool, late, body)
	}
}
