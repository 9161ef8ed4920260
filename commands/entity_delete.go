package commands

import (
	"fmt"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityDelete is /entity delete: it asks, and then ends an entity for ever.
var entityDelete = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "delete", Description: "Delete an entity of yours for ever",
		Options: []discord.ApplicationCommandOption{entityOption("Which of your entities")},
	},
	routes: []route{
		{slash, "/entity/delete", (*Commands).askToDelete},
		{autocomplete, "/entity/delete", (*Commands).entityChoices},
	},
}

func (c *Commands) askToDelete(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	if err := c.registry.MayDelete(i.ctx, i.actor, e.ID); err != nil {
		return err
	}
	m, err := c.ask(i, fmt.Sprintf("Delete %s for ever? **This cannot be undone.** Lost are its key and everything that is connected with it; its persona, description and pictures; "+
		"and all that was set for it, on every server where it is. Its old messages stay on Discord.", bold(e.Name)),
		"Delete for ever", "Keep it",
		decision{do: deleteEntity(e.ID), kept: fmt.Sprintf("Nothing was changed. %s stays.", bold(e.Name))})
	if err != nil {
		return err
	}
	return i.replace(m)
}

func deleteEntity(id entities.ID) func(*Commands, *interaction) (message, error) {
	return func(c *Commands, i *interaction) (message, error) {
		e, err := c.registry.Delete(i.ctx, i.actor, id)
		if err != nil {
			return message{}, err
		}
		return message{content: fmt.Sprintf("%s is deleted. Nobody can speak as it any more; its old messages stay on Discord.", bold(e.Name))}, nil
	}
}
