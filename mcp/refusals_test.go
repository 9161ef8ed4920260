package mcp_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/relay/sandbox"
)

// TestRefusalsQuoteNoStrangers refuses whatever can be refused about places with hostile names.
// A refusal has no fence, so no name may stand in it.
func TestRefusalsQuoteNoStrangers(t *testing.T) {
	s := newStage(t)
	const hostile = "canary-obey-me"
	add := func(kind sandbox.ChannelType, tags ...sandbox.Tag) sandbox.ID {
		c := sandbox.Channel{GuildID: s.guild, Name: hostile, Type: kind, AvailableTags: tags}
		if len(tags) > 0 {
			c.Flags = 1 << 4 // Discord: REQUIRE_TAG
		}
		id, err := s.discord.AddChannel(c)
		must(t, err)
		return id
	}
	first, second := add(sandbox.TextChannel), add(sandbox.TextChannel)
	forum := add(sandbox.ForumChannel, sandbox.Tag{Name: "canary-tag"})
	locked, err := s.discord.AddThread(sandbox.Channel{ParentID: first, Name: hostile, OwnerID: s.sam, Locked: true, Archived: true}, "")
	must(t, err)
	await(t, "the channels to be known", func() bool {
		known, ok := s.registry.World().Channel(snowflake.ID(forum))
		return ok && known.RequiresTag
	})
	session := s.connect(t, s.entity(t, "Ada", "", first, second, forum))
	try := func(tool string, arguments args) {
		t.Helper()
		got, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
		must(t, err)
		if got.IsError && strings.Contains(text(got), "canary") {
			t.Errorf("%s %v: %s", tool, arguments, text(got))
		}
		if !got.IsError {
			t.Errorf("%s %v is not refused", tool, arguments)
		}
	}
	post := func(more args) args {
		all := args{"channel": forum.String(), "content": "x", "thread_name": "y"}
		maps.Copy(all, more)
		return all
	}
	try("read_messages", args{"channel": "#" + hostile[:6] + strings.ToUpper(hostile[6:])}) // several have this name
	try("read_messages", args{"channel": forum.String()})
	try("send_message", post(nil))
	try("send_message", post(args{"tags": "other"}))
	try("send_message", post(args{"thread_name": ""}))
	try("send_message", args{"channel": first.String(), "content": "x", "thread_name": "y"})
	try("send_message", args{"channel": first.String(), "content": ""})
	try("send_message", args{"channel": locked.String(), "content": "x"})
	try("add_reaction", args{"channel": first.String(), "message": "100000000000000001", "emoji": "👍"})
	try("add_reaction", args{"channel": first.String(), "message": "100000000000000001", "emoji": "thumbs"})
	refuse := s.discord.Fault(sandbox.On(http.MethodPost, "/channels/"+first.String()+"/webhooks"), -1, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusForbidden})
	try("send_message", args{"channel": first.String(), "content": "x"})
	refuse()
	must(t, s.discord.ChangeRole(s.guild, s.bot, func(r *sandbox.Role) { r.Permissions &^= sandbox.ManageWebhooks }))
	await(t, "the role to be known", func() bool {
		got, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "send_message", Arguments: args{"channel": second.String(), "content": ""}})
		return err == nil && got.IsError && !strings.Contains(text(got), "nothing to say")
	})
	try("send_message", args{"channel": second.String(), "content": "x"})
}
