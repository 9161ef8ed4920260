package commands

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

var settingsAudit = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "audit", Description: "Show who did what on this server lately"},
	routes:     []route{{slash, "/settings/audit", (*Commands).audit}},
}

func (c *Commands) audit(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	rows, err := c.registry.Audits(i.ctx, i.actor)
	if err != nil {
		return err
	}
	found, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return err
	}
	names := map[entities.ID]string{}
	for _, r := range found {
		names[r.Entity.ID] = r.Entity.Name
	}
	return i.replace(chronicle(rows, names))
}

// longestDescription is Discord's for an embed; longestReason keeps one refusal from filling it.
const (
	longestDescription = 4096
	longestReason      = 160
)

// chronicle shows the audit, the newest first, as much of it as fits.
func chronicle(rows []entities.Audit, names map[entities.ID]string) message {
	if len(rows) == 0 {
		return message{content: "Nothing was done here yet."}
	}
	text, shown := "", 0
	for _, row := range rows {
		line := deed(row, names) + "\n"
		if len([]rune(text+line)) > longestDescription {
			break
		}
		text, shown = text+line, shown+1
	}
	return message{embed: &discord.Embed{
		Title: "Who did what here lately", Description: text,
		Footer: &discord.EmbedFooter{Text: fmt.Sprintf("The newest %d, the newest first · never what was said", shown)},
	}}
}

// deed words one entry of the audit.
func deed(row entities.Audit, names map[entities.ID]string) string {
	parts := []string{relative(row.At), doer(row.Actor, names), bold(row.Act)}
	if row.EntityID != "" && row.Actor != "entity "+string(row.EntityID) {
		parts = append(parts, nameOf(row.EntityID, names))
	}
	if row.Target != "" {
		parts = append(parts, person.ReplaceAllString(plain(clip(row.Target, longestReason)), "<@$1>"))
	}
	if row.Outcome == entities.Refused {
		parts = append(parts, "🚫 refused: "+plain(clip(row.Reason, longestReason)))
	}
	return strings.Join(parts, " · ")
}

// person is how the audit writes a person.
var person = regexp.MustCompile(`\bmember (\d+)\b`)

// doer shows who did it; the registry writes "member 123", "entity abc" or "system retention".
func doer(actor string, names map[entities.ID]string) string {
	if person.MatchString(actor) {
		return person.ReplaceAllString(actor, "<@$1>")
	}
	if id, ok := strings.CutPrefix(actor, "entity "); ok {
		return nameOf(entities.ID(id), names)
	}
	return "the bot itself"
}

func nameOf(id entities.ID, names map[entities.ID]string) string {
	if name, ok := names[id]; ok {
		return bold(name)
	}
	return "an entity that is not here any more"
}
