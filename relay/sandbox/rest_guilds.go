package sandbox

import (
	"strings"
)

var guildRoutes = []route{
	{pattern: "GET /guilds/{guild}", serve: getGuild},
	{pattern: "GET /guilds/{guild}/channels", serve: listChannels},
	{pattern: "GET /guilds/{guild}/roles", serve: listRoles},
	{pattern: "GET /guilds/{guild}/roles/{role}", serve: getRole},
	{pattern: "GET /guilds/{guild}/members", serve: listMembers},
	{pattern: "GET /guilds/{guild}/members/search", serve: searchMembers},
	{pattern: "GET /guilds/{guild}/members/{user}", serve: getMember},
	{pattern: "GET /guilds/{guild}/threads/active", serve: listActiveThreads},
	{pattern: "GET /guilds/{guild}/emojis", serve: listEmojis},
}

func getGuild(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	counts := q.bool("with_counts")
	if err := q.err(); err != nil {
		return nil, err
	}
	view := d.showGuild(g)
	if counts {
		view.ApproximateMembers, view.ApproximatePresence = new(len(g.members)), new(1)
	}
	return view, nil
}

func listChannels(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	views := []any{}
	for _, ch := range d.channelsOf(g.id) {
		views = append(views, d.showChannel(ch))
	}
	return views, nil
}

func listRoles(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	return g.sortedRoles(), nil
}

func getRole(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	if role := g.roles[c.id("role")]; role != nil {
		return role, nil
	}
	return nil, refuse(10011)
}

// listMembers needs the members intent to be switched on for the application.
func listMembers(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	if d.state.app.intents&IntentGuildMembers == 0 {
		return nil, refuse(50001)
	}
	q := query{c: c}
	limit, after := q.int("limit", 1, 1, 1000), q.id("after")
	if err := q.err(); err != nil {
		return nil, err
	}
	members := []*Member{}
	for _, m := range g.sortedMembers() {
		if m.User.ID > after && len(members) < limit {
			members = append(members, m)
		}
	}
	return members, nil
}

func searchMembers(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	limit, prefix := q.int("limit", 1, 1, 1000), q.text("query")
	if strings.TrimSpace(prefix) == "" {
		q.required("query")
	}
	q.length("query", prefix, 0, 100)
	if err := q.err(); err != nil {
		return nil, err
	}
	members := []*Member{}
	for _, m := range g.sortedMembers() {
		if m.named(prefix) && len(members) < limit {
			members = append(members, m)
		}
	}
	return members, nil
}

func getMember(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	user := c.id("user")
	switch {
	case g.members[user] != nil:
		return g.members[user], nil
	case d.state.users[user] == nil:
		return nil, refuse(10013)
	}
	return nil, refuse(10007)
}

type threadsView struct {
	Threads []threadView   `json:"threads"`
	Members []threadMember `json:"members"`
	HasMore *bool          `json:"has_more,omitempty"`
}

// showThreads is a list of threads with the bot's memberships beside it.
func (d *Discord) showThreads(threads []*Channel) threadsView {
	view := threadsView{Threads: []threadView{}, Members: []threadMember{}}
	for _, t := range threads {
		view.Threads = append(view.Threads, d.showThread(t))
		if m := t.member(d.state.bot.ID); m != nil {
			view.Members = append(view.Members, showThreadMember(m))
		}
	}
	return view
}

func listActiveThreads(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	view := d.showThreads(d.activeThreads(g.id))
	view.HasMore = new(false)
	return view, nil
}

func listEmojis(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	return append([]GuildEmoji{}, g.emojis...), nil
}
