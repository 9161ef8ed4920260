package relay_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Each test here is a fault that a hostile reader found.

func isExecute(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/webhooks/") && r.URL.Query().Has("wait")
}

func isHistory(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages")
}

// A new session knows nothing of what was edited or deleted meanwhile.
func TestANewSessionForgetsTexts(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	m := must(s.disc.Say(s.mia, s.general, "a secret"))(t)
	s.until("it is heard", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	s.newSession()
	if err := s.disc.DeleteMessages(s.mia, s.general, m.ID); err != nil {
		t.Fatal(err)
	}
	s.until("a new session began", func() bool { return s.relay.Status().Identifies == 2 && s.relay.Status().Ready })
	if news := s.wait(ada, "", 0); len(news.Messages) != 0 {
		t.Errorf("what was deleted is still given: %s", texts(news.Messages))
	}
}

// A guild that the bot left meanwhile is gone.
func TestANewSessionForgetsGuilds(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.GoDown(sandbox.Unreachable)
	s.disc.RemoveBot(s.guild)
	s.disc.ComeBack()
	s.newSession()
	s.until("it is closed", func() bool {
		views, err := s.reg.Channels(t.Context(), ada)
		return err == nil && len(views) == 0
	})
}

// Texts that cannot be fetched just now are not lost.
func TestNewsSurvivesALimit(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	s.until("it is heard", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	s.relay.ForgetTexts()
	for _, fault := range []sandbox.Fault{{Kind: sandbox.TooMany, RetryAfter: 0.01, Scope: "shared"}, {Kind: sandbox.Refuse, Status: 500}, {Kind: sandbox.Reset}} {
		cancel := s.disc.Fault(isHistory, -1, fault)
		if news, err := s.relay.Wait(t.Context(), ada, relay.WaitRequest{}); !entities.IsRefusal(err, entities.Unavailable) {
			t.Errorf("%v: %s, %v", fault.Kind, texts(news.Messages()), err)
		}
		cancel()
	}
	if news := s.wait(ada, "", 0); texts(news.Messages) != "mia: hello" {
		t.Errorf("afterwards: %s", texts(news.Messages))
	}
}

// A cursor of one channel marks what it gave there, and nothing of the others.
func TestCursorsKeepTheirScope(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.lab)
	must(s.disc.Say(s.mia, s.lab, "in the lab"))(t)
	must(s.disc.Say(s.mia, s.general, "in general"))(t)
	var news relay.Inbox
	s.until("it is heard", func() bool {
		var err error
		news, err = s.relay.Wait(t.Context(), ada, relay.WaitRequest{Scope: entities.ScopeOf(snowflake.ID(s.general))})
		return err == nil && len(news.Messages()) == 1
	})
	if all := s.wait(ada, news.Cursor, 0); texts(all.Messages) != "mia: in the lab" {
		t.Errorf("with the cursor of one channel: %s", texts(all.Messages))
	}
	next, err := s.relay.Wait(t.Context(), ada, relay.WaitRequest{Scope: entities.ScopeOf(snowflake.ID(s.general)), Cursor: news.Cursor})
	if err != nil || len(next.Messages()) != 0 {
		t.Errorf("in that channel: %s, %v", texts(next.Messages()), err)
	}
}

// What could not be read of a guild is asked for again until it is known.
func TestADoubtIsClearedInTheEnd(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Fault(sandbox.On(http.MethodGet, "/guilds/"+s.guild.String()), 1, sandbox.Fault{Kind: sandbox.Refuse, Status: 500})
	s.disc.DispatchRaw("GUILD_ROLE_UPDATE", []byte(`{"guild_id":"`+s.guild.String()+`","role":{"id":[]}}`))
	s.until("it is closed", func() bool {
		_, err := s.reg.Authorize(t.Context(), ada, entities.Hear, snowflake.ID(s.general))
		return err != nil
	})
	if err := s.disc.ChangeGuild(s.guild, "Renamed", 0); err != nil {
		t.Fatal(err)
	}
	s.until("the rename is known", func() bool { g, _ := s.reg.World().Guild(snowflake.ID(s.guild)); return g.Name == "Renamed" })
	s.until("it is open again", func() bool {
		_, err := s.reg.Authorize(t.Context(), ada, entities.Hear, snowflake.ID(s.general))
		return err == nil
	})
}

// A webhook that somebody moved does not publish where the entity may not speak.
func TestAMovedWebhook(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	hook := s.disc.Messages(s.general)[0].WebhookID
	s.moveWebhook(hook, s.hidden)
	sent := s.say(ada, s.general, "two")
	if sent.Status != relay.StatusSent || sent.ChannelID != snowflake.ID(s.general) {
		t.Errorf("sent = %+v", sent)
	}
	if here, there := s.contents(s.general), s.contents(s.hidden); here != "Ada: one | Ada: two" || there != "" {
		t.Errorf("in #general: %s; in #hidden: %s", here, there)
	}
}

func (s *stage) moveWebhook(id, to sandbox.ID) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPatch, s.disc.APIURL()+"/webhooks/"+id.String(), strings.NewReader(`{"channel_id":"`+to.String()+`"}`))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+s.disc.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatal(resp.Status, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// A line whose echo comes after nobody waits any more is still the entity's own.
func TestALateEcho(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 2 * time.Second})
	s.relay.Hurry(500*time.Millisecond, 500*time.Millisecond)
	sent := s.say(ada, s.general, "two")
	if sent.Status != relay.StatusUnknown {
		t.Fatalf("sent = %+v", sent)
	}
	s.until("Bob hears it from Ada", func() bool {
		heard := s.wait(bob, "", 0).Messages
		return len(heard) == 2 && heard[1].Author.Entity == ada.EntityID()
	})
	if news := s.wait(ada, "", 0); len(news.Messages) != 0 {
		t.Errorf("its own line is news to it: %s", texts(news.Messages))
	}
	lines, err := s.reg.Speakers(t.Context(), ada, []snowflake.ID{snowflake.ID(s.disc.Messages(s.general)[1].ID)})
	if err != nil || len(lines) != 1 {
		t.Errorf("the line is nobody's: %v", err)
	}
}

// A line of which nothing is known does not keep others from speaking.
func TestAnUnknownLineBlocksNobody(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.Reset})
	var speaking sync.WaitGroup
	speaking.Go(func() {
		if sent, err := s.relay.Say(context.Background(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "lost"}); err != nil || sent.Status != relay.StatusUnknown {
			t.Errorf("%+v, %v", sent, err)
		}
	})
	s.until("the reset happened", func() bool { return strings.Contains(s.log.String(), "outcome is not known") })
	began := time.Now()
	s.say(bob, s.general, "hello")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("Bob waited %v", took)
	}
	s.relay.Drain() // which ends Ada's wait
	speaking.Wait()
}

// A token that Discord does not take any more is read anew.
func TestAnInvalidWebhookToken(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.SpoilTokens()
	s.say(ada, s.general, "two")
	if got := s.contents(s.general); got != "Ada: one | Ada: two" {
		t.Error(got)
	}
}

// Two mentions of one person are one.
func TestMentionsAreUnique(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	who := "<@" + s.mia.String() + ">"
	s.say(ada, s.general, who+" "+who)
	for _, r := range s.disc.Requests() {
		if strings.Contains(r.Query, "wait=true") && strings.Count(string(r.Body), `"`+s.mia.String()+`"`) != 1 {
			t.Errorf("the body names her not once: %s", r.Body)
		}
	}
}

// No emoji leads out of its place in the path.
func TestEmojiStayInTheirPlace(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	m := must(s.disc.Say(s.mia, s.general, "look"))(t)
	before := len(s.disc.Requests())
	for _, emoji := range []string{"..", "%2e%2e", "%2F..%2F", `..\..`, "%zz", "1", "👍/@me", "👍?x", "a👍"} {
		if err := s.relay.React(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(m.ID), emoji); !entities.IsRefusal(err, entities.Invalid) {
			t.Errorf("%q: %v", emoji, err)
		}
	}
	if n := len(s.disc.Requests()); n != before {
		t.Errorf("%d requests went out", n-before)
	}
	for _, emoji := range []string{"👍", "#️⃣", "❤️", "👩‍🚀"} {
		if err := s.relay.React(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(m.ID), emoji); err != nil {
			t.Errorf("%q: %v", emoji, err)
		}
	}
	if got := len(s.disc.Messages(s.general)[0].Reactions); got != 4 {
		t.Errorf("%d reactions", got)
	}
}

// Names are strangers' text: they stand in no refusal.
func TestRefusalsCarryNoNames(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	canary := s.channel(sandbox.Channel{Name: "canary", Type: sandbox.ForumChannel, RequireTag: true, AvailableTags: []sandbox.Tag{{Name: "canary-tag"}}})
	s.play()
	_, ada := s.entity("Ada", nil, canary)
	for _, line := range []relay.Line{{Content: "x"}, {Content: "x", ThreadName: "y"}, {Content: "x", ThreadName: "y", Tags: []string{"z"}}} {
		line.Channel = snowflake.ID(canary)
		if _, err := s.relay.Say(t.Context(), ada, line); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%+v: %v", line, err)
		}
	}
	if _, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(canary), Limit: 1}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}

// A webhook or message of an unknown kind does not hide the others.
func TestOddElementsAreLeftOut(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	odd := oddly(t, s.disc.APIURL())
	s.play(func(c *relay.Config) { c.APIURL = odd })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "hi")
	got, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 10})
	if err != nil || texts(got) != "mia: hello | Ada: hi" {
		t.Errorf("%s, %v", texts(got), err)
	}
	if n := s.webhooks(); n != 1 {
		t.Errorf("%d webhooks were made", n)
	}
}

// What is said in a thread before the thread is known is heard, in order, and not what was
// deleted meanwhile.
func TestMessagesBeforeTheirThread(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Fault(sandbox.On(http.MethodGet, "/channels/"+s.thread.String()), 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 500 * time.Millisecond})
	known, _ := s.reg.World().Channel(snowflake.ID(s.thread))
	s.reg.World().RemoveChannel(snowflake.ID(s.thread))
	must(s.disc.Say(s.mia, s.thread, "first"))(t)
	gone := must(s.disc.Say(s.mia, s.thread, "a mistake"))(t)
	if err := s.disc.DeleteMessages(s.mia, s.thread, gone.ID); err != nil {
		t.Fatal(err)
	}
	s.until("the thread is being looked up", func() bool { return s.asked("/channels/" + s.thread.String()) })
	s.reg.World().PutChannel(known)
	must(s.disc.Say(s.mia, s.thread, "second"))(t)
	var got string
	s.until("both are heard", func() bool { got = texts(s.wait(ada, "", 0).Messages); return strings.Contains(got, "second") })
	if got != "mia: first | mia: second" {
		t.Error(got)
	}
}

// asked says whether a path was asked for.
func (s *stage) asked(path string) bool {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && r.Path == path {
			return true
		}
	}
	return false
}

// A channel that comes back under a new id starts anew; nothing of the old one is kept.
func TestADeletedChannelIsForgotten(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	if n := s.relay.Mouths(); n != 1 {
		t.Fatalf("%d channels are known", n)
	}
	if err := s.disc.DeleteChannel(s.general); err != nil {
		t.Fatal(err)
	}
	s.until("it is forgotten", func() bool { return s.relay.Mouths() == 0 })
}

// Rights that end while a line waits for its turn end the line.
func TestRightsAreAskedAgainAfterTheTurn(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, bob := s.entity("Bob", nil, s.general)
	s.say(bob, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 2 * time.Second})
	var speaking sync.WaitGroup
	speaking.Go(func() {
		if _, err := s.relay.Say(context.Background(), bob, relay.Line{Channel: snowflake.ID(s.general), Content: "slow"}); err != nil {
			t.Error(err)
		}
	})
	s.until("Bob's line is under way", func() bool {
		all := s.disc.Requests()
		return strings.Contains(string(all[len(all)-1].Body), "slow")
	})
	speaking.Go(func() {
		_, err := s.relay.Say(context.Background(), bob, relay.Line{Channel: snowflake.ID(s.general), Content: "after"})
		if !entities.IsRefusal(err, entities.NotFound) {
			t.Errorf("his next line is answered %v", err)
		}
	})
	s.until("his next line waits for its turn", func() bool { return s.relay.Status().Speaking == 2 })
	s.conceal(s.general)
	speaking.Wait()
	if got := s.contents(s.general); strings.Contains(got, "after") {
		t.Error(got)
	}
}

// Rights that end while texts are fetched end their delivery.
func TestRightsAreAskedAgainBeforeDelivery(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "a secret"))(t)
	s.until("it is heard", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	s.relay.ForgetTexts()
	s.disc.Fault(isHistory, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: time.Second})
	asked := len(s.disc.Requests())
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if news, err := s.relay.Wait(context.Background(), ada, relay.WaitRequest{}); err != nil || len(news.Messages()) != 0 {
			t.Errorf("%s, %v", texts(news.Messages()), err)
		}
	})
	s.until("the texts are being fetched", func() bool { return len(s.disc.Requests()) > asked })
	s.conceal(s.general)
	waiting.Wait()
}

// conceal takes the bot's view of a channel away as far as the relay knows; Discord itself
// still allows it.
func (s *stage) conceal(channel sandbox.ID) {
	c, _ := s.reg.World().Channel(snowflake.ID(channel))
	c.Overwrites = append(c.Overwrites, entities.Overwrite{ID: snowflake.ID(s.botID), Member: true, Deny: discord.PermissionViewChannel})
	s.reg.World().PutChannel(c)
}
