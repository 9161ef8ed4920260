package sandbox

import (
	"encoding/json"
	"time"
)

// array is a copy of a list that is never nil, so that JSON has [] and not null.
func array[T any](list []T) []T { return append(make([]T, 0, len(list)), list...) }

// stamp is a time as Discord writes it: UTC with microseconds and an offset.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

func stampOrNil(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return new(stamp(*t))
}

// MarshalJSON writes a member with Discord's times.
func (m Member) MarshalJSON() ([]byte, error) {
	type plain Member
	return json.Marshal(struct {
		plain
		Roles         []ID    `json:"roles"`
		JoinedAt      string  `json:"joined_at"`
		PremiumSince  *string `json:"premium_since"`
		TimedOutUntil *string `json:"communication_disabled_until"`
	}{plain(m), array(m.Roles), stamp(m.JoinedAt), stampOrNil(m.PremiumSince), stampOrNil(m.TimedOutUntil)})
}

type memberEvent struct {
	GuildID       ID      `json:"guild_id"`
	User          *User   `json:"user"`
	Nick          *string `json:"nick"`
	Avatar        *string `json:"avatar"`
	Banner        *string `json:"banner"`
	Roles         []ID    `json:"roles"`
	JoinedAt      string  `json:"joined_at"`
	PremiumSince  *string `json:"premium_since"`
	Deaf          bool    `json:"deaf"`
	Mute          bool    `json:"mute"`
	Flags         int     `json:"flags"`
	Pending       bool    `json:"pending"`
	TimedOutUntil *string `json:"communication_disabled_until"`
}

func showMember(guild ID, m *Member) memberEvent {
	return memberEvent{
		GuildID: guild, User: m.User, Nick: m.Nick, Avatar: m.Avatar, Banner: m.Banner, Roles: array(m.Roles),
		JoinedAt: stamp(m.JoinedAt), PremiumSince: stampOrNil(m.PremiumSince), Deaf: m.Deaf, Mute: m.Mute,
		Flags: m.Flags, Pending: m.Pending, TimedOutUntil: stampOrNil(m.TimedOutUntil),
	}
}

// partialMember is a member without the user, as messages carry it.
func partialMember(m *Member) *Member {
	if m == nil {
		return nil
	}
	copied := *m
	copied.User = nil
	return &copied
}

type guildChannelView struct {
	ID            ID          `json:"id"`
	Type          ChannelType `json:"type"`
	GuildID       ID          `json:"guild_id,omitzero"`
	Name          string      `json:"name"`
	Position      int         `json:"position"`
	Flags         int         `json:"flags"`
	ParentID      *ID         `json:"parent_id"`
	NSFW          bool        `json:"nsfw"`
	Topic         *string     `json:"topic"`
	Slowmode      int         `json:"rate_limit_per_user"`
	LastMessageID *ID         `json:"last_message_id"`
	LastPin       *string     `json:"last_pin_timestamp,omitempty"`
	Overwrites    []Overwrite `json:"permission_overwrites"`
	AvailableTags *[]Tag      `json:"available_tags,omitempty"`
	Bitrate       int         `json:"bitrate,omitempty"`
	UserLimit     *int        `json:"user_limit,omitempty"`
}

type threadView struct {
	ID            ID             `json:"id"`
	Type          ChannelType    `json:"type"`
	GuildID       ID             `json:"guild_id"`
	ParentID      ID             `json:"parent_id"`
	OwnerID       ID             `json:"owner_id"`
	Name          string         `json:"name"`
	Flags         int            `json:"flags"`
	LastMessageID *ID            `json:"last_message_id"`
	LastPin       *string        `json:"last_pin_timestamp,omitempty"`
	Slowmode      int            `json:"rate_limit_per_user"`
	MessageCount  int            `json:"message_count"`
	MemberCount   int            `json:"member_count"`
	TotalSent     int            `json:"total_message_sent"`
	AppliedTags   *[]ID          `json:"applied_tags,omitempty"`
	Metadata      threadMetadata `json:"thread_metadata"`
	Member        *threadMember  `json:"member,omitempty"`
	NewlyCreated  bool           `json:"newly_created,omitempty"`
	Message       *messageView   `json:"message,omitempty"`
}

type threadMetadata struct {
	Archived    bool   `json:"archived"`
	AutoArchive int    `json:"auto_archive_duration"`
	ArchivedAt  string `json:"archive_timestamp"`
	Locked      bool   `json:"locked"`
	Invitable   *bool  `json:"invitable,omitempty"`
	CreatedAt   string `json:"create_timestamp"`
}

type threadMember struct {
	ThreadID ID      `json:"id"`
	UserID   ID      `json:"user_id"`
	JoinedAt string  `json:"join_timestamp"`
	Flags    int     `json:"flags"`
	Member   *Member `json:"member,omitempty"`
}

type dmView struct {
	ID            ID          `json:"id"`
	Type          ChannelType `json:"type"`
	Flags         int         `json:"flags"`
	LastMessageID *ID         `json:"last_message_id"`
	LastPin       *string     `json:"last_pin_timestamp,omitempty"`
	Recipients    []*User     `json:"recipients"`
}

func nullable(id ID) *ID {
	if id == 0 {
		return nil
	}
	return &id
}

// showChannel is a channel as the bot sees it. Callers hold Discord.mu, as for all shows.
func (d *Discord) showChannel(ch *Channel) any {
	switch {
	case ch.isDM():
		view := dmView{ID: ch.ID, Type: ch.Type, LastMessageID: nullable(ch.LastMessageID), LastPin: stampOrNil(ch.LastPin)}
		for _, id := range ch.Recipients {
			view.Recipients = append(view.Recipients, d.state.users[id])
		}
		return view
	case ch.isThread():
		return d.showThread(ch)
	}
	view := guildChannelView{
		ID: ch.ID, Type: ch.Type, GuildID: ch.GuildID, Name: ch.Name, Position: ch.Position, Flags: ch.Flags,
		ParentID: nullable(ch.ParentID), NSFW: ch.NSFW, Slowmode: ch.Slowmode,
		LastMessageID: nullable(ch.LastMessageID), LastPin: stampOrNil(ch.LastPin),
		Overwrites: array(ch.Overwrites),
	}
	if ch.Topic != "" {
		view.Topic = &ch.Topic
	}
	if ch.isForum() {
		view.AvailableTags = new(array(ch.AvailableTags))
	}
	if ch.Type == VoiceChannel || ch.Type == StageChannel {
		view.Bitrate, view.UserLimit = 64000, new(0)
	}
	return view
}

func (d *Discord) showThread(ch *Channel) threadView {
	view := threadView{
		ID: ch.ID, Type: ch.Type, GuildID: ch.GuildID, ParentID: ch.ParentID, OwnerID: ch.OwnerID, Name: ch.Name,
		Flags: ch.Flags, LastMessageID: nullable(ch.LastMessageID), LastPin: stampOrNil(ch.LastPin), Slowmode: ch.Slowmode,
		MessageCount: ch.MessageCount, MemberCount: min(len(ch.ThreadMembers), 50), TotalSent: ch.TotalSent,
		Metadata: threadMetadata{
			Archived: ch.Archived, AutoArchive: ch.AutoArchive, ArchivedAt: stamp(ch.ArchivedAt),
			Locked: ch.Locked, CreatedAt: stamp(ch.CreatedAt),
		},
	}
	if ch.Type == PrivateThread {
		view.Metadata.Invitable = &ch.Invitable
	}
	if parent := d.state.channels[ch.ParentID]; parent != nil && parent.isForum() {
		view.AppliedTags = new(array(ch.AppliedTags))
	}
	if m := ch.member(d.state.bot.ID); m != nil {
		view.Member = new(showThreadMember(m))
	}
	return view
}

func showThreadMember(m *ThreadMember) threadMember {
	return threadMember{ThreadID: m.ThreadID, UserID: m.UserID, JoinedAt: stamp(m.JoinedAt), Flags: m.Flags}
}

func (c *Channel) isDM() bool { return c.Type == DMChannel }

func (c *Channel) isThread() bool {
	return c.Type == PublicThread || c.Type == PrivateThread || c.Type == AnnouncementThread
}

func (c *Channel) isForum() bool { return c.Type == ForumChannel || c.Type == MediaChannel }

// holdsMessages says whether messages can be posted right there.
func (c *Channel) holdsMessages() bool {
	switch c.Type {
	case TextChannel, DMChannel, VoiceChannel, AnnouncementChannel, StageChannel:
		return true
	}
	return c.isThread()
}

func (c *Channel) member(user ID) *ThreadMember {
	for i := range c.ThreadMembers {
		if c.ThreadMembers[i].UserID == user {
			return &c.ThreadMembers[i]
		}
	}
	return nil
}
