package commands

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityInfo is /entity info: what anybody may know of an entity, and its owner more.
var entityInfo = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "info", Description: "Show who an entity is, whose, and what it is doing",
		Options: []discord.ApplicationCommandOption{entityOption("Which entity")},
	},
	routes: []route{
		{slash, "/entity/info", (*Commands).info},
		{autocomplete, "/entity/info", (*Commands).entityChoices},
	},
}

func (c *Commands) info(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	info, err := c.registry.Info(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	e = info.Resident.Entity
	return i.replace(introduction{
		info: info, picture: c.relay.AvatarURL(e.Avatar), faceless: c.relay.Faceless(e.ID), url: c.card(entities.Created{Entity: e}).url,
	}.message())
}

// introduction is what a person is shown of an entity.
type introduction struct {
	info    entities.Info
	picture string // the address of what it looks like here; "" without one
	// faceless is since when Discord has not shown that picture; for its owner only.
	faceless time.Time
	url      string // where its MCP clients connect; for its owner only
}

func (n introduction) message() message {
	e := n.info.Resident.Entity
	embed := &discord.Embed{Title: plain(e.Name), Description: plain(e.Description), Fields: []discord.EmbedField{
		{Name: "Owner", Value: userMention(e.OwnerID)},
		{Name: "What it is doing", Value: n.doing()},
		{Name: "Since", Value: n.since()},
		{Name: "Last seen", Value: lastSeen(n.info.LastSeen)},
	}}
	if n.picture != "" {
		embed.Thumbnail = &discord.EmbedResource{URL: n.picture}
	}
	if n.info.Here {
		embed.Fields = append(embed.Fields,
			discord.EmbedField{Name: "Said here", Value: n.said()},
			discord.EmbedField{Name: "Called by", Value: n.words()})
	}
	if n.info.Owns && n.picture != "" && !n.faceless.IsZero() {
		embed.Fields = append(embed.Fields, discord.EmbedField{Name: "Its picture (shown to you only)", Value: unseen(n.faceless)})
	}
	if n.info.Owns {
		embed.Fields = append(embed.Fields,
			discord.EmbedField{Name: "Servers (shown to you only)", Value: n.servers()},
			discord.EmbedField{Name: "Its address (MCP URL, shown to you only)", Value: block("", n.url) + "\nIts id is `" + string(e.ID) + "`. `/entity key` makes a new key."})
	}
	return message{embed: embed}
}

// unseen says that Discord does not show a picture, and who can mend it.
func unseen(since time.Time) string {
	return fmt.Sprintf("Discord could not fetch it (first seen %s), so its lines stand without it. "+
		"Whoever runs this bot can mend that: the address in `http.public_url` must be reachable from the internet.", relative(since))
}

func (n introduction) doing() string {
	if !n.info.Here {
		return strings.Join(append(everywhere(n.info.Resident.Entity), "It is not on this server. `/entity join` brings it here."), "\n")
	}
	return doing(n.info.Resident)
}

// doing says what an entity that is on this server does there, and who can change it.
func doing(r entities.Resident) string {
	lines := everywhere(r.Entity)
	p := r.Presence
	switch {
	case p.State == entities.PresenceRequested:
		lines = append(lines, "It waits for an admin of this server to let it in.")
	case p.State == entities.PresenceSuspended && p.Cause == entities.OwnerLeft:
		lines = append(lines, "It is paused here, because its owner left this server. An admin of this server can let it go on.")
	case p.State == entities.PresenceSuspended && p.Until != nil:
		who := "An admin"
		if p.Cause == entities.ByModerator {
			who = "An admin or moderator"
		}
		lines = append(lines, fmt.Sprintf("It is paused here; it goes on %s. %s of this server can let it go on before that.", relative(*p.Until), who))
	case p.State == entities.PresenceSuspended:
		lines = append(lines, "It is paused here. An admin of this server can let it go on.")
	case len(lines) == 0 && !r.Speaks:
		lines = append(lines, "It is stopped, as all entities are on this server now. An admin of this server or whoever runs this bot can let them go on.")
	case len(lines) == 0:
		lines = append(lines, "It is active: it reads and speaks where it may.")
	}
	return strings.Join(lines, "\n")
}

// everywhere says what keeps an entity silent on every server.
func everywhere(e entities.Entity) []string {
	var lines []string
	if e.Stopped {
		lines = append(lines, "It is stopped by whoever runs this bot. Only they can let it go on.")
	}
	if e.State == entities.Paused {
		lines = append(lines, "It is paused by its owner, on every server. Only they can let it go on.")
	}
	return lines
}

func (n introduction) since() string {
	text := "It was made on " + since(n.info.Resident.Entity.CreatedAt)
	if p := n.info.Resident.Presence; n.info.Here && p.State != entities.PresenceRequested {
		text += " and is here since " + since(p.CreatedAt)
	}
	return text + "."
}

func lastSeen(at *time.Time) string {
	if at == nil {
		return "Never: no AI has connected to it yet."
	}
	return "An AI was connected to it " + relative(*at) + "."
}

func (n introduction) said() string {
	return fmt.Sprintf("%s today, %d in the last 7 days, %d ever.", amount(n.info.Today, "line", "lines"), n.info.Week, n.info.Ever)
}

func (n introduction) words() string {
	words := []string{bold(n.info.Resident.Entity.Name)}
	for _, word := range n.info.Words {
		words = append(words, plain(word))
	}
	return strings.Join(words, ", ")
}

// longestServers keeps the list of servers within a field, with what may follow it.
const longestServers = 900

func (n introduction) servers() string {
	if len(n.info.Servers) == 0 {
		return "None. `/entity join` brings it to the server where you give the command."
	}
	var lines []string
	length := 0
	for at, guild := range n.info.Servers {
		line := "- " + cmp.Or(plain(guild.Name), "one that the bot does not see now ("+guild.ID.String()+")")
		if length += len([]rune(line)) + 1; length > longestServers {
			return strings.Join(append(lines, amount(len(n.info.Servers)-at, "more server", "more servers")), "\n")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
