package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// resolved are the things that an interaction's values are ids of.
type resolved struct {
	Users       map[ID]*User            `json:"users,omitempty"`
	Members     map[ID]*resolvedMember  `json:"members,omitempty"`
	Roles       map[ID]*Role            `json:"roles,omitempty"`
	Channels    map[ID]*resolvedChannel `json:"channels,omitempty"`
	Messages    map[ID]*messageView     `json:"messages,omitempty"`
	Attachments map[ID]Attachment       `json:"attachments,omitempty"`
}

// resolvedMember is a member with its permissions in the interaction's channel. Only the
// one who acts has user, deaf and mute.
type resolvedMember struct {
	User          *User       `json:"user,omitempty"`
	Nick          *string     `json:"nick"`
	Avatar        *string     `json:"avatar"`
	Banner        *string     `json:"banner"`
	Roles         []ID        `json:"roles"`
	JoinedAt      string      `json:"joined_at"`
	PremiumSince  *string     `json:"premium_since"`
	Pending       bool        `json:"pending"`
	Flags         int         `json:"flags"`
	TimedOutUntil *string     `json:"communication_disabled_until"`
	Permissions   Permissions `json:"permissions"`
	Deaf          *bool       `json:"deaf,omitempty"`
	Mute          *bool       `json:"mute,omitempty"`
}

// resolvedChannel is a partial channel with what the one who acts may do in it.
type resolvedChannel struct {
	ID             ID              `json:"id"`
	Name           string          `json:"name"`
	Type           ChannelType     `json:"type"`
	Permissions    Permissions     `json:"permissions"`
	AppPermissions Permissions     `json:"app_permissions"`
	LastMessageID  *ID             `json:"last_message_id"`
	LastPin        *string         `json:"last_pin_timestamp,omitempty"`
	NSFW           bool            `json:"nsfw"`
	ParentID       *ID             `json:"parent_id"`
	GuildID        ID              `json:"guild_id"`
	Flags          int             `json:"flags"`
	Slowmode       int             `json:"rate_limit_per_user"`
	Topic          *string         `json:"topic"`
	Position       int             `json:"position"`
	Metadata       *threadMetadata `json:"thread_metadata,omitempty"`
}

func (d *Discord) resolveMember(m *Member, ch *Channel) *resolvedMember {
	return &resolvedMember{
		Nick: m.Nick, Avatar: m.Avatar, Banner: m.Banner, Roles: m.Roles, JoinedAt: stamp(m.JoinedAt),
		PremiumSince: stampOrNil(m.PremiumSince), Pending: m.Pending, Flags: m.Flags,
		TimedOutUntil: stampOrNil(m.TimedOutUntil), Permissions: d.permissions(m.User.ID, ch),
	}
}

func (d *Discord) resolveChannel(ch *Channel, user ID) *resolvedChannel {
	view := &resolvedChannel{
		ID: ch.ID, Name: ch.Name, Type: ch.Type, Permissions: d.permissions(user, ch),
		AppPermissions: d.permissions(d.state.bot.ID, ch), LastMessageID: nullable(ch.LastMessageID),
		LastPin: stampOrNil(ch.LastPin), NSFW: ch.NSFW, ParentID: nullable(ch.ParentID), GuildID: ch.GuildID,
		Flags: ch.Flags, Slowmode: ch.Slowmode, Position: ch.Position,
	}
	if ch.Topic != "" {
		view.Topic = &ch.Topic
	}
	if ch.isThread() {
		view.Metadata = new(d.showThread(ch).Metadata)
	}
	return view
}

// picker turns what people pick into ids and keeps what those stand for.
type picker struct {
	d     *Discord
	scene *scene
	resolved
}

func put[V any](m *map[ID]V, id ID, v V) {
	if *m == nil {
		*m = map[ID]V{}
	}
	(*m)[id] = v
}

// shown is nil when nothing was resolved, so that the field is left out.
func (p *picker) shown() *resolved {
	if len(p.Users)+len(p.Roles)+len(p.Channels)+len(p.Messages)+len(p.Attachments) == 0 {
		return nil
	}
	return &p.resolved
}

// idOf reads an id as people give it: an ID, its digits, a mention, or with a sign before
// it a name, which find looks up.
func idOf(value any, sign string, find func(name string) ID) (ID, error) {
	switch v := value.(type) {
	case ID:
		return v, nil
	case string:
		if name, ok := strings.CutPrefix(v, sign); ok {
			if id := find(name); id != 0 {
				return id, nil
			}
		}
		if id := parseID(strings.Trim(v, "<@!&#>")); id != 0 {
			return id, nil
		}
	}
	return 0, fmt.Errorf("%v is nothing that can be picked", value)
}

func (p *picker) user(value any) (ID, error) {
	id, err := idOf(value, "@", func(name string) ID {
		for id, u := range p.d.state.users {
			if u.Username == name {
				return id
			}
		}
		return 0
	})
	if err != nil {
		return 0, err
	}
	u := p.d.state.users[id]
	if u == nil {
		return 0, fmt.Errorf("no user %s", id)
	}
	put(&p.Users, id, u)
	if p.scene.guild != nil {
		if m := p.scene.guild.members[id]; m != nil {
			put(&p.Members, id, p.d.resolveMember(m, p.scene.channel))
		}
	}
	return id, nil
}

func (p *picker) role(value any) (ID, error) {
	if p.scene.guild == nil {
		return 0, errors.New("no roles in direct messages")
	}
	id, err := idOf(value, "@", func(name string) ID {
		for id, r := range p.scene.guild.roles {
			if r.Name == name {
				return id
			}
		}
		return 0
	})
	if err != nil {
		return 0, err
	}
	r := p.scene.guild.roles[id]
	if r == nil {
		return 0, fmt.Errorf("no role %s", id)
	}
	put(&p.Roles, id, r)
	return id, nil
}

func (p *picker) mentionable(value any) (ID, error) {
	if id, err := p.role(value); err == nil {
		return id, nil
	}
	return p.user(value)
}

// channel takes only channels of the wanted types that the user can see.
func (p *picker) channel(value any, types []ChannelType) (ID, error) {
	visible := func(ch *Channel) bool {
		if ch.GuildID != p.scene.guildID() || ch.isDM() {
			return false
		}
		return p.d.permissions(p.scene.user.ID, ch).Has(ViewChannel)
	}
	id, err := idOf(value, "#", func(name string) ID {
		for id, ch := range p.d.state.channels {
			if ch.Name == name && visible(ch) {
				return id
			}
		}
		return 0
	})
	if err != nil {
		return 0, err
	}
	ch := p.d.state.channels[id]
	if ch == nil || !visible(ch) {
		return 0, fmt.Errorf("no channel %s that %s can see", id, p.scene.user.Username)
	}
	if len(types) > 0 && !slices.Contains(types, ch.Type) {
		return 0, fmt.Errorf("channel %s is not of a kind that can be picked", ch.Name)
	}
	put(&p.Channels, id, p.d.resolveChannel(ch, p.scene.user.ID))
	return id, nil
}

// file uploads a file as the client does before it sends the interaction.
func (p *picker) file(value any, types []string) (ID, error) {
	f, ok := value.(File)
	if !ok {
		return 0, fmt.Errorf("%T is no File", value)
	}
	if len(f.Data) > AttachmentLimit {
		return 0, fmt.Errorf("file %s is larger than %d bytes", f.Name, AttachmentLimit)
	}
	if !fitsTypes(f, types) {
		return 0, fmt.Errorf("file %s is not of the kinds %s", f.Name, strings.Join(types, ", "))
	}
	a := p.d.storeAttachment("ephemeral-attachments", p.d.state.app.id, f)
	put(&p.Attachments, a.ID, a)
	return a.ID, nil
}

// fitsTypes compares a file's name with an option's file_types: "image", "video", "audio"
// or an ending.
func fitsTypes(f File, types []string) bool {
	if len(types) == 0 {
		return true
	}
	kind, _, _ := strings.Cut(contentType(f.Name, File{}), "/")
	for _, t := range types {
		if t == kind || (strings.HasPrefix(t, ".") && strings.HasSuffix(strings.ToLower(f.Name), strings.ToLower(t))) {
			return true
		}
	}
	return false
}
