package relay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func wants(t *testing.T, err error, reason entities.Reason, text string) {
	t.Helper()
	if !entities.IsRefusal(err, reason) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want a refusal with %q", err, text)
	}
}

func done(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) edit(actor entities.Actor, channel sandbox.ID, message snowflake.ID, content string) error {
	_, err := s.relay.Edit(s.t.Context(), actor, snowflake.ID(channel), message, content)
	return err
}

func (s *stage) retract(actor entities.Actor, channel sandbox.ID, message snowflake.ID) error {
	return s.relay.Retract(s.t.Context(), actor, snowflake.ID(channel), message)
}

// post opens a post in the forum and waits until it is known.
func (s *stage) post(actor entities.Actor, content string) relay.Sent {
	s.t.Helper()
	post, err := s.relay.Say(s.t.Context(), actor, relay.Line{Channel: snowflake.ID(s.forum), Content: content, ThreadName: "A tale"})
	done(s.t, err)
	s.until("the post is known", func() bool { _, ok := s.reg.World().Channel(post.ChannelID); return ok })
	return post
}

func TestEditAndDeleteOwnLines(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	post := s.post(ada, "Once upon a time")
	for name, test := range map[string]struct {
		channel sandbox.ID
		message snowflake.ID
	}{
		"in a channel":                     {s.general, s.say(ada, s.general, "one").MessageIDs[0]},
		"in a thread":                      {s.thread, s.say(ada, s.thread, "one").MessageIDs[0]},
		"what a post begins with":          {sandbox.ID(post.ChannelID), post.MessageIDs[0]},
		"what comes after it in the post":  {sandbox.ID(post.ChannelID), s.say(ada, sandbox.ID(post.ChannelID), "one").MessageIDs[0]},
		"in a channel where threads are":   {s.general, s.say(ada, s.general, "three").MessageIDs[0]},
		"in a thread, a line among others": {s.thread, s.say(ada, s.thread, "two").MessageIDs[0]},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := s.relay.Edit(t.Context(), ada, snowflake.ID(test.channel), test.message, " changed ")
			if err != nil || sent.MessageIDs[0] != test.message || !strings.HasSuffix(sent.Link, test.message.String()) {
				t.Fatalf("%+v, %v", sent, err)
			}
			if m := s.message(test.channel, test.message); m.Content != "changed" || m.EditedTimestamp == nil {
				t.Errorf("on Discord stands %+v", m)
			}
			done(t, s.retract(ada, test.channel, test.message))
			if m := s.message(test.channel, test.message); m.ID != 0 {
				t.Errorf("on Discord stands %+v", m)
			}
			done(t, s.retract(ada, test.channel, test.message))
			wants(t, s.edit(ada, test.channel, test.message, "again"), entities.NotFound, "gone")
		})
	}
	if n := s.webhooks(); n != 2 {
		t.Errorf("%d webhooks were made", n)
	}
}

// message is a message on Discord; the zero message when it is not there.
func (s *stage) message(channel sandbox.ID, id snowflake.ID) sandbox.Message {
	for _, m := range s.disc.Messages(channel) {
		if snowflake.ID(m.ID) == id {
			return m
		}
	}
	return sandbox.Message{}
}

// What is not an entity's own, it can neither edit nor delete, by whatever it names it; and
// what does not exist is refused in the same words.
func TestLinesOfOthersStayAsTheyAre(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	_, bob := s.entity("Bob", nil, s.general, s.forum)
	_, far := s.entity("Far", nil, s.lab)
	person := must(s.disc.Say(s.mia, s.general, "by a person"))(t)
	post := s.post(ada, "Once upon a time")
	inGeneral, inThread := s.say(ada, s.general, "mine").MessageIDs[0], s.say(ada, s.thread, "mine").MessageIDs[0]
	_, absent := s.relay.Edit(t.Context(), bob, snowflake.ID(s.general), 123456789012345678, "x")
	for name, test := range map[string]struct {
		actor   entities.Actor
		channel sandbox.ID
		message snowflake.ID
	}{
		"another's line":                      {bob, s.general, inGeneral},
		"another's line in a thread":          {bob, s.thread, inThread},
		"another's post":                      {bob, sandbox.ID(post.ChannelID), post.MessageIDs[0]},
		"a person's message":                  {bob, s.general, snowflake.ID(person.ID)},
		"an own line, by another channel":     {ada, s.general, inThread},
		"an own line, by a thread":            {ada, s.thread, inGeneral},
		"an own post, by another channel":     {ada, s.general, post.MessageIDs[0]},
		"a line, from where it stands not":    {bob, s.thread, inGeneral},
		"a line, from where nothing is known": {far, s.lab, inGeneral},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{s.edit(test.actor, test.channel, test.message, "mine now"), s.retract(test.actor, test.channel, test.message)} {
				if err == nil || err.Error() != absent.Error() {
					t.Errorf("got %v, and of a message that does not exist %v", err, absent)
				}
			}
		})
	}
	for _, err := range []error{s.edit(far, s.general, inGeneral, "mine now"), s.retract(far, s.general, inGeneral)} {
		wants(t, err, entities.NotFound, "no such channel")
	}
	if got := s.contents(s.general); got != "mia: by a person | Ada: mine" || s.contents(s.thread) != "Ada: mine" {
		t.Errorf("on Discord stands: %s", got)
	}
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodPatch || r.Method == http.MethodDelete {
			t.Errorf("Discord was asked: %s %s", r.Method, r.Path)
		}
	}
}

// An edit pings whom its text names and nobody else, whatever the bot could do.
func TestAnEditPingsNobodyElse(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	role := must(s.disc.AddRole(s.guild, sandbox.Role{Name: "friends", Mentionable: true}))(t)
	id := s.say(ada, s.general, "hello <@"+s.olivia.String()+">").MessageIDs[0]
	done(t, s.edit(ada, s.general, id, "@everyone @here <@&"+role.String()+"> <@"+s.mia.String()+">"))
	m := s.message(s.general, id)
	if m.MentionEveryone || len(m.MentionRoles) != 0 || len(m.Mentions) != 1 || m.Mentions[0].ID != s.mia {
		t.Errorf("it pings everyone: %v, roles: %v, people: %+v", m.MentionEveryone, m.MentionRoles, m.Mentions)
	}
	done(t, s.edit(ada, s.general, id, "nobody"))
	if m := s.message(s.general, id); len(m.Mentions) != 0 {
		t.Errorf("it pings %+v", m.Mentions)
	}
}

func TestRefusedEdits(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	id := s.say(ada, s.general, "as it was").MessageIDs[0]
	wants(t, s.edit(ada, s.general, id, " \n"), entities.Invalid, "empty")
	wants(t, s.edit(ada, s.general, id, strings.Repeat("é", 2001)), entities.Invalid, "2001 characters")
	done(t, s.reg.SetChannels(t.Context(), s.admin(), ada.EntityID(), func([]entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(s.general), Permissions: ^0}, Access: entities.Read}}, nil
	}))
	wants(t, s.edit(ada, s.general, id, "changed"), entities.NotAllowed, "not speak there")
	if got := s.contents(s.general); got != "Ada: as it was" {
		t.Error(got)
	}
	done(t, s.retract(ada, s.general, id)) // what it said can be taken back all the same
	if got := s.contents(s.general); got != "" {
		t.Error(got)
	}
}

// Discord changes a webhook's messages only for that webhook.
func TestLinesOfALostWebhook(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	lost, second := s.say(ada, s.general, "one").MessageIDs[0], s.say(ada, s.general, "two").MessageIDs[0]
	gone := s.say(ada, s.general, "three").MessageIDs[0]
	s.deleteWebhook(s.disc.Messages(s.general)[0].WebhookID)
	wants(t, s.edit(ada, s.general, lost, "changed"), entities.Conflict, "webhook that is gone")
	s.say(ada, s.general, "four") // with another webhook
	wants(t, s.edit(ada, s.general, lost, "changed"), entities.Conflict, "webhook that is gone")
	wants(t, s.retract(ada, s.general, lost), entities.NotAllowed, "Manage Messages")
	done(t, s.disc.DeleteMessages(s.olivia, s.general, sandbox.ID(gone)))
	done(t, s.retract(ada, s.general, gone))
	wants(t, s.edit(ada, s.general, gone, "changed"), entities.NotFound, "gone")
	done(t, s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: s.botID, Type: 1, Allow: sandbox.ManageMessages})
	}))
	done(t, s.retract(ada, s.general, lost))
	// Not even the webhooks are the bot's to see any more.
	done(t, s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: s.botID, Type: 1, Allow: sandbox.ManageMessages, Deny: sandbox.ManageWebhooks})
	}))
	done(t, s.retract(ada, s.general, second))
	if got := s.contents(s.general); got != "Ada: four" {
		t.Error(got)
	}
}

// A token that Discord does not take any more is read again.
func TestAnEditFindsTheWebhookAgain(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	id := s.say(ada, s.general, "one").MessageIDs[0]
	s.relay.SpoilTokens()
	done(t, s.edit(ada, s.general, id, "two"))
	s.relay.SpoilTokens()
	done(t, s.retract(ada, s.general, id))
	if got := s.contents(s.general); got != "" {
		t.Error(got)
	}
}

// A right that is taken while a change waits for its turn at Discord is not there any more.
func TestRightsAreAskedForRightBeforeAChange(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	id := s.say(ada, s.general, "as it was").MessageIDs[0]
	s.disc.Fault(sandbox.On(http.MethodPatch, "/messages/"+id.String()), 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 0.5})
	ended := make(chan error, 1)
	go func() { ended <- s.edit(ada, s.general, id, "changed") }()
	s.until("Discord has asked it to wait", func() bool {
		for _, r := range s.disc.Requests() {
			if r.Method == http.MethodPatch {
				return true
			}
		}
		return false
	})
	_, err := s.reg.Suspend(t.Context(), s.admin(), made.Entity.ID, time.Hour)
	done(t, err)
	wants(t, <-ended, entities.NotFound, "no such channel")
	if got := s.contents(s.general); got != "Ada: as it was" {
		t.Error(got)
	}
}

// People who may delete what an entity said: its owner, admins and moderators.
func TestPeopleDeleteLines(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	person := must(s.disc.Say(s.mia, s.general, "by a person"))(t)
	id, inThread := s.say(ada, s.general, "one").MessageIDs[0], s.say(ada, s.thread, "two").MessageIDs[0]
	member := entities.Member(snowflake.ID(s.mia), snowflake.ID(s.guild), 0)
	wants(t, s.relay.DeleteLine(t.Context(), member, snowflake.ID(s.general), id), entities.NotAllowed, "admins and moderators")
	wants(t, s.relay.DeleteLine(t.Context(), s.admin(), snowflake.ID(s.general), snowflake.ID(person.ID)), entities.NotFound, "No entity")
	wants(t, s.relay.DeleteLine(t.Context(), s.admin(), snowflake.ID(s.lab), id), entities.NotFound, "No entity")
	done(t, s.relay.DeleteLine(t.Context(), s.admin(), snowflake.ID(s.general), id))
	done(t, s.relay.DeleteLine(t.Context(), s.admin(), snowflake.ID(s.general), id))
	done(t, s.relay.DeleteLine(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0), snowflake.ID(s.thread), inThread))
	if got := s.contents(s.general); got != "mia: by a person" || s.contents(s.thread) != "" {
		t.Errorf("on Discord stands %s | %s", got, s.contents(s.thread))
	}
}
