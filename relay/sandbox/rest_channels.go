package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

var channelRoutes = []route{
	{pattern: "GET /channels/{channel}", serve: getChannel},
	{pattern: "PATCH /channels/{channel}", serve: patchChannel},
	{pattern: "DELETE /channels/{channel}", serve: deleteChannel},
	{pattern: "POST /users/@me/channels", serve: openDM},
}

func getChannel(d *Discord, c *call) (any, error) {
	ch, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	return d.showChannel(ch), nil
}

// channelForm is the body of PATCH /channels/{channel}, for channels and threads both.
type channelForm struct {
	Name        *string            `json:"name"`
	Topic       field[string]      `json:"topic"`
	Position    field[int]         `json:"position"`
	NSFW        field[bool]        `json:"nsfw"`
	Slowmode    field[int]         `json:"rate_limit_per_user"`
	ParentID    field[ID]          `json:"parent_id"`
	Overwrites  field[[]Overwrite] `json:"permission_overwrites"`
	Archived    *bool              `json:"archived"`
	Locked      *bool              `json:"locked"`
	Invitable   *bool              `json:"invitable"`
	AutoArchive *int               `json:"auto_archive_duration"`
	AppliedTags field[[]ID]        `json:"applied_tags"`
	Tags        field[[]Tag]       `json:"available_tags"`
	Flags       *int               `json:"flags"`
}

func (in *channelForm) check(f *form, ch *Channel) {
	if in.Name != nil {
		f.length("name", *in.Name, 1, 100)
	}
	most := 1024
	if ch.isForum() {
		most = 4096
	}
	f.length("topic", in.Topic.Value, 0, most)
	if in.Slowmode.given() {
		f.number("rate_limit_per_user", in.Slowmode.Value, 0, 21600)
	}
	checkAutoArchive(f, in.AutoArchive)
	if len(in.AppliedTags.Value) > 5 {
		f.add("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
	}
	if len(in.Tags.Value) > 20 {
		f.add("available_tags", "BASE_TYPE_MAX_LENGTH", "Must be 20 or fewer in length.")
	}
	for i, tag := range in.Tags.Value {
		f.length("available_tags."+strconv.Itoa(i)+".name", tag.Name, 1, 20)
	}
}

func checkAutoArchive(f *form, minutes *int) {
	if minutes != nil && !slices.Contains([]int{60, 1440, 4320, 10080}, *minutes) {
		f.add("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}.")
	}
}

func patchChannel(d *Discord, c *call) (any, error) {
	ch, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	if ch.isDM() {
		return nil, refuse(50003)
	}
	var in channelForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f := form{}
	in.check(&f, ch)
	if err := f.err(); err != nil {
		return nil, err
	}
	if ch.isThread() {
		err = d.patchThread(ch, &in)
	} else {
		err = d.patchGuildChannel(ch, &in)
	}
	if err != nil {
		return nil, err
	}
	return d.showChannel(ch), nil
}

func (d *Discord) patchGuildChannel(ch *Channel, in *channelForm) error {
	if err := d.need(ch, ManageChannels); err != nil {
		return err
	}
	if in.Overwrites.Set {
		if err := d.need(ch, ManageRoles); err != nil {
			return err
		}
	}
	if in.ParentID.given() {
		if parent := d.state.channels[in.ParentID.Value]; parent == nil || parent.Type != CategoryChannel || parent.GuildID != ch.GuildID {
			return invalid("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist")
		}
	}
	d.changeChannel(ch, func(ch *Channel) { in.apply(ch, d.newID) })
	return nil
}

// apply writes a form's fields into a channel of a guild.
func (in *channelForm) apply(ch *Channel, newID func() ID) {
	if in.Name != nil {
		ch.Name = *in.Name
	}
	if in.Topic.Set {
		ch.Topic = in.Topic.Value
	}
	if in.Position.given() {
		ch.Position = in.Position.Value
	}
	if in.NSFW.Set {
		ch.NSFW = in.NSFW.Value
	}
	if in.Slowmode.Set {
		ch.Slowmode = in.Slowmode.Value
	}
	if in.ParentID.Set {
		ch.ParentID = in.ParentID.Value
	}
	if in.Overwrites.Set {
		ch.Overwrites = in.Overwrites.Value
	}
	if in.Flags != nil {
		ch.Flags, ch.RequireTag = *in.Flags, *in.Flags&flagRequireTag != 0
	}
	if in.Tags.Set {
		ch.AvailableTags = in.Tags.Value
		for i := range ch.AvailableTags {
			if ch.AvailableTags[i].ID == 0 {
				ch.AvailableTags[i].ID = newID()
			}
		}
	}
}

// patchThread edits a thread (topics/threads, "Editing & Deleting Threads").
func (d *Discord) patchThread(ch *Channel, in *channelForm) error {
	bot := d.state.bot.ID
	p := d.permissions(bot, ch)
	moderator := p.Has(ManageThreads)
	opens := in.Archived != nil && !*in.Archived
	onlyOpens := opens && in.Name == nil && in.Locked == nil && in.AutoArchive == nil && !in.Slowmode.Set && !in.AppliedTags.Set && in.Flags == nil
	switch {
	case ch.Archived && !opens:
		return refuse(50083)
	case ch.Locked && !moderator && opens:
		return refuse(160005)
	case moderator:
	case onlyOpens && p.Has(SendInThreads):
	case ch.OwnerID == bot && in.Locked == nil && !in.Slowmode.Set && in.Flags == nil:
	default:
		return refuse(50013)
	}
	if in.AppliedTags.Set {
		if err := d.state.channels[ch.ParentID].checkTags(in.AppliedTags.Value); err != nil {
			return err
		}
	}
	d.changeChannel(ch, func(ch *Channel) { in.applyThread(ch, d) })
	return nil
}

func (in *channelForm) applyThread(ch *Channel, d *Discord) {
	if in.Name != nil {
		ch.Name = *in.Name
	}
	if in.Archived != nil && *in.Archived != ch.Archived {
		ch.Archived, ch.ArchivedAt = *in.Archived, d.now()
	}
	if in.Locked != nil {
		ch.Locked = *in.Locked
	}
	if in.Invitable != nil {
		ch.Invitable = *in.Invitable
	}
	if in.AutoArchive != nil {
		ch.AutoArchive, ch.ArchivedAt = *in.AutoArchive, d.now()
	}
	if in.Slowmode.Set {
		ch.Slowmode = in.Slowmode.Value
	}
	if in.AppliedTags.Set {
		ch.AppliedTags = in.AppliedTags.Value
	}
	if in.Flags != nil {
		ch.Flags = *in.Flags
	}
}

func deleteChannel(d *Discord, c *call) (any, error) {
	ch, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	wanted := ManageChannels
	if ch.isThread() {
		wanted = ManageThreads
	}
	if !ch.isDM() {
		if err := d.need(ch, wanted); err != nil {
			return nil, err
		}
	}
	view := d.showChannel(ch)
	if !ch.isDM() {
		d.dropChannel(ch)
	}
	return view, nil
}

// openDM opens the channel for direct messages with a user, or gives the one there is.
func openDM(d *Discord, c *call) (any, error) {
	var in struct {
		RecipientID ID `json:"recipient_id"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	u := d.state.users[in.RecipientID]
	if u == nil || u.ID == d.state.bot.ID {
		return nil, refuse(50033)
	}
	if u.Bot { // with another status than where a message is refused (observed)
		return nil, refuseWith(http.StatusBadRequest, 50007)
	}
	return d.showChannel(d.dm(u.ID)), nil
}

// dm is the channel for direct messages between the bot and a user.
func (d *Discord) dm(user ID) *Channel {
	for _, ch := range d.state.channels {
		if ch.isDM() && slices.Contains(ch.Recipients, user) {
			return ch
		}
	}
	ch := &Channel{ID: d.newID(), Type: DMChannel, Recipients: []ID{user}}
	d.state.channels[ch.ID] = ch
	return ch
}
