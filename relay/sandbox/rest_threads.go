package sandbox

import (
	"encoding/json"
	"net/http"
)

var threadRoutes = []route{
	{pattern: "POST /channels/{channel}/threads", serve: startThread},
	{pattern: "POST /channels/{channel}/messages/{message}/threads", serve: startThreadFromMessage},
	{pattern: "GET /channels/{channel}/threads/archived/public", serve: listArchivedPublic},
	{pattern: "GET /channels/{channel}/threads/archived/private", serve: listArchivedPrivate},
	{pattern: "GET /channels/{channel}/users/@me/threads/archived/private", serve: listJoinedPrivate},
	{pattern: "GET /channels/{channel}/thread-members", serve: listThreadMembers},
	{pattern: "GET /channels/{channel}/thread-members/{user}", serve: getThreadMember},
	{pattern: "PUT /channels/{channel}/thread-members/{user}", serve: addThreadMember},
	{pattern: "DELETE /channels/{channel}/thread-members/{user}", serve: removeThreadMember},
}

type threadForm struct {
	Name        *string         `json:"name"`
	AutoArchive *int            `json:"auto_archive_duration"`
	Type        *ChannelType    `json:"type"`
	Invitable   *bool           `json:"invitable"`
	Slowmode    *int            `json:"rate_limit_per_user"`
	AppliedTags []ID            `json:"applied_tags"`
	Message     json.RawMessage `json:"message"`
}

func (in *threadForm) check(f *form) {
	if in.Name == nil {
		f.required("name")
	} else {
		f.length("name", *in.Name, 1, 100)
	}
	checkAutoArchive(f, in.AutoArchive)
	if in.Slowmode != nil {
		f.number("rate_limit_per_user", *in.Slowmode, 0, 21600)
	}
	if len(in.AppliedTags) > 5 {
		f.add("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
	}
}

// thread is a new thread below parent, as the form wants it.
func (in *threadForm) thread(d *Discord, parent *Channel, kind ChannelType) *Channel {
	ch := &Channel{
		ID: d.newID(), Type: kind, GuildID: parent.GuildID, ParentID: parent.ID, OwnerID: d.state.bot.ID,
		Name: *in.Name, AppliedTags: in.AppliedTags, Invitable: in.Invitable == nil || *in.Invitable,
	}
	if in.AutoArchive != nil {
		ch.AutoArchive = *in.AutoArchive
	}
	if in.Slowmode != nil {
		ch.Slowmode = *in.Slowmode
	}
	return ch
}

func startThread(d *Discord, c *call) (any, error) {
	parent, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	if !parent.holdsThreads() {
		return nil, refuse(50024)
	}
	var in threadForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f := form{}
	in.check(&f)
	if err := f.err(); err != nil {
		return nil, err
	}
	if parent.isForum() {
		return d.startPost(c, parent, &in)
	}
	kind, wanted := PrivateThread, CreatePrivateThread
	if in.Type != nil {
		kind = *in.Type
	}
	switch {
	case kind == PublicThread && parent.Type == TextChannel, kind == AnnouncementThread && parent.Type == AnnouncementChannel:
		wanted = CreatePublicThread
	case kind == PrivateThread && parent.Type == TextChannel:
	default:
		return nil, invalid("type", "BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.")
	}
	if err := d.need(parent, wanted); err != nil {
		return nil, err
	}
	thread := in.thread(d, parent, kind)
	d.openThread(thread)
	if kind == PublicThread {
		d.noticeThread(parent, thread)
	}
	return &reply{http.StatusCreated, d.showThread(thread)}, nil
}

// noticeThread posts the message that tells a channel of a new thread that hangs on no message.
func (d *Discord) noticeThread(parent, thread *Channel) {
	in := &messageForm{Content: field[string]{Set: true, Value: thread.Name}}
	_, _ = d.post(draft{ // neither empty nor with files, so nothing is refused
		channel: parent, author: *d.state.users[thread.OwnerID], form: in, kind: threadCreated,
		reference: &Reference{ChannelID: thread.ID, GuildID: thread.GuildID},
	})
}

// startPost opens a post in a forum: a thread and its first message, which share their id.
func (d *Discord) startPost(c *call, forum *Channel, in *threadForm) (any, error) {
	if len(in.Message) == 0 {
		f := form{}
		f.required("message")
		return nil, f.err()
	}
	var message messageForm
	if err := decodeJSON(in.Message, &message); err != nil {
		return nil, err
	}
	f := form{}
	message.check(&f, flagSuppressEmbeds|flagSuppressNotifications|flagComponentsV2)
	if err := f.err(); err != nil {
		return nil, err
	}
	if message.empty(len(c.files)) {
		return nil, refuse(50006)
	}
	if err := d.need(forum, SendMessages); err != nil {
		return nil, err
	}
	if err := forum.checkTags(in.AppliedTags); err != nil {
		return nil, err
	}
	thread := in.thread(d, forum, PublicThread)
	d.openThread(thread)
	m, err := d.post(draft{
		channel: thread, author: *d.state.bot, form: &message, files: c.files, id: thread.ID,
		mayPingAll: d.permissions(d.state.bot.ID, forum).Has(MentionEveryone),
	})
	if err != nil {
		d.dropChannel(thread)
		return nil, err
	}
	view := d.showThread(thread)
	view.Message = new(d.showMessage(m))
	return &reply{http.StatusCreated, view}, nil
}

func startThreadFromMessage(d *Discord, c *call) (any, error) {
	parent, m, err := d.pathMessage(c)
	if err != nil {
		return nil, err
	}
	var in threadForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f := form{}
	in.check(&f)
	if err := f.err(); err != nil {
		return nil, err
	}
	if parent.Type != TextChannel && parent.Type != AnnouncementChannel {
		return nil, refuse(50024)
	}
	if err := d.need(parent, CreatePublicThread|ReadMessageHistory); err != nil {
		return nil, err
	}
	switch {
	case d.state.channels[m.ID] != nil:
		return nil, refuse(160004)
	case m.isSystem():
		return nil, refuse(50068)
	}
	kind := PublicThread
	if parent.Type == AnnouncementChannel {
		kind = AnnouncementThread
	}
	thread := in.thread(d, parent, kind)
	thread.ID = m.ID
	d.openThread(thread)
	m.Flags |= flagHasThread
	d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_UPDATE", messageEvent{m, false})
	_, _ = d.post(draft{ // needs no content, so nothing is refused
		channel: thread, author: *d.state.bot, form: &messageForm{}, kind: threadStarter,
		reference: &Reference{MessageID: m.ID, ChannelID: parent.ID, GuildID: parent.GuildID},
	})
	return &reply{http.StatusCreated, d.showThread(thread)}, nil
}

// thread is the thread of a path.
func (d *Discord) thread(c *call) (*Channel, error) {
	ch, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	if !ch.isThread() {
		return nil, refuse(50024)
	}
	return ch, nil
}
