package commands

import (
	"fmt"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityLeave is /entity leave: it asks, and then takes an entity out of this server.
var entityLeave = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "leave", Description: "Take an entity out of this server",
		Options: []discord.ApplicationCommandOption{entityOption("Which entity")},
	},
	routes: []route{
		{slash, "/entity/leave", (*Commands).askToLeave},
		{autocomplete, "/entity/leave", (*Commands).residentChoices},
	},
}

// residentChoices offers the entities of this server only.
func (c *Commands) residentChoices(i *interaction) error {
	in, ok := i.Interaction.(discord.AutocompleteInteraction)
	if !ok {
		return errOdd
	}
	here, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.choices(offered(here, nil, in.Data.String("entity")))
}

func (c *Commands) askToLeave(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	if err := c.registry.MayLeave(i.ctx, i.actor, e.ID); err != nil {
		return err
	}
	back := "Its owner can ask this server's admins to let it back in, with `/entity join`"
	if e.OwnerID == i.actor.User() {
		back = "You can bring it back with `/entity join`; if the admins had limited or paused it, they decide about that"
	}
	m, err := c.ask(i, fmt.Sprintf("Take %s out of this server? Forgotten here are its channels and mention words, and the name and picture that it has only here. "+
		"What this server's admins decided about it stays. Its key, its persona and other servers stay as they are. %s.", bold(e.Name), back),
		"Take it out", "Leave it here",
		decision{do: leave(e.ID), kept: fmt.Sprintf("Nothing was changed. %s stays on this server.", bold(e.Name))})
	if err != nil {
		return err
	}
	return i.replace(m)
}

func leave(id entities.ID) func(*Commands, *interaction) (message, error) {
	return func(c *Commands, i *interaction) (message, error) {
		e, err := c.registry.Leave(i.ctx, i.actor, id)
		if err != nil {
			return message{}, err
		}
		return message{content: fmt.Sprintf("%s has left this server.", bold(e.Name))}, nil
	}
}
