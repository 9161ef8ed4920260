package commands

import (
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// mostChoices is how many choices an autocomplete may offer. Discord: 25.
const mostChoices = 25

// subcommands are the branches of /entity.
var subcommands = []subcommand{entityCreate, entityKey}

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

// entityChoices offers the guild's entities whose name has what was typed so far in it. The
// value is the id, which stays right when a name changes.
func (c *Commands) entityChoices(i *interaction) error {
	in, ok := i.Interaction.(discord.AutocompleteInteraction)
	if !ok {
		return errOdd
	}
	found, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return err
	}
	typed := strings.ToLower(strings.TrimSpace(in.Data.String("entity")))
	var choices []discord.AutocompleteChoice
	for _, e := range found {
		if len(choices) == mostChoices {
			break
		}
		if strings.Contains(strings.ToLower(e.Name), typed) {
			choices = append(choices, discord.AutocompleteChoiceString{Name: e.Name, Value: string(e.ID)})
		}
	}
	return i.choices(choices)
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
