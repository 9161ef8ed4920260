package relay_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func (s *stage) start(actor entities.Actor, channel sandbox.ID, name string, message snowflake.ID, content string) (relay.StartedThread, error) {
	return s.relay.StartThread(s.t.Context(), actor, relay.ThreadRequest{Channel: snowflake.ID(channel), Name: name, Message: message, Content: content})
}

// What an entity opens, it can use at once.
func TestStartThread(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	own, err := s.start(ada, s.general, "  A\tplan ", 0, "first words")
	done(t, err)
	made, ok := s.disc.Channel(sandbox.ID(own.ThreadID))
	if !ok || made.Name != "A plan" || made.Type != sandbox.PublicThread || !strings.HasSuffix(own.Link, "/"+own.ThreadID.String()) {
		t.Errorf("%+v: the thread is %+v", own, made)
	}
	if own.Unsaid != nil || own.Said.Status != relay.StatusSent || s.contents(made.ID) != "Ada: first words" {
		t.Errorf("%+v: in it stands %s", own, s.contents(made.ID))
	}
	message := must(s.disc.Say(s.mia, s.general, "hello"))(t)
	hung, err := s.start(ada, s.general, "About it", snowflake.ID(message.ID), "")
	if err != nil || hung.ThreadID != snowflake.ID(message.ID) || hung.Said.Status != "" {
		t.Fatalf("%+v, %v", hung, err)
	}
	s.say(ada, sandbox.ID(hung.ThreadID), "here")
	_, err = s.start(ada, s.general, "About it too", snowflake.ID(message.ID), "")
	wants(t, err, entities.Conflict, "has a thread already")
	_, err = s.start(ada, s.general, "About nothing", 123456789012345678, "")
	wants(t, err, entities.NotFound, "no such message")
	// What is said in a thread that hangs on a line is not that line.
	line := s.say(ada, s.general, "mine").MessageIDs[0]
	_, err = s.start(ada, s.general, "On my own line", line, "")
	done(t, err)
	wants(t, s.edit(ada, sandbox.ID(line), line, "changed"), entities.NotFound, "no such message of yours")
	done(t, s.edit(ada, s.general, line, "changed"))
}

func TestRefusedThreads(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	voice := s.channel(sandbox.Channel{Name: "stage", Type: sandbox.VoiceChannel})
	s.until("the voice channel is known", func() bool { _, ok := s.reg.World().Channel(snowflake.ID(voice)); return ok })
	made, ada := s.entity("Ada", nil, s.general, s.forum, voice)
	hers := s.say(ada, s.general, "hello").MessageIDs[0]
	for name, test := range map[string]struct {
		channel sandbox.ID
		title   string
		content string
		reason  entities.Reason
		text    string
	}{
		"a forum":             {s.forum, "x", "", entities.Invalid, "send_message with thread_name"},
		"a thread":            {s.thread, "x", "", entities.Invalid, "thread already"},
		"a voice channel":     {voice, "x", "", entities.Invalid, "cannot have threads"},
		"no title":            {s.general, " \n ", "", entities.Invalid, "1 to 100"},
		"a long title":        {s.general, strings.Repeat("é", 101), "", entities.Invalid, "1 to 100"},
		"not its channel":     {s.hidden, "x", "", entities.NotFound, "no such channel"},
		"too much to be said": {s.general, "x", strings.Repeat("é", 9000), entities.Invalid, "characters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.start(ada, test.channel, test.title, 0, test.content)
			wants(t, err, test.reason, test.text)
		})
	}
	able := func(all ...entities.Capability) {
		t.Helper()
		done(t, s.reg.SetCapabilities(t.Context(), s.admin(), made.Entity.ID, func([]entities.Capability) ([]entities.Capability, error) { return all, nil }))
	}
	able(entities.CanPost, entities.CanRead)
	_, err := s.start(ada, s.general, "x", 0, "")
	wants(t, err, entities.NotAllowed, "thread")
	able(entities.CanThread)
	_, err = s.start(ada, s.general, "x", 0, "hello")
	wants(t, err, entities.NotAllowed, "post")
	_, err = s.start(ada, s.general, "x", hers, "")
	wants(t, err, entities.NotAllowed, "read")
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/threads") {
			t.Errorf("Discord was asked: %s", r.Path)
		}
	}
	_, err = s.start(ada, s.general, "x", 0, "")
	done(t, err)
}

// A thread counts as a line, and its first line as another; one that is not opened does not.
func TestThreadsCountAsLines(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	done(t, s.reg.SetLimits(t.Context(), s.admin(), made.Entity.ID, func(entities.Limits) (entities.Limits, error) { return entities.Limits{Minute: 4}, nil }))
	_, err := s.start(ada, s.general, "no", 123456789012345678, "nothing")
	wants(t, err, entities.NotFound, "no such message")
	_, err = s.start(ada, s.general, "one", 0, "two")
	done(t, err)
	_, err = s.start(ada, s.general, "three", 0, "")
	done(t, err)
	_, err = s.start(ada, s.general, "four", 0, "five")
	wants(t, err, entities.Unavailable, "4 lines a minute")
	s.say(ada, s.general, "four")
	_, err = s.start(ada, s.general, "five", 0, "")
	wants(t, err, entities.Unavailable, "4 lines a minute")
}

// Of a thread of which Discord did not say whether it was opened, that is said.
func TestThreadsOfUnknownOutcome(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Fault(sandbox.On(http.MethodPost, "/threads"), 1, sandbox.Fault{Kind: sandbox.CommitThenRefuse})
	_, err := s.start(ada, s.general, "twice?", 0, "hello")
	wants(t, err, entities.Unavailable, "did not say whether it opened the thread")
	threads := 0
	for _, id := range s.disc.Channels(s.guild) {
		if c, _ := s.disc.Channel(id); c.Name == "twice?" {
			threads++
		}
	}
	if threads != 1 {
		t.Errorf("%d threads were opened", threads)
	}
}

// A thread that is there is told, also when its first line is not said.
func TestAThreadWithoutItsFirstLine(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Fault(func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("thread_id") }, 1, sandbox.Fault{Kind: sandbox.Refuse, Status: 403})
	started, err := s.start(ada, s.general, "silent", 0, "hello")
	if err != nil || started.ThreadID == 0 || started.Unsaid == nil {
		t.Fatalf("%+v, %v", started, err)
	}
	if _, refused := entities.AsRefusal(started.Unsaid); !refused && !strings.Contains(started.Unsaid.Error(), "403") {
		t.Errorf("unsaid: %v", started.Unsaid)
	}
	s.say(ada, sandbox.ID(started.ThreadID), "hello after all")
}
