package relay_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// choose decides for a person, as they do with the bot.
func (s *stage) choose(user sandbox.ID, p entities.Privacy) {
	s.t.Helper()
	done(s.t, s.reg.SetPrivacy(s.t.Context(), entities.Member(snowflake.ID(user), snowflake.ID(s.guild), 0), p))
}

func (s *stage) hide(user sandbox.ID) { s.t.Helper(); s.choose(user, entities.Privacy{Hidden: true}) }

// mark says something that is not hidden and waits until it is news: what came before it has
// been dealt with.
func (s *stage) mark(actor entities.Actor, channel sandbox.ID, text string) []relay.Message {
	s.t.Helper()
	must(s.disc.Say(s.olivia, channel, text))(s.t)
	var got []relay.Message
	s.until(text+" is heard", func() bool {
		got = s.wait(actor, "", time.Second).Messages
		return slices.ContainsFunc(got, func(m relay.Message) bool { return m.Content == text })
	})
	return got
}

func (s *stage) history(actor entities.Actor, req relay.HistoryRequest) []relay.Message {
	s.t.Helper()
	if req.Channel == 0 {
		req.Channel = snowflake.ID(s.general)
	}
	return must(s.relay.History(s.t.Context(), actor, req))(s.t)
}

// pingsAskedFor are the users whom Discord was told to ping, by each message that was said or
// mended.
func (s *stage) pingsAskedFor() [][]string {
	s.t.Helper()
	var all [][]string
	for _, r := range s.disc.Requests() {
		if !strings.HasPrefix(r.Path, "/webhooks/") || (r.Method != http.MethodPost && r.Method != http.MethodPatch) {
			continue
		}
		var body struct {
			Allowed *struct{ Users []string } `json:"allowed_mentions"`
		}
		if err := json.Unmarshal(r.Body, &body); err != nil || body.Allowed == nil || body.Allowed.Users == nil {
			s.t.Fatalf("%s %s leaves open whom it pings: %s", r.Method, r.Route, r.Body)
		}
		all = append(all, body.Allowed.Users)
	}
	return all
}

// What somebody says who hides is told to no entity, neither at once nor after a restart, and
// neither is what nobody was told of yet. What others say is.
func TestTheHiddenAreNotHeard(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general, s.lab)
	must(s.disc.Say(s.mia, s.general, "before I hid"))(t)
	s.mark(ada, s.general, "one")
	s.hide(s.mia)
	if got := texts(s.wait(ada, "", 0).Messages); got != "olivia: one" {
		t.Errorf("what was not told yet: %s", got)
	}
	hidden := must(s.disc.Say(s.mia, s.general, "Ada, do you hear me?"))(t)
	must(s.disc.Say(s.mia, s.thread, "And here?"))(t)
	if got := texts(s.mark(ada, s.general, "two")); got != "olivia: one | olivia: two" {
		t.Errorf("she is heard: %s", got)
	}
	done(t, s.disc.EditMessage(s.mia, s.general, hidden.ID, "Ada, do you hear me now?"))
	s.relay.ForgetTexts()

	s.halt()
	s.play()
	ada = must(s.reg.Authenticate(t.Context(), made.Key, ""))(t)
	s.until("Ada's channels are known", func() bool { all, err := s.relay.Channels(t.Context(), ada); return err == nil && len(all) > 1 })
	must(s.disc.Say(s.mia, s.general, "after the restart"))(t)
	if got := texts(s.mark(ada, s.general, "three")); got != "olivia: one | olivia: two | olivia: three" {
		t.Errorf("after a restart: %s", got)
	}
	s.choose(s.mia, entities.Privacy{})
	must(s.disc.Say(s.mia, s.general, "here I am"))(t)
	if got := texts(s.mark(ada, s.general, "four")); got != "olivia: one | olivia: two | olivia: three | mia: here I am | olivia: four" {
		t.Errorf("when she shows herself: %s", got)
	}
}

// A choice holds for what is on its way to an entity: its text is being fetched just then.
func TestHidingWhileATextIsFetched(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "a secret"))(t)
	s.mark(ada, s.general, "one")
	s.relay.ForgetTexts()
	reads, asked := sandbox.On(http.MethodGet, "/messages"), make(chan struct{})
	var once sync.Once
	s.disc.Fault(func(r *http.Request) bool {
		if !reads(r) {
			return false
		}
		once.Do(func() { close(asked) })
		return true
	}, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 300 * time.Millisecond})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		news, err := s.relay.Wait(context.Background(), ada, relay.WaitRequest{})
		if err != nil || texts(news.Messages()) != "olivia: one" {
			t.Errorf("%s, %v", texts(news.Messages()), err)
		}
	})
	<-asked
	s.hide(s.mia)
	waiting.Wait()
}

// A thread that is not known yet shows no more than any other.
func TestTheHiddenInAnUnknownThread(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.hide(s.mia)
	s.reg.World().RemoveChannel(snowflake.ID(s.thread))
	must(s.disc.Say(s.mia, s.thread, "in the dark"))(t)
	if got := texts(s.mark(ada, s.thread, "one")); got != "olivia: one" {
		t.Errorf("she is heard: %s", got)
	}
}

// History, and what others answered to, show nothing of it either.
func TestTheHiddenInHistory(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	asked := must(s.disc.Say(s.mia, s.general, "my secret"))(t)
	must(s.disc.Say(s.olivia, s.general, "Indeed, <@"+s.mia.String()+">", sandbox.ReplyTo(asked.ID)))(t)
	must(s.disc.Say(s.mia, s.general, "what <@"+s.olivia.String()+"> says", sandbox.ReplyTo(asked.ID)))(t)
	if got := s.history(ada, relay.HistoryRequest{Limit: 10}); len(got) != 3 || got[1].ReplyTo.Excerpt != "my secret" {
		t.Fatalf("before she hides: %+v", got)
	}
	s.hide(s.mia)
	for name, req := range map[string]relay.HistoryRequest{
		"newest": {Limit: 10}, "around": {Limit: 3, Around: snowflake.ID(asked.ID)}, "after": {Limit: 2, After: 1},
	} {
		got := s.history(ada, req)
		if texts(got) != "olivia: Indeed, @mia" {
			t.Errorf("%s: %s", name, texts(got))
			continue
		}
		if to := got[0].ReplyTo; to == nil || to.MessageID != snowflake.ID(asked.ID) || to.Author != "" || to.Excerpt != "a message of somebody who is hidden from entities" {
			t.Errorf("%s: it answers %+v", name, to)
		}
	}
	if news := s.mark(ada, s.general, "well"); texts(news) != "olivia: Indeed, @mia | olivia: well" || news[0].ReplyTo.Author != "" {
		t.Errorf("news: %+v", news)
	}
	// An entity's owner is a person like others, and hides from it too.
	s.hide(s.olivia)
	if got := s.history(ada, relay.HistoryRequest{Limit: 10}); len(got) != 0 {
		t.Errorf("of its owner it reads %s", texts(got))
	}
}

// Whoever reads on comes past what a person said who hides, however much it is.
func TestReadingPastTheHidden(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	var ids []snowflake.ID
	say := func(user sandbox.ID, text string) {
		ids = append(ids, snowflake.ID(must(s.disc.Say(user, s.general, text))(t).ID))
	}
	for _, text := range []string{"one", "two", "three"} {
		say(s.olivia, text)
		for range 4 {
			say(s.mia, "not for you")
		}
	}
	say(s.olivia, "four")
	s.hide(s.mia)
	for name, test := range map[string]struct {
		req  relay.HistoryRequest
		want string
	}{
		"newest":              {relay.HistoryRequest{Limit: 2}, "olivia: three | olivia: four"},
		"before":              {relay.HistoryRequest{Limit: 3, Before: ids[15]}, "olivia: one | olivia: two | olivia: three"},
		"before, to the end":  {relay.HistoryRequest{Limit: 4, Before: ids[5]}, "olivia: one"},
		"after":               {relay.HistoryRequest{Limit: 2, After: ids[0]}, "olivia: two | olivia: three"},
		"after, to the end":   {relay.HistoryRequest{Limit: 5, After: ids[10]}, "olivia: four"},
		"all":                 {relay.HistoryRequest{Limit: 100}, "olivia: one | olivia: two | olivia: three | olivia: four"},
		"around one of those": {relay.HistoryRequest{Limit: 3, Around: ids[7]}, ""},
	} {
		if got := texts(s.history(ada, test.req)); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// An answer to what they said quotes nothing of it, and does not name them.
func TestAReplyToTheHidden(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	asked := must(s.disc.Say(s.mia, s.general, "my secret"))(t)
	s.mark(ada, s.general, "one")
	s.hide(s.mia)
	for _, remembered := range []bool{true, false} {
		if !remembered {
			s.relay.ForgetTexts()
		}
		m := s.answer(ada, s.general, asked.ID, "I see.")
		head, _, _ := strings.Cut(m.Content, "\n")
		if want := "-# ↪ [somebody](https://discord.com/channels/" + s.guild.String() + "/" + s.general.String() + "/" + asked.ID.String() + ")"; head != want {
			t.Errorf("remembered %v: it stands there as %q", remembered, head)
		}
	}
	olivias := must(s.disc.Say(s.olivia, s.general, "in the open"))(t)
	if m := s.answer(ada, s.general, olivias.ID, "Yes."); !strings.HasPrefix(m.Content, "-# ↪ [olivia]") || !strings.Contains(m.Content, "in the open") {
		t.Errorf("to somebody else it stands there as %q", m.Content)
	}
}

// Nobody is pinged who does not want to be: by name or by id, in what is said and in what is
// mended. Others are, and so are those who change their mind.
func TestNobodyIsPingedWhoRefuses(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	namesake := s.disc.AddUser(sandbox.User{Username: "mia.two", GlobalName: new("Nia")})
	done(t, s.disc.AddMember(s.guild, namesake))
	done(t, s.disc.ChangeMember(s.guild, s.mia, func(m *sandbox.Member) { m.Nick = new("Nia") }))
	role := s.allowAllMentions(s.botID)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanPost, entities.CanRead, entities.CanMentionAll)
	by, id, other := "@mia", "<@"+s.mia.String()+">", "<@"+s.olivia.String()+">"
	said := s.say(ada, s.general, "Hi "+by)
	if got := s.lastPing().Users; !slices.Equal(got, []sandbox.ID{s.mia}) {
		t.Fatalf("before she refuses it pings %v", got)
	}
	s.choose(s.mia, entities.Privacy{NoMentions: true})
	before := len(s.pingsAskedFor())
	for name, test := range map[string]struct{ content, want string }{
		"by name":                    {"Hi @mia, meet @olivia", "Hi @mia, meet " + other},
		"by id":                      {"Hi " + id + ", meet " + other, "Hi " + id + ", meet " + other},
		"by the other form of an id": {"Hi <@!" + s.mia.String() + ">, meet " + other, "Hi <@!" + s.mia.String() + ">, meet " + other},
		"among everybody":            {"Hi " + id + ", " + other + " and <@&" + role.String() + ">", "Hi " + id + ", " + other + " and <@&" + role.String() + ">"},
		"by a name that others have": {"Hi @Nia, meet @olivia", "Hi @Nia, meet " + other},
	} {
		s.say(ada, s.general, test.content)
		if parts := s.parts(s.general); parts[len(parts)-1] != test.want {
			t.Errorf("%s: there stands %q", name, parts[len(parts)-1])
		}
		if got := s.lastPing(); !slices.Equal(got.Users, []sandbox.ID{s.olivia}) || got.Default {
			t.Errorf("%s: it pings %+v", name, got)
		}
		done(t, s.edit(ada, s.general, said.MessageIDs[0], test.content))
		if got := s.message(s.general, said.MessageIDs[0]).Content; got != test.want {
			t.Errorf("%s, mended: there stands %q", name, got)
		}
	}
	asked := must(s.disc.Say(s.mia, s.general, "Why?"))(t)
	s.answer(ada, s.general, asked.ID, "Because, "+id)
	if asked := s.pingsAskedFor()[before:]; len(asked) != 11 || slices.ContainsFunc(asked, func(users []string) bool { return slices.Contains(users, s.mia.String()) }) {
		t.Errorf("Discord is told to ping %v", asked)
	}
	s.choose(s.mia, entities.Privacy{})
	s.say(ada, s.general, "Hi "+by)
	if got := s.lastPing().Users; !slices.Equal(got, []sandbox.ID{s.mia}) {
		t.Errorf("when she lets herself be pinged again it pings %v", got)
	}
}

// A line that waits for Discord pings nobody any more who refuses meanwhile.
func TestRefusingWhileALineWaits(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.AnswerWithin(300 * time.Millisecond)
	s.relay.Hurry(time.Second, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 3, Scope: "shared"})
	sent, err := s.relay.Say(t.Context(), ada, s.line("Hi @mia and @olivia", "k"))
	if err != nil || sent.Status != relay.StatusQueued {
		t.Fatalf("%+v, %v", sent, err)
	}
	s.choose(s.mia, entities.Privacy{NoMentions: true})
	s.until("it is said", func() bool { return len(s.disc.Messages(s.general)) == 2 })
	if got := s.lastPing(); !slices.Equal(got.Users, []sandbox.ID{s.olivia}) {
		t.Errorf("it pings %+v", got)
	}
}

// Entities rest until a person speaks to whom they could listen.
func TestTheHiddenEndNoRest(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.lab)
	_, bob := s.entity("Bob", nil, s.general)
	s.hide(s.mia)
	for range 4 {
		s.say(ada, s.general, "hello")
		s.say(bob, s.general, "hello")
	}
	must(s.disc.Say(s.mia, s.general, "go on"))(t)
	s.mark(ada, s.lab, "one")
	if _, err := s.relay.Say(t.Context(), ada, s.line("once more", "")); !entities.IsRefusal(err, entities.Unavailable) {
		t.Errorf("she ended their rest: %v", err)
	}
	s.mark(ada, s.general, "go on")
	s.say(ada, s.general, "once more")
}
