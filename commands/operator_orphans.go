package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

var operatorOrphans = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "orphans", Description: "Show entities whose owner has left, and give them to somebody"},
	routes: []route{
		{slash, "/operator/orphans", (*Commands).showOrphans},
		{button, "/operator/orphans/{page}", (*Commands).turnOrphans},
		{menu, "/operator/orphan/{page}", (*Commands).chooseOrphan},
		{menu, "/operator/give/{entity}", (*Commands).askToGive},
	},
}

func (c *Commands) showOrphans(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	found, err := c.relay.Orphans(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.replace(orphanage(found, 0))
}

func (c *Commands) turnOrphans(i *interaction) error {
	page, err := strconv.Atoi(i.vars["page"])
	if err != nil || !i.isPrivate() {
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	found, err := c.relay.Orphans(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.replace(orphanage(found, page))
}

// orphanage is a page of orphans, counted from 0.
func orphanage(found []entities.Entity, page int) message {
	if len(found) == 0 {
		return message{content: "Every entity has an owner on one of its servers."}
	}
	pages := (len(found) + pageSize - 1) / pageSize
	page = min(max(page, 0), pages-1)
	options := make([]discord.StringSelectMenuOption, 0, pageSize)
	lines := make([]string, 0, pageSize)
	for _, e := range found[page*pageSize : min((page+1)*pageSize, len(found))] {
		lines = append(lines, fmt.Sprintf("%s · was %s's · since %s", bold(e.Name), userMention(e.OwnerID), since(e.CreatedAt)))
		options = append(options, discord.NewStringSelectMenuOption(told(e), string(e.ID)))
	}
	m := message{
		embed: &discord.Embed{
			Title: "Entities whose owner is on none of their servers any more", Description: strings.Join(lines, "\n"),
			Footer: &discord.EmbedFooter{Text: fmt.Sprintf("%d in all · page %d of %d", len(found), page+1, pages)},
		},
		menus: []discord.SelectMenuComponent{discord.NewStringSelectMenu("/operator/orphan/"+strconv.Itoa(page), "Choose one to give it to somebody", options...)},
	}
	if pages > 1 {
		m.buttons = turning("/operator/orphans/", page, pages)
	}
	return m
}

func (c *Commands) chooseOrphan(i *interaction) error {
	chosen, err := i.picked()
	if err != nil {
		return err
	}
	e, err := c.orphan(i, chosen)
	if err != nil {
		return err
	}
	page, err := strconv.Atoi(i.vars["page"])
	if err != nil {
		return errOdd
	}
	return i.replace(message{
		content: fmt.Sprintf("Who is to have %s?\nDiscord offers the members of the server where you are, so give this command on a server where that person is.", bold(e.Name)),
		menus:   []discord.SelectMenuComponent{discord.NewUserSelectMenu("/operator/give/"+string(e.ID), "Choose the new owner")},
		buttons: []discord.InteractiveComponent{discord.NewSecondaryButton("Back", "/operator/orphans/"+strconv.Itoa(page))},
	})
}

// orphan finds the orphan that a component names.
func (c *Commands) orphan(i *interaction, id string) (entities.Entity, error) {
	if !i.isPrivate() {
		return entities.Entity{}, errOdd
	}
	if err := i.prepare(); err != nil {
		return entities.Entity{}, err
	}
	found, err := c.relay.Orphans(i.ctx, i.actor)
	if err != nil {
		return entities.Entity{}, err
	}
	at := slices.IndexFunc(found, func(e entities.Entity) bool { return string(e.ID) == id })
	if at < 0 {
		return entities.Entity{}, entities.Refuse(entities.NotFound, "This entity is not among the orphans any more. Give /operator orphans again.")
	}
	return found[at], nil
}

// askToGive asks before an orphan changes hands.
func (c *Commands) askToGive(i *interaction) error {
	to, err := i.pickedUser()
	if err != nil {
		return err
	}
	e, err := c.orphan(i, i.vars["entity"])
	if err != nil {
		return err
	}
	person := entities.Person{ID: to.ID, Bot: to.Bot}
	if err := person.MayOwn(); err != nil {
		return err
	}
	m, err := c.ask(i,
		fmt.Sprintf("Give %s to %s? It changes hands at once: its key, and everything that is connected with it, end. The new owner gets a key of their own with `/entity key`.", bold(e.Name), userMention(to.ID)),
		"Give it to them", "Leave it", decision{do: give(e.ID, person), kept: "Nothing was changed. The key goes on working."})
	if err != nil {
		return err
	}
	return i.replace(m)
}

func give(id entities.ID, to entities.Person) func(*Commands, *interaction) (message, error) {
	return func(c *Commands, i *interaction) (message, error) {
		e, err := c.registry.Assign(i.ctx, i.actor, id, to)
		if err != nil {
			return message{}, err
		}
		return message{content: fmt.Sprintf("%s belongs to %s now, and its old key has ended. Tell them: `/entity key` gets them a new one. "+
			"Where it was paused because its owner left, an admin lets it go on with `/entity resume`.", bold(e.Name), userMention(to.ID))}, nil
	}
}
