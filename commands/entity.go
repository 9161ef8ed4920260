package commands

import (
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// mostChoices is how many choices an autocomplete may offer. Discord: 25.
const mostChoices = 25

// longestChoice is how long the name of one may be. Discord: 100 characters.
const longestChoice = 100

// subcommands are the branches of /entity.
var subcommands = []subcommand{
	entityCreate, entityEdit, entityRules, entityInfo, entityKey, entityConnect, entityChannels, entityAbilities, entityLimits, entityPause, entityResume, entityDelete, entityTransfer,
	entityJoin, entityLeave,
}

// entityCommand is /entity: open to all, since the rights are asked for at every branch.
var entityCommand = func() command {
	c := command{definition: guildCommand("entity", "Create AI identities and look after yours")}
	for _, s := range subcommands {
		c.definition.Options = append(c.definition.Options, s.definition)
		c.routes = slices.Concat(c.routes, s.routes)
	}
	return c
}()

// guildCommand is a command that exists on servers only.
func guildCommand(name, description string) discord.SlashCommandCreate {
	return discord.SlashCommandCreate{
		Name: name, Description: description,
		IntegrationTypes: []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall},
		Contexts:         []discord.InteractionContextType{discord.InteractionContextTypeGuild},
	}
}

// entityOption is the option with which an entity is named.
func entityOption(description string) discord.ApplicationCommandOptionString {
	most := entities.MaxName
	return discord.ApplicationCommandOptionString{
		Name: "entity", Description: description, Required: true, Autocomplete: true, MaxLength: &most,
	}
}

// entityChoices offers the guild's entities whose name has what was typed so far in it, and
// then the person's own from elsewhere. The value is the id, which stays right when a name
// changes.
func (c *Commands) entityChoices(i *interaction) error {
	in, ok := i.Interaction.(discord.AutocompleteInteraction)
	if !ok {
		return errOdd
	}
	here, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return err
	}
	own, err := c.registry.Mine(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.choices(offered(here, own, in.Data.String("entity")))
}

const notHere = " (not on this server)"

// offered are the choices for what was typed.
func offered(here []entities.Resident, own []entities.Entity, typed string) []discord.AutocompleteChoice {
	typed = strings.ToLower(strings.TrimSpace(typed))
	var choices []discord.AutocompleteChoice
	add := func(e entities.Entity, note string) {
		if len(choices) < mostChoices && strings.Contains(strings.ToLower(e.Name), typed) {
			choices = append(choices, discord.AutocompleteChoiceString{Name: clip(e.Name, longestChoice-len(note)) + note, Value: string(e.ID)})
		}
	}
	for _, r := range here {
		add(r.Entity, "")
	}
	for _, e := range own {
		if !slices.ContainsFunc(here, func(r entities.Resident) bool { return r.Entity.ID == e.ID }) {
			add(e, notHere)
		}
	}
	return choices
}

// entity finds the entity that a command's option names.
func (c *Commands) entity(i *interaction) (entities.Entity, error) {
	data, err := i.command()
	if err != nil {
		return entities.Entity{}, err
	}
	var named string
	if _, err := option(data, "entity", &named); err != nil {
		return entities.Entity{}, err
	}
	return c.registry.Find(i.ctx, i.actor, named)
}
