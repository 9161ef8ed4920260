package commands_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const aKey = "troupe_0123456789abcdef_0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjkabcdefg"

func ada() entities.Entity {
	return entities.Entity{ID: "0123456789abcdefghjkmnpqrs", Name: "Ada", OwnerID: 42, State: entities.Active, CreatedAt: noon}
}

// show writes a message as a person reads it.
func show(m commands.Shown) string {
	var b strings.Builder
	fmt.Fprintln(&b, m.Content)
	for _, e := range m.Embeds {
		fmt.Fprintf(&b, "\n== %s ==\n%s\n", e.Title, e.Description)
		for _, field := range e.Fields {
			fmt.Fprintf(&b, "\n-- %s --\n%s\n", field.Name, field.Value)
		}
		if e.Footer != nil {
			fmt.Fprintf(&b, "(%s)\n", e.Footer.Text)
		}
		if e.Thumbnail != nil {
			fmt.Fprintf(&b, "[picture %s]\n", e.Thumbnail.URL)
		}
	}
	for _, menu := range menus(m) {
		fmt.Fprintf(&b, "[%s -> %s]\n", menu.Placeholder, menu.CustomID)
		for _, o := range menu.Options {
			fmt.Fprintf(&b, "    %s -> %s%s (%s)\n", o.Label, o.Value, map[bool]string{true: " (chosen)"}[o.Default], o.Description)
		}
	}
	for _, b2 := range buttons(m) {
		fmt.Fprintf(&b, "[%s -> %s%s]\n", b2.Label, b2.CustomID, map[bool]string{true: " (disabled)"}[b2.Disabled])
	}
	return b.String()
}

func buttons(m commands.Shown) []discord.ButtonComponent {
	var found []discord.ButtonComponent
	for _, layout := range m.Components {
		if row, ok := layout.(discord.ActionRowComponent); ok {
			for _, component := range row.Components {
				if b, ok := component.(discord.ButtonComponent); ok {
					found = append(found, b)
				}
			}
		}
	}
	return found
}

// menus are a message's select menus of texts.
func menus(m commands.Shown) []discord.StringSelectMenuComponent {
	var found []discord.StringSelectMenuComponent
	for _, layout := range m.Components {
		if row, ok := layout.(discord.ActionRowComponent); ok {
			for _, component := range row.Components {
				if menu, ok := component.(discord.StringSelectMenuComponent); ok {
					found = append(found, menu)
				}
			}
		}
	}
	return found
}

// fits checks what Discord refuses about sizes.
func fits(t *testing.T, m commands.Shown) {
	t.Helper()
	if n := utf8.RuneCountInString(m.Content); n > 2000 {
		t.Errorf("content has %d characters", n)
	}
	total := 0
	for _, e := range m.Embeds {
		total += utf8.RuneCountInString(e.Title) + utf8.RuneCountInString(e.Description)
		if n := utf8.RuneCountInString(e.Description); n > 4096 {
			t.Errorf("description has %d characters", n)
		}
		for _, field := range e.Fields {
			n := utf8.RuneCountInString(field.Value)
			total += n + utf8.RuneCountInString(field.Name)
			if n == 0 || n > 1024 {
				t.Errorf("field %s has %d characters", field.Name, n)
			}
		}
	}
	if total > 6000 {
		t.Errorf("embeds have %d characters", total)
	}
	for _, menu := range menus(m) {
		if n := len(menu.Options); n == 0 || n > 25 {
			t.Errorf("menu %s has %d options", menu.CustomID, n)
		}
		for _, o := range menu.Options {
			if n := utf8.RuneCountInString(o.Label); n == 0 || n > 100 || utf8.RuneCountInString(o.Description) > 100 {
				t.Errorf("menu %s has the option %q (%s)", menu.CustomID, o.Label, o.Description)
			}
		}
	}
	if m.AllowedMentions == nil || m.AllowedMentions.Parse == nil || len(m.AllowedMentions.Parse) != 0 {
		t.Errorf("allowed mentions are %+v", m.AllowedMentions)
	}
}

func TestCard(t *testing.T) {
	shown, hidden, ending, saved := commands.Card(ada(), aKey, "https://troupe.example", "https://troupe.example/avatars/aa.png", true, []entities.Place{{ID: 7}, {ID: 8, Lacks: discord.PermissionManageWebhooks}}, noon)
	again, _, _, _ := commands.Card(ada(), aKey, "https://troupe.example", "", false, nil, noon)
	var b strings.Builder
	for _, part := range []struct {
		title string
		m     commands.Shown
	}{{"new", shown}, {"replaced", again}, {"after its time", hidden}, {"when the program ends", ending}, {"saved", saved}} {
		fits(t, part.m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(part.m))
	}
	golden(t, "card.txt", b.String())
	for _, m := range []commands.Shown{hidden, ending, saved} {
		if strings.Contains(show(m), "troupe_") {
			t.Errorf("the key is still there:\n%s", show(m))
		}
	}
}

func TestCardAtItsLargest(t *testing.T) {
	e := ada()
	e.Name = strings.Repeat("*", entities.MaxName)
	places := make([]entities.Place, entities.MaxChannels)
	for i := range places {
		places[i] = entities.Place{ID: snowflake.ID(math.MaxUint64 - uint64(i)), Lacks: relay.Permissions}
	}
	shown, hidden, ending, saved := commands.Card(e, aKey, "https://"+strings.Repeat("x", 192), "", true, places, noon)
	for _, m := range []commands.Shown{shown, hidden, ending, saved} {
		fits(t, m)
	}
}

func TestClientSettingsAreJSON(t *testing.T) {
	shown, _, _, _ := commands.Card(ada(), aKey, "https://troupe.example", "", true, []entities.Place{{ID: 7}}, noon)
	_, block, _ := strings.Cut(shown.Embeds[0].Fields[1].Value, "```json\n")
	block, _, _ = strings.Cut(block, "\n```")
	var settings struct {
		Servers map[string]struct {
			Type, URL string
			Headers   map[string]string
		} `json:"mcpServers"`
	}
	if err := json.Unmarshal([]byte(block), &settings); err != nil {
		t.Fatalf("%v in\n%s", err, block)
	}
	if got := settings.Servers["ada"]; got.Type != "http" || got.URL != "https://troupe.example/mcp/"+string(ada().ID) || got.Headers["Authorization"] != "Bearer "+aKey {
		t.Errorf("settings are %+v", settings)
	}
}

func TestRoster(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "######## none\n%s\n", show(commands.Roster(nil, 0, true)))
	var found []entities.Resident
	for i := range 23 {
		e := ada()
		e.Name, e.OwnerID = fmt.Sprintf("Ada %02d", i), snowflake.ID(100+i)
		found = append(found, entities.Resident{Entity: e, Presence: entities.Presence{State: entities.PresenceActive, CreatedAt: noon}, Speaks: true})
	}
	found[1].Entity.Name = "**[free](nitro)** <@1> `x`"
	until := noon.Add(time.Hour)
	for i, change := range []func(*entities.Resident){
		func(r *entities.Resident) { r.Entity.State = entities.Paused },
		func(r *entities.Resident) { r.Entity.Stopped = true },
		func(r *entities.Resident) { r.Presence.State = entities.PresenceRequested },
		func(r *entities.Resident) {
			r.Presence.State, r.Presence.Cause = entities.PresenceSuspended, entities.ByAdmin
		},
		func(r *entities.Resident) {
			r.Presence.State, r.Presence.Cause, r.Presence.Until = entities.PresenceSuspended, entities.ByModerator, &until
		},
		func(r *entities.Resident) {
			r.Presence.State, r.Presence.Cause = entities.PresenceSuspended, entities.OwnerLeft
		},
		func(r *entities.Resident) {
			r.Entity.State, r.Presence.State, r.Presence.Cause = entities.Paused, entities.PresenceSuspended, entities.ByAdmin
		},
		func(*entities.Resident) {}, // silent for another reason
	} {
		found[i+2].Speaks = false
		change(&found[i+2])
	}
	for _, page := range []int{0, 1, 2} {
		m := commands.Roster(found, page, page == 2)
		fits(t, m)
		fmt.Fprintf(&b, "######## page %d\n%s\n", page, show(m))
	}
	golden(t, "entities.txt", b.String())
	for page, same := range map[int]int{-1: 0, 99: 2, math.MaxInt: 2, math.MinInt: 0} {
		if got, want := show(commands.Roster(found, page, false)), show(commands.Roster(found, same, false)); got != want {
			t.Errorf("page %d is not page %d:\n%s", page, same, got)
		}
	}
	for i := range found {
		found[i].Entity.Name, found[i].Presence.State = strings.Repeat("_", entities.MaxName), entities.PresenceRequested
	}
	fits(t, commands.Roster(append(found, found...), 0, true))
}

func TestHealth(t *testing.T) {
	well := relay.Status{
		Ready: true, Phase: "ready", Since: noon.Add(-time.Hour), Latency: 45 * time.Millisecond, Shards: 1, BotName: "troupe", Identifies: 1,
		Limits: relay.LimitStats{InFlight: 1, Buckets: 3, InvalidLimit: 500},
	}
	ill := relay.Status{
		Phase: "waiting for Discord", Remedy: "Set message_content in the portal.", Degraded: relay.DegradedRemedy, Since: noon, Shards: 2, Resumes: 3, Identifies: 1, Speaking: 2, Faceless: 3,
		Skipped: map[string]int64{"CHANNEL_CREATE": 2, "NEW_THING": 40, "ANOTHER": 2}, Aside: 1, Lost: 12,
		Limits: relay.LimitStats{
			BotClosedUntil: noon.Add(time.Minute), WebhooksClosedUntil: noon.Add(2 * time.Minute), InteractionClosedUntil: noon.Add(time.Second),
			BotRefusedUntil: noon.Add(2 * time.Second), WebhooksRefusedUntil: noon.Add(-time.Second), RoutesRefused: 4,
			StoppedUntil: noon.Add(time.Hour), TokenRefused: true, Waiting: 12, TooMany: 1, Invalid: 500, InvalidLimit: 500,
		},
	}
	var b strings.Builder
	for _, part := range []struct {
		title string
		m     commands.Shown
	}{
		{"well", commands.Health(well, entities.Counts{Entities: 12, Guilds: 3}, entities.Switches{}, "", 2, noon)},
		{"ill", commands.Health(ill, entities.Counts{Entities: 1, Guilds: 1, Dormant: 2}, entities.Switches{Here: true, Everywhere: true}, "It does not answer (ref 7f3a).", 1, noon)},
	} {
		fits(t, part.m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(part.m))
	}
	golden(t, "status.txt", b.String())
}

func TestForm(t *testing.T) {
	raw, err := json.MarshalIndent([]discord.ModalCreate{
		commands.Form("", "", "", "", nil),
		commands.Form("Sam, who has a very long name that does not fit", "Ada", "kind", "ada.png", []snowflake.ID{7, 8}),
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "form.json", string(raw)+"\n")
}

func TestFormNeverHoldsWhatDiscordRefuses(t *testing.T) {
	form := commands.Form(strings.Repeat("ü", 200), strings.Repeat("ü", 500), strings.Repeat("ü", 9000), strings.Repeat("ü", 500), nil)
	short := commands.Form("", "A", "", "", nil)
	for _, f := range []discord.ModalCreate{form, short} {
		formFits(t, f)
	}
}

// formFits checks what Discord refuses about a form's sizes.
func formFits(t *testing.T, f discord.ModalCreate) {
	t.Helper()
	if n := utf8.RuneCountInString(f.Title); n < 1 || n > 45 {
		t.Errorf("the title has %d characters", n)
	}
	if n := len(f.Components); n < 1 || n > 5 {
		t.Errorf("the form has %d fields", n)
	}
	for _, layout := range f.Components {
		label, ok := layout.(discord.LabelComponent)
		if !ok {
			t.Fatalf("%T stands in the form", layout)
		}
		if n := utf8.RuneCountInString(label.Label); n < 1 || n > 45 {
			t.Errorf("%s: the label has %d characters", label.Label, n)
		}
		if n := utf8.RuneCountInString(label.Description); n > 100 || n == 0 {
			t.Errorf("%s: the description has %d characters", label.Label, n)
		}
		if text, ok := label.Component.(discord.TextInputComponent); ok {
			n := utf8.RuneCountInString(text.Value)
			if n > text.MaxLength || (n > 0 && text.MinLength != nil && n < *text.MinLength) {
				t.Errorf("%s: %d characters are filled in", label.Label, n)
			}
			if n := utf8.RuneCountInString(text.Placeholder); n > 100 {
				t.Errorf("%s: the placeholder has %d characters", label.Label, n)
			}
		}
	}
}

// indented is a value as people read its JSON.
func indented(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.MarshalIndent(v, "", "  ")
	noError(t, err)
	return string(raw) + "\n"
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"Only Ada's owner can do this.": "Only Ada's owner can do this.",
		"**b** _i_ ~s~ `c` ||x||":       `\*\*b\*\* \_i\_ \~s\~ \` + "`c\\`" + ` \|\|x\|\|`,
		"[bank](https://evil.example)":  `\[bank\](https://evil.example)`,
		"<@1> <#2> <t:3:R> <https://x>": `\<@1\> \<#2\> \<t:3:R\> \<https://x\>`,
		"# head\n- item\n> quote":       "\\# head\n\\- item\n\\> quote",
		`\*`:                            `\\\*`,
		"#general is locked":            `\#general is locked`,
	} {
		if got := commands.Plain(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

func TestCardWithoutAnEntityKeepsTheKeyAway(t *testing.T) {
	_, _, _, saved := commands.Card(entities.Entity{}, aKey, "https://troupe.example", "", false, nil, noon)
	fits(t, saved)
	if text := show(saved); strings.Contains(text, "troupe_") || strings.Contains(text, "/mcp/") {
		t.Errorf("shown is %s", text)
	}
}
