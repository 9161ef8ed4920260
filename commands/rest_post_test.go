package commands_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// resting has Ada and Bea talk in #general until they rest, and gives the post about it.
func (w *world) resting() sandbox.Message {
	w.t.Helper()
	w.set(func(s *entities.Settings) { s.LogChannel, s.Loop = snowflake.ID(w.general), entities.Loop{Pair: 2} })
	for n, name := range []string{"Ada", "Bea", "Ada"} {
		if n < 2 {
			w.keys = append(w.keys, key(w.t, w.make(name)))
		}
		actor := must(w.registry.Authenticate(w.t.Context(), w.keys[n%2], ""))(w.t)
		permit := must(w.config.Relay.Authorize(w.t.Context(), actor, entities.Post, snowflake.ID(w.general)))(w.t)
		_, err := w.registry.Begin(w.t.Context(), actor, permit, entities.Draft{Body: name, Parts: []string{name}})
		if refused := entities.IsRefusal(err, entities.Unavailable); refused != (n == 2) {
			w.t.Fatalf("line %d: %v", n, err)
		}
	}
	w.until("the admins are told", func() bool { return strings.Contains(w.told().Content, "rest in") })
	return w.told()
}

// told is the newest message in the log channel.
func (w *world) told() sandbox.Message {
	messages := w.discord.Messages(w.general)
	if len(messages) == 0 {
		return sandbox.Message{}
	}
	return messages[len(messages)-1]
}

// TestTwoModeratorsAtOnce has two press different buttons, and then the same one.
func TestTwoModeratorsAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	post := w.resting()
	press := func(users []sandbox.ID, labels ...string) []*sandbox.Interaction {
		pressed := make([]*sandbox.Interaction, len(users))
		for n, user := range users {
			pressed[n] = must(w.discord.Click(user, post.ID, labels[n%len(labels)]))(t)
		}
		return pressed
	}
	both := []sandbox.ID{w.gus, w.mona}
	press(both, "Pause Ada for 1 hour", "Pause Bea for 1 hour")
	w.until("both stand there", func() bool { return strings.Count(w.told().Content, "⏸️") == 2 })
	components := string(w.told().Components)
	if strings.Contains(components, "Pause") || !strings.Contains(components, "Continue") {
		t.Errorf("its buttons are %s", components)
	}
	for _, e := range must(w.registry.List(t.Context(), w.admin()))(t) {
		if e.Presence.State != entities.PresenceSuspended || e.Presence.Until == nil {
			t.Errorf("%s is %s", e.Entity.Name, e.Presence.State)
		}
	}

	var (
		answering sync.WaitGroup
		mu        sync.Mutex
		answers   []string
	)
	ctx, enough := context.WithCancel(w.ctx())
	defer enough()
	for _, it := range press(both, "Continue") {
		answering.Go(func() {
			reply, err := it.WaitFollowup(ctx, 1)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				answers = append(answers, reply.Text())
				enough()
			}
		})
	}
	w.until("one let them go on", func() bool { return strings.Contains(w.told().Content, "let them go on") })
	answering.Wait()
	if len(answers) != 1 || !strings.Contains(answers[0], "That rest is over") {
		t.Errorf("the answers are %q", answers)
	}
	if text := w.told().Content; strings.Count(text, "▶️") != 1 || strings.Contains(text, "over") || len(w.told().Components) > 4 {
		t.Errorf("it reads %q, %s", text, w.told().Components)
	}
}
