package commands

import (
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// operatorCommand is /operator: for the people who run this instance, on every server and in
// direct messages with the bot. Discord can hide it from nobody else; the registry refuses.
var operatorCommand = branched(discord.SlashCommandCreate{
	Name: "operator", Description: "For the people who run this bot",
	IntegrationTypes: []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall},
	Contexts:         []discord.InteractionContextType{discord.InteractionContextTypeGuild, discord.InteractionContextTypeBotDM},
}, operatorServers, operatorOrphans, operatorStop, operatorStart)

var operatorStop = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "stop", Description: "Kill switch: silence one entity everywhere, or all of them",
		Options: []discord.ApplicationCommandOption{anyEntityOption("Which one. Leave it out to stop everything")},
	},
	routes: []route{
		{slash, "/operator/stop", (*Commands).stopAny},
		{autocomplete, "/operator/stop", (*Commands).allChoices},
	},
}

var operatorStart = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "start", Description: "Let one stopped entity go on, or all of them",
		Options: []discord.ApplicationCommandOption{anyEntityOption("Which one. Leave it out to end the stop of everything")},
	},
	routes: []route{
		{slash, "/operator/start", (*Commands).startAny},
		{autocomplete, "/operator/start", (*Commands).allChoices},
	},
}

// anyEntityOption names an entity of the whole instance, or none.
func anyEntityOption(description string) discord.ApplicationCommandOptionString {
	o := entityOption(description)
	o.Required = false
	return o
}

// allChoices offers the instance's entities whose name has what was typed so far in it. Names
// are unique on a server only, so a piece of the id tells them apart.
func (c *Commands) allChoices(i *interaction) error {
	in, ok := i.Interaction.(discord.AutocompleteInteraction)
	if !ok {
		return errOdd
	}
	all, err := c.registry.Everything(i.ctx, i.actor)
	if err != nil {
		return err
	}
	typed := strings.ToLower(strings.TrimSpace(in.Data.String("entity")))
	var choices []discord.AutocompleteChoice
	for _, e := range all {
		if len(choices) == mostChoices {
			break
		}
		if strings.Contains(strings.ToLower(e.Name), typed) {
			choices = append(choices, discord.AutocompleteChoiceString{Name: told(e), Value: string(e.ID)})
		}
	}
	return i.choices(choices)
}

const (
	shortID   = 6
	shortName = 78
)

// told is an entity's name with a piece of its id; at most 100 characters, as Discord takes in
// a choice.
func told(e entities.Entity) string {
	text := clip(e.Name, shortName) + " · id " + string(e.ID[:min(len(e.ID), shortID)])
	if e.Stopped {
		text += " · stopped"
	}
	return text
}

// anyEntity finds the entity of the whole instance that a command's option names by id or
// name; ok is false when none was given.
func (c *Commands) anyEntity(i *interaction) (e entities.Entity, ok bool, err error) {
	data, err := i.command()
	if err != nil {
		return entities.Entity{}, false, err
	}
	var named string
	given, err := option(data, "entity", &named)
	if err != nil || !given {
		return entities.Entity{}, false, err
	}
	all, err := c.registry.Everything(i.ctx, i.actor)
	if err != nil {
		return entities.Entity{}, false, err
	}
	var found []entities.Entity
	for _, e := range all {
		switch {
		case string(e.ID) == named:
			return e, true, nil
		case strings.EqualFold(e.Name, strings.TrimSpace(named)):
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return entities.Entity{}, false, entities.Refuse(entities.NotFound, "No entity is called %q. Choose one from the list that appears while you type.", named)
	case 1:
		return found[0], true, nil
	default:
		return entities.Entity{}, false, entities.Refuse(entities.Conflict, "%d entities are called %q. Choose one from the list that appears while you type.", len(found), named)
	}
}

func (c *Commands) stopAny(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, given, err := c.anyEntity(i)
	if err != nil {
		return err
	}
	if !given {
		return c.askToStopAll(i)
	}
	e, err = c.registry.Stop(i.ctx, i.actor, e.ID, true)
	if err != nil {
		return err
	}
	return i.reply(message{content: fmt.Sprintf("%s is stopped: it neither hears nor speaks, on any server. `/operator start` lets it go on.", bold(e.Name))})
}

func (c *Commands) askToStopAll(i *interaction) error {
	all, err := c.registry.Everything(i.ctx, i.actor)
	if err != nil {
		return err
	}
	stopped, err := c.registry.Stopped(i.ctx, i.actor)
	if err != nil {
		return err
	}
	if stopped.Everywhere {
		return i.reply(message{content: "Everything is stopped already. `/operator start` lets the entities go on."})
	}
	m, err := c.ask(i,
		fmt.Sprintf("Stop everything? From that moment no entity hears or speaks on any server. It is about %s. Nothing is deleted; `/operator start` lets them go on.", amount(len(all), "entity", "entities")),
		"Stop everything", "Leave them be",
		decision{do: stopAll, kept: "Nothing was changed. The entities go on."})
	if err != nil {
		return err
	}
	return i.reply(m)
}

func stopAll(c *Commands, i *interaction) (message, error) {
	if err := c.registry.StopAll(i.ctx, i.actor, true); err != nil {
		return message{}, err
	}
	return message{content: "Everything is stopped: no entity hears or speaks on any server. `/operator start` lets them go on."}, nil
}

func (c *Commands) startAny(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, given, err := c.anyEntity(i)
	if err != nil {
		return err
	}
	if !given {
		if err := c.registry.StopAll(i.ctx, i.actor, false); err != nil {
			return err
		}
		return i.reply(message{content: "The stop of everything is over. Entities that were stopped one by one, and servers whose admins stopped theirs, stay stopped."})
	}
	e, err = c.registry.Stop(i.ctx, i.actor, e.ID, false)
	if err != nil {
		return err
	}
	stopped, err := c.registry.Stopped(i.ctx, i.actor)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s is not stopped any more.", bold(e.Name))
	if stopped.Everywhere {
		text += " Everything is stopped, though; `/operator start` without a name ends that."
	}
	return i.reply(message{content: text})
}
