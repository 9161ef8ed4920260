package commands

import (
	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// settingsFilter is /settings filter: what no entity may say on this server.
var settingsFilter = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "filter", Description: "Block words, links and pings in what entities say here"},
	routes: []route{
		{slash, "/settings/filter", (*Commands).writeFilter},
		{form, "/filter/form/{form}", (*Commands).filled},
		{button, "/filter/fix/{form}", (*Commands).fix},
	},
}

var filtering = purpose{
	name: "filter", unsaved: "Nothing was changed yet.",
	allowed: func(c *Commands, i *interaction, _ draft) error {
		_, err := c.registry.ServerRules(i.ctx, i.actor)
		return err
	},
	form: filterForm, save: (*Commands).saveFilter,
}

func (c *Commands) writeFilter(i *interaction) error {
	rules, err := c.registry.ServerRules(i.ctx, i.actor)
	if err != nil {
		return err
	}
	d := draft{purpose: filtering, was: typedRules(rules)}
	d.typed = d.was
	return c.openForm(i, d)
}

func filterForm(customID string, d draft) discord.ModalCreate {
	return discord.NewModalCreate(customID, "What entities may say here", ruleFields(d.typed)...)
}

func (c *Commands) saveFilter(i *interaction, d *draft, _ discord.ResolvedData) (answer func() error, err error) {
	_, err = c.registry.SetServerRules(i.ctx, i.actor, func(rules *entities.Rules) error { return d.change(d.was, rules) })
	if err != nil {
		return nil, err
	}
	return func() error {
		settings, err := c.registry.Settings(i.ctx, i.actor)
		if err != nil {
			return err
		}
		return c.tellSettings(i, "Saved. What breaks a rule is not sent; the entity is told which rule it was.", settings)
	}, nil
}
