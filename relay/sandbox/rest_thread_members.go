package sandbox

import (
	"slices"
)

func listThreadMembers(d *Discord, c *call) (any, error) {
	thread, err := d.thread(c)
	if err != nil {
		return nil, err
	}
	if d.state.app.intents&IntentGuildMembers == 0 {
		return nil, refuse(50001)
	}
	q := query{c: c}
	limit, after, with := q.int("limit", 100, 1, 100), q.id("after"), q.bool("with_member")
	if err := q.err(); err != nil {
		return nil, err
	}
	members := slices.SortedFunc(slices.Values(thread.ThreadMembers), func(a, b ThreadMember) int { return compareIDs(a.UserID, b.UserID) })
	views := []threadMember{}
	for _, m := range members {
		if m.UserID <= after || (with && len(views) == limit) {
			continue
		}
		views = append(views, d.showThreadMemberOf(thread, &m, with))
	}
	return views, nil
}

func (d *Discord) showThreadMemberOf(thread *Channel, m *ThreadMember, with bool) threadMember {
	view := showThreadMember(m)
	if with {
		view.Member = d.state.guilds[thread.GuildID].members[m.UserID]
	}
	return view
}

// threadUser is the user of a path below /thread-members; @me is the bot.
func (d *Discord) threadUser(c *call) ID {
	if c.PathValue("user") == "@me" {
		return d.state.bot.ID
	}
	return c.id("user")
}

func getThreadMember(d *Discord, c *call) (any, error) {
	thread, err := d.thread(c)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	with := q.bool("with_member")
	if err := q.err(); err != nil {
		return nil, err
	}
	m := thread.member(d.threadUser(c))
	if m == nil {
		return nil, refuse(10007)
	}
	return d.showThreadMemberOf(thread, m, with), nil
}

func addThreadMember(d *Discord, c *call) (any, error) {
	thread, err := d.thread(c)
	if err != nil {
		return nil, err
	}
	user := d.threadUser(c)
	if thread.Archived {
		return nil, refuse(50083)
	}
	if user != d.state.bot.ID {
		if err := d.need(thread, SendInThreads); err != nil {
			return nil, err
		}
		if d.state.users[user] == nil {
			return nil, refuse(10013)
		}
		if d.state.guilds[thread.GuildID].members[user] == nil {
			return nil, refuse(10007)
		}
	}
	d.joinThread(user, thread)
	return nil, nil
}

func removeThreadMember(d *Discord, c *call) (any, error) {
	thread, err := d.thread(c)
	if err != nil {
		return nil, err
	}
	user, bot := d.threadUser(c), d.state.bot.ID
	if thread.Archived {
		return nil, refuse(50083)
	}
	ownPrivate := thread.Type == PrivateThread && thread.OwnerID == bot
	if user != bot && !ownPrivate {
		if err := d.need(thread, ManageThreads); err != nil {
			return nil, err
		}
	}
	if thread.member(user) == nil {
		return nil, refuse(10007)
	}
	d.leaveThread(user, thread)
	return nil, nil
}
