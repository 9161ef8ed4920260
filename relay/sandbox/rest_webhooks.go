package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

var webhookRoutes = []route{
	{pattern: "POST /channels/{channel}/webhooks", serve: createWebhook},
	{pattern: "GET /channels/{channel}/webhooks", serve: channelWebhooks},
	{pattern: "GET /guilds/{guild}/webhooks", serve: guildWebhooks},
	{pattern: "GET /webhooks/{webhook}", serve: getWebhook},
	{pattern: "PATCH /webhooks/{webhook}", serve: editWebhook},
	{pattern: "DELETE /webhooks/{webhook}", serve: deleteWebhook},
	{pattern: "GET /webhooks/{webhook}/{token}", auth: tokenAuth, serve: getWebhookByToken},
	{pattern: "PATCH /webhooks/{webhook}/{token}", auth: tokenAuth, serve: editWebhookByToken},
	{pattern: "DELETE /webhooks/{webhook}/{token}", auth: tokenAuth, serve: deleteWebhookByToken},
}

const unknownWebhook = 10015

// buried counts the requests that a webhook gets after it has answered that it is gone.
// Callers hold Discord.mu.
func (d *Discord) buried(c *call) {
	id := c.id("webhook")
	if d.state.dead[id] {
		d.state.refused.DeadWebhooks++
	}
	d.state.dead[id] = true
}

type webhookView struct {
	ID            ID      `json:"id"`
	Type          int     `json:"type"`
	GuildID       ID      `json:"guild_id"`
	ChannelID     ID      `json:"channel_id"`
	User          *User   `json:"user,omitempty"`
	Name          string  `json:"name"`
	Avatar        *string `json:"avatar"`
	Token         string  `json:"token,omitempty"`
	ApplicationID *ID     `json:"application_id"`
	URL           string  `json:"url,omitempty"`
}

// showWebhook is a webhook; asked with its token it names no user. The token of one that
// another application made is shown to nobody.
func (d *Discord) showWebhook(w *Webhook, byToken bool) webhookView {
	view := webhookView{
		ID: w.ID, Type: 1, GuildID: w.GuildID, ChannelID: w.ChannelID, Name: w.Name, Avatar: w.Avatar,
		ApplicationID: nullable(w.ApplicationID),
	}
	if !byToken {
		view.User = d.state.users[w.CreatorID]
	}
	if byToken || w.ApplicationID == 0 || w.ApplicationID == d.state.app.id {
		view.Token = w.Token
		view.URL = "https://discord.com/api/webhooks/" + w.ID.String() + "/" + w.Token
	}
	return view
}

func (d *Discord) showWebhooks(keep func(*Webhook) bool) []webhookView {
	views := []webhookView{}
	for _, w := range d.state.webhooks {
		if keep(w) {
			views = append(views, d.showWebhook(w, false))
		}
	}
	slices.SortFunc(views, func(a, b webhookView) int { return compareIDs(a.ID, b.ID) })
	return views
}

// holdsWebhooks says whether a channel can have webhooks: threads and categories cannot.
func (c *Channel) holdsWebhooks() bool {
	return c.isForum() || (c.holdsMessages() && !c.isThread() && !c.isDM())
}

func createWebhook(d *Discord, c *call) (any, error) {
	ch, err := d.webhookChannel(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		Name   *string       `json:"name"`
		Avatar field[string] `json:"avatar"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f := form{}
	if in.Name == nil {
		f.required("name")
	} else {
		checkWebhookName(&f, "name", in.Name)
	}
	avatar := imageHash(&f, "avatar", in.Avatar)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := d.roomForWebhook(ch); err != nil {
		return nil, err
	}
	w := &Webhook{
		ID: d.newID(), ChannelID: ch.ID, GuildID: ch.GuildID, CreatorID: d.state.bot.ID, Name: *in.Name,
		Avatar: avatar, Token: randomText(68), ApplicationID: d.state.app.id,
	}
	d.state.webhooks[w.ID] = w
	d.webhooksChanged(ch.GuildID, ch.ID)
	return d.showWebhook(w, false), nil
}

// webhookChannel is the channel of a path, when the bot may manage webhooks there.
func (d *Discord) webhookChannel(c *call) (*Channel, error) {
	ch, err := d.channel(c)
	switch {
	case err != nil:
		return nil, err
	case ch.isDM():
		return nil, refuse(50003)
	case !ch.holdsWebhooks():
		return nil, refuse(50024)
	}
	return ch, d.need(ch, ManageWebhooks)
}

func (d *Discord) webhooksChanged(guild, channel ID) {
	d.dispatch(guild, 0, IntentGuildWebhooks, "WEBHOOKS_UPDATE", struct {
		GuildID   ID `json:"guild_id"`
		ChannelID ID `json:"channel_id"`
	}{guild, channel})
}

// checkWebhookName trims a name as Discord does and notes what it refuses
// (resources/webhook, "Create Webhook"; that "everyone" and "here" are refused as a whole
// name only: MinnDevelopment/discord-webhooks #100; that @, # and ``` are taken:
// discord-api-docs #4293; that one character is enough: #1004).
func checkWebhookName(f *form, at string, name *string) {
	*name = strings.Join(strings.Fields(*name), " ")
	f.length(at, *name, 1, 80)
	for _, word := range []string{"clyde", "discord"} {
		if strings.Contains(strings.ToLower(*name), word) {
			f.add(at, "USERNAME_INVALID_CONTAINS", "Username cannot contain \""+word+"\"")
		}
	}
	for _, word := range []string{"everyone", "here"} {
		if strings.EqualFold(*name, word) {
			f.add(at, "USERNAME_INVALID", "Username cannot be \""+word+"\"")
		}
	}
}

// imageHash is the hash of an image given as a data URI; nil when there is none.
func imageHash(f *form, at string, image field[string]) *string {
	if !image.given() {
		return nil
	}
	kind, data, ok := strings.Cut(strings.TrimPrefix(image.Value, "data:"), ";base64,")
	raw, err := base64.StdEncoding.DecodeString(data)
	if !ok || err != nil || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind) || len(raw) == 0 {
		f.add(at, "IMAGE_INVALID", "Invalid image data")
		return nil
	}
	return new(contentHash(raw))
}

// contentHash is a hash in the form of Discord's image hashes.
func contentHash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

func channelWebhooks(d *Discord, c *call) (any, error) {
	ch, err := d.webhookChannel(c)
	if err != nil {
		return nil, err
	}
	return d.showWebhooks(func(w *Webhook) bool { return w.ChannelID == ch.ID }), nil
}

func guildWebhooks(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	if err := d.needInGuild(g, ManageWebhooks); err != nil {
		return nil, err
	}
	return d.showWebhooks(func(w *Webhook) bool { return w.GuildID == g.id }), nil
}

// managedWebhook is the webhook of a path, when the bot may manage it; its own
// application's may at least be read without that (readOnly).
func (d *Discord) managedWebhook(c *call, readOnly bool) (*Webhook, error) {
	w := d.state.webhooks[c.id("webhook")]
	if w == nil {
		return nil, refuse(10015)
	}
	if readOnly && w.ApplicationID == d.state.app.id {
		return w, nil
	}
	return w, d.need(d.state.channels[w.ChannelID], ManageWebhooks)
}

// tokenWebhook is the webhook of a path, when the path's token is its own.
func (d *Discord) tokenWebhook(c *call) (*Webhook, error) {
	w := d.state.webhooks[c.id("webhook")]
	if w == nil {
		return nil, refuse(10015)
	}
	if subtle.ConstantTimeCompare([]byte(w.Token), []byte(c.PathValue("token"))) != 1 {
		return nil, refuse(50027)
	}
	return w, nil
}

func getWebhook(d *Discord, c *call) (any, error) {
	w, err := d.managedWebhook(c, true)
	if err != nil {
		return nil, err
	}
	return d.showWebhook(w, false), nil
}

func getWebhookByToken(d *Discord, c *call) (any, error) {
	w, err := d.tokenWebhook(c)
	if err != nil {
		return nil, err
	}
	return d.showWebhook(w, true), nil
}
