package commands_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay"
)

func TestRegime(t *testing.T) {
	var b strings.Builder
	for _, part := range []struct {
		title    string
		done     string
		settings entities.Settings
		rules    entities.Rules
		stopped  entities.Switches
		roleGone bool
		lacks    discord.Permissions
		talks    []entities.Talk
	}{
		{title: "nothing set"},
		{
			title: "all set", done: "Saved.",
			settings: entities.Settings{
				Creators: entities.RoleCreates, CreatorRole: 5, Quota: 1, Approval: true, HouseRules: "# Be kind\n- [x](https://x.example) <@1>",
				Limits: entities.Limits{Minute: 1, Day: 60}, LogChannel: 7, Stopped: true,
			},
			rules: entities.Rules{
				Filter: entities.Filter{Links: entities.LinksToUs, Mentions: entities.MentionsOne, Length: 500}, Words: []string{"darn"}, Patterns: []string{"a+", "b+"},
			},
			stopped: entities.Switches{Here: true, Everywhere: true}, lacks: discord.PermissionSendMessages,
		},
		{
			title: "everyone", settings: entities.Settings{Creators: entities.EveryoneCreate, Quota: 25, LogChannel: 7},
			rules: entities.Rules{Filter: entities.Filter{Links: entities.LinksRefused, Mentions: entities.MentionsRefused, Length: 1}},
		},
		{
			title: "loop guard", settings: entities.Settings{Loop: entities.Loop{Pair: 4}},
			talks: []entities.Talk{{ChannelID: 11, Hourly: 60}, {ChannelID: 12, Hourly: 1}, {ChannelID: 13, RestsUntil: &noon}},
		},
		{title: "the role is gone", settings: entities.Settings{Creators: entities.RoleCreates, CreatorRole: 5}, roleGone: true},
	} {
		m := commands.Regime(part.done, part.settings, part.rules, part.stopped, part.roleGone, part.lacks, part.talks...)
		fits(t, m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(m))
	}
	golden(t, "settings.txt", b.String())
}

func TestRegimeAtItsLargest(t *testing.T) {
	most := entities.Settings{
		Creators: entities.RoleCreates, CreatorRole: math.MaxUint64, Quota: entities.MaxQuota, HouseRules: strings.Repeat("*", entities.MaxHouseRules),
		Limits: entities.MaxLimits(), LogChannel: math.MaxUint64,
	}
	most.Loop = entities.Loop{Pair: entities.MostTurns, Alone: entities.MostTurns}
	var talks []entities.Talk
	for range 100 {
		talks = append(talks, entities.Talk{ChannelID: math.MaxUint64, Hourly: entities.MostHourly, RestsUntil: &noon})
	}
	rules := entities.Rules{Words: make([]string, entities.MaxBlockedWords), Patterns: make([]string, entities.MaxBlockedPatterns)}
	fits(t, commands.Regime("Saved.", most, rules, entities.Switches{Here: true, Everywhere: true}, false, relay.Permissions, talks...))
}

func TestSettingsForms(t *testing.T) {
	raw, err := json.MarshalIndent(append(commands.SettingsForms("", entities.Limits{}), commands.SettingsForms("Be kind.", entities.Limits{Minute: 5, Day: 100})...), "", "  ")
	noError(t, err)
	golden(t, "settings_forms.json", string(raw)+"\n")
}

func TestChronicle(t *testing.T) {
	const id, gone = entities.ID("0123456789abcdefghjkmnpqrs"), entities.ID("zzzzzzzzzzzzzzzzzzzzzzzzzz")
	names := map[entities.ID]string{id: "**[Ada](x)**"}
	at := func(minutes int) time.Time { return noon.Add(-time.Duration(minutes) * time.Minute) }
	rows := []entities.Audit{
		{At: at(1), Actor: "member 42", Act: "create", EntityID: id, Outcome: entities.Done},
		{At: at(2), Actor: "member 43", Act: "delete", EntityID: id, Outcome: entities.Refused, Reason: "Only **[Ada](x)**'s owner can delete **[Ada](x)**."},
		{At: at(3), Actor: "member 42", Act: "offer", EntityID: gone, Target: "to member 44", Outcome: entities.Done},
		{At: at(4), Actor: "entity " + string(id), Act: "post", EntityID: id, Outcome: entities.Refused, Reason: strings.Repeat("No. ", 100)},
		{At: at(5), Actor: "system retention", Act: "bot removed", Outcome: entities.Done},
		{At: at(6), Actor: "nobody", Act: "look", Outcome: entities.Done},
	}
	m := commands.Chronicle(rows, names)
	fits(t, m)
	golden(t, "audit.txt", show(m)+"######## none\n"+show(commands.Chronicle(nil, nil)))

	names[id] = strings.Repeat("*", entities.MaxName)
	rows = nil
	for range 25 {
		rows = append(rows, entities.Audit{At: noon, Actor: "member 18446744073709551615", Act: "look at presence", EntityID: id, Target: strings.Repeat("_", 500), Outcome: entities.Refused, Reason: strings.Repeat("*", 500)})
	}
	m = commands.Chronicle(rows, names)
	fits(t, m)
	if !strings.Contains(m.Embeds[0].Footer.Text, "The newest 4,") {
		t.Errorf("the footer is %q", m.Embeds[0].Footer.Text)
	}
}
