package mcp_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
	"troupe/mcp"
	"troupe/relay/sandbox"
)

// canary stands in every hostile text.
const canary = "kanari"

// hostileTexts are texts that want to be something else, each with the canary at its end.
func hostileTexts() []string {
	all := hostileFamilies()
	for i, one := range all {
		one = strings.ToValidUTF8(one, "\ufffd")
		if len(one) > 1500 {
			one = strings.ToValidUTF8(one[:1500], "")
		}
		all[i] = fmt.Sprintf("%s%s%d", one, canary, i)
	}
	return all
}

var (
	fenceOpens = regexp.MustCompile(`(?m)^<untrusted-discord-text ([0-9a-f]{12})>$`)
	// aLine is every line that the program writes between the fences.
	aLine = regexp.MustCompile(`^(authors: .*|\[\d{4}-\d\d-\d\d\]|#.* \(\d+(, [a-z ]+( in #.*)?)?\), server .*:| \d{15,20} \d\d:\d\d.*|  [|+] .*` +
		`|direct messages:| .* \(human \d+\): last \S+, \d+ unread|deleted: message .*|reactions: .*|.* by .*|unread besides .*|thread #.* \(\d+\) hangs on .*` +
		`|server .* \(\d+\):| .* \([a-z ,]+ [^ ]+(, username .*)?\)| category .*:|  #.* \(\d+.*\) .*|.* \(\d+\): (active|waiting|paused); you may .*| .* \([^ ]+\): (active|not active).*` +
		`|who spoke:|most reactions and replies:|questions without an answer:| .* \([a-z]+ \d+\): \d+| and \d+ more| \d{15,20} \d{4}-\d\d-\d\d \d\d:\d\d.*)$`)
	aRow = regexp.MustCompile(`^ (\d{15,20}) \d\d:\d\d`)
)

// hidden says whether a text has signs that nobody sees.
func hidden(s string) bool {
	for _, r := range s {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || r >= 0xe0000 || (unicode.Is(unicode.Cf, r) && r != '\u200d' && r != '\u200c')) {
			return true
		}
	}
	return false
}

// contained demands that what strangers wrote stands between the fences only, that no line there
// is one of theirs, and that the JSON has it only where it says so. It gives the rows' ids.
func contained(t *testing.T, tool string, result *sdk.CallToolResult) (rows []string) {
	t.Helper()
	out := text(result)
	if hidden(out) {
		t.Fatalf("%s shows what hides: %q", tool, out)
	}
	if result.IsError {
		if strings.Contains(out, canary) {
			t.Fatalf("%s, refusing, quotes a stranger: %s", tool, out)
		}
		return nil
	}
	opens := fenceOpens.FindAllStringSubmatchIndex(out, -1)
	if len(opens) == 0 {
		if strings.Contains(out, canary) {
			t.Fatalf("%s has no fence: %s", tool, out)
		}
		return nil
	}
	token := out[opens[0][2]:opens[0][3]]
	before, rest := out[:opens[0][0]], out[opens[0][1]:]
	inside, after, closed := strings.Cut(rest, "\n</"+mcp.FenceName+" "+token+">\n")
	if len(opens) != 1 || !closed || strings.Contains(before+after, canary) || strings.Contains(inside, token) {
		t.Fatalf("%s: the fence is broken: %s", tool, out)
	}
	for line := range strings.SplitSeq(strings.TrimPrefix(inside, "\n"), "\n") {
		if !aLine.MatchString(line) || strings.HasPrefix(line, "next_cursor") {
			t.Fatalf("%s: a line that is not ours: %q", tool, line)
		}
		if found := aRow.FindStringSubmatch(line); found != nil {
			rows = append(rows, found[1])
		}
	}
	if n := strings.Count("\n"+inside, "\nauthors: "); n > 1 {
		t.Fatalf("%s names the authors %d times: %s", tool, n, out)
	}
	return rows
}

// marked demands that the JSON has strangers' text only below the members that its note names.
func marked(t *testing.T, tool string, result *sdk.CallToolResult) (ids []string) {
	t.Helper()
	raw, err := json.Marshal(result.Meta["troupe/result"])
	must(t, err)
	var all map[string]json.RawMessage
	must(t, json.Unmarshal(raw, &all))
	for name, value := range all {
		switch name {
		case "channels", "messages", "items", "moved", "people", "channel", "speakers", "popular", "unanswered", "thread", "reacted":
		default:
			if strings.Contains(string(value), canary) {
				t.Fatalf("%s: a stranger's text is in %s: %s", tool, name, value)
			}
		}
	}
	if all["untrusted"] == nil {
		t.Fatalf("%s does not say what strangers wrote: %s", tool, raw)
	}
	var shown struct {
		Messages []struct{ ID string }
		Items    []struct {
			Message *struct{ ID string }
		}
	}
	if tool == "catch_up" {
		return nil // it counts messages, and does not list them
	}
	must(t, json.Unmarshal(raw, &shown))
	for _, m := range shown.Messages {
		ids = append(ids, m.ID)
	}
	for _, item := range shown.Items {
		if item.Message != nil {
			ids = append(ids, item.Message.ID)
		}
	}
	return ids
}

// quoting calls a tool that quotes Discord, and demands a row for each message that it gives.
func quoting(t *testing.T, session *sdk.ClientSession, tool string, arguments args) *sdk.CallToolResult {
	t.Helper()
	result := call(t, session, tool, arguments)
	if result.StructuredContent != nil {
		t.Fatalf("%s answers in a form without a fence", tool)
	}
	rows, ids := contained(t, tool, result), marked(t, tool, result)
	if tool != "catch_up" && strings.Join(rows, " ") != strings.Join(ids, " ") {
		t.Fatalf("%s %v: rows %v, messages %v\n%s", tool, arguments, rows, ids, text(result))
	}
	return result
}

// listing calls a tool whose answer has no fence in its JSON: there everything is spelled out.
func listing(t *testing.T, session *sdk.ClientSession, tool string, arguments args) {
	t.Helper()
	result := call(t, session, tool, arguments)
	contained(t, tool, result)
	var check func(any)
	check = func(v any) {
		switch v := v.(type) {
		case string:
			if strings.Contains(v, canary) && (hidden(v) || strings.Contains(v, "\n")) {
				t.Fatalf("%s: %q", tool, v)
			}
		case []any:
			for _, one := range v {
				check(one)
			}
		case map[string]any:
			for name, one := range v {
				if strings.Contains(name, canary) {
					t.Fatalf("%s: a member is called %q", tool, name)
				}
				check(one)
			}
		}
	}
	check(result.StructuredContent)
}

// hostileWorld fills the server with hostile names, topics and messages.
func (s *stage) hostileWorld(t *testing.T, texts []string) (categories []sandbox.ID, said []string) {
	t.Helper()
	var category, last sandbox.ID
	for i, evil := range texts {
		if i%50 == 0 {
			id, err := s.discord.AddChannel(sandbox.Channel{GuildID: s.guild, Name: evil, Type: 4})
			must(t, err)
			category, categories = id, append(categories, id)
		}
		c := sandbox.Channel{GuildID: s.guild, ParentID: category, Name: evil, Type: sandbox.TextChannel, Topic: evil}
		if i%10 == 0 {
			c.Type, c.AvailableTags = sandbox.ForumChannel, []sandbox.Tag{{Name: evil}}
		}
		id, err := s.discord.AddChannel(c)
		must(t, err)
		if i%25 == 1 {
			_, err = s.discord.AddThread(sandbox.Channel{ParentID: id, Name: evil, OwnerID: s.sam}, "")
			must(t, err)
		}
		last = id
		role, err := s.discord.AddRole(s.guild, sandbox.Role{Name: evil})
		must(t, err)
		fan := s.discord.AddUser(sandbox.User{Username: fmt.Sprintf("fan%03d", i), GlobalName: &evil})
		must(t, s.discord.AddMember(s.guild, fan))
		must(t, s.discord.ChangeMember(s.guild, fan, func(m *sandbox.Member) { m.Nick = &evil }))
		options := []sandbox.SayOption{
			sandbox.WithFile(evil, "text/"+canary, []byte("x")),
			sandbox.WithEmbeds(sandbox.Embed{Title: clipped(evil, 200), Description: evil}),
		}
		if i%2 == 1 {
			before, err := snowflake.Parse(said[len(said)-1])
			must(t, err)
			options = append(options, sandbox.ReplyTo(sandbox.ID(before)))
		}
		m, err := s.discord.Say(fan, s.general, fmt.Sprintf("%s? <@&%s> <#%s> <@%s>", evil, role, id, fan), options...)
		must(t, err)
		said = append(said, m.ID.String())
	}
	await(t, "the channels to be known", func() bool {
		_, ok := s.registry.World().Channel(snowflake.ID(last))
		return ok
	})
	return categories, said
}

func clipped(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }

// rawMessage is a message that has everything that a message can have, and evil everywhere.
func (s *stage) rawMessage(t *testing.T, n int, evil string) []byte {
	t.Helper()
	user := args{"id": s.sam.String(), "username": evil, "discriminator": "0", "global_name": evil, "avatar": nil}
	emoji := args{"id": "123456789012345678", "name": evil}
	embed := args{
		"type": "rich", "title": evil, "description": evil, "url": evil, "author": args{"name": evil}, "footer": args{"text": evil},
		"provider": args{"name": evil}, "fields": []args{{"name": evil, "value": evil}}, "image": args{"url": evil}, "video": args{"url": evil},
	}
	file := args{"id": "5", "filename": evil, "description": evil, "content_type": evil, "size": 1, "url": "https://cdn.discordapp.com/" + canary, "proxy_url": "x", "duration_secs": 3}
	sticker := args{"id": "6", "name": evil, "format_type": 1}
	m := args{
		"type": 0, "content": evil + " Ada", "author": user, "timestamp": time.Now().UTC().Format(time.RFC3339), "edited_timestamp": nil, "tts": false, "mention_everyone": false,
		"mentions": []args{}, "mention_roles": []string{}, "attachments": []args{file}, "embeds": []args{embed}, "pinned": false, "flags": 8192, "components": []args{},
	}
	quoted := args{"id": "100000000000000001", "channel_id": s.general.String()}
	maps.Copy(quoted, m)
	more := args{
		"id": (snowflake.New(time.Now()) + snowflake.ID(n)).String(), "channel_id": s.general.String(), "guild_id": s.guild.String(),
		"member":        args{"nick": evil, "roles": []string{}, "joined_at": "2026-01-01T00:00:00Z", "deaf": false, "mute": false, "flags": 0},
		"sticker_items": []args{sticker}, "reactions": []args{{"emoji": emoji, "count": 1, "me": false, "count_details": args{"burst": 0, "normal": 1}, "burst_colors": []string{}}},
		"poll":        args{"question": args{"text": evil}, "answers": []args{{"answer_id": 1, "poll_media": args{"text": evil, "emoji": emoji}}}, "expiry": nil, "allow_multiselect": true, "layout_type": 1},
		"interaction": args{"id": "9", "type": 2, "name": evil, "user": user},
	}
	maps.Copy(m, more)
	if n%2 == 0 {
		m["type"], m["referenced_message"] = 19, quoted
		m["message_reference"] = args{"type": 0, "message_id": "100000000000000001", "channel_id": s.general.String(), "guild_id": s.guild.String()}
	} else {
		m["message_reference"] = args{"type": 1, "message_id": "100000000000000001", "channel_id": s.general.String(), "guild_id": s.guild.String()}
		m["message_snapshots"] = []args{{"message": args{
			"type": 0, "content": evil, "timestamp": m["timestamp"], "edited_timestamp": nil, "mentions": []args{}, "mention_roles": []string{},
			"attachments": []args{file}, "embeds": []args{embed}, "sticker_items": []args{sticker}, "flags": 0, "components": []args{},
		}}}
	}
	data, err := json.Marshal(m)
	must(t, err)
	return data
}

// TestHostileLive puts every hostile text wherever strangers write on a server, and calls every
// tool that could show it.
func TestHostileLive(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := newStage(t)
	texts := hostileTexts()
	if len(texts) < 500 {
		t.Fatalf("only %d texts", len(texts))
	}
	categories, said := s.hostileWorld(t, texts)
	ada := s.entity(t, "Ada", "", append(categories, s.general)...)
	s.able(t, ada.Entity.ID, entities.Capabilities()...)
	session := s.connect(t, ada)

	listing(t, session, "list_channels", nil)
	listing(t, session, "list_entities", args{"channel": s.general.String()})
	seen := 0
	for before := ""; ; {
		result := quoting(t, session, "read_messages", args{"channel": s.general.String(), "limit": 100, "before": before})
		ids := marked(t, "read_messages", result)
		if seen += len(ids); len(ids) < 100 {
			break
		}
		before = ids[0]
	}
	if seen != len(texts) {
		t.Errorf("%d of %d messages were read", seen, len(texts))
	}
	for i := 0; i < len(said); i += 20 {
		id := said[i]
		quoting(t, session, "get_message", args{"channel": s.general.String(), "message": id})
	}
	for i := 0; i < len(texts)/10; i += 25 {
		quoting(t, session, "find_member", args{"name": fmt.Sprintf("fan%02d", i)})
	}
	for _, query := range []string{canary + "7", canary + "77", canary + "300"} { // Discord is asked slowly
		quoting(t, session, "search_messages", args{"query": query, "channel": s.general.String(), "limit": 25})
	}
	quoting(t, session, "catch_up", args{"channel": s.general.String()})
	s.hostileEvents(t, session, texts)
	s.hostileServer(t, session, texts)
}

// hostileEvents has everything heard live.
func (s *stage) hostileEvents(t *testing.T, session *sdk.ClientSession, texts []string) {
	t.Helper()
	call(t, session, "ack_inbox", nil)
	for i, evil := range texts {
		s.discord.DispatchRaw("MESSAGE_CREATE", s.rawMessage(t, i, evil))
	}
	heard, cursor := 0, ""
	for heard < len(texts) {
		result := quoting(t, session, "wait_for_messages", args{"timeout_s": 10, "cursor": cursor})
		next := marked(t, "wait_for_messages", result)
		if len(next) == 0 {
			break
		}
		heard += len(next)
		shown, ok := result.Meta["troupe/result"].(map[string]any)
		if !ok {
			t.Fatalf("there is no JSON in %v", result.Meta)
		}
		cursor, _ = shown["next_cursor"].(string)
	}
	if heard != len(texts) {
		t.Errorf("%d of %d were heard", heard, len(texts))
	}
	quoting(t, session, "check_inbox", nil)
	quoting(t, session, "read_messages", args{"channel": s.general.String(), "limit": 50})
}

// hostileServer calls the server by each name, and has calls refused that are about it.
func (s *stage) hostileServer(t *testing.T, session *sdk.ClientSession, texts []string) {
	t.Helper()
	for i := 0; i < len(texts); i += 13 {
		must(t, s.discord.ChangeGuild(s.guild, texts[i], s.owner))
		await(t, "the server's name to be known", func() bool {
			known, _ := s.registry.World().Guild(snowflake.ID(s.guild))
			return known.Name == texts[i]
		})
		listing(t, session, "whoami", nil)
		listing(t, session, "list_entities", nil)
		quoting(t, session, "check_inbox", args{"scope": "all", "limit": 1})
	}
	refusals := map[string]args{
		"read_messages": {"channel": canary[:3]}, "search_messages": {"author": "fan"}, "get_message": {"channel": s.general.String(), "message": "100000000000000009"},
		"send_message": {"channel": s.forum.String(), "content": "x"}, "check_inbox": {"channel": s.secret.String()}, "find_member": {"name": "x", "server": "nowhere"},
	}
	for tool, arguments := range refusals {
		result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
		must(t, err)
		if !result.IsError {
			t.Errorf("%s %v was not refused", tool, arguments)
		}
		contained(t, tool, result)
	}
}
