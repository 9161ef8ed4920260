package sandbox

import (
	"encoding/json"
	"slices"
)

// The messages of incoming webhooks. Interaction answers use the same paths with the
// application's id for the webhook's; those are handed on to interactionWebhook.
var executeRoutes = []route{
	{pattern: "POST /webhooks/{webhook}/{token}", auth: tokenAuth, serve: executeWebhook, before: (*Discord).fetchAvatar},
	{pattern: "GET /webhooks/{webhook}/{token}/messages/{message}", auth: tokenAuth, serve: getWebhookMessage},
	{pattern: "PATCH /webhooks/{webhook}/{token}/messages/{message}", auth: tokenAuth, serve: editWebhookMessage},
	{pattern: "DELETE /webhooks/{webhook}/{token}/messages/{message}", auth: tokenAuth, serve: deleteWebhookMessage},
}

// executeWebhook posts. A body has no message_reference and no nonce here: Discord ignores
// what is no parameter of the route (resources/webhook, "Execute Webhook").
func executeWebhook(d *Discord, c *call) (any, error) {
	if c.id("webhook") == d.state.app.id {
		return createFollowup(d, c)
	}
	w, err := d.tokenWebhook(c)
	if err != nil {
		return nil, err
	}
	var in messageForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	q := query{c: c}
	wait, thread, withComponents := q.bool("wait"), q.id("thread_id"), q.bool("with_components")
	if w.ApplicationID == 0 && !withComponents {
		in.Components = field[json.RawMessage]{}
	}
	in.Nonce, in.Reference, in.StickerIDs = nil, nil, nil // no parameters of this route
	in.check(&q.form, flagSuppressEmbeds|flagSuppressNotifications|flagComponentsV2)
	in.checkOverrides(&q.form)
	if err := q.err(); err != nil {
		return nil, err
	}
	if in.empty(len(c.files)) {
		return nil, refuse(50006)
	}
	dr := draft{form: &in, files: c.files, webhookID: w.ID, applicationID: w.ApplicationID, mayPingAll: true}
	dr.author = w.author(&in, c.avatar)
	if d.state.faces.withheld && c.avatar != nil {
		dr.author.Avatar = nil
	}
	if dr.channel, err = d.webhookTarget(w, &in, thread); err != nil {
		return nil, err
	}
	opened := dr.channel == nil
	if opened {
		dr.channel = d.openPost(w, &in, dr.author.ID)
		dr.id = dr.channel.ID
	}
	m, err := d.post(dr)
	if err != nil {
		if opened {
			d.dropChannel(dr.channel)
		}
		return nil, err
	}
	d.awaitFace(m, c.avatar)
	if !wait {
		return nil, nil
	}
	return d.viewMessage(m, true), nil
}

// checkOverrides notes what is wrong with a webhook message's own name, face and thread.
func (m *messageForm) checkOverrides(f *form) {
	if m.Username != nil {
		checkWebhookName(f, "username", m.Username)
	}
	if m.AvatarURL != nil {
		checkURL(f, "avatar_url", *m.AvatarURL, "http", "https")
	}
	if m.ThreadName != nil {
		f.length("thread_name", *m.ThreadName, 1, 100)
	}
	if len(m.AppliedTags) > 5 {
		f.add("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
	}
}

// author is who stands over a webhook's message.
func (w *Webhook) author(in *messageForm, fetched *AvatarFetch) User {
	u := User{ID: w.ID, Username: w.Name, Discriminator: "0000", Avatar: w.Avatar, Bot: true}
	if in.Username != nil {
		u.Username = *in.Username
	}
	if in.AvatarURL != nil && *in.AvatarURL != "" {
		u.Avatar = nil
		if fetched != nil && fetched.Hash != "" {
			u.Avatar = &fetched.Hash
		}
	}
	return u
}

// webhookTarget is where an execution posts: the webhook's channel or a thread of it. Nil
// means a forum post that is yet to be opened.
func (d *Discord) webhookTarget(w *Webhook, in *messageForm, thread ID) (*Channel, error) {
	home := d.state.channels[w.ChannelID]
	switch {
	case home.isForum() && thread == 0 && in.ThreadName == nil:
		return nil, refuse(220001)
	case home.isForum() && thread != 0 && in.ThreadName != nil:
		return nil, refuse(220002)
	case !home.isForum() && in.ThreadName != nil:
		return nil, refuse(220003)
	case thread != 0:
		ch := d.state.channels[thread]
		if ch == nil || !ch.isThread() || ch.ParentID != home.ID {
			return nil, refuse(10003)
		}
		if ch.Locked && ch.Archived {
			return nil, refuse(160005)
		}
		return ch, nil
	case home.isForum():
		return nil, home.checkTags(in.AppliedTags)
	}
	return home, nil
}

// checkTags refuses tags that a forum does not have, and none where one is required.
func (c *Channel) checkTags(tags []ID) error {
	if len(tags) == 0 && c.RequireTag {
		return refuse(40067)
	}
	for _, id := range tags {
		if !slices.ContainsFunc(c.AvailableTags, func(t Tag) bool { return t.ID == id }) {
			return refuse(10087)
		}
	}
	return nil
}

// openPost makes the thread of a webhook's forum post.
func (d *Discord) openPost(w *Webhook, in *messageForm, owner ID) *Channel {
	thread := &Channel{
		ID: d.newID(), Type: PublicThread, GuildID: w.GuildID, ParentID: w.ChannelID, OwnerID: owner,
		Name: *in.ThreadName, AppliedTags: in.AppliedTags,
	}
	d.openThread(thread)
	return thread
}

// webhookMessage is the message of a path that the path's webhook posted, in its channel
// or in the thread that thread_id names. Nowhere else is looked, so that what a webhook said
// before it was moved is unknown (discohook #29).
func (d *Discord) webhookMessage(c *call) (*Webhook, *Channel, *Message, error) {
	w, err := d.tokenWebhook(c)
	if err != nil {
		return nil, nil, nil, err
	}
	q := query{c: c}
	thread := q.id("thread_id")
	if err := q.err(); err != nil {
		return nil, nil, nil, err
	}
	ch := d.state.channels[w.ChannelID]
	if thread != 0 {
		t := d.state.channels[thread]
		if t == nil || !t.isThread() || t.ParentID != w.ChannelID {
			return nil, nil, nil, refuse(10003)
		}
		ch = t
	}
	m := d.message(ch.ID, c.id("message"))
	if m == nil || m.WebhookID != w.ID {
		return nil, nil, nil, refuse(10008)
	}
	return w, ch, m, nil
}

func getWebhookMessage(d *Discord, c *call) (any, error) {
	if c.id("webhook") == d.state.app.id {
		return getFollowup(d, c)
	}
	_, _, m, err := d.webhookMessage(c)
	if err != nil {
		return nil, err
	}
	return d.viewMessage(m, true), nil
}

func editWebhookMessage(d *Discord, c *call) (any, error) {
	if c.id("webhook") == d.state.app.id {
		return editFollowup(d, c)
	}
	w, ch, m, err := d.webhookMessage(c)
	if err != nil {
		return nil, err
	}
	var in messageForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	q := query{c: c}
	if w.ApplicationID == 0 && !q.bool("with_components") {
		in.Components = field[json.RawMessage]{}
	}
	in.check(&q.form, flagSuppressEmbeds|flagComponentsV2|m.Flags)
	if err := q.err(); err != nil {
		return nil, err
	}
	if ch.isThread() && ch.Archived {
		return nil, refuse(50083)
	}
	if err := d.revise(m, &in, c.files, true); err != nil {
		return nil, err
	}
	return d.viewMessage(m, true), nil
}

func deleteWebhookMessage(d *Discord, c *call) (any, error) {
	if c.id("webhook") == d.state.app.id {
		return deleteFollowup(d, c)
	}
	_, ch, m, err := d.webhookMessage(c)
	if err != nil {
		return nil, err
	}
	d.erase(ch, false, m.ID)
	return nil, nil
}
