package commands

import (
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityRules is /entity rules: who an entity is, and what its owner lets it say.
var entityRules = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "rules", Description: "Change an entity of yours: persona, blocked words, links, pings, length of its lines",
		Options: []discord.ApplicationCommandOption{entityOption("Which of your entities")},
	},
	routes: []route{
		{slash, "/entity/rules", (*Commands).rule},
		{autocomplete, "/entity/rules", (*Commands).entityChoices},
		{form, "/rules/form/{form}", (*Commands).filled},
		{button, "/rules/fix/{form}", (*Commands).fix},
	},
}

var ruling = purpose{
	name: "rules", unsaved: "Nothing was changed yet.",
	allowed: func(c *Commands, i *interaction, d draft) error {
		_, _, err := c.registry.Rules(i.ctx, i.actor, d.entity.ID)
		return err
	},
	form: rulingForm, save: (*Commands).saveRuling,
}

// rule opens the form. A form must be the first answer, so nothing slow comes before it.
func (c *Commands) rule(i *interaction) error {
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	persona, rules, err := c.registry.Rules(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	d := draft{purpose: ruling, entity: e, was: typedRules(rules)}
	d.was.persona = persona
	d.typed = d.was
	return c.openForm(i, d)
}

func rulingForm(customID string, d draft) discord.ModalCreate {
	fields := append([]discord.LayoutComponent{personaField(d.persona)}, ruleFields(d.typed)...)
	return discord.NewModalCreate(customID, clip("Rules of "+d.entity.Name, longestTitle), fields...)
}

func (c *Commands) saveRuling(i *interaction, d *draft, _ discord.ResolvedData) (answer func() error, err error) {
	ruled := ruled{name: d.entity.Name}
	err = c.registry.SetRules(i.ctx, i.actor, d.entity.ID, func(persona *string, rules *entities.Rules) error {
		if d.persona != d.was.persona {
			*persona = d.persona
		}
		ruled.persona = *persona != d.was.persona
		return d.change(d.was, rules)
	})
	if err != nil {
		return nil, err
	}
	return func() error {
		persona, rules, err := c.registry.Rules(i.ctx, i.actor, d.entity.ID)
		if err != nil {
			return err
		}
		ruled.mute, ruled.rules = persona == "", rules
		return i.replace(ruled.message())
	}, nil
}

// ruled is what became of an entity's rules.
type ruled struct {
	name    string
	persona bool // it was changed
	mute    bool // it has none
	rules   entities.Rules
}

func (r ruled) message() message {
	lines := []string{fmt.Sprintf("Saved. This holds for %s on every server it is on:", bold(r.name))}
	switch {
	case r.mute:
		lines = append(lines, "- Persona: none")
	case r.persona:
		lines = append(lines, "- Persona: the new one. Its AI is told when it connects next.")
	default:
		lines = append(lines, "- Persona: as before")
	}
	said := bounds(r.rules)
	for _, line := range said {
		lines = append(lines, "- "+line)
	}
	if len(said) == 0 {
		lines = append(lines, "- It may say whatever a server's admins let it say there.")
	} else {
		lines = append(lines, "What breaks a rule is not sent; the AI is told which rule it was.")
	}
	return message{content: strings.Join(lines, "\n")}
}
