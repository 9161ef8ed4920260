package mcp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What an answer answers is said as far as it is shown, and what was published elsewhere is no
// answer.
func TestWhatIsAnswered(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general))
	raw := func(fields string) {
		m, err := s.discord.Say(s.sam, s.quiet, "carries the id")
		must(t, err)
		s.discord.DispatchRaw("MESSAGE_CREATE", fmt.Appendf(nil, `{"id":"%s","channel_id":"%s","guild_id":"%s","author":{"id":"%s","username":"sam","discriminator":"0"},"timestamp":%q,%s}`,
			m.ID, s.general, s.guild, s.sam, time.Now().UTC().Format(time.RFC3339), fields))
	}
	here := `"message_reference":{"type":0,"message_id":"123456789012345678","channel_id":"` + s.general.String() + `"}`
	quoted := `"referenced_message":{"id":"123456789012345678","channel_id":"` + s.general.String() + `","type":0,"author":{"id":"` + s.owner.String() + `","username":"olga","discriminator":"0"},"timestamp":"2026-01-01T00:00:00Z","content":`
	raw(`"type":19,"content":"to what is gone","referenced_message":null,` + here)
	raw(`"type":19,"content":"to a picture",` + quoted + `""},` + here)
	raw(`"type":19,"content":"to words",` + quoted + `"well"},` + here)
	raw(`"type":0,"flags":2,"content":"published","message_reference":{"type":0,"message_id":"223456789012345678","channel_id":"323456789012345678","guild_id":"423456789012345678"}`)
	words := news(t, ada, args{"scope": "all"}, "published")
	holds(t, "answers", words, "(re 123456789012345678): to what is gone\n  + re a message that is gone or not shown\n", ": to a picture\n  + re olga, who wrote no text\n",
		": to words\n  + re olga: well\n", " sam: published\n  + announcement: published in another server's channel, which this one follows")
	if strings.Contains(words, "223456789012345678") {
		t.Errorf("what was published elsewhere is an answer:\n%s", words)
	}
}
