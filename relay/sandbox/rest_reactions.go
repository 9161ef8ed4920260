package sandbox

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

var reactionRoutes = []route{
	{pattern: "PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me", serve: putReaction},
	{pattern: "DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/@me", serve: deleteOwnReaction},
	{pattern: "DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/{user}", serve: deleteUserReaction},
	{pattern: "GET /channels/{channel}/messages/{message}/reactions/{emoji}", serve: listReactions},
	{pattern: "DELETE /channels/{channel}/messages/{message}/reactions/{emoji}", serve: clearEmoji},
	{pattern: "DELETE /channels/{channel}/messages/{message}/reactions", serve: clearReactions},
}

var customEmoji = regexp.MustCompile(`^(?:a:)?([A-Za-z0-9_]{2,32}):(\d{15,20})$`)

// emoji reads an emoji of a path: a character, or name:id of a custom one that some guild
// of the bot has.
func (d *Discord) emoji(text string) (Emoji, bool) {
	if custom := customEmoji.FindStringSubmatch(text); custom != nil {
		id := parseID(custom[2])
		for _, g := range d.state.guilds {
			for _, e := range g.emojis {
				if e.ID == id {
					return Emoji{ID: &e.ID, Name: e.Name, Animated: e.Animated}, true
				}
			}
		}
		return Emoji{}, false
	}
	return Emoji{Name: text}, isEmoji(text)
}

// isEmoji says whether a text is one emoji: a flag, a keycap, or a picture with its
// modifiers and joiners.
func isEmoji(text string) bool {
	if !utf8.ValidString(text) || text == "" || utf8.RuneCountInString(text) > 12 {
		return false
	}
	pictures := 0
	for _, r := range text {
		switch {
		case r == 0x200D, r == 0xFE0F, r == 0x20E3, r >= 0x1F3FB && r <= 0x1F3FF, r >= 0xE0020 && r <= 0xE007F:
		case r >= 0x1F000 && r <= 0x1FAFF, r >= 0x2190 && r <= 0x2BFF, r == 0x3030, r == 0x303D, r == 0x3297, r == 0x3299, r == 0xA9, r == 0xAE, r == 0x203C, r == 0x2049, r == 0x2122, r == 0x2139:
			pictures++
		case r >= '0' && r <= '9', r == '#', r == '*':
			if !slices.Contains([]rune(text), 0x20E3) {
				return false
			}
			pictures++
		default:
			return false
		}
	}
	return pictures > 0
}

// same says whether two emoji are one; the variation selector does not tell them apart.
func (e Emoji) same(other Emoji) bool {
	if e.ID != nil || other.ID != nil {
		return e.ID != nil && other.ID != nil && *e.ID == *other.ID
	}
	return bare(e.Name) == bare(other.Name)
}

func bare(name string) string {
	return string(slices.DeleteFunc([]rune(name), func(r rune) bool { return r == 0xFE0F }))
}

func putReaction(d *Discord, c *call) (any, error) {
	if _, _, err := d.pathMessage(c); err != nil {
		return nil, err
	}
	return nil, d.react(d.state.bot.ID, c.id("channel"), c.id("message"), c.PathValue("emoji"))
}

// react adds a user's reaction, when Discord would let them.
func (d *Discord) react(user, channel, message ID, emoji string) error {
	ch := d.state.channels[channel]
	if ch == nil {
		return refuse(10003)
	}
	p := d.permissions(user, ch)
	if !p.Has(ViewChannel) {
		return refuse(50001)
	}
	m := d.message(channel, message)
	if m == nil {
		return refuse(10008)
	}
	e, ok := d.emoji(emoji)
	if !ok {
		return refuse(10014)
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Emoji.same(e) })
	switch {
	case !p.Has(ReadMessageHistory), i < 0 && !p.Has(AddReactions):
		return refuse(50013)
	case e.ID != nil && i < 0 && !d.ownEmoji(ch.GuildID, *e.ID) && !p.Has(UseExternalEmojis):
		return refuse(10014) // "unknown as an eligible emoji": discord-api-docs #1350, Discord's staff
	case ch.isThread() && ch.Archived:
		return refuse(50083)
	case i < 0 && len(m.Reactions) >= 20:
		return refuse(30010)
	}
	if i < 0 {
		m.Reactions = append(m.Reactions, Reaction{Emoji: e})
		i = len(m.Reactions) - 1
	}
	if slices.Contains(m.Reactions[i].Users, user) {
		return nil
	}
	m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	d.dispatch(m.GuildID, m.ChannelID, reactionIntent(m.GuildID), "MESSAGE_REACTION_ADD", d.reactionEvent(user, m, e, true))
	return nil
}

func (d *Discord) ownEmoji(guild, emoji ID) bool {
	g := d.state.guilds[guild]
	return g != nil && slices.ContainsFunc(g.emojis, func(e GuildEmoji) bool { return e.ID == emoji })
}

type reactionEvent struct {
	UserID    ID      `json:"user_id,omitzero"`
	ChannelID ID      `json:"channel_id"`
	MessageID ID      `json:"message_id"`
	GuildID   ID      `json:"guild_id,omitzero"`
	Member    *Member `json:"member,omitempty"`
	Emoji     *Emoji  `json:"emoji,omitempty"`
	AuthorID  ID      `json:"message_author_id,omitzero"`
	Burst     *bool   `json:"burst,omitempty"`
	Type      *int    `json:"type,omitempty"`
}

func (d *Discord) reactionEvent(user ID, m *Message, e Emoji, added bool) reactionEvent {
	event := reactionEvent{
		UserID: user, ChannelID: m.ChannelID, MessageID: m.ID, GuildID: m.GuildID, Emoji: &e,
		Burst: new(false), Type: new(0),
	}
	if !added {
		return event
	}
	if m.WebhookID == 0 {
		event.AuthorID = m.Author.ID
	}
	if g := d.state.guilds[m.GuildID]; g != nil {
		event.Member = g.members[user]
	}
	return event
}

// unreact takes a user's reaction back and says whether there was one.
func (d *Discord) unreact(user ID, ch *Channel, m *Message, e Emoji) bool {
	for i := range m.Reactions {
		r := &m.Reactions[i]
		if !r.Emoji.same(e) || !slices.Contains(r.Users, user) {
			continue
		}
		r.Users = slices.DeleteFunc(r.Users, func(id ID) bool { return id == user })
		if len(r.Users) == 0 {
			m.Reactions = slices.Delete(m.Reactions, i, i+1)
		}
		d.dispatch(ch.GuildID, ch.ID, reactionIntent(ch.GuildID), "MESSAGE_REACTION_REMOVE", d.reactionEvent(user, m, e, false))
		return true
	}
	return false
}

// pathReaction is the message and emoji of a path.
func (d *Discord) pathReaction(c *call, wanted Permissions) (*Channel, *Message, Emoji, error) {
	ch, m, err := d.pathMessage(c)
	if err != nil {
		return nil, nil, Emoji{}, err
	}
	if err := d.need(ch, wanted); err != nil {
		return nil, nil, Emoji{}, err
	}
	e, ok := d.emoji(c.PathValue("emoji"))
	if !ok {
		return nil, nil, Emoji{}, refuse(10014)
	}
	if ch.isThread() && ch.Archived && c.Method != "GET" {
		return nil, nil, Emoji{}, refuse(50083)
	}
	return ch, m, e, nil
}

func deleteOwnReaction(d *Discord, c *call) (any, error) {
	ch, m, e, err := d.pathReaction(c, ViewChannel)
	if err != nil {
		return nil, err
	}
	d.unreact(d.state.bot.ID, ch, m, e)
	return nil, nil
}

func deleteUserReaction(d *Discord, c *call) (any, error) {
	ch, m, e, err := d.pathReaction(c, ManageMessages)
	if err != nil {
		return nil, err
	}
	if d.state.users[c.id("user")] == nil {
		return nil, refuse(10013)
	}
	d.unreact(c.id("user"), ch, m, e)
	return nil, nil
}

func listReactions(d *Discord, c *call) (any, error) {
	_, m, e, err := d.pathReaction(c, ReadMessageHistory)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	limit, after, burst := q.int("limit", 25, 1, 100), q.id("after"), q.int("type", 0, 0, 1)
	if err := q.err(); err != nil {
		return nil, err
	}
	users := []*User{}
	if burst == 1 { // nobody here has super reactions
		return users, nil
	}
	for _, r := range m.Reactions {
		if !r.Emoji.same(e) {
			continue
		}
		for _, id := range slices.Sorted(slices.Values(r.Users)) {
			if id > after && len(users) < limit {
				users = append(users, d.state.users[id])
			}
		}
	}
	return users, nil
}

func clearEmoji(d *Discord, c *call) (any, error) {
	ch, m, e, err := d.pathReaction(c, ManageMessages)
	if err != nil {
		return nil, err
	}
	m.Reactions = slices.DeleteFunc(m.Reactions, func(r Reaction) bool { return r.Emoji.same(e) })
	d.dispatch(ch.GuildID, ch.ID, reactionIntent(ch.GuildID), "MESSAGE_REACTION_REMOVE_EMOJI",
		reactionEvent{ChannelID: ch.ID, MessageID: m.ID, GuildID: ch.GuildID, Emoji: &e})
	return nil, nil
}

func clearReactions(d *Discord, c *call) (any, error) {
	ch, m, err := d.pathMessage(c)
	if err != nil {
		return nil, err
	}
	if err := d.need(ch, ManageMessages); err != nil {
		return nil, err
	}
	m.Reactions = nil
	d.dispatch(ch.GuildID, ch.ID, reactionIntent(ch.GuildID), "MESSAGE_REACTION_REMOVE_ALL",
		reactionEvent{ChannelID: ch.ID, MessageID: m.ID, GuildID: ch.GuildID})
	return nil, nil
}
