package relay_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func TestWait(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	must(s.disc.Say(s.mia, s.general, "before anyone came"))(t)
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general, s.lab)
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	must(s.disc.Say(s.mia, s.lab, "only for Bob"))(t)
	must(s.disc.Say(s.mia, s.thread, "in the thread"))(t)
	s.say(bob, s.general, "hi Ada")
	s.say(ada, s.general, "hi all")
	const want = "mia: hello | mia: in the thread | Bob: hi Ada"
	var news wordsHeard
	s.until("all is heard", func() bool {
		news = s.wait(ada, "", time.Second)
		return len(news.Messages) >= 3
	})
	if got := texts(news.Messages); got != want {
		t.Errorf("news = %s", got)
	}
	if speaker := news.Messages[2].Author; speaker.Kind != relay.Entity || speaker.Entity != bob.EntityID() {
		t.Errorf("Bob is %+v", speaker)
	}
	if again := s.wait(ada, "", 0); texts(again.Messages) != want {
		t.Errorf("without the cursor nothing was read, yet: %s", texts(again.Messages))
	}
	if next := s.wait(ada, news.Cursor, 0); len(next.Messages) != 0 {
		t.Errorf("after the cursor: %s", texts(next.Messages))
	}
	if marked := s.wait(ada, "", 0); len(marked.Messages) != 0 {
		t.Errorf("handing in the cursor did not mark it read: %s", texts(marked.Messages))
	}
}

func TestWaitWakes(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		news, err := s.relay.Wait(context.Background(), ada, relay.WaitRequest{Timeout: 20 * time.Second})
		if err != nil || texts(news.Messages()) != "mia: wake up" {
			t.Errorf("%s, %v", texts(news.Messages()), err)
		}
	})
	must(s.disc.Say(s.mia, s.lab, "this wakes nobody"))(t)
	must(s.disc.Say(s.mia, s.general, "wake up"))(t)
	waiting.Wait()
}

func TestWhatIsDeletedOrForbiddenIsNotDelivered(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	gone := must(s.disc.Say(s.mia, s.general, "a mistake"))(t)
	edited := must(s.disc.Say(s.mia, s.general, "tpyo"))(t)
	if err := s.disc.DeleteMessages(s.mia, s.general, gone.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.disc.EditMessage(s.mia, s.general, edited.ID, "typo"); err != nil {
		t.Fatal(err)
	}
	s.until("only the edited one is left", func() bool { return texts(s.wait(ada, "", 0).Messages) == "mia: typo" })
	if err := s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: s.botID, Type: 1, Deny: sandbox.ViewChannel})
	}); err != nil {
		t.Fatal(err)
	}
	s.until("nothing is left", func() bool { return len(s.wait(ada, "", 0).Messages) == 0 })
}

func TestRotationEndsEverything(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "secret"))(t)
	if _, err := s.reg.RotateKey(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0), made.Entity.ID); err != nil {
		t.Fatal(err)
	}
	_, waited := s.relay.Wait(t.Context(), ada, relay.WaitRequest{})
	_, said := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "x"})
	_, read := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 1})
	for _, err := range []error{waited, said, read} {
		if !entities.IsRefusal(err, entities.Unauthenticated) {
			t.Errorf("got %v", err)
		}
	}
}

func TestHistory(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	var ids []snowflake.ID
	for _, text := range []string{"one", "two", "three", "four", "five"} {
		ids = append(ids, snowflake.ID(must(s.disc.Say(s.mia, s.general, text))(t).ID))
	}
	must(s.disc.Say(s.mia, s.thread, "in the thread"))(t)
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	for name, test := range map[string]struct {
		req  relay.HistoryRequest
		want string
	}{
		"newest": {relay.HistoryRequest{Limit: 2}, "mia: four | mia: five"},
		"before": {relay.HistoryRequest{Limit: 2, Before: ids[2]}, "mia: one | mia: two"},
		"after":  {relay.HistoryRequest{Limit: 2, After: ids[2]}, "mia: four | mia: five"},
		"around": {relay.HistoryRequest{Limit: 3, Around: ids[2]}, "mia: two | mia: three | mia: four"},
		"thread": {relay.HistoryRequest{Limit: 5, Channel: snowflake.ID(s.thread)}, "mia: in the thread"},
	} {
		if test.req.Channel == 0 {
			test.req.Channel = snowflake.ID(s.general)
		}
		got, err := s.relay.History(t.Context(), ada, test.req)
		if err != nil || texts(got) != test.want {
			t.Errorf("%s: %s, %v", name, texts(got), err)
		}
	}
	for name, req := range map[string]relay.HistoryRequest{
		"two of them": {Channel: snowflake.ID(s.general), Limit: 1, Before: 1, After: 1}, "too many": {Channel: snowflake.ID(s.general), Limit: 101},
		"a forum": {Channel: snowflake.ID(s.forum), Limit: 1},
	} {
		if _, err := s.relay.History(t.Context(), ada, req); !entities.IsRefusal(err, entities.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadable(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	first := must(s.disc.Say(s.mia, s.general, "look <@"+s.olivia.String()+"> in <#"+s.general.String()+"> not <#"+s.hidden.String()+"> <:wave:123456789012345678> <t:1700000000:R>"))(t)
	must(s.disc.Say(s.mia, s.general, "see", sandbox.ReplyTo(first.ID), sandbox.WithFile("cat.png", "image/png", []byte("x"))))(t)
	got, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 5})
	if err != nil || len(got) != 2 {
		t.Fatal(len(got), err)
	}
	if want := "look @olivia in #general not #unknown :wave: 2023-11-14T22:13:20Z"; got[0].Content != want {
		t.Errorf("got %q", got[0].Content)
	}
	if r := got[1].ReplyTo; r == nil || r.MessageID != got[0].ID || r.Author != "mia" || !strings.HasPrefix(r.Excerpt, "look @olivia") || strings.Contains(r.Excerpt, "hidden") {
		t.Errorf("reply = %+v", r)
	}
	if a := got[1].Attachments; len(a) != 1 || a[0].Name != "cat.png" || a[0].Size != 1 {
		t.Errorf("attachments = %+v", a)
	}
}

func TestWhatCannotBeReadDoesNotStopTheGateway(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	before := s.disc.GatewayCounts()
	for event, data := range map[string]string{
		"CHANNEL_CREATE":      `{"id":"5","type":99,"guild_id":"` + s.guild.String() + `","name":"new kind"}`,
		"INTERACTION_CREATE":  `{"id":"5","type":99,"token":"x","application_id":"1","version":1}`,
		"MESSAGE_CREATE":      `{"id":"5","channel_id":`,
		"SOMETHING_NEW":       `{"a":1}`,
		"GUILD_MEMBER_UPDATE": `[]`,
	} {
		s.disc.DispatchRaw(event, []byte(data))
	}
	must(s.disc.Say(s.mia, s.general, "still there?"))(t)
	s.until("it hears on", func() bool { return texts(s.wait(ada, "", 0).Messages) == "mia: still there?" })
	if after := s.disc.GatewayCounts(); after != before {
		t.Errorf("it reconnected: %+v, then %+v", before, after)
	}
	if skipped := s.relay.Status().Skipped; len(skipped) < 3 {
		t.Errorf("skipped = %v", skipped)
	}
}

func TestRightsThatCouldNotBeReadAreReadAnew(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"the role":        `GUILD_ROLE_UPDATE {"guild_id":"GUILD","role":{"id":[]}}`,
		"the guild":       `GUILD_UPDATE {"id":"GUILD","roles":7}`,
		"which guild":     `GUILD_ROLE_DELETE {"guild_id":`,
		"which it is":     `GUILD_UPDATE {"id":`,
		"anything at all": `GUILD_ROLE_CREATE []`,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); readAnew(t, event) })
	}
}

func readAnew(t *testing.T, event string) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	what, data, _ := strings.Cut(strings.ReplaceAll(event, "GUILD\"", s.guild.String()+"\""), " ")
	s.disc.DispatchRaw(what, []byte(data))
	s.until("the guild was read", func() bool {
		for _, r := range s.disc.Requests() {
			if r.Method == http.MethodGet && r.Path == "/guilds/"+s.guild.String() {
				return true
			}
		}
		return false
	})
	s.until("it may speak again", func() bool {
		_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "here"})
		return err == nil
	})
}

func TestDropsAreTakenUp(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Drop()
	must(s.disc.Say(s.mia, s.general, "while it was away"))(t)
	s.until("it hears what it missed", func() bool { return texts(s.wait(ada, "", 0).Messages) == "mia: while it was away" })
	if counts := s.relay.Status(); counts.Resumes != 1 || counts.Identifies != 1 {
		t.Errorf("%d resumes, %d identifies", counts.Resumes, counts.Identifies)
	}
}

func TestUnknownThreadsAreLookedUp(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	old := must(s.disc.AddThread(sandbox.Channel{ParentID: s.general, Name: "old", OwnerID: s.mia}, ""))(t)
	must(s.disc.Say(s.mia, old, "long ago"))(t)
	if err := s.disc.ChangeChannel(old, func(c *sandbox.Channel) { c.Archived = true }); err != nil {
		t.Fatal(err)
	}
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	id, err := s.relay.Resolve(t.Context(), ada, old.String())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: id, Limit: 5})
	if err != nil || texts(got) != "mia: long ago" {
		t.Errorf("%s, %v", texts(got), err)
	}
	asked := len(s.disc.Requests())
	for range 50 {
		if _, err := s.relay.Resolve(t.Context(), ada, "123456789012345678"); err != nil {
			t.Fatal(err)
		}
	}
	if now := len(s.disc.Requests()); now-asked > 1 {
		t.Errorf("a wrong id was asked for %d times", now-asked)
	}
}

func TestTokenRefused(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play(func(c *relay.Config) { c.Token = strings.Replace(c.Token, ".", ".x", 1) })
	s.until("it says who can mend it", func() bool { return strings.Contains(s.relay.Status().Remedy, "Developer Portal") })
	if n := len(s.disc.Requests()); n > 2 {
		t.Errorf("a refused token was used %d times", n)
	}
}

func TestOperatorAdmitsByBeingAdmin(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.disc.SetOwner(s.olivia)
	stranger := s.disc.AddUser(sandbox.User{Username: "stranger"})
	other := must(s.disc.AddGuild("Elsewhere", stranger))(t)
	must(s.disc.AddBot(other, botRights))(t)
	s.play(func(c *relay.Config) {
		reg, err := entities.Open(t.Context(), entities.Config{Database: "sqlite:" + t.TempDir() + "/ask.db", World: entities.NewWorld(), Log: c.Log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := reg.Close(); err != nil {
				t.Error(err)
			}
		})
		c.Registry = reg
		s.ask = reg
	})
	dormant := func(guild sandbox.ID) bool {
		return must(s.ask.Dormant(t.Context(), entities.System("test"), snowflake.ID(guild)))(t)
	}
	s.until("the operator's server is admitted", func() bool { return !dormant(s.guild) })
	s.until("the other server was looked at", func() bool { return strings.Contains(s.log.String(), "waits to be admitted") })
	if !dormant(other) {
		t.Error("a stranger's server is served")
	}
}
