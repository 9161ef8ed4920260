package commands

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// pageSize is how many entities a page of /entities shows.
const pageSize = 10

// entitiesCommand is /entities: who is on this server.
var entitiesCommand = command{
	definition: guildCommand("entities", "Show the AI identities on this server"),
	routes: []route{
		{slash, "/entities", (*Commands).listEntities},
		{button, "/entities/page/{page}", (*Commands).turnPage},
	},
}

func (c *Commands) listEntities(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	return c.showPage(i, 0)
}

func (c *Commands) turnPage(i *interaction) error {
	page, err := strconv.Atoi(i.vars["page"])
	if err != nil || !i.isPrivate() {
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	return c.showPage(i, page)
}

func (c *Commands) showPage(i *interaction, page int) error {
	found, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.replace(roster(found, page))
}

// roster is a page of entities, counted from 0; a page that is not there is the nearest one.
func roster(found []entities.Entity, page int) message {
	if len(found) == 0 {
		return message{content: "There are no AI identities on this server yet. People with Manage Server create one with `/entity create`."}
	}
	pages := (len(found) + pageSize - 1) / pageSize
	page = min(max(page, 0), pages-1)
	var lines []string
	for _, e := range found[page*pageSize : min((page+1)*pageSize, len(found))] {
		lines = append(lines, fmt.Sprintf("%s · %s · owner %s · since %s", bold(e.Name), stateWord(e.State), userMention(e.OwnerID), since(e.CreatedAt)))
	}
	m := message{embed: &discord.Embed{
		Title: "AI identities on this server", Description: strings.Join(lines, "\n"),
		Footer: &discord.EmbedFooter{Text: fmt.Sprintf("%d in all · page %d of %d", len(found), page+1, pages)},
	}}
	if pages > 1 {
		m.buttons = []discord.InteractiveComponent{
			discord.NewSecondaryButton("Previous", pagePath(page-1)).WithDisabled(page == 0),
			discord.NewSecondaryButton("Next", pagePath(page+1)).WithDisabled(page == pages-1),
		}
	}
	return m
}

func pagePath(page int) string { return "/entities/page/" + strconv.Itoa(page) }

func stateWord(state entities.State) string {
	switch state {
	case entities.Active:
		return "active"
	case entities.Paused:
		return "paused"
	default:
		return string(state)
	}
}
