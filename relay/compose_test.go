package relay_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// parts are the texts that stand in a channel.
func (s *stage) parts(channel sandbox.ID) []string {
	var parts []string
	for _, m := range s.disc.Messages(channel) {
		parts = append(parts, m.Content)
	}
	return parts
}

// A long text becomes messages in order, of which nothing is lost, and is one line for all that
// counts lines.
func TestALongTextBecomesParts(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	done(t, s.reg.SetLimits(t.Context(), s.admin(), made.Entity.ID, func(entities.Limits) (entities.Limits, error) {
		return entities.Limits{Minute: 1}, nil
	}))
	var words []string
	for i := 0; utf8.RuneCountInString(strings.Join(words, " ")) < relay.MaxLine-20; i++ {
		words = append(words, fmt.Sprintf("wörd%d", i))
	}
	sent := s.say(ada, s.general, strings.Join(words, " "))
	parts := s.parts(s.general)
	if sent.Status != relay.StatusSent || sent.Parts != len(parts) || len(parts) < 4 || len(sent.MessageIDs) != len(parts) {
		t.Fatalf("%+v; %d messages stand", sent, len(parts))
	}
	for i, m := range s.disc.Messages(s.general) {
		if n := utf8.RuneCountInString(m.Content); n > relay.MaxContent {
			t.Errorf("message %d has %d characters", i, n)
		}
		if sent.MessageIDs[i] != snowflake.ID(m.ID) {
			t.Errorf("message %d is %s, and %s was told", i, m.ID, sent.MessageIDs[i])
		}
	}
	if !slices.Equal(strings.Fields(strings.Join(parts, " ")), words) {
		t.Error("something of the text is lost or moved")
	}
	if !strings.HasSuffix(sent.Link, "/"+sent.MessageIDs[0].String()) {
		t.Errorf("the link leads to %s", sent.Link)
	}
	if _, err := s.relay.Say(t.Context(), ada, s.line("one more", "")); !entities.IsRefusal(err, entities.Unavailable) {
		t.Errorf("the second line of the minute: %v", err)
	}
}

// Code that does not fit into one message is code in the next one as well.
func TestAFenceIsReopened(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	var code strings.Builder
	for i := range 200 {
		fmt.Fprintf(&code, "line %03d of the program\n", i)
	}
	s.say(ada, s.general, "Look:\n```go\n"+code.String()+"```\nDone.")
	parts := s.parts(s.general)
	if len(parts) < 3 {
		t.Fatalf("%d messages stand", len(parts))
	}
	for i, part := range parts {
		if strings.Count(part, "```")%2 != 0 {
			t.Errorf("message %d has a fence that is open", i)
		}
		if i > 0 && !strings.HasPrefix(part, "```go\n") {
			t.Errorf("message %d begins with %q", i, part[:min(len(part), 20)])
		}
	}
	all := strings.Join(parts, "\n")
	for i := range 200 {
		if strings.Count(all, fmt.Sprintf("line %03d of the program", i)) != 1 {
			t.Errorf("line %d does not stand there once", i)
		}
	}
	if !strings.HasSuffix(all, "\nDone.") {
		t.Errorf("it ends with %q", all[len(all)-20:])
	}
}

// Whether a line rings is said on each of its messages.
func TestSilentLines(t *testing.T) {
	t.Parallel()
	const suppressEmbeds, suppressNotifications = 1 << 2, 1 << 12
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	loud := strings.Repeat("word ", 500) + "<@" + s.mia.String() + ">"
	if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: loud, Silent: true, SuppressLinks: true}); err != nil {
		t.Fatal(err)
	}
	for i, m := range s.disc.Messages(s.general) {
		if m.Flags&suppressEmbeds == 0 || m.Flags&suppressNotifications == 0 {
			t.Errorf("message %d has the flags %b", i, m.Flags)
		}
	}
	if pings := s.disc.Pings(); len(pings) != 1 || !pings[0].Silent || !slices.Equal(pings[0].Users, []sandbox.ID{s.mia}) {
		t.Errorf("it pings %+v", pings)
	}
	s.say(ada, s.general, "plain")
	all := s.disc.Messages(s.general)
	if m := all[len(all)-1]; m.Flags != 0 {
		t.Errorf("a plain line has the flags %b", m.Flags)
	}
}

func TestEmbeds(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	say := func(content string, embeds ...discord.Embed) error {
		_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: content, Embeds: embeds})
		return err
	}
	long := discord.Embed{Description: strings.Repeat("x", 3001)}
	for name, test := range map[string]struct {
		embeds []discord.Embed
		field  string
	}{
		"too many":      {slices.Repeat([]discord.Embed{{Title: "x"}}, 11), "embeds has 11"},
		"6,000 in all":  {[]discord.Embed{long, long}, "6000"},
		"a long title":  {[]discord.Embed{{Title: strings.Repeat("x", 257)}}, "embeds[0].title"},
		"a long value":  {[]discord.Embed{{Title: "x"}, {Fields: []discord.EmbedField{{Name: "a", Value: strings.Repeat("x", 1025)}}}}, "embeds[1].fields[0].value"},
		"nothing in it": {[]discord.Embed{{}}, "embeds[0]"},
		"no address":    {[]discord.Embed{{Title: "x", URL: "javascript:alert(1)"}}, "embeds[0].url"},
	} {
		if err := say("text", test.embeds...); !entities.IsRefusal(err, entities.Invalid) || !strings.Contains(err.Error(), test.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.disc.Messages(s.general)); n != 0 {
		t.Fatalf("%d messages stand", n)
	}
	done(t, say("", discord.Embed{Title: "Only a box"}))
	done(t, say(strings.Repeat("word ", 500), discord.Embed{Title: "Below"}))
	all := s.disc.Messages(s.general)
	if len(all) != 3 {
		t.Fatalf("%d messages stand", len(all))
	}
	if m := all[0]; m.Content != "" || len(m.Embeds) != 1 || m.Embeds[0].Title != "Only a box" {
		t.Errorf("a box without text is %+v", m)
	}
	if len(all[1].Embeds) != 0 || len(all[2].Embeds) != 1 || all[2].Embeds[0].Title != "Below" {
		t.Error("the box stands not under the end of the text")
	}
	done(t, say("", discord.Embed{Description: strings.Repeat("x", 3000)}, discord.Embed{Description: strings.Repeat("x", 3000)}))
}

// A line whose channel is closed in the middle of it says what stands, and why the rest does not.
func TestPartialLine(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) { // the first message is on its way
			if err := s.reg.SetChannels(t.Context(), s.admin(), made.Entity.ID, func([]entities.Room) ([]entities.ChosenRule, error) { return nil, nil }); err != nil {
				t.Error(err)
			}
		}
		return false
	}, 1, sandbox.Fault{})
	sent, err := s.relay.Say(t.Context(), ada, s.line(strings.Repeat("word ", 1000), "k"))
	if err != nil || sent.Status != relay.StatusPartial || sent.Parts != 3 || len(sent.MessageIDs) != 1 || sent.Why == "" {
		t.Fatalf("%+v, %v", sent, err)
	}
	if !strings.Contains(sent.Why, "channel") || !strings.HasSuffix(sent.Link, sent.MessageIDs[0].String()) {
		t.Errorf("it is told %+v", sent)
	}
	if n := len(s.disc.Messages(s.general)); n != 1 {
		t.Errorf("%d messages stand", n)
	}
}
