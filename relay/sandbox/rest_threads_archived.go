package sandbox

import (
	"slices"
)

func listArchivedPublic(d *Discord, c *call) (any, error) {
	return d.listArchived(c, ReadMessageHistory, func(t *Channel) bool { return t.Type != PrivateThread })
}

func listArchivedPrivate(d *Discord, c *call) (any, error) {
	return d.listArchived(c, ReadMessageHistory|ManageThreads, func(t *Channel) bool { return t.Type == PrivateThread })
}

// listArchived lists archived threads below a channel, the one archived last first.
func (d *Discord) listArchived(c *call, wanted Permissions, keep func(*Channel) bool) (any, error) {
	parent, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	if !parent.holdsThreads() {
		return nil, refuse(50024)
	}
	if err := d.need(parent, wanted); err != nil {
		return nil, err
	}
	q := query{c: c}
	limit, before := q.int("limit", 50, 2, 100), q.time("before")
	if err := q.err(); err != nil {
		return nil, err
	}
	var threads []*Channel
	for _, t := range d.state.channels {
		if t.isThread() && t.ParentID == parent.ID && t.Archived && keep(t) && (before.IsZero() || t.ArchivedAt.Before(before)) {
			threads = append(threads, t)
		}
	}
	slices.SortFunc(threads, func(a, b *Channel) int { return b.ArchivedAt.Compare(a.ArchivedAt) })
	return d.page(threads, limit), nil
}

func (d *Discord) page(threads []*Channel, limit int) threadsView {
	more := len(threads) > limit
	view := d.showThreads(threads[:min(limit, len(threads))])
	view.HasMore = &more
	return view
}

func listJoinedPrivate(d *Discord, c *call) (any, error) {
	parent, err := d.channel(c)
	if err != nil {
		return nil, err
	}
	if !parent.holdsThreads() {
		return nil, refuse(50024)
	}
	if err := d.need(parent, ReadMessageHistory); err != nil {
		return nil, err
	}
	q := query{c: c}
	limit, before := q.int("limit", 50, 2, 100), q.id("before")
	if err := q.err(); err != nil {
		return nil, err
	}
	var threads []*Channel
	for _, t := range d.state.channels {
		if t.Type == PrivateThread && t.ParentID == parent.ID && t.Archived && t.member(d.state.bot.ID) != nil && (before == 0 || t.ID < before) {
			threads = append(threads, t)
		}
	}
	slices.SortFunc(threads, func(a, b *Channel) int { return compareIDs(b.ID, a.ID) })
	return d.page(threads, limit), nil
}
