package relay_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// itemWords lists items as "kind name: text".
func itemWords(items []relay.Item) string {
	var words []string
	for _, item := range items {
		one := string(item.Kind) + " "
		switch item.Kind {
		case entities.EventReaction:
			for _, r := range item.Reactions {
				one += r.Emoji
				for _, by := range r.By {
					one += " " + by.Name
				}
			}
		case entities.EventDelete:
			one += item.Author.Name
		default:
			one += item.Author.Name + ": " + item.Message.Content
		}
		if item.Reason != "" {
			one += " (" + string(item.Reason) + ")"
		}
		words = append(words, one)
	}
	return strings.Join(words, " | ")
}

// hears waits until something is unread, and gives all up to a last message that mia says.
func (s *stage) hears(actor entities.Actor) string {
	s.t.Helper()
	mark := must(s.disc.Say(s.mia, s.general, "."))(s.t)
	var found relay.Inbox
	s.until("the mark is heard", func() bool {
		found = must(s.relay.Inbox(s.t.Context(), actor, relay.InboxRequest{}))(s.t)
		n := len(found.Items)
		return n > 0 && found.Items[n-1].MessageID == snowflake.ID(mark.ID)
	})
	if err := s.relay.Ack(s.t.Context(), actor, found.Cursor); err != nil {
		s.t.Fatal(err)
	}
	return itemWords(slices.DeleteFunc(found.Items, func(item relay.Item) bool { return item.Message != nil && item.Message.Content == "." }))
}

func (s *stage) gets(what string, actor entities.Actor, want string) {
	s.t.Helper()
	if got := s.hears(actor); got != want {
		s.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// renewSession ends the session and waits for the next one.
func (s *stage) renewSession() {
	s.t.Helper()
	before := s.relay.Status().Identifies
	s.newSession()
	s.until("the session is new", func() bool { status := s.relay.Status(); return status.Ready && status.Identifies > before })
}

func (s *stage) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestEdits(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	said := must(s.disc.Say(s.mia, s.general, "tpyo https://example.com"))(t)
	there := must(s.disc.Say(s.mia, s.thread, "hello all"))(t)
	s.gets("said", ada, "message mia: tpyo https://example.com | message mia: hello all")
	s.ok(s.disc.Unfurl(s.general, said.ID, sandbox.Embed{Type: "link", Title: "Example"}))
	s.gets("a link's preview", ada, "")
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "typo https://example.com"))
	s.gets("an edit", ada, "edit mia: typo https://example.com")
	s.ok(s.disc.Unfurl(s.general, said.ID, sandbox.Embed{Type: "link", Title: "Example"}))
	s.gets("a link's preview after an edit", ada, "")
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "typo https://example.com"))
	s.gets("an edit of nothing", ada, "")
	s.ok(s.disc.EditMessage(s.mia, s.thread, there.ID, "hello there"))
	s.gets("in a thread", ada, "edit mia: hello there")
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "Ada, look"))
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "Ada, look here"))
	s.gets("an edit that calls it, once", ada, "edit mia: Ada, look here (mention)")
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "Ada, look there"))
	s.gets("one that still calls it", ada, "edit mia: Ada, look there (mention)")
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "look there"))
	s.gets("one that does no more", ada, "edit mia: look there")
	s.hears(bob)
	line := s.say(ada, s.general, "my lnie")
	s.gets("another entity's line", bob, "message Ada: my lnie")
	must(s.relay.Edit(t.Context(), ada, snowflake.ID(s.general), line.MessageIDs[0], "my line"))(t)
	s.gets("another entity's edit", bob, "edit Ada: my line")
	s.gets("its own edit", ada, "")
	must(s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 50}))(t)
	s.ok(s.disc.Unfurl(s.general, said.ID, sandbox.Embed{Type: "link", Title: "Example"}))
	s.gets("a preview of what was asked for", ada, "")
	early := must(s.disc.Say(s.mia, s.general, "erly"))(t)
	s.ok(s.disc.EditMessage(s.mia, s.general, early.ID, "early, Ada"))
	s.gets("an edit before it was told", ada, "message mia: early, Ada (mention)")
}

// Discord may send an update in parts.
func TestPartialUpdates(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	said := must(s.disc.Say(s.mia, s.general, "look at this"))(t)
	s.gets("said", ada, "message mia: look at this")
	update := func(fields string) {
		s.disc.DispatchRaw("MESSAGE_UPDATE", fmt.Appendf(nil, `{"id":"%s","channel_id":"%s","guild_id":"%s",%s}`, said.ID, s.general, s.guild, fields))
	}
	update(`"embeds":[{"type":"rich","title":"A page"}]`)
	s.gets("a preview", ada, "")
	history := must(s.relay.Message(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(said.ID)))(t)
	if history.Message.Content != "look at this" {
		t.Errorf("the text went: %+v", history.Message)
	}
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "look at that"))
	s.gets("an edit", ada, "edit mia: look at that")
	update(`"content":"look there","edited_timestamp":"` + time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano) + `"`)
	s.gets("an edit in parts", ada, "edit mia: look there")
	s.renewSession()
	update(`"pinned":true,"edited_timestamp":"2020-01-01T00:00:00+00:00"`)
	s.gets("what was edited long ago is pinned", ada, "")
}

func TestDeletions(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	var ids []sandbox.ID
	for _, text := range []string{"one", "two", "three"} {
		ids = append(ids, must(s.disc.Say(s.mia, s.general, text))(t).ID)
	}
	s.hears(ada)
	s.ok(s.disc.DeleteMessages(s.mia, s.general, ids[0]))
	s.gets("one", ada, "delete mia")
	s.ok(s.disc.DeleteMessages(s.mia, s.general, ids[1:]...))
	s.gets("several at once", ada, "delete mia | delete mia")
	gone := must(s.disc.Say(s.mia, s.general, "a mistake"))(t)
	s.ok(s.disc.DeleteMessages(s.mia, s.general, gone.ID))
	s.gets("before it was told", ada, "")
	line := s.say(bob, s.general, "Bob's line")
	s.gets("said by Bob", ada, "message Bob: Bob's line")
	s.ok(s.relay.Retract(t.Context(), bob, snowflake.ID(s.general), line.MessageIDs[0]))
	s.gets("another entity's", ada, "delete Bob")
	s.hears(bob)
	s.gets("its own", bob, "")
	s.forget(t, ada)
}

// forget looks at a deletion of which only the log knows whose message it was.
func (s *stage) forget(t *testing.T, ada entities.Actor) {
	t.Helper()
	old := must(s.disc.Say(s.mia, s.general, "an old one"))(t)
	hidden := must(s.disc.Say(s.olivia, s.general, "olivia's"))(t)
	s.hears(ada)
	s.renewSession()
	s.ok(s.reg.SetPrivacy(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0), entities.Privacy{Hidden: true}))
	s.ok(s.disc.DeleteMessages(s.olivia, s.general, old.ID))
	s.ok(s.disc.DeleteMessages(s.olivia, s.general, hidden.ID))
	s.gets("by the log, and none of who hides", ada, "delete mia")
}

// PluralKit says again what a person said, and deletes that.
func TestProxiesDeleteNothing(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	hook := must(s.disc.AddWebhook(sandbox.Webhook{ChannelID: s.general, Name: "pk", CreatorID: s.olivia, ApplicationID: 466378653216014359}))(t)
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	typed := must(s.disc.Say(s.mia, s.general, "l: hello all"))(t)
	s.gets("typed", ada, "message mia: l: hello all")
	answer := must(http.Post(fmt.Sprintf("%s/webhooks/%s/%s", s.disc.APIURL(), hook.ID, hook.Token), "application/json", strings.NewReader(`{"content":"hello all","username":"Luna"}`)))(t)
	must(io.Copy(io.Discard, answer.Body))(t)
	s.ok(answer.Body.Close())
	s.until("Luna is heard", func() bool {
		return strings.Contains(itemWords(must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{}))(t).Items), "Luna")
	})
	s.ok(s.disc.DeleteMessages(s.mia, s.general, typed.ID))
	s.gets("proxied", ada, "message Luna: hello all")
}

func TestReactions(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	wave := must(s.disc.AddEmoji(s.guild, "wave"))(t)
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	line := s.say(ada, s.general, "my line")
	id := sandbox.ID(line.MessageIDs[0])
	mias := must(s.disc.Say(s.mia, s.general, "mine"))(t)
	s.hears(ada)
	s.hears(bob)
	s.ok(s.disc.React(s.olivia, s.general, mias.ID, "👍"))
	s.ok(s.disc.React(s.mia, s.general, id, "👍"))
	s.ok(s.disc.React(s.olivia, s.general, id, "👍"))
	s.ok(s.disc.React(s.olivia, s.general, id, "wave:"+wave.String()))
	s.ok(s.relay.React(t.Context(), bob, snowflake.ID(s.general), snowflake.ID(id), "🎉"))
	s.gets("to its line", ada, "reaction 👍 mia oliviawave:"+wave.String()+" olivia")
	s.gets("not to Bob's", bob, "")
	s.ok(s.disc.React(s.mia, s.general, id, "🔥"))
	s.ok(s.disc.Unreact(s.mia, s.general, id, "🔥"))
	s.gets("taken back before it was told", ada, "")
	s.ok(s.disc.React(s.mia, s.general, id, "🔥"))
	s.gets("and given again", ada, "")
	s.ok(s.reg.SetPrivacy(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0), entities.Privacy{Hidden: true}))
	s.ok(s.disc.React(s.olivia, s.general, id, "💎"))
	s.gets("of who hides", ada, "")
}

// After a restart it is still known that the entity answered.
func TestAnsweredAfterARestart(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "Ada?"))(t)
	s.until("it is heard", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	answered := func() bool {
		found := must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Overview: true}))(t)
		return len(found.Items) == 1 && found.Items[0].Answered
	}
	if answered() {
		t.Error("nothing was answered")
	}
	s.say(ada, s.general, "yes")
	if !answered() {
		t.Error("it was answered")
	}
	s.halt()
	s.play()
	ada = must(s.reg.Authenticate(t.Context(), made.Key, made.Entity.ID))(t)
	must(s.relay.Channels(t.Context(), ada))(t)
	if !answered() {
		t.Error("it was answered before the restart")
	}
}

// A channel in which there is no unread message may have moved all the same.
func TestMovedWithoutMessages(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general, s.lab)
	line := s.say(ada, s.lab, "my line")
	old := must(s.disc.Say(s.mia, s.general, "an old one"))(t)
	s.hears(ada)
	s.ok(s.disc.React(s.mia, s.lab, sandbox.ID(line.MessageIDs[0]), "👍"))
	s.ok(s.disc.EditMessage(s.mia, s.general, old.ID, "a new one"))
	gone := must(s.disc.Say(s.mia, s.thread, "gone"))(t)
	s.ok(s.disc.DeleteMessages(s.mia, s.thread, gone.ID))
	check := func(when string) {
		var moved []relay.Moved
		s.until("all is heard "+when, func() bool {
			moved = must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Overview: true}))(t).Moved
			return len(moved) == 2
		})
		if moved[0].Reactions != 1 || moved[0].Unread != 0 || moved[1].Changes != 1 || moved[1].Unread != 0 {
			t.Errorf("%s: %+v", when, moved)
		}
	}
	check("from memory")
	s.halt()
	s.play()
	ada = must(s.reg.Authenticate(t.Context(), made.Key, made.Entity.ID))(t)
	must(s.relay.Channels(t.Context(), ada))(t)
	check("from the log")
}

// What calls the entity only since it was edited is among what is for it, in memory and in the
// log; the message itself, which was never told, is not told twice.
func TestAnEditBeforeTheFirstLookCalls(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	said := must(s.disc.Say(s.mia, s.general, "hello"))(t)
	s.ok(s.disc.EditMessage(s.mia, s.general, said.ID, "hello Ada"))
	check := func(when string) {
		s.until("it is heard "+when, func() bool {
			return itemWords(must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Overview: true}))(t).Items) == "edit mia: hello Ada (mention)"
		})
		if all := itemWords(must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{}))(t).Items); all != "message mia: hello Ada (mention)" {
			t.Errorf("%s: all is %s", when, all)
		}
	}
	check("from memory")
	s.halt()
	s.play()
	ada = must(s.reg.Authenticate(t.Context(), made.Key, made.Entity.ID))(t)
	must(s.relay.Channels(t.Context(), ada))(t)
	check("from the log")
}
