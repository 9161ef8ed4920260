package relay_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func TestSay(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", face(t), s.general, s.forum)
	sent := s.say(ada, s.general, "  hello <@"+s.mia.String()+"> and @everyone ")
	if sent.Status != relay.StatusSent || !strings.HasSuffix(sent.Link, "/"+sent.MessageIDs[0].String()) {
		t.Errorf("sent = %+v", sent)
	}
	m := s.disc.Messages(s.general)[0]
	if m.Author.Username != "Ada" || m.Author.Avatar == nil || m.WebhookID == 0 || m.MentionEveryone || len(m.Mentions) != 1 {
		t.Errorf("on Discord stands %+v", m)
	}
	s.say(ada, s.thread, "in the thread")
	if got := s.contents(s.thread); got != "Ada: in the thread" {
		t.Errorf("in the thread: %s", got)
	}
	post, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.forum), Content: "Once upon a time", ThreadName: "A tale", Tags: []string{"comedy"}})
	if err != nil {
		t.Fatal(err)
	}
	if made, ok := s.disc.Channel(sandbox.ID(post.ChannelID)); !ok || made.Name != "A tale" || len(made.AppliedTags) != 1 {
		t.Errorf("the post is %+v, %v", made, ok)
	}
	s.until("the new post is known", func() bool {
		_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: post.ChannelID, Content: "The end"})
		return err == nil
	})
	made, _ := s.disc.Channel(s.forum)
	if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.forum), Content: "Again", ThreadName: "By the tag's id", Tags: []string{made.AvailableTags[0].ID.String()}}); err != nil {
		t.Error(err)
	}
	if hooks := s.webhooks(); hooks != 2 {
		t.Errorf("%d webhooks were made, want one in #general and one in the forum", hooks)
	}
}

// webhooks counts how many webhooks were made.
func (s *stage) webhooks() int {
	made := 0
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/webhooks") && r.Status == http.StatusOK {
			made++
		}
	}
	return made
}

func TestRefusedLines(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	for name, test := range map[string]struct {
		line   relay.Line
		reason entities.Reason
	}{
		"nothing":           {relay.Line{Channel: snowflake.ID(s.general), Content: " \n"}, entities.Invalid},
		"too long":          {relay.Line{Channel: snowflake.ID(s.general), Content: strings.Repeat("é", relay.MaxLine+1)}, entities.Invalid},
		"not its channel":   {relay.Line{Channel: snowflake.ID(s.lab), Content: "x"}, entities.NotFound},
		"a title in a chat": {relay.Line{Channel: snowflake.ID(s.general), Content: "x", ThreadName: "y"}, entities.Invalid},
		"no title":          {relay.Line{Channel: snowflake.ID(s.forum), Content: "x"}, entities.Invalid},
		"unknown tag":       {relay.Line{Channel: snowflake.ID(s.forum), Content: "x", ThreadName: "y", Tags: []string{"tragedy"}}, entities.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.relay.Say(t.Context(), ada, test.line)
			if !entities.IsRefusal(err, test.reason) {
				t.Errorf("got %v", err)
			}
		})
	}
	if n := s.webhooks(); n != 0 {
		t.Errorf("refused lines made %d webhooks", n)
	}
	if s.say(ada, s.general, strings.Repeat("é", 2000)).Status != relay.StatusSent {
		t.Error("2,000 characters were not sent")
	}
}

func TestOneWebhookForAll(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	var all sync.WaitGroup
	for _, name := range []string{"Ada", "Bob", "Cyd", "Dee"} {
		_, actor := s.entity(name, nil, s.general)
		all.Go(func() {
			if _, err := s.relay.Say(context.Background(), actor, relay.Line{Channel: snowflake.ID(s.general), Content: "hi"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, said := s.webhooks(), len(s.disc.Messages(s.general)); n != 1 || said != 4 {
		t.Errorf("%d webhooks, %d messages", n, said)
	}
}

func TestADeletedWebhookIsMadeAnew(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.deleteWebhook(s.disc.Messages(s.general)[0].WebhookID)
	s.say(ada, s.general, "two")
	if got := s.contents(s.general); got != "Ada: one | Ada: two" {
		t.Error(got)
	}
}

func (s *stage) deleteWebhook(id sandbox.ID) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodDelete, s.disc.APIURL()+"/webhooks/"+id.String(), http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+s.disc.Token())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		s.t.Fatal(resp.Status, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestMissingManageWebhooks(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	if err := s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: s.botID, Type: 1, Deny: sandbox.ManageWebhooks})
	}); err != nil {
		t.Fatal(err)
	}
	s.until("the bot knows", func() bool {
		_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "x"})
		return entities.IsRefusal(err, entities.NotAllowed) && strings.Contains(err.Error(), "Manage Webhooks")
	})
}

// An outcome that is not known is settled by the echo, and nothing is said twice.
func TestAmbiguousOutcomes(t *testing.T) {
	execute := func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/webhooks/") && r.URL.Query().Has("wait")
	}
	for name, fault := range map[string]sandbox.Fault{
		"commit then 500": {Kind: sandbox.CommitThenRefuse}, "commit then reset": {Kind: sandbox.CommitThenReset}, "a truncated answer": {Kind: sandbox.CommitThenTruncate},
	} {
		t.Run(name, func(t *testing.T) {
			s := setStage(t, sandbox.Config{})
			s.play()
			_, ada := s.entity("Ada", nil, s.general)
			s.disc.Fault(execute, 1, fault)
			sent := s.say(ada, s.general, "once")
			if sent.Status != relay.StatusSent || s.contents(s.general) != "Ada: once" {
				t.Errorf("%+v; on Discord: %s", sent, s.contents(s.general))
			}
			if news := s.wait(ada, "", 0); len(news.Messages) != 0 {
				t.Errorf("its own line is news to it: %s", texts(news.Messages))
			}
		})
	}
}

func TestReact(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	m := must(s.disc.Say(s.mia, s.general, "look"))(t)
	foreign := must(s.disc.Say(s.mia, s.lab, "look"))(t)
	if err := s.relay.React(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(m.ID), "👍"); err != nil {
		t.Fatal(err)
	}
	if got := s.disc.Messages(s.general)[0].Reactions; len(got) != 1 || got[0].Emoji.Name != "👍" {
		t.Errorf("reactions: %+v", got)
	}
	for name, test := range map[string]struct {
		channel, message sandbox.ID
		emoji            string
		reason           entities.Reason
	}{
		"a word":                       {s.general, m.ID, "thumbsup", entities.Invalid},
		"a path":                       {s.general, m.ID, "../../x", entities.Invalid},
		"an emoji that does not exist": {s.general, m.ID, "nope:123456789012345678", entities.Invalid},
		"a message elsewhere":          {s.general, foreign.ID, "👍", entities.NotFound},
		"not its channel":              {s.lab, foreign.ID, "👍", entities.NotFound},
	} {
		err := s.relay.React(t.Context(), ada, snowflake.ID(test.channel), snowflake.ID(test.message), test.emoji)
		if !entities.IsRefusal(err, test.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretsStayOut(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "my-private-words")
	s.disc.Fault(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/webhooks/") }, 1, sandbox.Fault{Kind: sandbox.CommitThenReset})
	s.say(ada, s.general, "more-private-words")
	s.until("the log has the fault", func() bool { return strings.Contains(s.log.String(), "outcome is not known") })
	var token string
	for _, r := range s.disc.Requests() {
		if parts := strings.Split(r.Path, "/"); r.Method == http.MethodPost && len(parts) > 2 && parts[len(parts)-3] == "webhooks" {
			token = parts[len(parts)-1]
		}
	}
	if len(token) < 20 {
		t.Fatalf("no webhook token was seen: %q", token)
	}
	for _, secret := range []string{s.disc.Token(), token, "private-words"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, s.log)
		}
	}
}
