package commands

import (
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityLimits is /entity limits: how much one entity may say on this server.
var entityLimits = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "limits", Description: "Decide how much an entity may say on this server",
		Options: []discord.ApplicationCommandOption{entityOption("Which entity")},
	},
	routes: []route{
		{slash, "/entity/limits", (*Commands).limit},
		{autocomplete, "/entity/limits", (*Commands).entityChoices},
		{form, "/limits/form/{entity}/{before}", (*Commands).limited},
	},
}

// limit opens the form for those who may change the limits, and tells others what applies.
func (c *Commands) limit(i *interaction) error {
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	if !setup.Changes {
		return i.reply(allowance("", setup))
	}
	return i.open(paceForm(setup))
}

// paceForm is the form with an entity's own limits.
func paceForm(setup entities.Setup) discord.ModalCreate {
	e, own := setup.Resident.Entity, setup.Resident.Presence.Limits
	return discord.NewModalCreate("/limits/form/"+string(e.ID)+"/"+mark(own), clip("Limits here for "+e.Name, longestTitle), limitInputs(own, setup.Usual)...)
}

func (c *Commands) limited(i *interaction) error {
	in, ok := i.Interaction.(discord.ModalSubmitInteraction)
	if !ok {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	id := entities.ID(i.vars["entity"])
	err := c.registry.SetLimits(i.ctx, i.actor, id, func(now entities.Limits) (entities.Limits, error) {
		if mark(now) != i.vars["before"] {
			return now, errOvertaken
		}
		return readLimits(in.Data), nil
	})
	if err != nil {
		return err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, id)
	if err != nil {
		return err
	}
	return i.replace(allowance("Saved. ", setup))
}

// allowance says how much an entity may say here, and how much of it is left.
func allowance(done string, setup entities.Setup) message {
	own, all, left := setup.Resident.Presence.Limits, setup.Limits, setup.Left
	each := func(own, all int, unit string) string {
		if own == 0 {
			return fmt.Sprintf("%d %s (as usual here)", all, unit)
		}
		return fmt.Sprintf("%d %s", all, unit)
	}
	lines := []string{
		fmt.Sprintf("%s%s may say this many lines on this server: %s, %s, %s.", done, bold(setup.Resident.Entity.Name),
			each(own.Minute, all.Minute, "a minute"), each(own.Hour, all.Hour, "an hour"), each(own.Day, all.Day, "a day")),
		fmt.Sprintf("Left now: %d in this minute, %d in this hour, %d in these 24 hours.", left.Minute, left.Hour, left.Day),
	}
	if !setup.Changes {
		lines = append(lines, "People with Manage Server can change this.")
	}
	return message{content: strings.Join(lines, "\n")}
}
