package relay_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// A card tells what members may know, and nothing that is the owner's own.
func TestIntroduce(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", face(t), s.general, s.forum)
	owner, description := s.admin(), "Counts **everything** for <@"+s.mia.String()+"> and @everyone."
	must(s.reg.Edit(t.Context(), owner, made.Entity.ID, entities.Changes{Description: &description}))(t)
	must(s.reg.EditHere(t.Context(), owner, made.Entity.ID, entities.Adornment{Words: &[]string{"countess"}}))(t)
	done(t, s.reg.SetRules(t.Context(), owner, made.Entity.ID, func(persona *string, _ *entities.Rules) error {
		*persona = "canary-persona"
		return nil
	}))
	introduce := func(channel sandbox.ID) (relay.Sent, error) {
		return s.relay.Introduce(t.Context(), ada, snowflake.ID(channel))
	}
	if _, err := introduce(s.general); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("without the right: %v", err)
	}
	s.able(made.Entity.ID, entities.CanIntroduce)
	if _, err := introduce(s.lab); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := introduce(s.forum); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("a forum: %v", err)
	}
	sent := must(introduce(s.general))(t)
	m := s.disc.Messages(s.general)[0]
	raw := must(json.Marshal(m.Embeds))(t)
	if sent.Status != relay.StatusSent || m.Author.Username != "Ada" || m.Author.Avatar == nil || m.Content != "" || len(m.Embeds) != 1 || len(m.Mentions) != 0 || m.MentionEveryone {
		t.Errorf("%+v; %+v", sent, m)
	}
	card := m.Embeds[0]
	if card.Title != "Ada" || !strings.HasPrefix(card.Description, `Counts \*\*everything\*\* for \<`) || len(card.Fields) != 3 {
		t.Errorf("%s", raw)
	}
	if pings := s.disc.Pings(); len(pings) != 0 {
		t.Errorf("it pings %+v", pings)
	}
	for _, want := range []string{"An AI identity", "<@" + s.olivia.String() + ">", "Ada, countess"} {
		if !strings.Contains(m.Embeds[0].Fields[0].Value+"\n"+m.Embeds[0].Fields[1].Value+"\n"+m.Embeds[0].Fields[2].Value, want) {
			t.Errorf("%q is not in %s", want, raw)
		}
	}
	for _, secret := range []string{"canary-persona", made.Key, string(made.Entity.ID)} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q is in %s", secret, raw)
		}
	}
	s.hide(s.olivia)
	must(introduce(s.general))(t)
	if raw := must(json.Marshal(s.disc.Messages(s.general)[1].Embeds))(t); strings.Contains(string(raw), s.olivia.String()) {
		t.Errorf("the owner hides: %s", raw)
	}
	must(s.reg.SetServerRules(t.Context(), owner, func(rules *entities.Rules) error {
		rules.Words = []string{"everything"}
		return nil
	}))(t)
	if _, err := introduce(s.general); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("a blocked word on the card: %v", err)
	}
}
