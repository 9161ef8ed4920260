package sandbox

import "slices"

type guildView struct {
	ID                  ID           `json:"id"`
	Name                string       `json:"name"`
	OwnerID             ID           `json:"owner_id"`
	Roles               []*Role      `json:"roles"`
	Emojis              []GuildEmoji `json:"emojis"`
	Stickers            []struct{}   `json:"stickers"`
	Features            []string     `json:"features"`
	Icon                *string      `json:"icon"`
	Description         *string      `json:"description"`
	HomeHeader          *string      `json:"home_header"`
	Splash              *string      `json:"splash"`
	DiscoverySplash     *string      `json:"discovery_splash"`
	Banner              *string      `json:"banner"`
	ApplicationID       *ID          `json:"application_id"`
	Region              string       `json:"region"`
	AFKChannelID        *ID          `json:"afk_channel_id"`
	AFKTimeout          int          `json:"afk_timeout"`
	SystemChannelID     *ID          `json:"system_channel_id"`
	SystemChannelFlags  int          `json:"system_channel_flags"`
	WidgetEnabled       bool         `json:"widget_enabled"`
	WidgetChannelID     *ID          `json:"widget_channel_id"`
	VerificationLevel   int          `json:"verification_level"`
	Notifications       int          `json:"default_message_notifications"`
	MFALevel            int          `json:"mfa_level"`
	ContentFilter       int          `json:"explicit_content_filter"`
	MaxPresences        *int         `json:"max_presences"`
	MaxMembers          int          `json:"max_members"`
	MaxStageUsers       int          `json:"max_stage_video_channel_users"`
	MaxVideoUsers       int          `json:"max_video_channel_users"`
	Vanity              *string      `json:"vanity_url_code"`
	PremiumTier         int          `json:"premium_tier"`
	Boosts              int          `json:"premium_subscription_count"`
	Locale              string       `json:"preferred_locale"`
	RulesChannelID      *ID          `json:"rules_channel_id"`
	SafetyChannelID     *ID          `json:"safety_alerts_channel_id"`
	UpdatesChannelID    *ID          `json:"public_updates_channel_id"`
	ProgressBar         bool         `json:"premium_progress_bar_enabled"`
	NSFW                bool         `json:"nsfw"`
	NSFWLevel           int          `json:"nsfw_level"`
	Incidents           *struct{}    `json:"incidents_data"`
	ApproximateMembers  *int         `json:"approximate_member_count,omitempty"`
	ApproximatePresence *int         `json:"approximate_presence_count,omitempty"`
}

func (d *Discord) showGuild(g *guild) guildView {
	return guildView{
		ID: g.id, Name: g.name, OwnerID: g.ownerID, Roles: g.sortedRoles(), Emojis: array(g.emojis),
		Stickers: []struct{}{}, Features: []string{}, Region: "us-central", AFKTimeout: 300, MaxMembers: 500000,
		MaxStageUsers: 50, MaxVideoUsers: 25, Locale: "en-US",
	}
}

func (g *guild) sortedRoles() []*Role {
	var roles []*Role
	for _, r := range g.roles {
		copied := *r
		roles = append(roles, &copied)
	}
	slices.SortFunc(roles, func(a, b *Role) int {
		if a.Position != b.Position {
			return a.Position - b.Position
		}
		return compareIDs(a.ID, b.ID)
	})
	return roles
}

func (g *guild) sortedMembers() []*Member {
	var members []*Member
	for _, m := range g.members {
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b *Member) int { return compareIDs(a.User.ID, b.User.ID) })
	return members
}

// guildCreate is GUILD_CREATE: the guild with all that a session needs to begin.
type guildCreate struct{ guild *guild }

type guildCreateView struct {
	guildView
	JoinedAt    string       `json:"joined_at"`
	Large       bool         `json:"large"`
	Unavailable bool         `json:"unavailable"`
	MemberCount int          `json:"member_count"`
	VoiceStates []struct{}   `json:"voice_states"`
	Members     []*Member    `json:"members"`
	Channels    []any        `json:"channels"`
	Threads     []threadView `json:"threads"`
	Presences   []struct{}   `json:"presences"`
	Stages      []struct{}   `json:"stage_instances"`
	Scheduled   []struct{}   `json:"guild_scheduled_events"`
	Soundboard  []struct{}   `json:"soundboard_sounds"`
}

// largeGuild is from how many members on a guild counts as large, when the session does not say.
const largeGuild = 50

func (e guildCreate) forSession(d *Discord, intents Intents) any {
	g := e.guild
	bot := g.members[d.state.bot.ID]
	view := guildCreateView{
		guildView: d.showGuild(g), JoinedAt: stamp(bot.JoinedAt), MemberCount: len(g.members), Large: len(g.members) > largeGuild,
		VoiceStates: []struct{}{}, Channels: []any{}, Threads: []threadView{}, Presences: []struct{}{},
		Stages: []struct{}{}, Scheduled: []struct{}{}, Soundboard: []struct{}{},
	}
	view.Members = []*Member{bot}
	if intents&IntentGuildPresences != 0 && !view.Large {
		view.Members = g.sortedMembers()
	}
	for _, ch := range d.channelsOf(g.id) {
		shown := d.showChannel(ch)
		if v, ok := shown.(guildChannelView); ok {
			v.GuildID = 0
			shown = v
		}
		view.Channels = append(view.Channels, shown)
	}
	for _, t := range d.activeThreads(g.id) {
		view.Threads = append(view.Threads, d.showThread(t))
	}
	return view
}
