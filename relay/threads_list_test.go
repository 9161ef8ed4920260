package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func (s *stage) threadNames(actor entities.Actor, req relay.ThreadsRequest) (string, bool) {
	s.t.Helper()
	if req.Channel == 0 {
		req.Channel = snowflake.ID(s.general)
	}
	if req.Limit == 0 {
		req.Limit = relay.MaxThreads
	}
	list := must(s.relay.Threads(s.t.Context(), actor, req))(s.t)
	var names []string
	for _, one := range list.Threads {
		names = append(names, one.Channel.Name)
	}
	return strings.Join(names, " "), list.More
}

// closes archives a thread.
func (s *stage) closes(thread sandbox.ID) {
	s.t.Helper()
	done(s.t, s.disc.ChangeChannel(thread, func(c *sandbox.Channel) { c.Archived = true }))
}

func (s *stage) opens(name string, parent sandbox.ID, kind sandbox.ChannelType, tags ...sandbox.ID) sandbox.ID {
	s.t.Helper()
	first := ""
	if parent == s.forum {
		first = "it begins"
	}
	return must(s.disc.AddThread(sandbox.Channel{ParentID: parent, Name: name, OwnerID: s.mia, Type: kind, AppliedTags: tags}, first))(s.t)
}

// The threads of a channel come in the order in which something happened there, the open ones and
// the closed ones, with how much was said.
func TestThreads(t *testing.T) {
	t.Parallel()
	clock := time.Now().Add(-24 * time.Hour)
	s := setStage(t, sandbox.Config{NoRateLimits: true, Now: func() time.Time { clock = clock.Add(time.Second); return clock }})
	s.play()
	made, ada := s.entity("Ada", nil, s.general, s.forum)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanListThreads)
	second := s.opens("second", s.general, 0)
	s.opens("elsewhere", s.lab, 0)
	s.opens("kept", s.general, sandbox.PrivateThread)
	must(s.disc.Say(s.mia, s.thread, "hello"))(t)
	if got, more := s.threadNames(ada, relay.ThreadsRequest{}); got != "scene second" || more {
		t.Errorf("open: %q, more %v", got, more)
	}
	list := must(s.relay.Threads(t.Context(), ada, relay.ThreadsRequest{Channel: snowflake.ID(s.general), Limit: 1}))(t)
	if one := list.Threads[0]; !list.More || one.Messages != 1 || one.Parent.Name != "general" || one.Channel.ID != snowflake.ID(s.thread) {
		t.Errorf("%+v", list)
	}
	if got, _ := s.threadNames(ada, relay.ThreadsRequest{Before: list.Threads[0].Last}); got != "second" {
		t.Errorf("before the first: %q", got)
	}
	if got, _ := s.threadNames(ada, relay.ThreadsRequest{Archived: true}); got != "" {
		t.Errorf("closed: %q", got)
	}
	s.closes(s.thread)
	s.closes(second)
	if got, _ := s.threadNames(ada, relay.ThreadsRequest{Archived: true}); got != "second scene" {
		t.Errorf("closed: %q", got)
	}
	if got, _ := s.threadNames(ada, relay.ThreadsRequest{}); got != "" {
		t.Errorf("open: %q", got)
	}
	c, _ := s.disc.Channel(s.forum)
	s.opens("post", s.forum, 0, c.AvailableTags[0].ID)
	posts := must(s.relay.Threads(t.Context(), ada, relay.ThreadsRequest{Channel: snowflake.ID(s.forum), Limit: 5}))(t).Threads
	if len(posts) != 1 || fmt.Sprint(posts[0].Tags) != "[Comedy]" {
		t.Errorf("posts: %+v", posts)
	}
}

// There is no end of closed threads: one goes from page to page.
func TestListingManyArchivedThreads(t *testing.T) {
	t.Parallel()
	clock := time.Now().Add(-24 * time.Hour)
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100, Now: func() time.Time { clock = clock.Add(time.Second); return clock }})
	for i := range 120 {
		s.closes(s.opens(fmt.Sprint("t", i), s.lab, 0))
	}
	s.play()
	made, ada := s.entity("Ada", nil, s.lab)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanListThreads)
	seen, req := map[snowflake.ID]bool{}, relay.ThreadsRequest{Channel: snowflake.ID(s.lab), Archived: true, Limit: 50}
	pages := 0
	for more := true; more; pages++ {
		list := must(s.relay.Threads(t.Context(), ada, req))(t)
		for _, one := range list.Threads {
			if seen[one.Channel.ID] {
				t.Errorf("%s comes twice", one.Channel.Name)
			}
			seen[one.Channel.ID], req.Before = true, one.Last
		}
		more = list.More && len(list.Threads) > 0
	}
	if len(seen) != 120 || pages != 3 {
		t.Errorf("%d threads on %d pages", len(seen), pages)
	}
}

// Private threads are for those who were let in by themselves, also when they are closed.
func TestPrivateThreadsAreListedForThoseInside(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	bob, thread := s.whispers()
	s.entitle(bob, thread)
	if got, _ := s.threadNames(bob, relay.ThreadsRequest{}); got != "whispers scene" && got != "scene whispers" {
		t.Errorf("open: %q", got)
	}
	s.closes(thread)
	if got, _ := s.threadNames(bob, relay.ThreadsRequest{Archived: true}); got != "whispers" {
		t.Errorf("closed: %q", got)
	}
	_, ada := s.entity("Ada", nil, s.general)
	s.grant(ada.EntityID(), entities.CanRead, entities.CanListThreads)
	if got, _ := s.threadNames(ada, relay.ThreadsRequest{Archived: true}); got != "" {
		t.Errorf("to another: %q", got)
	}
}

// entitle lets an entity into the channel of a private thread as well, and list there.
func (s *stage) entitle(bob entities.Actor, thread sandbox.ID) {
	s.t.Helper()
	s.grant(bob.EntityID(), entities.CanRead, entities.CanListThreads)
	done(s.t, s.reg.SetChannels(s.t.Context(), s.admin(), bob.EntityID(), func([]entities.Room) ([]entities.ChosenRule, error) {
		var all []entities.ChosenRule
		for _, id := range []sandbox.ID{s.general, thread} {
			all = append(all, entities.ChosenRule{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(id), Permissions: discord.PermissionViewChannel}, Access: entities.Read})
		}
		return all, nil
	}))
}

// It is off until an admin switches it on there, is for channels that the entity may read only, and
// ends with the right.
func TestWhoMayListThreads(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	ask := func(channel sandbox.ID, reason entities.Reason, text string) {
		t.Helper()
		_, err := s.relay.Threads(t.Context(), ada, relay.ThreadsRequest{Channel: snowflake.ID(channel), Limit: 5})
		wants(t, err, reason, text)
	}
	ask(s.general, entities.NotAllowed, "(list_threads)")
	s.grant(made.Entity.ID, entities.CanListThreads)
	ask(s.general, entities.NotAllowed, "(read)")
	s.grant(made.Entity.ID, entities.CanRead, entities.CanListThreads)
	ask(s.hidden, entities.NotFound, "no such channel")
	ask(s.thread, entities.Invalid, "itself")
	s.during(sandbox.On(http.MethodGet, "/guilds/"+s.guild.String()+"/threads/active"), func() { s.grant(made.Entity.ID, entities.CanRead) })
	ask(s.general, entities.NotAllowed, "(list_threads)")
}
