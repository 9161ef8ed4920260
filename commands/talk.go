package commands

import (
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// talkCommand is /talk, and what people press in direct messages with the bot. Everything in it is
// about whoever presses, whatever a custom id says.
var talkCommand = command{
	definition: discord.SlashCommandCreate{
		Name: "talk", Description: "Choose the AI identity that gets what you write to this bot in direct messages",
		Options:          []discord.ApplicationCommandOption{entityOption("Whom to write to")},
		IntegrationTypes: []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall},
		Contexts:         []discord.InteractionContextType{discord.InteractionContextTypeGuild, discord.InteractionContextTypeBotDM},
	},
	routes: []route{
		{slash, "/talk", (*Commands).talk},
		{autocomplete, "/talk", (*Commands).talkChoices},
		{menu, relay.RoutingMenu, (*Commands).chooseWhom},
		{button, relay.BlockButton + "{entity}", (*Commands).block},
		{button, "/talk/unblock/{entity}", (*Commands).unblock},
	},
}

func (c *Commands) talkChoices(i *interaction) error {
	in, ok := i.Interaction.(discord.AutocompleteInteraction)
	if !ok {
		return errOdd
	}
	here, own, err := c.addressees(i)
	if err != nil {
		return err
	}
	return i.choices(offered(here, own, in.Data.String("entity")))
}

// addressees are those whom a person is offered: the entities here, and those that they know.
func (c *Commands) addressees(i *interaction) ([]entities.Resident, []entities.Entity, error) {
	var here []entities.Resident
	if i.actor.Guild() != 0 {
		var err error
		if here, err = c.registry.List(i.ctx, i.actor); err != nil {
			return nil, nil, err
		}
	}
	for k := range here {
		here[k].Entity.Persona = ""
	}
	own, err := c.relay.Partners(i.ctx, i.actor)
	return here, own, err
}

func (c *Commands) talk(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	var named string
	if _, err := option(data, "entity", &named); err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	here, own, err := c.addressees(i)
	if err != nil {
		return err
	}
	e, err := addressee(here, own, strings.TrimSpace(named))
	if err != nil {
		return err
	}
	talk, err := c.relay.Talk(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	return i.replace(message{content: talking(talk)})
}

// addressee finds whom a person named: ids first, as nobody's name may stand in for one.
func addressee(here []entities.Resident, own []entities.Entity, named string) (entities.Entity, error) {
	all := own
	for _, r := range here {
		all = append(all, r.Entity)
	}
	for _, is := range []func(entities.Entity) bool{
		func(e entities.Entity) bool { return string(e.ID) == named },
		func(e entities.Entity) bool { return strings.EqualFold(e.Name, strings.TrimPrefix(named, "@")) },
	} {
		for _, e := range all {
			if is(e) {
				return e, nil
			}
		}
	}
	return entities.Entity{}, entities.Refuse(entities.NotFound, "There is no entity called %q whom you can write to. Type /talk and choose one of those that are offered.", named)
}

// talking says to whom a person writes from now on.
func talking(talk relay.Talk) string {
	text := fmt.Sprintf("What you write to this bot in direct messages goes to %s now, until you choose another or are silent for a day.", bold(talk.With.Name))
	if talk.Waited > 0 {
		text += fmt.Sprintf(" It got %s that waited.", amount(talk.Waited, "message", "messages"))
	}
	return text
}

// chooseWhom takes the choice from the menu that asks whom a direct message is for.
func (c *Commands) chooseWhom(i *interaction) error {
	if i.actor.Guild() != 0 {
		return errOdd
	}
	picked, err := i.picked()
	if err != nil {
		return err
	}
	if err := i.prepare(); err != nil {
		return err
	}
	var pressed snowflake.ID
	if source := i.source(); source != nil {
		pressed = source.ID
	}
	talk, err := c.relay.Talk(i.ctx, i.actor, entities.ID(picked), pressed)
	if err != nil {
		return err
	}
	text := talking(talk)
	if talk.Waited == 0 {
		text += " Nothing of what you wrote before waits any more: it is older than a day, was deleted, or went its way already."
	}
	return i.replace(message{content: text})
}

func (c *Commands) block(i *interaction) error {
	id := entities.ID(i.vars["entity"])
	if err := c.registry.Block(i.ctx, i.actor, id, true); err != nil {
		return err
	}
	return i.reply(message{
		content: "Blocked. It cannot write to you any more, and gets nothing that you write to this bot. `/privacy` refuses the direct messages of all.",
		buttons: []discord.InteractiveComponent{discord.NewSecondaryButton("Unblock", "/talk/unblock/"+string(id))},
	})
}

func (c *Commands) unblock(i *interaction) error {
	if err := c.registry.Block(i.ctx, i.actor, entities.ID(i.vars["entity"]), false); err != nil {
		return err
	}
	return i.reply(message{content: "Unblocked. It can write to you again if you spoke to it."})
}
