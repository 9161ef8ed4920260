package commands

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityConnect is /entity connect: a one-time code for a consent page, and what is connected.
var entityConnect = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "connect", Description: "Get a code that connects ChatGPT, Claude and others to an entity of yours",
		Options: []discord.ApplicationCommandOption{entityOption("Which of your entities")},
	},
	routes: []route{
		{slash, "/entity/connect", (*Commands).connect},
		{autocomplete, "/entity/connect", (*Commands).entityChoices},
	},
}

const everyConnection = "all"

func (c *Commands) connect(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	connections, err := c.registry.Connections(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	code, err := c.registry.ConnectCode(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("To connect ChatGPT, Claude or another AI to %s, add this address there as a connector (MCP server):\n%s\n"+
		"It opens a page that asks for this code. It is good once and ends %s; show it to nobody:\n%s\n",
		bold(e.Name), block("", c.publicURL+"/mcp/"+string(e.ID)), relative(c.now().Add(entities.ConnectLife)), block("", code))
	if len(connections) == 0 {
		return i.reply(message{content: text + "Nothing is connected in this way yet."})
	}
	m, err := c.askWhich(i, text+connectedLines(connections), "Disconnect…", "Keep all", connectionChoices(connections), decision{
		kept: "Nothing was disconnected. `/entity connect` gives a new code.",
		pick: func(c *Commands, i *interaction, chosen string) (message, error) {
			ended := "Its key goes on working."
			if chosen == everyConnection {
				chosen, ended = "", "The code that was shown has ended too: `/entity connect` gives a new one. "+ended
			}
			if err := c.registry.Disconnect(i.ctx, i.actor, e.ID, chosen); err != nil {
				return message{}, err
			}
			return message{content: fmt.Sprintf("Disconnected from %s, at once. %s", bold(e.Name), ended)}, nil
		},
	})
	if err != nil {
		return err
	}
	return i.reply(m)
}

// mostConnections is how many are listed one by one.
const mostConnections = 10

func connectedLines(all []entities.Connection) string {
	lines := []string{"Connected now:"}
	for at, one := range all {
		if at == mostConnections {
			lines = append(lines, "- "+amount(len(all)-at, "more", "more"))
			break
		}
		used := "never used"
		if one.LastUsedAt != nil {
			used = "last used " + relative(*one.LastUsedAt)
		}
		lines = append(lines, fmt.Sprintf("- %s (%s): connected %s, %s", unlinked(one.Client), plain(clip(one.Host, 40)), relative(one.Since), used))
	}
	return strings.Join(lines, "\n")
}

// unlinked is a client's name as text, also where it looks like an address: Discord would lead
// there.
func unlinked(name string) string { return plain(clip(strings.ReplaceAll(name, "://", ": //"), 40)) }

func connectionChoices(all []entities.Connection) []discord.StringSelectMenuOption {
	choices := []discord.StringSelectMenuOption{discord.NewStringSelectMenuOption("Everything that is connected", everyConnection)}
	for _, one := range all[max(0, len(all)-mostChoices+1):] {
		name := clip(cmp.Or(one.Client, one.Host), 50) + " (" + clip(one.Host, 40) + ")"
		choices = append(choices, discord.NewStringSelectMenuOption(name, one.ID))
	}
	return choices
}
