package sandbox

import (
	"encoding/json"
	"time"
)

// User is an account as the API shows it to others.
type User struct {
	ID            ID      `json:"id"`
	Username      string  `json:"username"`
	Discriminator string  `json:"discriminator"`
	GlobalName    *string `json:"global_name"`
	Avatar        *string `json:"avatar"`
	Bot           bool    `json:"bot,omitempty"`
	System        bool    `json:"system,omitempty"`
	PublicFlags   int     `json:"public_flags"`
	Flags         int     `json:"flags"`
	// PrimaryGuild is always null: no user of the stand-in shows a server's tag.
	PrimaryGuild *struct{} `json:"primary_guild"`
}

// Role is a guild's role. The role with the guild's own id is @everyone.
type Role struct {
	ID           ID          `json:"id"`
	Name         string      `json:"name"`
	Color        int         `json:"color"`
	Colors       roleColors  `json:"colors"`
	Hoist        bool        `json:"hoist"`
	Icon         *string     `json:"icon"`
	UnicodeEmoji *string     `json:"unicode_emoji"`
	Position     int         `json:"position"`
	Permissions  Permissions `json:"permissions"`
	Managed      bool        `json:"managed"`
	Mentionable  bool        `json:"mentionable"`
	Flags        int         `json:"flags"`
	Tags         *RoleTags   `json:"tags,omitempty"`
}

// RoleTags says whose role a managed role is.
type RoleTags struct {
	BotID ID `json:"bot_id,omitzero"`
}

type roleColors struct {
	Primary   int  `json:"primary_color"`
	Secondary *int `json:"secondary_color"`
	Tertiary  *int `json:"tertiary_color"`
}

// Member is a user in a guild.
type Member struct {
	User          *User      `json:"user,omitempty"`
	Nick          *string    `json:"nick"`
	Avatar        *string    `json:"avatar"`
	Banner        *string    `json:"banner"`
	Roles         []ID       `json:"roles"`
	JoinedAt      time.Time  `json:"joined_at"`
	PremiumSince  *time.Time `json:"premium_since"`
	Deaf          bool       `json:"deaf"`
	Mute          bool       `json:"mute"`
	Flags         int        `json:"flags"`
	Pending       bool       `json:"pending"`
	TimedOutUntil *time.Time `json:"communication_disabled_until"`
}

// Overwrite changes a role's or a member's permissions in one channel.
type Overwrite struct {
	ID    ID          `json:"id"`
	Type  int         `json:"type"` // 0 role, 1 member
	Allow Permissions `json:"allow"`
	Deny  Permissions `json:"deny"`
}

// ChannelType is Discord's number for a kind of channel.
type ChannelType int

// The kinds of channels that the stand-in knows.
const (
	TextChannel         ChannelType = 0
	DMChannel           ChannelType = 1
	VoiceChannel        ChannelType = 2
	CategoryChannel     ChannelType = 4
	AnnouncementChannel ChannelType = 5
	AnnouncementThread  ChannelType = 10
	PublicThread        ChannelType = 11
	PrivateThread       ChannelType = 12
	StageChannel        ChannelType = 13
	ForumChannel        ChannelType = 15
	MediaChannel        ChannelType = 16
)

// Channel is a guild's channel, a thread or a DM: one struct for all, as it is kept.
// What is shown of it depends on its kind (see channelJSON).
type Channel struct {
	ID            ID
	Type          ChannelType
	GuildID       ID
	ParentID      ID // category of a channel, channel of a thread; 0 is none
	Name          string
	Topic         string
	Position      int
	NSFW          bool
	Slowmode      int // seconds
	Overwrites    []Overwrite
	LastMessageID ID
	LastPin       *time.Time
	Flags         int
	Recipients    []ID // of a DM, without the bot

	OwnerID       ID // who made the thread
	Archived      bool
	ArchivedAt    time.Time // when Archived last changed
	Locked        bool
	Invitable     bool
	AutoArchive   int // minutes
	CreatedAt     time.Time
	ThreadMembers []ThreadMember
	AppliedTags   []ID
	MessageCount  int // of a thread, without its first message
	TotalSent     int

	AvailableTags []Tag
	RequireTag    bool
}

// Tag is a label that posts of a forum may carry.
type Tag struct {
	ID        ID      `json:"id"`
	Name      string  `json:"name"`
	Moderated bool    `json:"moderated"`
	EmojiID   *ID     `json:"emoji_id"`
	EmojiName *string `json:"emoji_name"`
}

// ThreadMember is a user who joined a thread.
type ThreadMember struct {
	ThreadID ID        `json:"id"`
	UserID   ID        `json:"user_id"`
	JoinedAt time.Time `json:"join_timestamp"`
	Flags    int       `json:"flags"`
}

// Webhook is an incoming webhook.
type Webhook struct {
	ID            ID
	ChannelID     ID
	GuildID       ID
	CreatorID     ID
	Name          string
	Avatar        *string
	Token         string
	ApplicationID ID // 0 when a person made it
}

// Message is a message as it is kept. It marshals as Discord shows it to one who may
// read all of it.
type Message struct {
	ID              ID              `json:"id"`
	Type            int             `json:"type"`
	ChannelID       ID              `json:"channel_id"`
	Author          User            `json:"author"`
	Content         string          `json:"content"`
	Timestamp       time.Time       `json:"timestamp"`
	EditedTimestamp *time.Time      `json:"edited_timestamp"`
	TTS             bool            `json:"tts"`
	MentionEveryone bool            `json:"mention_everyone"`
	Mentions        []User          `json:"mentions"`
	MentionRoles    []ID            `json:"mention_roles"`
	Attachments     []Attachment    `json:"attachments"`
	Embeds          []Embed         `json:"embeds"`
	Components      json.RawMessage `json:"components"`
	Reactions       []Reaction      `json:"-"`
	Poll            *Poll           `json:"-"`
	Pinned          bool            `json:"pinned"`
	Flags           int             `json:"flags"`
	WebhookID       ID              `json:"webhook_id,omitzero"`
	ApplicationID   ID              `json:"application_id,omitzero"`
	Nonce           json.RawMessage `json:"-"` // shown to its sender and in MESSAGE_CREATE only
	Position        *int            `json:"position,omitempty"`

	Reference           *Reference      `json:"message_reference,omitempty"`
	InteractionMetadata json.RawMessage `json:"interaction_metadata,omitempty"`

	// Forwarded is what a forward took from the message it refers to.
	Forwarded *Message `json:"-"`
	// GuildID is not part of a message in answers; events carry it beside the message.
	GuildID ID `json:"-"`
	// Ephemeral messages are seen by EphemeralTo only and are in no channel's history.
	EphemeralTo ID `json:"-"`
	pinnedAt    time.Time
}

// Reference points from a reply, a forward or a thread's starter to another message.
type Reference struct {
	Type      int `json:"type"` // 0 reply, 1 forward
	MessageID ID  `json:"message_id,omitzero"`
	ChannelID ID  `json:"channel_id"`
	GuildID   ID  `json:"guild_id,omitzero"`
}

// Attachment is a file of a message.
type Attachment struct {
	ID          ID     `json:"id"`
	Filename    string `json:"filename"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Size        int    `json:"size"`
	URL         string `json:"url"`
	ProxyURL    string `json:"proxy_url"`
	Width       *int   `json:"width,omitempty"`
	Height      *int   `json:"height,omitempty"`
	Ephemeral   bool   `json:"ephemeral,omitempty"`
}

// Emoji names a reaction's emoji: a custom one by id, any other by its character alone.
type Emoji struct {
	ID       *ID    `json:"id"`
	Name     string `json:"name"`
	Animated bool   `json:"animated,omitempty"`
}

// Reaction is what one emoji got on a message.
type Reaction struct {
	Emoji Emoji
	Users []ID // in the order in which they reacted
}

// GuildEmoji is a custom emoji of a guild.
type GuildEmoji struct {
	ID            ID     `json:"id"`
	Name          string `json:"name"`
	Roles         []ID   `json:"roles"`
	RequireColons bool   `json:"require_colons"`
	Managed       bool   `json:"managed"`
	Animated      bool   `json:"animated"`
	Available     bool   `json:"available"`
}

// Embed is one embed of a message.
type Embed struct {
	Title       string       `json:"title,omitempty"`
	Type        string       `json:"type,omitempty"`
	Description string       `json:"description,omitempty"`
	URL         string       `json:"url,omitempty"`
	Timestamp   string       `json:"timestamp,omitempty"`
	Color       *int         `json:"color,omitempty"`
	Footer      *EmbedFooter `json:"footer,omitempty"`
	Image       *EmbedMedia  `json:"image,omitempty"`
	Thumbnail   *EmbedMedia  `json:"thumbnail,omitempty"`
	Author      *EmbedAuthor `json:"author,omitempty"`
	Fields      []EmbedField `json:"fields,omitempty"`
}

// EmbedFooter is the last line of an embed.
type EmbedFooter struct {
	Text    string `json:"text"`
	IconURL string `json:"icon_url,omitempty"`
}

// EmbedMedia is an embed's picture.
type EmbedMedia struct {
	URL string `json:"url"`
}

// EmbedAuthor is the line above an embed's title.
type EmbedAuthor struct {
	Name    string `json:"name"`
	URL     string `json:"url,omitempty"`
	IconURL string `json:"icon_url,omitempty"`
}

// EmbedField is one name and value of an embed.
type EmbedField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

// AvatarFetch is what happened when the stand-in looked at a webhook message's avatar_url.
type AvatarFetch struct {
	URL    string
	Status int    // HTTP status; 0 when no answer came
	Type   string // Content-Type of the answer
	Bytes  int
	Hash   string // author.avatar of the message; empty when there was no picture
	Err    string // why there was none
}
