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
	return i.replace(roster(found, page, i.manages()))
}

// roster is a page of entities, counted from 0; a page that is not there is the nearest one.
// An admin can decide there on those that wait.
func roster(found []entities.Resident, page int, admin bool) message {
	if len(found) == 0 {
		return message{content: "There are no AI identities on this server yet. People with Manage Server create one with `/entity create`."}
	}
	pages := (len(found) + pageSize - 1) / pageSize
	page = min(max(page, 0), pages-1)
	var lines []string
	for _, r := range found[page*pageSize : min((page+1)*pageSize, len(found))] {
		e := r.Entity
		lines = append(lines, fmt.Sprintf("%s · %s · owner %s · since %s", bold(e.Name), condition(r), userMention(e.OwnerID), since(r.Presence.CreatedAt)))
	}
	m := message{embed: &discord.Embed{
		Title: "AI identities on this server", Description: strings.Join(lines, "\n"),
		Footer: &discord.EmbedFooter{Text: fmt.Sprintf("%d in all · page %d of %d", len(found), page+1, pages)},
	}}
	if admin {
		m.menus = requestsMenu(found)
	}
	if pages > 1 {
		m.buttons = []discord.InteractiveComponent{
			discord.NewSecondaryButton("Previous", pagePath(page-1)).WithDisabled(page == 0),
			discord.NewSecondaryButton("Next", pagePath(page+1)).WithDisabled(page == pages-1),
		}
	}
	return m
}

func pagePath(page int) string { return "/entities/page/" + strconv.Itoa(page) }

// condition is what an entity is doing where it is, in a few words.
func condition(r entities.Resident) string {
	var found []string
	add := func(holds bool, words string) {
		if holds {
			found = append(found, words)
		}
	}
	in := r.Presence
	suspended := in.State == entities.PresenceSuspended
	add(in.State == entities.PresenceRequested, "waits for approval")
	add(r.Entity.Stopped, "stopped by whoever runs this bot")
	add(r.Entity.State == entities.Paused, "paused by its owner")
	switch {
	case suspended && in.Cause == entities.OwnerLeft:
		add(true, "its owner left")
	case suspended && in.Until != nil:
		add(true, "paused here until "+moment(*in.Until))
	default:
		add(suspended, "paused here")
	}
	add(len(found) == 0 && !r.Speaks, "silent while the kill switch is on")
	add(len(found) == 0, "active")
	return strings.Join(found, ", ")
}
