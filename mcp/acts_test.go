package mcp_test

import (
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay/sandbox"
)

func (s *stage) link(channel sandbox.ID, message string) string {
	return "https://discord.com/channels/" + s.guild.String() + "/" + channel.String() + "/" + message
}

func (s *stage) contents(channel sandbox.ID) string {
	var lines []string
	for _, m := range s.discord.Messages(channel) {
		lines = append(lines, m.Author.Username+": "+m.Content)
	}
	return strings.Join(lines, " | ")
}

func TestOwnLinesAndReactions(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general))
	line := structured[sentResult](t, call(t, ada, "send_message", args{"channel": "#general", "content": "Helo"}))
	id := line.MessageIDs[0]
	if words := text(call(t, ada, "edit_message", args{"message": line.Link, "content": "Hello"})); !strings.HasPrefix(words, "Edited message "+id+".") {
		t.Error(words)
	}
	call(t, ada, "add_reaction", args{"message": line.Link, "emoji": "👍"})
	if words := text(call(t, ada, "remove_reaction", args{"channel": "general", "message": id, "emoji": "👍"})); !strings.HasPrefix(words, "Took 👍 back") {
		t.Error(words)
	}
	if m := s.discord.Messages(s.general)[0]; m.Content != "Hello" || len(m.Reactions) != 0 {
		t.Errorf("%+v", m)
	}
	for range 2 {
		if words := text(call(t, ada, "delete_message", args{"channel": "#general", "message": id})); !strings.Contains(words, "is deleted") {
			t.Error(words)
		}
	}
	if got := s.contents(s.general); got != "" {
		t.Error(got)
	}
}

// By whatever a character names another's line, it stays as it is; and the words are those
// for what does not exist.
func TestNoToolTouchesAnothersLine(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general, s.forum))
	bob := s.connect(t, s.entity(t, "Bob", "", s.general, s.forum))
	thread, err := s.discord.AddThread(sandbox.Channel{ParentID: s.general, Name: "scene", OwnerID: s.sam}, "")
	must(t, err)
	await(t, "the thread to be known", func() bool { _, ok := s.registry.World().Channel(snowflake.ID(thread)); return ok })
	person, err := s.discord.Say(s.sam, s.general, "by a person")
	must(t, err)
	said := func(arguments args) sentResult {
		return structured[sentResult](t, call(t, ada, "send_message", arguments))
	}
	inGeneral, inThread := said(args{"channel": "general", "content": "mine"}), said(args{"channel": "scene", "content": "mine"})
	post := said(args{"channel": "ideas", "content": "mine", "thread_name": "An idea"})
	postID, err := snowflake.Parse(post.ChannelID)
	must(t, err)
	await(t, "the post to be known", func() bool { _, ok := s.registry.World().Channel(postID); return ok })
	call(t, ada, "add_reaction", args{"message": inGeneral.Link, "emoji": "👍"})

	for _, tool := range []string{"edit_message", "delete_message", "remove_reaction"} {
		with := func(arguments args) args {
			switch tool {
			case "edit_message":
				arguments["content"] = "mine now"
			case "remove_reaction":
				arguments["emoji"] = "👍"
			}
			return arguments
		}
		absent := refused(t, bob, tool, with(args{"channel": "general", "message": "100000000000000001"}))
		for name, arguments := range map[string]args{
			"by its id":              {"channel": "general", "message": inGeneral.MessageIDs[0]},
			"by its link":            {"message": inGeneral.Link},
			"in a thread":            {"channel": "scene", "message": inThread.MessageIDs[0]},
			"in a thread, by a link": {"message": inThread.Link},
			"a post":                 {"channel": "An idea", "message": post.MessageIDs[0]},
			"a post, by its link":    {"message": post.Link},
			"by another channel":     {"channel": "scene", "message": inGeneral.MessageIDs[0]},
			"a person's":             {"message": s.link(s.general, person.ID.String())},
			"by a forged link":       {"message": s.link(thread, inGeneral.MessageIDs[0])},
		} {
			if got := refused(t, bob, tool, with(arguments)); got != absent {
				t.Errorf("%s %s: %s", tool, name, got)
			}
		}
		if got := refused(t, bob, tool, with(args{"channel": "scene", "message": inGeneral.Link})); !strings.Contains(got, "another channel") {
			t.Errorf("%s: %s", tool, got)
		}
		if got := refused(t, bob, tool, with(args{"message": s.link(s.secret, inGeneral.MessageIDs[0])})); !strings.Contains(got, "no such channel for you") {
			t.Errorf("%s: %s", tool, got)
		}
	}
	if got := s.contents(s.general) + s.contents(thread) + s.contents(sandbox.ID(postID)); got != "sam: by a person | Ada: mineAda: mineAda: mine" {
		t.Error(got)
	}
	if m := s.discord.Messages(s.general)[1]; len(m.Reactions) != 1 {
		t.Errorf("%+v", m.Reactions)
	}
}

func TestCreateThread(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general, s.forum))
	type made struct {
		ThreadID   string `json:"thread_id"`
		Status     string
		Problem    string
		MessageIDs []string `json:"message_ids"`
	}
	result := call(t, ada, "create_thread", args{"channel": "general", "name": "A plan", "content": "first words"})
	if got := structured[made](t, result); got.Status != "sent" || len(got.MessageIDs) != 1 || !strings.Contains(text(result), "Sent as Ada.") {
		t.Errorf("%+v: %s", got, text(result))
	}
	call(t, ada, "send_message", args{"channel": "A plan", "content": "second words"})
	person, err := s.discord.Say(s.sam, s.general, "hello")
	must(t, err)
	result = call(t, ada, "create_thread", args{"message": s.link(s.general, person.ID.String()), "name": "About it"})
	if got := structured[made](t, result); got.ThreadID != person.ID.String() || got.Status != "" {
		t.Errorf("%+v", got)
	}
	if got := refused(t, ada, "create_thread", args{"channel": "ideas", "name": "A post"}); !strings.Contains(got, "send_message with thread_name") {
		t.Error(got)
	}
	if got := refused(t, ada, "create_thread", args{"name": "Nowhere"}); !strings.Contains(got, "create_thread needs channel") {
		t.Error(got)
	}
	if got := refused(t, ada, "create_thread", args{"channel": "general"}); !strings.Contains(got, "needs name") {
		t.Error(got)
	}
}
