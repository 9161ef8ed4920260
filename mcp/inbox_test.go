package mcp_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
	"troupe/mcp"
	"troupe/relay/sandbox"
)

// samsEntity makes an entity that sam owns, who is an ordinary member.
func (s *stage) samsEntity(t *testing.T, name string, channels ...sandbox.ID) entities.Created {
	t.Helper()
	n := entities.NewEntity{Name: name, Owner: entities.Person{ID: snowflake.ID(s.sam)}}
	for _, id := range channels {
		n.Channels = append(n.Channels, entities.ChosenChannel{ID: snowflake.ID(id), Permissions: discord.PermissionAdministrator})
	}
	made, err := s.registry.Create(t.Context(), s.actor(), n)
	must(t, err)
	keyed, err := s.registry.FirstKey(t.Context(), entities.Member(snowflake.ID(s.sam), snowflake.ID(s.guild), 0), made.Entity.ID)
	must(t, err)
	made.Key = keyed.Key
	return made
}

// A right that ends during a long-poll ends what is told: nothing of what is said after that is
// given, neither then nor later.
func TestNothingLeaksIntoALongPoll(t *testing.T) {
	sam := func(s *stage) entities.Actor { return entities.Member(snowflake.ID(s.sam), snowflake.ID(s.guild), 0) }
	hide := func(s *stage, who sandbox.ID, kind int) error {
		return s.discord.ChangeChannel(s.general, func(c *sandbox.Channel) {
			c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: who, Type: kind, Deny: sandbox.ViewChannel})
		})
	}
	for name, revoke := range map[string]func(*stage, *testing.T, entities.ID) error{
		"the channel is hidden from its owner": func(s *stage, _ *testing.T, _ entities.ID) error { return hide(s, s.sam, 1) },
		"its owner leaves":                     func(s *stage, _ *testing.T, _ entities.ID) error { return s.discord.RemoveMember(s.guild, s.sam) },
		"the rule goes": func(s *stage, t *testing.T, id entities.ID) error {
			return s.registry.SetChannels(t.Context(), s.actor(), id, func([]entities.Room) ([]entities.ChosenRule, error) { return nil, nil })
		},
		"its owner pauses it": func(s *stage, t *testing.T, id entities.ID) error {
			_, err := s.registry.Pause(t.Context(), sam(s), id)
			return err
		},
		"it is suspended": func(s *stage, t *testing.T, id entities.ID) error {
			_, err := s.registry.Suspend(t.Context(), s.actor(), id, time.Hour)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			made := s.samsEntity(t, "Ada", s.general)
			ada, bob := s.connect(t, made), s.connect(t, s.entity(t, "Bob", "", s.general))
			_, err := s.discord.Say(s.owner, s.general, "before")
			must(t, err)
			first := meta(t, call(t, ada, "wait_for_messages", args{"timeout_s": 20}))
			if len(first.Messages) != 1 {
				t.Fatalf("%+v", first)
			}
			var waiting sync.WaitGroup
			waiting.Go(func() {
				result, err := ada.CallTool(t.Context(), &sdk.CallToolParams{Name: "wait_for_messages", Arguments: args{"timeout_s": 1, "cursor": first.Cursor}})
				if err != nil || strings.Contains(text(result), "canary") {
					t.Errorf("%v, %v", result, err)
				}
			})
			await(t, "it waits", func() bool { return s.server.Clients().Waiting == 1 })
			must(t, revoke(s, t, made.Entity.ID))
			_, err = s.discord.Say(s.owner, s.general, "canary")
			must(t, err)
			await(t, "others to hear it", func() bool {
				return strings.Contains(text(call(t, bob, "wait_for_messages", args{"timeout_s": 0})), "canary")
			})
			waiting.Wait()
			for _, arguments := range []args{{}, {"scope": "all"}, {"scope": "addressed"}} {
				result, err := ada.CallTool(t.Context(), &sdk.CallToolParams{Name: "check_inbox", Arguments: arguments})
				if err != nil || strings.Contains(text(result), "canary") || strings.Contains(text(result), "general") {
					t.Errorf("%v: %v, %v", arguments, text(result), err)
				}
			}
		})
	}
}

// A weekend with 3,000 unread messages is one page.
func TestAWeekendIsOnePage(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general, s.quiet))
	if empty := text(call(t, ada, "check_inbox", nil)); len(empty)/4 > 60 || !strings.Contains(empty, "Nothing new.") {
		t.Errorf("%d bytes: %s", len(empty), empty)
	}
	for range 30 {
		contents := make([]string, 0, 100)
		for range 99 {
			contents = append(contents, "what a weekend that was")
		}
		_, err := s.discord.SayAll(s.sam, s.general, append(contents, "Ada, "+strings.Repeat("look at this ", 80))...)
		must(t, err)
	}
	_, err := s.discord.Say(s.sam, s.quiet, "Ada, the last one")
	must(t, err)
	await(t, "all to be noted", func() bool {
		return len(meta(t, call(t, ada, "check_inbox", args{"channel": "quiet"})).Items) == 1
	})
	result := call(t, ada, "check_inbox", nil)
	words, found := text(result), meta(t, result)
	if tokens := len(words) / 3; tokens > 4000 {
		t.Errorf("%d tokens", tokens)
	}
	t.Logf("%d tokens at 4 bytes each", len(words)/4)
	if given := len(found.Items); given == 0 || given+found.Left != 31 || len(found.Moved) != 1 || found.Moved[0].Unread != 2970 {
		t.Errorf("%d items, %d left, moved %+v", given, found.Left, found.Moved)
	}
	if !strings.Contains(words, " more characters\n") || !strings.Contains(words, "more are left for you") || strings.Count(words, "\n</"+mcp.FenceName) != 1 {
		t.Errorf("%s", words)
	}
	seen := len(found.Items)
	for found.Left > 0 {
		found = meta(t, call(t, ada, "check_inbox", args{"cursor": found.Cursor}))
		seen += len(found.Items)
	}
	if seen != 31 {
		t.Errorf("%d of 31 were given", seen)
	}
}

// Texts that are longer where they are shown than they are on Discord make no page longer.
func TestHiddenCharactersMakeNoLongPage(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general))
	for range 12 {
		_, err := s.discord.Say(s.sam, s.general, "Ada, look"+strings.Repeat("\u200b\u2060", 290)+"!")
		must(t, err)
	}
	_, err := s.discord.Say(s.sam, s.general, "Ada, the last one")
	must(t, err)
	await(t, "all to be noted", func() bool {
		return strings.Contains(text(call(t, ada, "wait_for_messages", args{"scope": "all", "timeout_s": 0})), "the last one")
	})
	seen, cursor := 0, ""
	for range 13 {
		result := call(t, ada, "check_inbox", args{"cursor": cursor})
		words, found := text(result), meta(t, result)
		if tokens := len(words) / 3; tokens > 4000 {
			t.Fatalf("%d tokens", tokens)
		}
		if seen += len(found.Items); found.Left == 0 {
			break
		}
		cursor = found.Cursor
	}
	if seen != 13 {
		t.Errorf("%d of 13 were given", seen)
	}
}

// What a client needs to go on stands last, also when texts were cut to fit.
func TestTheCursorStandsLast(t *testing.T) {
	s := newStage(t)
	ada := s.connect(t, s.entity(t, "Ada", "", s.general))
	first := meta(t, call(t, ada, "check_inbox", nil))
	contents := make([]string, 40)
	for i := range contents {
		contents[i] = strings.Repeat("😀", 700)
	}
	_, err := s.discord.SayAll(s.sam, s.general, contents...)
	must(t, err)
	await(t, "all to be noted", func() bool {
		return len(meta(t, call(t, ada, "check_inbox", args{"channel": "general", "cursor": first.Cursor, "limit": 50})).Items) == len(contents)
	})
	words := strings.TrimSuffix(text(call(t, ada, "check_inbox", args{"channel": "general", "cursor": first.Cursor, "limit": 50})), "\n")
	if last := words[strings.LastIndex(words, "\n")+1:]; !strings.HasPrefix(last, "next_cursor: ") || !strings.Contains(words, "Long messages were cut.") {
		t.Errorf("%d bytes end with %q", len(words), last)
	}
}
