package commands

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
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
	if len(m.buttons) == 0 {
		return []discord.LayoutComponent{}
	}
	return []discord.LayoutComponent{discord.NewActionRow(m.buttons...)}
}

// lineMarks are what makes a heading or a list at the beginning of a line.
var lineMarks = regexp.MustCompile(`(?m)^(\s*)([-+#])`)

// plain makes Discord show a text as it is: no formatting, links, mentions or timestamps.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\\*_~`|[]<>", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return lineMarks.ReplaceAllString(b.String(), `$1\$2`)
}

// bold shows a name that a stranger may have chosen.
func bold(name string) string { return "**" + plain(name) + "**" }

func userMention(id snowflake.ID) string { return "<@" + id.String() + ">" }

// channelMention shows a channel by name, in the reader's own language and only as far as the
// reader may know of it.
func channelMention(id snowflake.ID) string { return "<#" + id.String() + ">" }

// since and relative show a time in the reader's own zone: as a date, and as "in 5 minutes".
func since(t time.Time) string    { return fmt.Sprintf("<t:%d:D>", t.Unix()) }
func relative(t time.Time) string { return fmt.Sprintf("<t:%d:R>", t.Unix()) }

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
