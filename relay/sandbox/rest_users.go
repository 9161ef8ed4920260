package sandbox

import (
	"slices"
	"strconv"
)

var userRoutes = []route{
	{pattern: "GET /users/@me", serve: getSelf},
	{pattern: "GET /users/{user}", serve: getUser},
	{pattern: "GET /users/@me/guilds", serve: listMyGuilds},
	{pattern: "DELETE /users/@me/guilds/{guild}", serve: leaveGuild},
	{pattern: "GET /applications/@me", serve: getApplication},
	{pattern: "GET /oauth2/applications/@me", serve: getApplication},
}

// botView is the bot's account as it sees itself.
type botView struct {
	User
	MFA      bool    `json:"mfa_enabled"`
	Locale   string  `json:"locale"`
	Verified bool    `json:"verified"`
	Email    *string `json:"email"`
}

func (d *Discord) showBot() botView {
	return botView{User: *d.state.bot, MFA: true, Locale: "en-US", Verified: true}
}

func getSelf(d *Discord, _ *call) (any, error) { return d.showBot(), nil }

func getUser(d *Discord, c *call) (any, error) {
	if u := d.state.users[c.id("user")]; u != nil {
		return u, nil
	}
	return nil, refuse(10013)
}

type myGuildView struct {
	ID          ID          `json:"id"`
	Name        string      `json:"name"`
	Icon        *string     `json:"icon"`
	Banner      *string     `json:"banner"`
	Owner       bool        `json:"owner"`
	Permissions Permissions `json:"permissions"`
	Features    []string    `json:"features"`
	Members     *int        `json:"approximate_member_count,omitempty"`
	Presences   *int        `json:"approximate_presence_count,omitempty"`
}

func listMyGuilds(d *Discord, c *call) (any, error) {
	q := query{c: c}
	limit, before, after, counts := q.int("limit", 200, 1, 200), q.id("before"), q.id("after"), q.bool("with_counts")
	if err := q.err(); err != nil {
		return nil, err
	}
	views := []myGuildView{}
	for _, g := range d.botGuilds() {
		if g.id <= after || (before != 0 && g.id >= before) {
			continue
		}
		view := myGuildView{
			ID: g.id, Name: g.name, Owner: g.ownerID == d.state.bot.ID,
			Permissions: g.basePermissions(g.members[d.state.bot.ID]), Features: []string{},
		}
		if counts {
			view.Members, view.Presences = new(len(g.members)), new(1)
		}
		views = append(views, view)
	}
	if before != 0 && len(views) > limit {
		return views[len(views)-limit:], nil
	}
	return views[:min(limit, len(views))], nil
}

func leaveGuild(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	d.removeBot(g)
	return nil, nil
}

// The flags of an application with fewer than 100 servers (resources/application, "Application Flags").
const (
	flagPresenceLimited = 1 << 13
	flagMembersLimited  = 1 << 15
	flagContentLimited  = 1 << 19
)

func (a *application) flags() int {
	flags := 0
	if a.intents&IntentGuildPresences != 0 {
		flags |= flagPresenceLimited
	}
	if a.intents&IntentGuildMembers != 0 {
		flags |= flagMembersLimited
	}
	if a.intents&IntentMessageContent != 0 {
		flags |= flagContentLimited
	}
	return flags
}

type applicationView struct {
	ID                   ID        `json:"id"`
	Name                 string    `json:"name"`
	Icon                 *string   `json:"icon"`
	Description          string    `json:"description"`
	Type                 *int      `json:"type"`
	Bot                  *User     `json:"bot"`
	BotPublic            bool      `json:"bot_public"`
	RequireCodeGrant     bool      `json:"bot_require_code_grant"`
	VerifyKey            string    `json:"verify_key"`
	Flags                int       `json:"flags"`
	FlagsNew             string    `json:"flags_new"`
	RedirectURIs         []string  `json:"redirect_uris"`
	InteractionsURL      *string   `json:"interactions_endpoint_url"`
	RoleConnectionsURL   *string   `json:"role_connections_verification_url"`
	Owner                *User     `json:"owner"`
	Guilds               int       `json:"approximate_guild_count"`
	UserInstalls         int       `json:"approximate_user_install_count"`
	UserAuthorizations   int       `json:"approximate_user_authorization_count"`
	ContentFilter        int       `json:"explicit_content_filter"`
	Team                 *teamView `json:"team"`
	EligibleScopes       []string  `json:"eligible_oauth2_scopes"`
	InteractionsVersion  int       `json:"interactions_version"`
	StorefrontVisibility bool      `json:"storefront_available"`
}

type teamView struct {
	ID      ID           `json:"id"`
	Icon    *string      `json:"icon"`
	Name    string       `json:"name"`
	OwnerID ID           `json:"owner_user_id"`
	Members []teamMember `json:"members"`
}

type teamMember struct {
	User   *User  `json:"user"`
	TeamID ID     `json:"team_id"`
	State  int    `json:"membership_state"` // 2 is accepted
	Role   string `json:"role"`
	// Permissions is always all of them.
	Permissions []string `json:"permissions"`
}

func getApplication(d *Discord, _ *call) (any, error) {
	a := &d.state.app
	view := applicationView{
		ID: a.id, Name: a.name, Bot: d.state.bot, BotPublic: true, VerifyKey: contentHash([]byte(d.state.token)) + contentHash([]byte(a.name)),
		Flags: a.flags(), FlagsNew: strconv.Itoa(a.flags()), RedirectURIs: []string{}, Owner: d.state.users[a.owner], Guilds: len(d.botGuilds()),
		EligibleScopes: []string{}, InteractionsVersion: 1,
	}
	if len(a.team) > 0 {
		view.Team = d.showTeam(a)
	}
	return view, nil
}

func (d *Discord) showTeam(a *application) *teamView {
	team := &teamView{ID: a.id + 1, Name: a.name + " team", OwnerID: a.owner}
	for _, id := range slices.Concat([]ID{a.owner}, a.team) {
		if u := d.state.users[id]; u != nil {
			team.Members = append(team.Members, teamMember{User: u, TeamID: team.ID, State: 2, Role: "admin", Permissions: []string{"*"}})
		}
	}
	return team
}
