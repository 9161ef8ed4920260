package relay_test

import (
	"maps"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Which entity said what is looked up once, also of what is answered; what the registry does not
// know yet is looked up again.
func TestSpeakersOf(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	said := map[entities.ID]snowflake.ID{ada.EntityID(): s.say(ada, s.general, "hi").MessageIDs[0], bob.EntityID(): s.say(bob, s.general, "hello").MessageIDs[0]}
	hook := snowflake.ID(s.disc.Messages(s.general)[0].Author.ID)
	line := func(id snowflake.ID) discord.Message {
		return discord.Message{ID: id, WebhookID: &hook, Author: discord.User{ID: hook}}
	}
	answered, theirs := line(said[bob.EntityID()]), snowflake.ID(4711)
	ask := func(messages ...discord.Message) map[snowflake.ID]entities.ID {
		t.Helper()
		return must(s.relay.SpeakersOf(t.Context(), ada, messages...))(t)
	}
	for name, test := range map[string]struct {
		asked discord.Message
		want  map[snowflake.ID]entities.ID
	}{
		"a line":                {line(said[ada.EntityID()]), map[snowflake.ID]entities.ID{said[ada.EntityID()]: ada.EntityID()}},
		"an answer to a line":   {discord.Message{ID: 5, ReferencedMessage: &answered}, map[snowflake.ID]entities.ID{answered.ID: bob.EntityID()}},
		"a person":              {discord.Message{ID: said[ada.EntityID()], Author: discord.User{ID: snowflake.ID(s.mia)}}, nil},
		"another's webhook":     {discord.Message{ID: said[ada.EntityID()], WebhookID: &theirs, Author: discord.User{ID: theirs}}, nil},
		"what is not known yet": {line(12345), nil},
	} {
		for range 2 {
			if got := ask(test.asked); !maps.Equal(got, test.want) {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
	if n := s.relay.KnownSpeakers(0); n != 2 {
		t.Errorf("%d are remembered", n)
	}
	// Since it is known who said it, nobody is asked: not even an actor who may not ask.
	if got, err := s.relay.SpeakersOf(t.Context(), entities.Actor{}, answered); err != nil || got[answered.ID] != bob.EntityID() {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := s.relay.SpeakersOf(t.Context(), entities.Actor{}, line(12345)); err == nil {
		t.Error("the registry was not asked")
	}
	if n := s.relay.KnownSpeakers(relay.MostSpoken); n < relay.MostSpoken {
		t.Errorf("%d are remembered", n)
	}
	last := s.say(ada, s.general, "and now?").MessageIDs[0]
	if got := ask(line(last)); got[last] != ada.EntityID() || s.relay.KnownSpeakers(0) != 1 {
		t.Errorf("%v; %d are remembered", got, s.relay.KnownSpeakers(0))
	}
}
