package entities

import (
	"slices"
	"sort"
	"sync"

	"github.com/disgoorg/snowflake/v2"
)

// tailLength is how many of the newest events are in memory, at least, when there are as many.
const tailLength = 20_000

// noted is an event of the log with what else decides for whom it is news.
type noted struct {
	Event
	to []Address
	// said is the position of the message that it changes, and by is who said that; 0 when it changes
	// none.
	said int64
	by   snowflake.ID
	// called are those whom an edit addresses and its message did not.
	called []ID
}

func (n *noted) reason(id ID) AddressReason {
	for _, a := range n.to {
		if a.EntityID == id {
			return a.Reason
		}
	}
	return ""
}

// told is an event as a reader finds it.
type told struct {
	Item
	said int64
	// next is the position of the next change of the same message; 0 without one.
	next int64
	// deleted is the position of its message's deletion, if it is a message; 0 without one.
	deleted int64
	// calls: it is an edit that addresses the entity, which the message did not.
	calls bool
}

// lookup is what a reader looks for.
type lookup struct {
	entry *entry
	scope Scope
	after int64
	from  Reading
	but   map[snowflake.ID]int64 // guilds that are left out
	most  int                    // how many are wanted
}

// finds says whether an event could be news there.
func (l lookup) finds(e *Event, reason AddressReason) bool {
	if e.Seq <= l.after {
		return false
	}
	if _, left := l.but[e.GuildID]; left || (len(l.from.Behind) > 0 && e.Seq <= l.from.of(e.GuildID).Seq) {
		return false
	}
	if e.EntityID != "" && e.EntityID != l.entry.ID {
		return false
	}
	switch {
	case l.scope == ScopeDM:
		return reason == ByDM
	case l.scope == ScopeAddressed:
		return reason != ""
	case l.scope.Channel() != 0:
		return e.ChannelID == l.scope.Channel()
	case e.EntityID != "":
		return true
	default:
		return l.entry.stays[e.GuildID] != nil
	}
}

// tail is the newest part of the event log in memory, so that those who wait at its end cost no
// query. It changes only after a commit.
type tail struct {
	mu      sync.RWMutex
	floor   int64 // all events after it are here
	end     int64 // the log's end, as far as it is committed
	all     []*noted
	said    map[snowflake.ID]*noted   // messages
	changes map[snowflake.ID][]*noted // their edits and deletions, in order
}

// reset empties the tail of a log that ends at a position.
func (t *tail) reset(end int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.floor, t.end = end, max(t.end, end)
	t.hold(nil)
}

func (t *tail) hold(all []*noted) {
	t.all, t.said, t.changes = nil, map[snowflake.ID]*noted{}, map[snowflake.ID][]*noted{}
	t.put(all)
}

func (t *tail) put(all []*noted) {
	t.all = append(t.all, all...)
	for _, n := range all {
		switch n.Kind {
		case EventMessage, EventDM:
			t.said[n.MessageID] = n
		case EventEdit, EventDelete:
			t.changes[n.MessageID] = append(t.changes[n.MessageID], n)
		case EventReaction, EventGap:
		}
	}
}

// add puts what was committed at the end.
func (t *tail) add(all []*noted) {
	if len(all) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(all)
	t.end = max(t.end, all[len(all)-1].Seq)
	// Many at a time, which costs less for each.
	if len(t.all) > tailLength+tailLength/4 {
		t.shrink(tailLength)
	}
}

// shrink leaves the newest events. The caller holds mu.
func (t *tail) shrink(to int) {
	if first := len(t.all) - to; first > 0 {
		t.floor = t.all[first-1].Seq
		t.hold(slices.Clone(t.all[first:]))
	}
}

// forget drops events that were deleted.
func (t *tail) forget(which func(*noted) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := make([]*noted, 0, len(t.all))
	for _, n := range t.all {
		if !which(n) {
			kept = append(kept, n)
		}
	}
	t.hold(kept)
}

// ends is the log's committed end.
func (t *tail) ends() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.end
}

// page finds the first events of a lookup; ok is false when not all that it looks for is in memory.
func (t *tail) page(l lookup) (page []told, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if l.after < t.floor {
		return nil, false
	}
	rest := t.all[t.after(l.after):]
	page = make([]told, 0, min(l.most, len(rest)))
	for _, n := range rest {
		reason := n.reason(l.entry.ID)
		if !l.finds(&n.Event, reason) {
			continue
		}
		page = append(page, t.tell(n, l.entry.ID, reason))
		if len(page) == l.most {
			break
		}
	}
	return page, true
}

func (t *tail) after(position int64) int {
	return sort.Search(len(t.all), func(i int) bool { return t.all[i].Seq > position })
}

func (t *tail) tell(n *noted, id ID, reason AddressReason) told {
	row := told{Item: Item{Event: n.Event, Reason: reason}, said: n.said}
	switch n.Kind {
	case EventMessage, EventDM, EventEdit, EventDelete:
		row.follow(t.changes[n.MessageID])
		row.calls = slices.Contains(n.called, id)
	case EventReaction, EventGap:
	}
	return row
}

// follow notes what became of a message afterwards. Changes are in order.
func (row *told) follow(changes []*noted) {
	for _, c := range changes {
		if c.Seq <= row.Event.Seq {
			continue
		}
		if row.next == 0 {
			row.next = c.Seq
		}
		if c.Kind == EventDelete {
			row.deleted = c.Seq
			return
		}
	}
}

// message finds a message and its changes.
func (t *tail) message(id snowflake.ID) (n *noted, changes []*noted) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.said[id], slices.Clip(t.changes[id])
}
