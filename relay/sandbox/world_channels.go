package sandbox

import (
	"fmt"
	"slices"
)

// flagRequireTag on a forum makes posts carry a tag.
const flagRequireTag = 1 << 4

// AddChannel adds a channel to a guild: its Type, GuildID and Name count, and ParentID,
// Topic, NSFW, Slowmode, Overwrites, AvailableTags and RequireTag as they are given. The
// id is new when it is 0. Sends CHANNEL_CREATE.
func (d *Discord) AddChannel(ch Channel) (ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.guilds[ch.GuildID] == nil || ch.isThread() || ch.isDM() {
		return 0, fmt.Errorf("add channel %q: no guild %s or no guild's channel", ch.Name, ch.GuildID)
	}
	if parent := d.state.channels[ch.ParentID]; ch.ParentID != 0 && (parent == nil || parent.Type != CategoryChannel) {
		return 0, fmt.Errorf("add channel %q: %s is no category", ch.Name, ch.ParentID)
	}
	if ch.ID == 0 {
		ch.ID = d.newID()
	}
	ch.Position = len(d.channelsOf(ch.GuildID))
	ch.AvailableTags = slices.Clone(ch.AvailableTags)
	for i := range ch.AvailableTags {
		if ch.AvailableTags[i].ID == 0 {
			ch.AvailableTags[i].ID = d.newID()
		}
	}
	if ch.RequireTag {
		ch.Flags |= flagRequireTag
	}
	d.state.channels[ch.ID] = &ch
	d.dispatch(ch.GuildID, 0, IntentGuilds, "CHANNEL_CREATE", d.showChannel(&ch))
	return ch.ID, nil
}

// ChangeChannel lets change edit a copy of a channel or thread, which then becomes the
// channel; what the stand-in counts itself stays. Sends CHANNEL_UPDATE or THREAD_UPDATE.
func (d *Discord) ChangeChannel(id ID, change func(*Channel)) error {
	next, ok := d.Channel(id)
	if !ok {
		return fmt.Errorf("change channel %s: unknown", id)
	}
	change(&next)
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[id]
	if ch == nil {
		return fmt.Errorf("change channel %s: gone", id)
	}
	d.changeChannel(ch, func(ch *Channel) {
		next.ID, next.Type, next.GuildID = ch.ID, ch.Type, ch.GuildID
		next.LastMessageID, next.LastPin, next.ThreadMembers = ch.LastMessageID, ch.LastPin, ch.ThreadMembers
		next.MessageCount, next.TotalSent = ch.MessageCount, ch.TotalSent
		if next.Archived != ch.Archived {
			next.ArchivedAt = d.now()
		}
		if next.RequireTag {
			next.Flags |= flagRequireTag
		}
		*ch = next
	})
	return nil
}

// changeChannel edits a channel and tells everybody. A thread that the bot comes to see or
// no longer sees is told of by the channel alone, as Discord does.
func (d *Discord) changeChannel(ch *Channel, change func(*Channel)) {
	seen, archived := d.permissions(d.state.bot.ID, ch).Has(ViewChannel), ch.Archived
	change(ch)
	if ch.isThread() {
		d.dispatch(ch.GuildID, ch.ID, IntentGuilds, "THREAD_UPDATE", d.showThread(ch))
		if archived && !ch.Archived {
			d.remindMember(ch)
		}
		return
	}
	d.dispatch(ch.GuildID, 0, IntentGuilds, "CHANNEL_UPDATE", d.showChannel(ch))
	if !seen && d.permissions(d.state.bot.ID, ch).Has(ViewChannel) {
		d.syncThreads(ch)
	}
}

// remindMember sends THREAD_MEMBER_UPDATE for a thread that was taken out of the archive,
// when the bot is its member (topics/threads, "Unarchiving a Thread").
func (d *Discord) remindMember(ch *Channel) {
	m := ch.member(d.state.bot.ID)
	if m == nil {
		return
	}
	d.dispatch(ch.GuildID, ch.ID, IntentGuilds, "THREAD_MEMBER_UPDATE", struct {
		threadMember
		GuildID ID `json:"guild_id"`
	}{showThreadMember(m), ch.GuildID})
}

// syncThreads sends THREAD_LIST_SYNC for a channel that the bot has come to see.
func (d *Discord) syncThreads(ch *Channel) {
	if ch.Type == CategoryChannel {
		return
	}
	sync := struct {
		GuildID    ID             `json:"guild_id"`
		ChannelIDs []ID           `json:"channel_ids"`
		Threads    []threadView   `json:"threads"`
		Members    []threadMember `json:"members"`
	}{ch.GuildID, []ID{ch.ID}, []threadView{}, []threadMember{}}
	for _, t := range d.activeThreads(ch.GuildID) {
		if t.ParentID != ch.ID {
			continue
		}
		sync.Threads = append(sync.Threads, d.showThread(t))
		if m := t.member(d.state.bot.ID); m != nil {
			sync.Members = append(sync.Members, showThreadMember(m))
		}
	}
	d.dispatch(ch.GuildID, ch.ID, IntentGuilds, "THREAD_LIST_SYNC", sync)
}

// DeleteChannel deletes a channel or thread with its messages, threads and webhooks.
// Sends CHANNEL_DELETE or THREAD_DELETE.
func (d *Discord) DeleteChannel(id ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[id]
	if ch == nil || ch.isDM() {
		return fmt.Errorf("delete channel %s: unknown", id)
	}
	d.dropChannel(ch)
	return nil
}

func (d *Discord) dropChannel(ch *Channel) {
	if ch.isThread() {
		d.dispatch(ch.GuildID, ch.ID, IntentGuilds, "THREAD_DELETE", threadGone{ch.ID, ch.GuildID, ch.ParentID, ch.Type})
		d.forgetChannel(ch)
		return
	}
	view := d.showChannel(ch)
	for _, other := range d.channelsOf(ch.GuildID) {
		if other.ParentID == ch.ID {
			other.ParentID = 0
			d.dispatch(ch.GuildID, 0, IntentGuilds, "CHANNEL_UPDATE", d.showChannel(other))
		}
	}
	d.forgetChannel(ch)
	d.dispatch(ch.GuildID, 0, IntentGuilds, "CHANNEL_DELETE", view)
}

type threadGone struct {
	ID       ID          `json:"id"`
	GuildID  ID          `json:"guild_id"`
	ParentID ID          `json:"parent_id"`
	Type     ChannelType `json:"type"`
}

func (d *Discord) forgetChannel(ch *Channel) {
	delete(d.state.channels, ch.ID)
	delete(d.state.messages, ch.ID)
	for id, w := range d.state.webhooks {
		if w.ChannelID == ch.ID {
			delete(d.state.webhooks, id)
		}
	}
	for _, t := range d.state.channels {
		if t.isThread() && t.ParentID == ch.ID {
			d.forgetChannel(t)
		}
	}
}

// channelsOf are a guild's channels without its threads, in the order of the client's list.
func (d *Discord) channelsOf(guild ID) []*Channel {
	var list []*Channel
	for _, ch := range d.state.channels {
		if ch.GuildID == guild && !ch.isThread() && !ch.isDM() {
			list = append(list, ch)
		}
	}
	slices.SortFunc(list, func(a, b *Channel) int {
		if a.Position != b.Position {
			return a.Position - b.Position
		}
		return compareIDs(a.ID, b.ID)
	})
	return list
}

// activeThreads are a guild's open threads that the bot can see, newest first.
func (d *Discord) activeThreads(guild ID) []*Channel {
	var list []*Channel
	for _, ch := range d.state.channels {
		if ch.GuildID == guild && ch.isThread() && !ch.Archived && d.permissions(d.state.bot.ID, ch).Has(ViewChannel) {
			list = append(list, ch)
		}
	}
	slices.SortFunc(list, func(a, b *Channel) int { return compareIDs(b.ID, a.ID) })
	return list
}

// Channel is a copy of a channel, thread or direct message channel.
func (d *Discord) Channel(id ID) (Channel, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[id]
	if ch == nil {
		return Channel{}, false
	}
	copied := *ch
	copied.Overwrites = slices.Clone(ch.Overwrites)
	copied.Recipients = slices.Clone(ch.Recipients)
	copied.ThreadMembers = slices.Clone(ch.ThreadMembers)
	copied.AppliedTags = slices.Clone(ch.AppliedTags)
	copied.AvailableTags = slices.Clone(ch.AvailableTags)
	return copied, true
}

// Channels are the ids of a guild's channels and then its threads.
func (d *Discord) Channels(guild ID) []ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids, threads []ID
	for _, ch := range d.channelsOf(guild) {
		ids = append(ids, ch.ID)
	}
	for _, ch := range d.state.channels {
		if ch.isThread() && ch.GuildID == guild {
			threads = append(threads, ch.ID)
		}
	}
	slices.Sort(threads)
	return append(ids, threads...)
}
