package sandbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// allowedMentions says which mentions of a message may ping.
type allowedMentions struct {
	Parse       []string `json:"parse"`
	Users       []ID     `json:"users"`
	Roles       []ID     `json:"roles"`
	RepliedUser bool     `json:"replied_user"`
}

// check notes what Discord refuses of allowed_mentions.
func (a *allowedMentions) check(f *form) {
	if a == nil {
		return
	}
	const at = "allowed_mentions"
	for i, kind := range a.Parse {
		if !slices.Contains([]string{"users", "roles", "everyone"}, kind) {
			f.add(fmt.Sprintf("%s.parse.%d", at, i), "BASE_TYPE_CHOICES", "Value must be one of ('users', 'everyone', 'roles').")
		}
	}
	if len(a.Users) > 100 {
		f.add(at+".users", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
	}
	if len(a.Roles) > 100 {
		f.add(at+".roles", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
	}
	for name, ids := range map[string][]ID{"users": a.Users, "roles": a.Roles} {
		for i, id := range ids {
			if slices.Contains(ids[:i], id) {
				f.add(fmt.Sprintf("%s.%s.%d", at, name, i), "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
			}
		}
	}
	if len(a.Users) > 0 && slices.Contains(a.Parse, "users") {
		f.add(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse:[\"users\"] and users: [ids...] are mutually exclusive.")
	}
	if len(a.Roles) > 0 && slices.Contains(a.Parse, "roles") {
		f.add(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse:[\"roles\"] and roles: [ids...] are mutually exclusive.")
	}
}

func (a *allowedMentions) user(id ID) bool {
	return a == nil || slices.Contains(a.Parse, "users") || slices.Contains(a.Users, id)
}

func (a *allowedMentions) role(id ID) bool {
	return a == nil || slices.Contains(a.Parse, "roles") || slices.Contains(a.Roles, id)
}

func (a *allowedMentions) everyone() bool { return a == nil || slices.Contains(a.Parse, "everyone") }

var (
	mention  = regexp.MustCompile(`<@(!?|&)(\d{15,20})>`)
	codeSpan = regexp.MustCompile("(?s)```.*?```|``.+?``|`[^`]+`")
)

// ping fills in whom a message really pings: what its text mentions and allowed lets
// through. allowed nil is the default, which is everything: so it was seen of webhooks
// (discord-api-docs #2988, DiscordSRV #712). Since 2025 the documentation says that it is
// users only for "interactions and webhooks" (#7629); the stand-in keeps to the worse.
// mayAll is whether its author may ping everyone and unmentionable roles.
func (d *Discord) ping(m *Message, allowed *allowedMentions, mayAll bool) {
	m.Mentions, m.MentionRoles, m.MentionEveryone = nil, nil, false
	text := codeSpan.ReplaceAllString(m.Content+"\n"+componentText(m.Components), " ")
	for _, found := range mention.FindAllStringSubmatch(text, -1) {
		id := parseID(found[2])
		if found[1] == "&" {
			d.pingRole(m, id, allowed, mayAll)
			continue
		}
		if u := d.state.users[id]; u != nil && allowed.user(id) {
			m.mentionUser(u)
		}
	}
	if m.GuildID != 0 && mayAll && allowed.everyone() && (strings.Contains(text, "@everyone") || strings.Contains(text, "@here")) {
		m.MentionEveryone = true
	}
	if m.Type == replyMessage && (allowed == nil || allowed.RepliedUser) {
		if target := d.message(m.Reference.ChannelID, m.Reference.MessageID); target != nil && target.WebhookID == 0 {
			m.mentionUser(&target.Author)
		}
	}
}

func (d *Discord) pingRole(m *Message, id ID, allowed *allowedMentions, mayAll bool) {
	g := d.state.guilds[m.GuildID]
	if g == nil || g.roles[id] == nil || id == g.id || !allowed.role(id) {
		return
	}
	if (mayAll || g.roles[id].Mentionable) && !slices.Contains(m.MentionRoles, id) {
		m.MentionRoles = append(m.MentionRoles, id)
	}
}

func (m *Message) mentionUser(u *User) {
	if !slices.ContainsFunc(m.Mentions, func(known User) bool { return known.ID == u.ID }) {
		m.Mentions = append(m.Mentions, *u)
	}
}

// componentText is the text of a message's text displays, wherever they stand.
func componentText(raw json.RawMessage) string {
	type component struct {
		Type       int             `json:"type"`
		Content    string          `json:"content"`
		Components json.RawMessage `json:"components"`
	}
	var list []component
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return ""
	}
	var text strings.Builder
	for _, c := range list {
		if c.Type == 10 {
			text.WriteString(c.Content + "\n")
		}
		text.WriteString(componentText(c.Components))
	}
	return text.String()
}
