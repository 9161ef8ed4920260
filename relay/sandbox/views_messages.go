package sandbox

import (
	"encoding/json"
	"slices"
)

// messageView is a message as one reader sees it. Its fields hide those of the embedded Message.
type messageView struct {
	*Message
	Content         string          `json:"content"`
	Timestamp       string          `json:"timestamp"`
	EditedTimestamp *string         `json:"edited_timestamp"`
	Mentions        []mentionView   `json:"mentions"`
	MentionRoles    []ID            `json:"mention_roles"`
	Attachments     []Attachment    `json:"attachments"`
	Embeds          []Embed         `json:"embeds"`
	Components      json.RawMessage `json:"components"`
	Poll            *pollView       `json:"poll,omitempty"`
	Reactions       []reactionView  `json:"reactions,omitempty"`
	Thread          *threadView     `json:"thread,omitempty"`
	Referenced      any             `json:"referenced_message,omitempty"`
	Snapshots       []snapshotView  `json:"message_snapshots,omitempty"`
	Nonce           json.RawMessage `json:"nonce,omitempty"`
	GuildID         ID              `json:"guild_id,omitzero"`
	Member          *Member         `json:"member,omitempty"`
	ChannelType     *ChannelType    `json:"channel_type,omitempty"`
	Hit             bool            `json:"hit,omitempty"` // of a search
}

// snapshotView is what a forward shows of the message that it forwards.
type snapshotView struct {
	Message snapshotMessage `json:"message"`
}

type snapshotMessage struct {
	Type            int             `json:"type"`
	Content         string          `json:"content"`
	Embeds          []Embed         `json:"embeds"`
	Attachments     []Attachment    `json:"attachments"`
	Timestamp       string          `json:"timestamp"`
	EditedTimestamp *string         `json:"edited_timestamp"`
	Flags           int             `json:"flags"`
	Mentions        []mentionView   `json:"mentions"`
	MentionRoles    []ID            `json:"mention_roles"`
	Components      json.RawMessage `json:"components"`
}

func (v *messageView) snapshot() snapshotMessage {
	return snapshotMessage{
		Type: v.Type, Content: v.Content, Embeds: v.Embeds, Attachments: v.Attachments, Timestamp: v.Timestamp,
		EditedTimestamp: v.EditedTimestamp, Flags: v.Flags, Mentions: v.Mentions, MentionRoles: v.MentionRoles, Components: v.Components,
	}
}

type mentionView struct {
	User
	Member *Member `json:"member,omitempty"`
}

type reactionView struct {
	Emoji        Emoji       `json:"emoji"`
	Count        int         `json:"count"`
	CountDetails countDetail `json:"count_details"`
	BurstColors  []string    `json:"burst_colors"`
	MeBurst      bool        `json:"me_burst"`
	Me           bool        `json:"me"`
}

type countDetail struct {
	Burst  int `json:"burst"`
	Normal int `json:"normal"`
}

// showMessage is a message as REST answers it: with content only when the application
// may read it (switch of the message content intent, or an exception from it).
func (d *Discord) showMessage(m *Message) messageView {
	return d.viewMessage(m, d.state.app.intents&IntentMessageContent != 0)
}

// viewMessage is a message for a reader with or without the message content intent.
func (d *Discord) viewMessage(m *Message, content bool) messageView {
	view := d.plainMessage(m, content)
	if m.Type == replyMessage {
		view.Referenced = json.RawMessage("null")
	}
	if m.Reference != nil && (m.Type == replyMessage || m.Type == threadStarter) {
		if target := d.message(m.Reference.ChannelID, m.Reference.MessageID); target != nil {
			view.Referenced = d.plainMessage(target, content)
		}
	}
	return view
}

func (d *Discord) plainMessage(m *Message, content bool) messageView {
	view := messageView{
		Message: m, Timestamp: stamp(m.Timestamp), EditedTimestamp: stampOrNil(m.EditedTimestamp),
		Mentions: []mentionView{}, MentionRoles: array(m.MentionRoles),
		Attachments: []Attachment{}, Embeds: []Embed{}, Components: json.RawMessage("[]"),
	}
	for _, u := range m.Mentions {
		view.Mentions = append(view.Mentions, mentionView{User: u})
	}
	if content || d.exempt(m) {
		view.Content = m.Content
		view.Attachments = append(view.Attachments, d.sign(m.Attachments)...)
		view.Embeds = append(view.Embeds, m.Embeds...)
		if len(m.Components) > 0 {
			view.Components = m.Components
		}
		view.Poll = m.Poll.view(d.now()) // not there at all without the intent (discord-api-docs #6869)
	}
	if m.Forwarded != nil {
		inner := d.plainMessage(m.Forwarded, content)
		view.Snapshots = []snapshotView{{inner.snapshot()}}
	}
	for _, r := range m.Reactions {
		view.Reactions = append(view.Reactions, reactionView{
			Emoji: r.Emoji, Count: len(r.Users), CountDetails: countDetail{Normal: len(r.Users)},
			BurstColors: []string{}, Me: slices.Contains(r.Users, d.state.bot.ID),
		})
	}
	if thread := d.state.channels[m.ID]; thread != nil && thread.isThread() && thread.ParentID == m.ChannelID {
		view.Thread = new(d.showThread(thread))
	}
	return view
}

// exempt says whether the application reads a message's content without the intent: its
// own messages, direct messages, and those that mention the bot (events/gateway, "Message
// Content Intent").
func (d *Discord) exempt(m *Message) bool {
	return m.GuildID == 0 || m.Author.ID == d.state.bot.ID || m.ApplicationID == d.state.app.id ||
		slices.ContainsFunc(m.Mentions, func(u User) bool { return u.ID == d.state.bot.ID })
}

// messageEvent is MESSAGE_CREATE or MESSAGE_UPDATE: what it shows depends on the session's intents.
type messageEvent struct {
	message *Message
	created bool
}

func (e messageEvent) forSession(d *Discord, intents Intents) any {
	m := e.message
	view := d.viewMessage(m, intents&IntentMessageContent != 0)
	view.GuildID = m.GuildID
	if e.created {
		view.Nonce = m.Nonce
	}
	if ch := d.state.channels[m.ChannelID]; ch != nil {
		view.ChannelType = &ch.Type
	}
	g := d.state.guilds[m.GuildID]
	if g == nil {
		return view
	}
	if m.WebhookID == 0 {
		view.Member = partialMember(g.members[m.Author.ID])
	}
	for i := range view.Mentions {
		view.Mentions[i].Member = partialMember(g.members[view.Mentions[i].ID])
	}
	return view
}

// message finds a message; nil when there is none.
func (d *Discord) message(channel, id ID) *Message {
	list := d.state.messages[channel]
	if i, ok := slices.BinarySearchFunc(list, id, func(m *Message, id ID) int {
		return compareIDs(m.ID, id)
	}); ok {
		return list[i]
	}
	return nil
}

func compareIDs(a, b ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
