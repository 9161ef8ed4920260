package commands

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

var operatorServers = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "servers", Description: "Show the servers; admit and dismiss them"},
	routes: []route{
		{slash, "/operator/servers", (*Commands).showServers},
		{button, "/operator/servers/{page}", (*Commands).turnServers},
		{menu, "/operator/server/{page}", (*Commands).chooseServer},
		{button, "/operator/admit/{server}", (*Commands).admit},
		{button, "/operator/dismiss/{server}", (*Commands).dismiss},
	},
}

func (c *Commands) showServers(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	servers, err := c.registry.Servers(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.replace(census(servers, 0, 0, ""))
}

func (c *Commands) turnServers(i *interaction) error {
	page, err := strconv.Atoi(i.vars["page"])
	if err != nil || !i.isPrivate() {
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	servers, err := c.registry.Servers(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.replace(census(servers, page, 0, ""))
}

func (c *Commands) chooseServer(i *interaction) error {
	chosen, err := i.picked()
	if err != nil {
		return err
	}
	server, err := c.listed(i, chosen)
	if err != nil {
		return err
	}
	return c.retakeCensus(i, server.Guild.ID, "")
}

func (c *Commands) admit(i *interaction) error {
	server, err := c.listed(i, i.vars["server"])
	if err != nil {
		return err
	}
	if err := c.registry.Admit(i.ctx, i.actor, server.Guild.ID); err != nil {
		return err
	}
	return c.retakeCensus(i, server.Guild.ID, serverName(server)+" is served from now on.")
}

func (c *Commands) dismiss(i *interaction) error {
	server, err := c.listed(i, i.vars["server"])
	if err != nil {
		return err
	}
	if err := c.registry.Dismiss(i.ctx, i.actor, server.Guild.ID); err != nil {
		return err
	}
	return c.retakeCensus(i, server.Guild.ID, serverName(server)+" is not served any more: its entities neither hear nor speak there. What is set there is kept.")
}

// listed finds a server of which a component says that it stands on the list.
func (c *Commands) listed(i *interaction, id string) (entities.Server, error) {
	guild, err := snowflake.Parse(id)
	if err != nil || !i.isPrivate() {
		return entities.Server{}, errOdd
	}
	if err := i.prepare(); err != nil {
		return entities.Server{}, err
	}
	servers, err := c.registry.Servers(i.ctx, i.actor)
	if err != nil {
		return entities.Server{}, err
	}
	at := slices.IndexFunc(servers, func(s entities.Server) bool { return s.Guild.ID == guild })
	if at < 0 {
		return entities.Server{}, entities.Refuse(entities.NotFound, "This server is not on the list any more. Give /operator servers again.")
	}
	return servers[at], nil
}

// retakeCensus shows the page of a server anew, under what was done.
func (c *Commands) retakeCensus(i *interaction, chosen snowflake.ID, done string) error {
	servers, err := c.registry.Servers(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.replace(census(servers, 0, chosen, done))
}

// census is a page of servers, counted from 0: those that wait first, then those that are
// served. When one is chosen, it is the page where that one stands, with what can be done.
func census(servers []entities.Server, page int, chosen snowflake.ID, done string) message {
	if len(servers) == 0 {
		return message{content: "The bot is on no server. Invite it with the link from the Developer Portal."}
	}
	servers = slices.SortedFunc(slices.Values(servers), func(a, b entities.Server) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(strings.ToLower(a.Guild.Name), strings.ToLower(b.Guild.Name)), cmp.Compare(a.Guild.ID, b.Guild.ID))
	})
	at := slices.IndexFunc(servers, func(s entities.Server) bool { return s.Guild.ID == chosen })
	if at >= 0 {
		page = at / pageSize
	}
	pages := (len(servers) + pageSize - 1) / pageSize
	page = min(max(page, 0), pages-1)
	options := make([]discord.StringSelectMenuOption, 0, pageSize)
	lines := make([]string, 0, pageSize)
	for _, s := range servers[page*pageSize : min((page+1)*pageSize, len(servers))] {
		standing := fmt.Sprintf("%s · %s", standing(s), amount(s.Entities, "entity", "entities"))
		lines = append(lines, fmt.Sprintf("%s · %s · id %s", serverName(s), standing, s.Guild.ID))
		options = append(options, discord.NewStringSelectMenuOption(clip(cmp.Or(s.Guild.Name, s.Guild.ID.String()), 100), s.Guild.ID.String()).
			WithDescription(standing).WithDefault(s.Guild.ID == chosen))
	}
	m := message{
		content: done,
		embed: &discord.Embed{
			Title: "Servers", Description: strings.Join(lines, "\n"),
			Footer: &discord.EmbedFooter{Text: fmt.Sprintf("%d in all · page %d of %d", len(servers), page+1, pages)},
		},
		menus: []discord.SelectMenuComponent{discord.NewStringSelectMenu("/operator/server/"+strconv.Itoa(page), "Choose a server to admit or dismiss it", options...)},
	}
	if at >= 0 {
		s := servers[at]
		m.buttons = append(m.buttons,
			discord.NewSuccessButton("Admit", "/operator/admit/"+s.Guild.ID.String()).WithDisabled(s.Served),
			discord.NewDangerButton("Dismiss", "/operator/dismiss/"+s.Guild.ID.String()).WithDisabled(!s.Served && !s.Dormant))
	}
	if pages > 1 {
		m.buttons = append(m.buttons, turning("/operator/servers/", page, pages)...)
	}
	return m
}

// turning are the buttons that turn pages, counted from 0.
func turning(path string, page, pages int) []discord.InteractiveComponent {
	return []discord.InteractiveComponent{
		discord.NewSecondaryButton("Previous", path+strconv.Itoa(page-1)).WithDisabled(page == 0),
		discord.NewSecondaryButton("Next", path+strconv.Itoa(page+1)).WithDisabled(page == pages-1),
	}
}

func serverName(s entities.Server) string {
	if s.Guild.Name == "" {
		return "A server whose name is not known"
	}
	return bold(s.Guild.Name)
}

// rank puts what waits for the operator first and what is over last.
func rank(s entities.Server) int {
	switch {
	case s.Row.LeftAt != nil:
		return 3
	case s.Dormant:
		return 0
	case s.Served:
		return 1
	default:
		return 2
	}
}

func standing(s entities.Server) string {
	switch {
	case s.Row.LeftAt != nil:
		return "the bot has left"
	case s.Dormant:
		return "waits for you"
	case s.Served:
		return "served"
	case s.Row.DecidedBy == "":
		return "not in the configuration's list"
	default:
		return "dismissed"
	}
}
