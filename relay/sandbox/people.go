package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// saying is what Say is about to do.
type saying struct {
	draft
}

// SayOption changes how Say posts.
type SayOption func(*saying)

// ReplyTo makes the message a reply.
func ReplyTo(message ID) SayOption {
	return func(s *saying) { s.form.Reference = &referenceForm{MessageID: message} }
}

// WithEmbeds adds embeds.
func WithEmbeds(embeds ...Embed) SayOption {
	return func(s *saying) { s.form.Embeds = field[[]Embed]{Set: true, Value: embeds} }
}

// WithFile attaches a file.
func WithFile(name, contentType string, data []byte) SayOption {
	return func(s *saying) {
		n := len(s.files)
		s.files[n] = upload{name: name, contentType: contentType, data: data}
		s.form.Attachments.Set = true
		s.form.Attachments.Value = append(s.form.Attachments.Value, attachmentForm{ID: ID(n), Filename: name})
	}
}

// PingOnly lets only the named users and roles be pinged by the message.
func PingOnly(users, roles []ID) SayOption {
	return func(s *saying) { s.form.AllowedMentions = &allowedMentions{Users: users, Roles: roles} }
}

// Silently sets the flag that suppresses notifications.
func Silently() SayOption {
	return func(s *saying) { s.form.Flags.Value |= flagSuppressNotifications }
}

// Say posts a message as a user, checked as Discord checks people: access, permissions,
// slowmode, locked threads, lengths. For a DM the channel is [Discord.DM]'s. Another
// application's bot is a user with Bot set.
func (d *Discord) Say(user, channel ID, content string, options ...SayOption) (Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.say(user, channel, content, options)
}

// SayAll posts several messages one after the other, with nothing between them.
func (d *Discord) SayAll(user, channel ID, contents ...string) ([]Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var posted []Message
	for _, content := range contents {
		m, err := d.say(user, channel, content, nil)
		if err != nil {
			return posted, err
		}
		posted = append(posted, m)
	}
	return posted, nil
}

func (d *Discord) say(user, channel ID, content string, options []SayOption) (Message, error) {
	ch, u := d.state.channels[channel], d.state.users[user]
	if ch == nil || u == nil {
		return Message{}, fmt.Errorf("say in %s as %s: no such channel or user", channel, user)
	}
	if !ch.holdsMessages() {
		return Message{}, fmt.Errorf("say in %s: %w", channel, refuse(50008))
	}
	s := saying{draft: draft{channel: ch, author: *u, files: map[int]upload{}, form: &messageForm{}}}
	s.form.Content = field[string]{Set: true, Value: content}
	for _, option := range options {
		option(&s)
	}
	f := form{}
	s.form.check(&f, flagSuppressEmbeds|flagSuppressNotifications|flagComponentsV2)
	p := d.permissions(user, ch)
	s.mayPingAll = p.Has(MentionEveryone)
	if err := errors.Join(f.err(), d.maySpeak(user, ch, s.form, len(s.files)), d.slow(user, ch, p)); err != nil {
		return Message{}, fmt.Errorf("say in %s as %s: %w", channel, u.Username, err)
	}
	if err := d.refer(&s.draft); err != nil {
		return Message{}, fmt.Errorf("say in %s as %s: %w", channel, u.Username, err)
	}
	m, err := d.post(s.draft)
	if err != nil {
		return Message{}, fmt.Errorf("say in %s as %s: %w", channel, u.Username, err)
	}
	if ch.isThread() && ch.member(user) == nil {
		d.joinThread(user, ch)
	}
	return m.snapshot(), nil
}

// maySpeak is maySend for people: writing to the bot directly needs no shared server.
func (d *Discord) maySpeak(user ID, ch *Channel, in *messageForm, files int) error {
	if ch.isDM() && d.permissions(user, ch).Has(SendMessages) {
		return nil
	}
	return d.maySend(user, ch, in, files)
}

// slow refuses a message that comes too soon after the user's last one in the channel.
func (d *Discord) slow(user ID, ch *Channel, p Permissions) error {
	if ch.Slowmode == 0 || p.Has(BypassSlowmode) || d.state.users[user].Bot {
		return nil
	}
	for _, m := range slices.Backward(d.state.messages[ch.ID]) {
		if m.Author.ID == user {
			if d.now().Sub(m.Timestamp) < time.Duration(ch.Slowmode)*time.Second {
				return refuse(20016)
			}
			return nil
		}
	}
	return nil
}

// EditMessage changes a user's own message. Sends MESSAGE_UPDATE.
func (d *Discord) EditMessage(user, channel, message ID, content string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, m := d.state.channels[channel], d.message(channel, message)
	switch {
	case m == nil:
		return fmt.Errorf("edit message %s: %w", message, refuse(10008))
	case m.Author.ID != user:
		return fmt.Errorf("edit message %s: %w", message, refuse(50005))
	}
	in := &messageForm{Content: field[string]{Set: true, Value: content}}
	f := form{}
	in.check(&f, 0)
	if err := f.err(); err != nil {
		return fmt.Errorf("edit message %s: %w", message, err)
	}
	return d.revise(m, in, nil, d.permissions(user, ch).Has(MentionEveryone))
}

// Unfurl adds embeds to a message as Discord does for its links, some time after it was posted.
// Sends MESSAGE_UPDATE; that is no edit, so that edited_timestamp stays.
func (d *Discord) Unfurl(channel, message ID, embeds ...Embed) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.message(channel, message)
	if m == nil {
		return fmt.Errorf("unfurl message %s: %w", message, refuse(10008))
	}
	m.Embeds = append(m.Embeds, embeds...)
	d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_UPDATE", messageEvent{m, false})
	return nil
}

// DeleteMessages deletes messages of a channel as a user: their own, or anybody's with
// Manage Messages. One sends MESSAGE_DELETE, several MESSAGE_DELETE_BULK.
func (d *Discord) DeleteMessages(user, channel ID, messages ...ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[channel]
	for _, id := range messages {
		m := d.message(channel, id)
		if m == nil {
			return fmt.Errorf("delete message %s: %w", id, refuse(10008))
		}
		if m.Author.ID != user && ch.isDM() {
			return fmt.Errorf("delete message %s: %w", id, refuseWith(http.StatusForbidden, 50003))
		}
		if m.Author.ID != user && !d.permissions(user, ch).Has(ManageMessages) {
			return fmt.Errorf("delete message %s: %w", id, refuse(50013))
		}
	}
	d.erase(ch, len(messages) > 1, messages...)
	return nil
}

// React adds a user's reaction. emoji is the character itself, or "name:id" of a custom one.
func (d *Discord) React(user, channel, message ID, emoji string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.react(user, channel, message, emoji); err != nil {
		return fmt.Errorf("react as %s: %w", user, err)
	}
	return nil
}

// Unreact takes a user's reaction back.
func (d *Discord) Unreact(user, channel, message ID, emoji string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, m := d.state.channels[channel], d.message(channel, message)
	e, ok := d.emoji(emoji)
	if m == nil || !ok {
		return fmt.Errorf("unreact: no message %s or no emoji %q", message, emoji)
	}
	if !d.unreact(user, ch, m, e) {
		return fmt.Errorf("unreact: %s has no reaction %q on %s", user, emoji, message)
	}
	return nil
}

// Type shows a user as typing in a channel. Sends TYPING_START.
func (d *Discord) Type(user, channel ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[channel]
	if ch == nil || !d.permissions(user, ch).Has(ViewChannel) {
		return fmt.Errorf("type in %s: %w", channel, refuse(50001))
	}
	d.typed(user, ch)
	return nil
}

// DM is the id of the channel for direct messages between a user and the bot. It is made
// when there is none; as in Discord, no event tells the bot of it. Bots, and who is not known, have
// none: 0.
func (d *Discord) DM(user ID) ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u := d.state.users[user]; u == nil || u.Bot {
		return 0
	}
	return d.dm(user).ID
}

// Messages are copies of a channel's messages, oldest first.
func (d *Discord) Messages(channel ID) []Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]Message, 0, len(d.state.messages[channel]))
	for _, m := range d.state.messages[channel] {
		list = append(list, m.snapshot())
	}
	return list
}

// snapshot is a copy that later changes of the message leave alone.
func (m *Message) snapshot() Message {
	copied := *m
	copied.Mentions = slices.Clone(m.Mentions)
	copied.MentionRoles = slices.Clone(m.MentionRoles)
	copied.Attachments = slices.Clone(m.Attachments)
	copied.Embeds = slices.Clone(m.Embeds)
	copied.Reactions = slices.Clone(m.Reactions)
	for i := range copied.Reactions {
		copied.Reactions[i].Users = slices.Clone(copied.Reactions[i].Users)
	}
	copied.Poll = m.Poll.snapshot()
	return copied
}
