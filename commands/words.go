package commands

import (
	"fmt"
	"io"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// words turns an error into what the person reads: a refusal is said as it is, all else is
// logged under a reference, and only that is said.
func (c *Commands) words(i *interaction, err error) string {
	if refusal, ok := entities.AsRefusal(err); ok {
		return plain(refusal.Text)
	}
	return "Something broke on our side (ref " + c.fault(i, err) + "). Try again; if it happens again, give this reference to whoever runs this bot."
}

// fault logs what broke and gives the reference under which it is found.
func (c *Commands) fault(i *interaction, err error) string {
	ref := c.ref()
	c.log.Error("an interaction broke", "ref", ref, "err", err, "user", i.actor.User(), "guild", i.actor.Guild())
	return ref
}

// ref is a short mark that a person can read out and that stands in the log.
func (c *Commands) ref() string {
	buf := make([]byte, 2)
	if _, err := io.ReadFull(c.random, buf); err != nil {
		c.log.Error("read random bytes", "err", err)
	}
	return fmt.Sprintf("%x", buf)
}

// message is all that people are shown: what is not set is empty, so that changing a message
// leaves nothing of what stood there.
type message struct {
	content string // at most 2,000 characters
	embed   *discord.Embed
	menus   []discord.SelectMenuComponent // each in a row of its own, above the buttons
	buttons []discord.InteractiveComponent
	// pings are the users who may be notified; everybody else who is named is not.
	pings []snowflake.ID
}

func (m message) create(flags discord.MessageFlags) discord.MessageCreate {
	mentions := m.mentions()
	return discord.MessageCreate{Content: m.content, Embeds: m.embeds(), Components: m.components(), AllowedMentions: &mentions, Flags: flags}
}

func (m message) update() discord.MessageUpdate {
	mentions, embeds, components := m.mentions(), m.embeds(), m.components()
	return discord.MessageUpdate{Content: &m.content, Embeds: &embeds, Components: &components, AllowedMentions: &mentions}
}

func (m message) mentions() discord.AllowedMentions {
	users := m.pings
	if users == nil {
		users = []snowflake.ID{}
	}
	return discord.AllowedMentions{Parse: []discord.AllowedMentionType{}, Roles: []snowflake.ID{}, Users: users}
}

func (m message) embeds() []discord.Embed {
	if m.embed == nil {
		return []discord.Embed{}
	}
	return []discord.Embed{*m.embed}
}

func (m message) components() []discord.LayoutComponent {
	rows := make([]discord.LayoutComponent, 0, len(m.menus)+1)
	for _, menu := range m.menus {
		rows = append(rows, discord.NewActionRow(menu))
	}
	if len(m.buttons) > 0 {
		rows = append(rows, discord.NewActionRow(m.buttons...))
	}
	return rows
}

func plain(text string) string { return relay.Plain(text) }

// bold shows a name that a stranger may have chosen.
func bold(name string) string { return "**" + plain(name) + "**" }

func userMention(id snowflake.ID) string { return "<@" + id.String() + ">" }

// channelMention shows a channel by name, in the reader's own language and only as far as the
// reader may know of it.
func channelMention(id snowflake.ID) string { return "<#" + id.String() + ">" }

// since and relative show a time in the reader's own zone: as a date, and as "in 5 minutes".
func since(t time.Time) string    { return fmt.Sprintf("<t:%d:D>", t.Unix()) }
func relative(t time.Time) string { return fmt.Sprintf("<t:%d:R>", t.Unix()) }

// moment is a time with its date and hour.
func moment(t time.Time) string { return fmt.Sprintf("<t:%d:f>", t.Unix()) }

// hour is a time of today.
func hour(t time.Time) string { return fmt.Sprintf("<t:%d:t>", t.Unix()) }

// amount words a number: "1 server", "3 servers".
func amount[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// clip shortens a text to n characters.
func clip(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}
