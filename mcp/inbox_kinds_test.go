package mcp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
	"troupe/relay/sandbox"

	"troupe/mcp"
)

// told is what is between the fences of an answer, by lines.
func told(words string) string {
	_, words, _ = strings.Cut(words, "\n<")
	_, words, _ = strings.Cut(words, "\n")
	words, _, _ = strings.Cut(words, "\n</")
	return words
}

// news waits until the inbox shows a word, marks what it shows as read and gives it.
func news(t *testing.T, who *sdk.ClientSession, arguments args, word string) string {
	t.Helper()
	var words, cursor string
	await(t, word+" to be heard", func() bool {
		result := call(t, who, "check_inbox", arguments)
		words, cursor = text(result), meta(t, result).Cursor
		return strings.Contains(words, word)
	})
	call(t, who, "ack_inbox", args{"cursor": cursor})
	return told(words)
}

func holds(t *testing.T, what, words string, want ...string) {
	t.Helper()
	for _, one := range want {
		if !strings.Contains(words, one) {
			t.Errorf("%s: no %q in:\n%s", what, one, words)
		}
	}
}

// What became of messages is shown as that.
func TestChangesInTheInbox(t *testing.T) {
	s := newStage(t)
	made := s.entity(t, "Ada", "", s.general, s.quiet)
	ada := s.connect(t, made)
	said, err := s.discord.Say(s.sam, s.general, "look at the moom")
	must(t, err)
	gone, err := s.discord.Say(s.sam, s.general, "never mind")
	must(t, err)
	all := args{"scope": "all"}
	news(t, ada, all, "never mind")
	must(t, s.discord.EditMessage(s.sam, s.general, said.ID, "look at the moon"))
	must(t, s.discord.DeleteMessages(s.sam, s.general, gone.ID))
	words := news(t, ada, all, "deleted")
	holds(t, "changes", words, said.ID.String()+" ", " (edited): look at the moon\n", "an edit: this is the text now", "deleted: message "+gone.ID.String()+" of ", ` by sam (human `+s.sam.String()+")")
	if strings.Contains(words, "never mind") {
		t.Errorf("what was deleted is shown: %s", words)
	}
	line := structured[sentResult](t, call(t, ada, "send_message", args{"channel": "quiet", "content": "good night, all of you"})).MessageIDs[0]
	id := sandbox.ID(snowflake.MustParse(line))
	for _, who := range []sandbox.ID{s.sam, s.owner} {
		must(t, s.discord.React(who, s.quiet, id, "👍"))
	}
	must(t, s.discord.React(s.sam, s.quiet, id, "🎉"))
	await(t, "both to be counted", func() bool {
		return strings.Contains(text(call(t, ada, "check_inbox", nil)), "3 reactions to lines of yours since ")
	})
	words = news(t, ada, all, "🎉")
	holds(t, "reactions", words, "reactions: 👍 ×2 by sam, olga; 🎉 ×1 by sam on your line "+line+": good night, all of you")
	if strings.Count(words, "reactions:") != 1 {
		t.Errorf("reactions to one line are one item:\n%s", words)
	}
}

// A gap, and what a person and the entity have between them, are told as such. Nobody else is told.
func TestGapsAndDirectMessagesInTheInbox(t *testing.T) {
	s := newStage(t)
	made := s.entity(t, "Ada", "", s.general)
	ada, bob := s.connect(t, made), s.connect(t, s.entity(t, "Bob", "", s.general))
	before, err := s.discord.Say(s.sam, s.general, "before")
	must(t, err)
	news(t, ada, args{"scope": "all"}, "before")
	channel := s.discord.DM(s.sam)
	asked, err := s.discord.Say(s.sam, channel, "are you there?")
	must(t, err)
	program := entities.System("ingest")
	now := time.Now().UTC()
	gap := entities.Event{Kind: entities.EventGap, GuildID: snowflake.ID(s.guild), ChannelID: snowflake.ID(s.general), MessageID: snowflake.ID(before.ID), UntilID: snowflake.New(now), At: now}
	private := entities.Event{Kind: entities.EventDM, ChannelID: snowflake.ID(channel), MessageID: snowflake.ID(asked.ID), AuthorID: snowflake.ID(s.sam), EntityID: made.Entity.ID, At: now}
	_, err = s.registry.Append(t.Context(), program, []entities.Heard{{Event: gap}, {Event: private, Person: true}})
	must(t, err)
	overview := text(call(t, ada, "check_inbox", nil))
	holds(t, "the overview", told(overview), "direct messages:\n", ": are you there?\n", ": a gap since ")
	words := news(t, ada, args{"scope": "all"}, "are you there?")
	holds(t, "all", words, "direct messages:\n", "gap: what was said from ", "read_messages with channel="+s.general.String()+" and after="+before.ID.String())
	must(t, s.discord.EditMessage(s.sam, channel, asked.ID, "is anybody there?"))
	holds(t, "an edit of a direct message", news(t, ada, nil, "is anybody there?"), "direct messages:\n", "(edited): is anybody there?\n")
	must(t, s.discord.DeleteMessages(s.sam, channel, asked.ID))
	holds(t, "its deletion", news(t, ada, nil, "deleted"), "direct messages:\n", "deleted: message "+asked.ID.String())
	if others := text(call(t, bob, "check_inbox", args{"scope": "all"})); strings.Contains(others, "there?") || strings.Contains(others, asked.ID.String()) {
		t.Errorf("Bob is told: %s", others)
	}
}

// Messages without text are shown as what they are, and Discord's marks as names.
func TestKindsOfMessagesInTheInbox(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general))
	_, err := s.discord.Say(s.sam, s.general, "", sandbox.WithFile("cat.png", "image/png", []byte("x")))
	must(t, err)
	raw := func(fields string) {
		m, err := s.discord.Say(s.sam, s.quiet, "carries the id")
		must(t, err)
		s.discord.DispatchRaw("MESSAGE_CREATE", fmt.Appendf(nil, `{"id":"%s","channel_id":"%s","guild_id":"%s","author":{"id":"%s","username":"sam","discriminator":"0"},"timestamp":%q,%s}`,
			m.ID, s.general, s.guild, s.sam, time.Now().UTC().Format(time.RFC3339), fields))
	}
	raw(`"type":0,"content":"","sticker_items":[{"id":"1","name":"Wumpus waves","format_type":1}]`)
	raw(`"type":0,"content":"","poll":{"question":{"text":"Tea?"},"answers":[{"answer_id":1,"poll_media":{"text":"Yes"}},{"answer_id":2,"poll_media":{"text":"No"}}],"expiry":null,"allow_multiselect":false,"layout_type":1}`)
	raw(`"type":0,"content":"","message_reference":{"type":1,"message_id":"1","channel_id":"2"},"message_snapshots":[{"message":{"type":0,"content":"from elsewhere","embeds":[],"attachments":[],"timestamp":"2026-01-01T00:00:00Z","edited_timestamp":null,"flags":0,"mentions":[],"mention_roles":[]}}]`)
	raw(`"type":0,"content":"","embeds":[{"type":"rich","title":"The news","description":"are good"}]`)
	raw(`"type":0,"content":"","flags":8192,"attachments":[{"id":"1","filename":"voice-message.ogg","size":2000,"url":"https://cdn.discordapp.com/x","proxy_url":"https://x","content_type":"audio/ogg","duration_secs":7.2,"waveform":"AA=="}]`)
	raw(`"type":7,"content":""`)
	_, err = s.discord.Say(s.sam, s.general, "<@"+s.owner.String()+"> see <#"+s.general.String()+"> <:wave:123456789012345678> <t:1700000000:R> "+strings.Repeat("long ", 200))
	must(t, err)
	words := news(t, ada, args{"scope": "all"}, "more characters")
	holds(t, "kinds", words, "+ file cat.png (image/png, 1 B)", "sticker: Wumpus waves", "poll: Tea?", "- Yes", "forwarded: from elsewhere", "embed: The news", "are good", "voice message: 7 s", "notice of Discord: joined the server",
		"@olga see #general :wave: 2023-11-14T22:13:20Z long ")
	_, err = s.discord.Say(s.sam, s.general, strings.Repeat("x", 79))
	must(t, err)
	result := call(t, ada, "wait_for_messages", args{"timeout_s": 10})
	_, row, _ := strings.Cut(told(text(result)), "server Home:\n")
	if tokens := len(row) / 4; tokens > 45 || !strings.Contains(row, "sam: xxx") {
		t.Errorf("%d tokens for a short message: %s", tokens, text(result))
	}
}

func TestCountsOfWhatMoved(t *testing.T) {
	for want, got := range map[string]string{
		"3":                        mcp.CountsOf(3, false, 0),
		"10000+":                   mcp.CountsOf(10_000, true, 0),
		"7+, 2 edits or deletions": mcp.CountsOf(7, true, 2),
		"an edit or deletion":      mcp.CountsOf(0, false, 1),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
