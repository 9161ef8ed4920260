package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityAbilities is /entity abilities: what one entity may do on this server at all.
var entityAbilities = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "abilities", Description: "Decide what an entity may do on this server",
		Options: []discord.ApplicationCommandOption{entityOption("Which entity")},
	},
	routes: []route{
		{slash, "/entity/abilities", (*Commands).showAbilities},
		{autocomplete, "/entity/abilities", (*Commands).entityChoices},
		{menu, "/abilities/set/{entity}/{before}", (*Commands).setAbilities},
	},
}

func (c *Commands) showAbilities(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	return i.replace(abilities("", setup))
}

func (c *Commands) setAbilities(i *interaction) error {
	in, ok := i.Interaction.(discord.ComponentInteraction)
	if !ok || !i.isPrivate() {
		return errOdd
	}
	data, ok := in.Data.(discord.StringSelectMenuInteractionData)
	if !ok {
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	id := entities.ID(i.vars["entity"])
	allowed := make([]entities.Capability, 0, len(data.Values))
	for _, value := range data.Values {
		allowed = append(allowed, entities.Capability(value))
	}
	err := c.registry.SetCapabilities(i.ctx, i.actor, id, func(now []entities.Capability) ([]entities.Capability, error) {
		if mark(now) != i.vars["before"] {
			return nil, errOvertaken
		}
		return allowed, nil
	})
	if err != nil {
		return err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, id)
	if err != nil {
		return err
	}
	return i.replace(abilities("Saved. ", setup))
}

// abilities says what an entity may do here, with a menu for those who may change it.
func abilities(done string, setup entities.Setup) message {
	e := setup.Resident.Entity
	lines := []string{fmt.Sprintf("%sWhat %s may do on this server, in the channels that `/entity channels` gives it:", done, bold(e.Name))}
	var options []discord.StringSelectMenuOption
	for _, capability := range entities.Capabilities() {
		has, sign := slices.Contains(setup.Capabilities, capability), "❌"
		if has {
			sign = "✅"
		}
		lines = append(lines, sign+" "+capability.Title())
		options = append(options, discord.NewStringSelectMenuOption(capability.Title(), string(capability)).WithDefault(has))
	}
	if !setup.Changes {
		return message{content: strings.Join(append(lines, "People with Manage Server can change this."), "\n")}
	}
	lines = append(lines, "Tick what it may do; it holds at once.")
	choice := discord.NewStringSelectMenu("/abilities/set/"+string(e.ID)+"/"+mark(setup.Capabilities), "Nothing at all", options...).
		WithMinValues(0).WithMaxValues(len(options))
	return message{content: strings.Join(lines, "\n"), menus: []discord.SelectMenuComponent{choice}}
}
