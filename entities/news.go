package entities

import (
	"context"
	"runtime"

	"github.com/disgoorg/snowflake/v2"
)

const (
	// newsPage is how many rows are looked at in one query, at most.
	newsPage = 200
	// mostBehind is how many guilds a reader can be behind in. It bounds a cursor's length.
	mostBehind = 8
)

// Query asks for what is unread.
type Query struct {
	Scope Scope
	// After is what was read already; nil = what this credential has read.
	After *Reading
	Limit int
}

// Item is an event as one entity hears of it.
type Item struct {
	Event  Event
	Reason AddressReason // "" when it does not address the entity
}

// News is a part of the event log as one entity may hear of it.
type News struct {
	Items []Item // oldest first
	// Reached is what was looked at, with what was read before.
	Reached Reading
	// Lacks is what Discord has to be asked before it can be looked any further in some guild.
	Lacks *Gap
	// Held says that there is something of which it cannot be decided yet whether it is news.
	Held bool

	begun   Reading
	horizon horizon
	looked  int64
	stopped map[snowflake.ID]int64
}

// Until is what was read by somebody who looked no further than to a position.
func (n News) Until(position int64) Reading {
	return n.begun.reach(min(position, n.looked), n.horizon, n.stopped)
}

// News gives what is unread in a scope and may be heard of now. An entity's own lines are no news
// to it. Messages are given as they are now: what was changed before it was given is no news of
// its own, and what was deleted before is none at all; of several changes the last one is given.
//
// Where it cannot be decided just now whether an event is news, nothing further of that guild is
// looked at: that is decided when everything about it is known.
func (r *Registry) News(ctx context.Context, actor Actor, q Query) (News, error) {
	m, err := r.pass(ctx, actor, actMarks, "")
	if err != nil {
		return News{}, err
	}
	marks, err := r.marksOf(ctx, actor)
	if err != nil {
		return News{}, err
	}
	from := marks.of(q.Scope)
	if q.After != nil {
		from = *q.After
	}
	// Who reads again and again without ever waiting leaves room for those who hear: with as many
	// readers as may come, each taking its full turn, a heartbeat would come too late.
	runtime.Gosched()
	// The end before anything is read: what comes later may be seen only in part.
	h := marks.horizon(from, r.tail.ends())
	s := survey{
		registry: r, entry: m.entry, marks: marks, others: marks.without(q.Scope), judged: map[snowflake.ID]judgement{},
		news: News{begun: from.begin(h), horizon: h, stopped: map[snowflake.ID]int64{}},
	}
	if err := s.look(ctx, q); err != nil {
		return News{}, err
	}
	s.news.Reached = s.news.Until(s.news.looked)
	s.news.Held = len(s.news.stopped) > 0
	return s.news, nil
}

// survey is one look at the event log for one entity.
type survey struct {
	registry *Registry
	entry    *entry
	marks    readMarks
	others   readMarks                  // of other scopes
	judged   map[snowflake.ID]judgement // by channel
	told     map[snowflake.ID]bool      // by person: see toldBy; nil while there is none
	news     News
}

// judgement is what is decided about a channel at one moment.
type judgement struct {
	hears bool
	since int64 // nothing before is news
	known bool  // else nothing is decided
	lacks *Gap
}

// look finds the news. Where it stops short, the position is that of the last event that was
// looked at, else it is the log's end.
func (s *survey) look(ctx context.Context, q Query) error {
	n := &s.news
	for guild, stage := range n.begun.Behind {
		if guild != 0 && s.registry.world.Pending(guild) {
			n.stopped[guild] = stage.Seq // without looking at the same events again and again
		}
	}
	n.looked = n.begun.lowest(n.stopped)
	most := min(newsPage, q.Limit+1) // one more says whether there are others
	for {
		page, err := s.registry.find(ctx, lookup{entry: s.entry, scope: q.Scope, after: n.looked, from: n.begun, but: n.stopped, most: most})
		if err != nil {
			return err
		}
		for _, row := range page {
			if len(n.Items) == q.Limit {
				return nil
			}
			if further, err := s.take(ctx, row); err != nil || !further {
				return err
			}
		}
		if len(page) < most {
			n.looked = max(n.looked, n.horizon.end)
			return nil
		}
	}
}

// take looks at one event. It says no when it can go no further.
func (s *survey) take(ctx context.Context, row told) (further bool, err error) {
	n, guild := &s.news, row.Event.GuildID
	if _, stopped := n.stopped[guild]; stopped {
		n.looked = row.Event.Seq
		return true, nil
	}
	is, known, lacks, err := s.isNews(ctx, row)
	if err != nil {
		return false, err
	}
	if !known {
		if n.Lacks == nil {
			n.Lacks = lacks
		}
		if len(n.stopped) == mostBehind {
			n.looked = max(n.looked, row.Event.Seq-1)
			return false, nil
		}
		n.stopped[guild] = row.Event.Seq - 1
	}
	n.looked = row.Event.Seq
	if is && !s.past(row) && !s.others.given(row.Event, row.Reason) {
		n.Items = append(n.Items, row.Item)
	}
	return true, nil
}

// past says whether an event is no news of its own, because what is or was given with its message
// tells it too.
func (s *survey) past(row told) bool {
	begun, h := s.news.begun.of(row.Event.GuildID), s.news.horizon
	switch row.Event.Kind {
	case EventMessage, EventDM:
		return row.deleted != 0 && row.deleted <= begun.at(row.Event.Seq, h).Until
	case EventEdit, EventDelete:
		if row.next != 0 && row.next <= h.end {
			return true
		}
		if row.calls {
			return false // its message is not in every scope that it is in
		}
		return begun.at(row.said, h).tells(row) && s.marks.tell(row)
	case EventReaction, EventGap:
	}
	return false
}

// isNews decides again for every event: rights may have changed since it was written. A change is
// news where its message was.
func (s *survey) isNews(ctx context.Context, row told) (is, known bool, gap *Gap, err error) {
	e, event := s.entry, row.Event
	switch {
	case event.EntityID != "" && event.EntityID != e.ID, event.AuthorEntity == e.ID:
		return false, true, nil, nil
	case event.GuildID == 0:
		if event.EntityID == e.ID {
			is, err = s.toldBy(ctx, event.AuthorID)
		}
		return is, true, nil, err
	case s.registry.untold(event):
		return false, true, nil, nil
	}
	seq := event.Seq
	if event.Kind == EventEdit || event.Kind == EventDelete {
		seq = row.said
	}
	j := s.judge(event.GuildID, event.ChannelID)
	return j.hears && seq > j.since, j.known, j.lacks, nil
}

// judge decides once for all events of a channel.
func (s *survey) judge(guild, channel snowflake.ID) judgement {
	if j, ok := s.judged[channel]; ok {
		return j
	}
	j := s.registry.hears(s.entry, guild, channel)
	s.judged[channel] = j
	return j
}

func (r *Registry) hears(e *entry, guild, channel snowflake.ID) judgement {
	if r.world.Pending(guild) {
		return judgement{}
	}
	in, ok := e.stays[guild]
	if !ok {
		return judgement{known: true}
	}
	if r.world.mayBeThread(guild, channel) {
		return judgement{}
	}
	f, ok := r.facts(e, channel)
	if !ok || f.guild.ID != guild {
		return judgement{known: true}
	}
	v := decide(f, Hear)
	return judgement{hears: v.allowed(), since: max(in.Since, f.granted().since), known: v.gap == nil, lacks: v.gap}
}
