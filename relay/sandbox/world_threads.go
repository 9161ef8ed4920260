package sandbox

import (
	"fmt"
	"slices"
)

// AddThread opens a thread: ParentID, Name and OwnerID count, and Type for a channel of
// text (PublicThread when it is 0). In a forum first is the text of the post's first
// message, elsewhere it must be empty. Sends THREAD_CREATE, and MESSAGE_CREATE for first.
func (d *Discord) AddThread(thread Channel, first string) (ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent := d.state.channels[thread.ParentID]
	owner := d.state.users[thread.OwnerID]
	switch {
	case parent == nil || owner == nil || !parent.holdsThreads():
		return 0, fmt.Errorf("add thread %q: no parent %s or no owner %s", thread.Name, thread.ParentID, thread.OwnerID)
	case parent.isForum() == (first == ""):
		return 0, fmt.Errorf("add thread %q: a forum's post needs a first message, no other thread has one", thread.Name)
	}
	if thread.Type == 0 {
		thread.Type = PublicThread
		if parent.Type == AnnouncementChannel {
			thread.Type = AnnouncementThread
		}
	}
	thread.ID, thread.GuildID = d.newID(), parent.GuildID
	ch := &thread
	d.openThread(ch)
	if first == "" {
		return ch.ID, nil
	}
	in := &messageForm{Content: field[string]{Set: true, Value: first}}
	if _, err := d.post(draft{channel: ch, author: *owner, form: in, id: ch.ID}); err != nil {
		return 0, fmt.Errorf("add thread %q: %w", thread.Name, err)
	}
	return ch.ID, nil
}

func (c *Channel) holdsThreads() bool {
	return c.Type == TextChannel || c.Type == AnnouncementChannel || c.isForum()
}

// openThread keeps a new thread, joins its owner and tells everybody.
func (d *Discord) openThread(ch *Channel) {
	now := d.now()
	ch.CreatedAt, ch.ArchivedAt = now, now
	if ch.AutoArchive == 0 {
		ch.AutoArchive = 4320
	}
	d.state.channels[ch.ID] = ch
	if parent := d.state.channels[ch.ParentID]; parent.isForum() {
		parent.LastMessageID = ch.ID
	}
	if g := d.state.guilds[ch.GuildID]; g.members[ch.OwnerID] != nil {
		ch.ThreadMembers = append(ch.ThreadMembers, ThreadMember{ThreadID: ch.ID, UserID: ch.OwnerID, JoinedAt: now})
	}
	view := d.showThread(ch)
	view.NewlyCreated = true
	d.dispatch(ch.GuildID, ch.ID, IntentGuilds, "THREAD_CREATE", view)
	if ch.OwnerID == d.state.bot.ID {
		d.threadMembersChanged(ch, []ID{ch.OwnerID}, nil)
	}
}

// JoinThread makes a user a member of a thread. Sends THREAD_MEMBERS_UPDATE, and
// THREAD_CREATE when the bot thereby comes to see a private thread.
func (d *Discord) JoinThread(user, thread ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[thread]
	if ch == nil || !ch.isThread() || d.state.guilds[ch.GuildID].members[user] == nil {
		return fmt.Errorf("join thread %s: no such thread or member", thread)
	}
	d.joinThread(user, ch)
	return nil
}

func (d *Discord) joinThread(user ID, ch *Channel) {
	if ch.member(user) != nil {
		return
	}
	ch.ThreadMembers = append(ch.ThreadMembers, ThreadMember{ThreadID: ch.ID, UserID: user, JoinedAt: d.now()})
	if user == d.state.bot.ID {
		d.dispatch(ch.GuildID, ch.ID, IntentGuilds, "THREAD_CREATE", d.showThread(ch))
	}
	d.threadMembersChanged(ch, []ID{user}, nil)
}

// LeaveThread ends a user's membership of a thread. Sends THREAD_MEMBERS_UPDATE.
func (d *Discord) LeaveThread(user, thread ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[thread]
	if ch == nil || ch.member(user) == nil {
		return fmt.Errorf("leave thread %s: no such thread or member", thread)
	}
	d.leaveThread(user, ch)
	return nil
}

func (d *Discord) leaveThread(user ID, ch *Channel) {
	ch.ThreadMembers = slices.DeleteFunc(ch.ThreadMembers, func(m ThreadMember) bool { return m.UserID == user })
	d.threadMembersChanged(ch, nil, []ID{user})
}

// membersChange is THREAD_MEMBERS_UPDATE: without the members intent it tells of the bot alone.
type membersChange struct {
	thread         *Channel
	added, removed []ID
}

type membersChangeView struct {
	ID          ID             `json:"id"`
	GuildID     ID             `json:"guild_id"`
	MemberCount int            `json:"member_count"`
	Added       []threadMember `json:"added_members,omitempty"`
	Removed     []ID           `json:"removed_member_ids,omitempty"`
}

func (e membersChange) forSession(d *Discord, intents Intents) any {
	view := membersChangeView{ID: e.thread.ID, GuildID: e.thread.GuildID, MemberCount: min(len(e.thread.ThreadMembers), 50)}
	told := func(id ID) bool { return intents&IntentGuildMembers != 0 || id == d.state.bot.ID }
	for _, id := range e.added {
		if m := e.thread.member(id); m != nil && told(id) {
			shown := showThreadMember(m)
			shown.Member = d.state.guilds[e.thread.GuildID].members[id]
			view.Added = append(view.Added, shown)
		}
	}
	for _, id := range e.removed {
		if told(id) {
			view.Removed = append(view.Removed, id)
		}
	}
	if view.Added == nil && view.Removed == nil {
		return nil
	}
	return view
}

// threadMembersChanged tells who joined and left. The bot hears of its own leaving of a
// private thread although it cannot see it any more.
func (d *Discord) threadMembersChanged(ch *Channel, added, removed []ID) {
	seenBy := ch.ID
	if slices.Contains(removed, d.state.bot.ID) {
		seenBy = 0
	}
	d.dispatch(ch.GuildID, seenBy, IntentGuilds|IntentGuildMembers, "THREAD_MEMBERS_UPDATE", membersChange{ch, added, removed})
}
