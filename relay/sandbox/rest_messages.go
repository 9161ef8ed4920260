package sandbox

import (
	"net/http"
	"slices"
	"time"
)

var messageRoutes = []route{
	{pattern: "GET /channels/{channel}/messages", serve: listMessages},
	{pattern: "POST /channels/{channel}/messages", serve: createMessage},
	{pattern: "POST /channels/{channel}/messages/bulk-delete", serve: bulkDelete},
	{pattern: "GET /channels/{channel}/messages/{message}", serve: getMessage},
	{pattern: "PATCH /channels/{channel}/messages/{message}", serve: editMessage},
	{pattern: "DELETE /channels/{channel}/messages/{message}", serve: deleteMessage},
	{pattern: "POST /channels/{channel}/typing", serve: typing},
}

// textChannel is the channel of a path when messages can stand in it.
func (d *Discord) textChannel(c *call) (*Channel, error) {
	ch, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	if !ch.holdsMessages() {
		return nil, refuse(50008)
	}
	if ch.Type == VoiceChannel || ch.Type == StageChannel {
		return ch, d.need(ch, Connect)
	}
	return ch, nil
}

// pathMessage is the message of a path.
func (d *Discord) pathMessage(c *call) (*Channel, *Message, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, nil, err
	}
	m := d.message(ch.ID, c.id("message"))
	if m == nil {
		return nil, nil, refuse(10008)
	}
	return ch, m, nil
}

func listMessages(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	limit := q.int("limit", 50, 1, 100)
	before, after, around := q.edge("before"), q.edge("after"), q.edge("around")
	if given := btoi(q.has("before")) + btoi(q.has("after")) + btoi(q.has("around")); given > 1 {
		q.add("", "MUTUALLY_EXCLUSIVE", "Only one of before, after and around may be given.")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	views := []messageView{}
	if !d.permissions(d.state.bot.ID, ch).Has(ReadMessageHistory) {
		return views, nil
	}
	for _, m := range window(d.state.messages[ch.ID], limit, before, after, around) {
		views = append(views, d.showMessage(m))
	}
	slices.Reverse(views)
	return views, nil
}

// edge is an id to page from. A given 0 is the beginning of all, which is not the same as
// none; no message has the id 1.
func (q *query) edge(name string) ID {
	id := q.id(name)
	if q.has(name) {
		id = max(id, 1)
	}
	return id
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// window cuts a page out of a channel's messages, which stand oldest first: the newest
// limit ones before an id, the oldest ones after one ("?after=channel_id&limit=1" is the first
// message: discord-api-docs #2421, Discord's staff), or those on both sides of one.
func window(list []*Message, limit int, before, after, around ID) []*Message {
	at := func(id ID) int {
		i, _ := slices.BinarySearchFunc(list, id, func(m *Message, id ID) int { return compareIDs(m.ID, id) })
		return i
	}
	switch {
	case after != 0:
		list = list[at(after+1):]
		return list[:min(limit, len(list))]
	case around != 0:
		i := at(around)
		from := max(0, i-limit/2)
		return list[from:min(len(list), from+limit)]
	case before != 0:
		list = list[:at(before)]
	}
	return list[max(0, len(list)-limit):]
}

func getMessage(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	if err := d.need(ch, ReadMessageHistory); err != nil {
		return nil, err
	}
	_, m, err := d.pathMessage(c)
	if err != nil {
		return nil, err
	}
	return d.showMessage(m), nil
}

func editMessage(d *Discord, c *call) (any, error) {
	ch, m, err := d.pathMessage(c)
	if err != nil {
		return nil, err
	}
	var in messageForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f := form{}
	in.check(&f, flagSuppressEmbeds|flagComponentsV2|m.Flags)
	if err := f.err(); err != nil {
		return nil, err
	}
	mine := m.Author.ID == d.state.bot.ID
	onlyFlags := !in.Content.Set && !in.Embeds.Set && !in.Components.Set && !in.Attachments.Set && len(c.files) == 0
	p := d.permissions(d.state.bot.ID, ch)
	switch {
	case !mine && !onlyFlags:
		return nil, refuse(50005)
	case !mine && !p.Has(ManageMessages):
		return nil, refuse(50013)
	case m.isSystem():
		return nil, refuse(50021)
	case ch.isThread() && ch.Archived:
		return nil, refuse(50083)
	case ch.isThread() && ch.Locked && !p.Has(ManageThreads):
		return nil, refuse(160005)
	}
	if err := d.revise(m, &in, c.files, p.Has(MentionEveryone)); err != nil {
		return nil, err
	}
	return d.showMessage(m), nil
}

func deleteMessage(d *Discord, c *call) (any, error) {
	ch, m, err := d.pathMessage(c)
	if err != nil {
		return nil, err
	}
	p := d.permissions(d.state.bot.ID, ch)
	switch {
	case m.Author.ID != d.state.bot.ID && ch.isDM(): // observed
		return nil, refuseWith(http.StatusForbidden, 50003)
	case m.Author.ID != d.state.bot.ID && !p.Has(ManageMessages):
		return nil, refuse(50013)
	case m.Type == threadStarter:
		return nil, refuse(50021)
	case ch.isThread() && ch.Locked && ch.Archived && !p.Has(ManageThreads):
		return nil, refuse(160005)
	}
	d.erase(ch, false, m.ID)
	return nil, nil
}

func bulkDelete(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	if ch.isDM() {
		return nil, refuse(50003)
	}
	var in struct {
		Messages []ID `json:"messages"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := d.need(ch, ManageMessages); err != nil {
		return nil, err
	}
	if len(in.Messages) < 2 || len(in.Messages) > 100 {
		return nil, refuse(50016)
	}
	sorted := slices.Sorted(slices.Values(in.Messages))
	if len(slices.Compact(sorted)) != len(in.Messages) {
		return nil, invalid("messages", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value.")
	}
	oldest := snowflakeAt(d.now().Add(-14 * 24 * time.Hour))
	var known []ID
	for _, id := range in.Messages {
		if id < oldest {
			return nil, refuse(50034)
		}
		if d.message(ch.ID, id) != nil {
			known = append(known, id)
		}
	}
	if len(known) > 0 {
		d.erase(ch, true, known...)
	}
	return nil, nil
}

func typing(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	if err := d.need(ch, sendPermission(ch)); err != nil && !ch.isDM() {
		return nil, err
	}
	d.typed(d.state.bot.ID, ch)
	return nil, nil
}

// typed tells that a user began to type.
func (d *Discord) typed(user ID, ch *Channel) {
	event := struct {
		ChannelID ID      `json:"channel_id"`
		GuildID   ID      `json:"guild_id,omitzero"`
		UserID    ID      `json:"user_id"`
		Timestamp int64   `json:"timestamp"`
		Member    *Member `json:"member,omitempty"`
	}{ch.ID, ch.GuildID, user, d.now().Unix(), nil}
	intent := IntentDirectTyping
	if g := d.state.guilds[ch.GuildID]; g != nil {
		intent, event.Member = IntentGuildTyping, g.members[user]
	}
	d.dispatch(ch.GuildID, ch.ID, intent, "TYPING_START", event)
}
