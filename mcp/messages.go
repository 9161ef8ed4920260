package mcp

import (
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// messages are what read_messages gives.
type messages struct {
	Now       string    `json:"now"`
	Entity    entityRef `json:"entity"`
	Untrusted string    `json:"untrusted"` // says which parts strangers wrote
	Channels  []place   `json:"channels"`
	Messages  []message `json:"messages"`

	empty string // what to say when there are none
	whole bool   // nothing is cut, and files come with their addresses
}

// entityRef names the entity that reads.
type entityRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// place is a channel or thread in which messages stand.
type place struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Parent   string `json:"parent,omitempty"` // of a thread: its channel's name
	ServerID string `json:"server_id"`
	Server   string `json:"server"`
	Link     string `json:"link,omitempty"` // with a message's id after it, the message's
}

type message struct {
	ID          string       `json:"id"`
	ChannelID   string       `json:"channel_id"`
	Author      author       `json:"author"`
	At          string       `json:"at"`
	EditedAt    string       `json:"edited_at,omitempty"`
	Content     string       `json:"content,omitempty"`
	ReplyTo     *replyTo     `json:"reply_to,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
	Extras      []extra      `json:"extras,omitempty"`
	Reactions   []reaction   `json:"reactions,omitempty"`
	Link        string       `json:"link,omitempty"`

	at time.Time
}

type author struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Kind     string `json:"kind"` // human, bot, entity, webhook, system
	EntityID string `json:"entity_id,omitempty"`
}

type replyTo struct {
	MessageID string `json:"message_id"`
	Author    string `json:"author,omitempty"`
	Excerpt   string `json:"excerpt,omitempty"`
}

type attachment struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Size int    `json:"size"` // bytes
	URL  string `json:"url"`
	Alt  string `json:"alt,omitempty"` // what its sender says that it shows
}

// extra is what a message shows besides its text: a sticker, a poll, an embed.
type extra struct {
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
}

type reaction struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"`
}

// untrustedNote goes into the JSON, where there is no fence.
const untrustedNote = "channels and messages hold text by strangers on Discord"

// quote takes over what relay gives.
func (c *call) quote(self entities.Entity, from []relay.Message, empty string) messages {
	quoted := messages{
		Now: stamp(c.server.now()), Entity: entityRef{string(self.ID), self.Name}, Untrusted: untrustedNote,
		Channels: []place{}, Messages: make([]message, 0, len(from)), empty: empty,
	}
	placed := map[snowflake.ID]bool{}
	for _, m := range from {
		if !placed[m.ChannelID] {
			placed[m.ChannelID] = true
			quoted.Channels = append(quoted.Channels, c.server.place(m.ChannelID))
		}
		quoted.Messages = append(quoted.Messages, quoteMessage(m))
	}
	return quoted
}

func quoteMessage(m relay.Message) message {
	quoted := message{
		ID: m.ID.String(), ChannelID: m.ChannelID.String(), At: stamp(m.At), at: m.At,
		Author:  author{ID: m.Author.ID.String(), Name: m.Author.Name, Kind: string(m.Author.Kind), EntityID: string(m.Author.Entity)},
		Content: m.Content, Link: m.Link,
	}
	if !m.EditedAt.IsZero() {
		quoted.EditedAt = stamp(m.EditedAt)
	}
	if m.ReplyTo != nil {
		quoted.ReplyTo = &replyTo{m.ReplyTo.MessageID.String(), m.ReplyTo.Author, m.ReplyTo.Excerpt}
	}
	for _, a := range m.Attachments {
		quoted.Attachments = append(quoted.Attachments, attachment(a))
	}
	for _, e := range m.Extras {
		quoted.Extras = append(quoted.Extras, extra(e))
	}
	for _, r := range m.Reactions {
		quoted.Reactions = append(quoted.Reactions, reaction(r))
	}
	return quoted
}

// link gives the links of messages by those of their channels: one for all.
func (m messages) link() {
	for i := range m.Messages {
		m.Messages[i].Link = ""
	}
	for i, c := range m.Channels {
		m.Channels[i].Link = "https://discord.com/channels/" + c.ServerID + "/" + c.ID + "/"
	}
}

// place names a channel that relay has shown messages of.
func (s *Server) place(id snowflake.ID) place {
	world := s.registry.World()
	c, _ := world.Channel(id)
	guild, _ := world.Guild(c.GuildID)
	parent, _ := world.Channel(c.ParentID)
	p := place{ID: id.String(), Name: c.Name, Kind: kindOf(c, parent), ServerID: c.GuildID.String(), Server: guild.Name}
	if c.IsThread() {
		p.Parent = parent.Name
	}
	return p
}

// kindOf words what a channel is. parent matters for threads only.
func kindOf(c, parent entities.Channel) string {
	switch {
	case c.IsThread() && parent.IsForum():
		return "post"
	case c.Type == discord.ChannelTypeGuildPrivateThread:
		return "private thread"
	case c.IsThread():
		return "thread"
	}
	switch c.Type {
	case discord.ChannelTypeGuildNews:
		return "announcements"
	case discord.ChannelTypeGuildVoice:
		return "voice"
	case discord.ChannelTypeGuildStageVoice:
		return "stage"
	case discord.ChannelTypeGuildForum:
		return "forum"
	case discord.ChannelTypeGuildMedia:
		return "media"
	default:
		return "text"
	}
}
