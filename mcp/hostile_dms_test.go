package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// writesTo has a person choose an entity on the server, and gives the channel of their direct
// messages.
func (s *stage) writesTo(t *testing.T, user sandbox.ID, id entities.ID) sandbox.ID {
	t.Helper()
	_, err := s.relay.Talk(t.Context(), entities.Member(snowflake.ID(user), snowflake.ID(s.guild), 0), id)
	must(t, err)
	return s.discord.DM(user)
}

// TestHostileDMs puts every hostile text into direct messages and into names of who writes them, and
// asks for them in every way. Another entity, to which the same people could have written, is given
// none of it.
func TestHostileDMs(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := newStage(t)
	texts := hostileTexts()
	ada, bob := s.entity(t, "Ada", "", s.general), s.entity(t, "Bob", "", s.general)
	s.able(t, ada.Entity.ID, entities.Capabilities()...)
	s.able(t, bob.Entity.ID, entities.Capabilities()...)
	session, other := s.connect(t, ada), s.connect(t, bob)
	channel := s.writesTo(t, s.sam, ada.Entity.ID)
	var said []sandbox.ID
	for i, evil := range texts {
		options := []sandbox.SayOption{sandbox.WithFile(evil, "text/"+canary, []byte("x"))}
		if i%2 == 1 {
			options = append(options, sandbox.ReplyTo(said[len(said)-1]))
		}
		m, err := s.discord.Say(s.sam, channel, evil, options...)
		must(t, err)
		said = append(said, m.ID)
	}
	s.hostileNames(t, texts, ada.Entity.ID)

	heard, cursor := 0, ""
	for heard < len(texts) {
		result := quoting(t, session, "wait_for_messages", args{"timeout_s": 10, "scope": "dm", "cursor": cursor})
		ids := marked(t, "wait_for_messages", result)
		if len(ids) == 0 {
			break
		}
		heard += len(ids)
		shown, ok := result.Meta["troupe/result"].(map[string]any)
		if !ok {
			t.Fatalf("there is no JSON in %v", result.Meta)
		}
		cursor, _ = shown["next_cursor"].(string)
	}
	if heard < len(texts) {
		t.Errorf("%d of %d were heard", heard, len(texts))
	}
	quoting(t, session, "check_inbox", nil)
	seen := 0
	for before := ""; ; {
		result := quoting(t, session, "read_dms", args{"user": s.sam.String(), "limit": 100, "before": before})
		ids := marked(t, "read_dms", result)
		if seen += len(ids); len(ids) < 100 {
			break
		}
		before = ids[0]
	}
	if seen != len(texts) {
		t.Errorf("%d of %d messages were read", seen, len(texts))
	}
	contained(t, "read_dms", call(t, session, "read_dms", nil))

	id := said[len(said)/2].String()
	for _, one := range []struct {
		tool string
		args args
	}{
		{"check_inbox", nil},
		{"check_inbox", args{"scope": "dm"}},
		{"check_inbox", args{"scope": "all"}},
		{"check_inbox", args{"channel": channel.String()}},
		{"wait_for_messages", args{"timeout_s": 1, "scope": "dm"}},
		{"wait_for_messages", args{"timeout_s": 1, "channel": channel.String()}},
		{"read_dms", nil},
		{"read_dms", args{"user": s.sam.String()}},
		{"read_dms", args{"user": "@sam"}},
		{"read_messages", args{"channel": channel.String()}},
		{"get_message", args{"channel": channel.String(), "message": id}},
		{"get_message", args{"message": "https://discord.com/channels/@me/" + channel.String() + "/" + id}},
		{"search_messages", args{"query": canary}},
		{"search_messages", args{"query": canary, "channel": channel.String()}},
		{"catch_up", args{"channel": channel.String()}},
		{"send_message", args{"channel": channel.String(), "content": "x"}},
		{"send_message", args{"channel": s.general.String(), "content": "x", "reply_to": id}},
		{"send_dm", args{"user": s.sam.String(), "content": "x"}},
		{"edit_message", args{"channel": channel.String(), "message": id, "content": "x"}},
		{"delete_message", args{"channel": channel.String(), "message": id}},
		{"add_reaction", args{"channel": channel.String(), "message": id, "emoji": "👍"}},
	} {
		result, err := other.CallTool(t.Context(), &sdk.CallToolParams{Name: one.tool, Arguments: one.args})
		must(t, err)
		if out := text(result) + string(marshal(t, result.Meta)) + string(marshal(t, result.StructuredContent)); strings.Contains(out, canary) {
			t.Errorf("%s %v gives Bob what was Ada's: %s", one.tool, one.args, out)
		}
	}
	if n := len(s.discord.Messages(channel)); n != len(texts)+s.botLines(channel) {
		t.Errorf("%d messages stand", n)
	}
}

// botLines counts what the bot wrote itself in a channel.
func (s *stage) botLines(channel sandbox.ID) (n int) {
	for _, m := range s.discord.Messages(channel) {
		if m.Author.ID == s.discord.BotID() {
			n++
		}
	}
	return n
}

// hostileNames has people with hostile names write to an entity.
func (s *stage) hostileNames(t *testing.T, texts []string, id entities.ID) {
	t.Helper()
	for i := 0; i < len(texts); i += 40 {
		fan := s.discord.AddUser(sandbox.User{Username: "fan" + texts[i][len(texts[i])-1:], GlobalName: &texts[i]})
		must(t, s.discord.AddMember(s.guild, fan))
		_, err := s.discord.Say(fan, s.writesTo(t, fan, id), texts[i])
		must(t, err)
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return raw
}
