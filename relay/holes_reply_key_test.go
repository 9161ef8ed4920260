package relay_test

import (
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// A line with a key stands, and the message that it answers is deleted. The same call again is
// told that the line stands: the key is looked up before the answered message is read.
func TestKeyWhenTheAnsweredMessageIsGone(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	asked := must(s.disc.Say(s.mia, s.general, "question"))(t)
	line := relay.Line{Channel: snowflake.ID(s.general), Content: "answer", Reply: snowflake.ID(asked.ID), Key: "k"}
	if sent, err := s.relay.Say(t.Context(), ada, line); err != nil || sent.Status != relay.StatusSent {
		t.Fatalf("%+v, %v", sent, err)
	}
	if err := s.disc.DeleteMessages(s.mia, s.general, asked.ID); err != nil {
		t.Fatal(err)
	}
	s.relay.ForgetTexts()
	if again, err := s.relay.Say(t.Context(), ada, line); err != nil || again.Status != relay.StatusSent {
		t.Errorf("the line stands (%s), and the same call is told: %+v, %v", s.contents(s.general), again, err)
	}
}
