package relay

import (
	"cmp"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// folded is an event with what it stands for: reactions to one line are told together.
type folded struct {
	entities.Item
	reactions []entities.Event
}

// needsText says whether there is nothing to tell without the message. That somebody reacted can
// be told without the line.
func (f folded) needsText() bool {
	switch f.Event.Kind {
	case entities.EventMessage, entities.EventEdit, entities.EventDM:
		return true
	case entities.EventDelete, entities.EventReaction, entities.EventGap:
	}
	return false
}

// fold leaves out changes of messages that are given as they are now, and puts reactions to the
// same line together.
func (r *Relay) fold(from []entities.Item) []folded {
	changes := map[snowflake.ID]int64{} // the last change of each message
	lines := map[snowflake.ID]int{}     // where the reactions to a line are
	said := map[snowflake.ID]bool{}
	for _, item := range from {
		switch item.Event.Kind {
		case entities.EventMessage, entities.EventDM:
			said[item.Event.MessageID] = true
		case entities.EventEdit, entities.EventDelete:
			changes[item.Event.MessageID] = item.Event.Seq
		case entities.EventReaction, entities.EventGap:
		}
	}
	out := make([]folded, 0, len(from))
	reasons := map[snowflake.ID]entities.AddressReason{} // of edits that are left out
	for _, item := range from {
		e := item.Event
		switch e.Kind {
		case entities.EventEdit, entities.EventDelete:
			if said[e.MessageID] || e.Seq < changes[e.MessageID] {
				reasons[e.MessageID] = cmp.Or(reasons[e.MessageID], item.Reason)
				continue
			}
		case entities.EventReaction:
			if !r.changes.stands(e.MessageID, e.AuthorID, e.Emoji) {
				continue
			}
			if at, known := lines[e.MessageID]; known {
				out[at].reactions = append(out[at].reactions, e)
				continue
			}
			lines[e.MessageID] = len(out)
			out = append(out, folded{Item: item, reactions: []entities.Event{e}})
			continue
		case entities.EventMessage, entities.EventDM, entities.EventGap:
		}
		out = append(out, folded{Item: item})
	}
	for i := range out {
		// What is shown is the text of the last edit.
		out[i].Reason = cmp.Or(out[i].Reason, reasons[out[i].Event.MessageID])
	}
	return out
}

// reacted lists the emoji on a line with who put them there, by id; of those of whom shows says
// that they may be told of.
func (f folded) reacted(shows func(snowflake.ID) bool) []Reacted {
	var all []Reacted
	for _, e := range f.reactions {
		if e.GuildID != 0 && !shows(e.AuthorID) {
			continue
		}
		i := slices.IndexFunc(all, func(one Reacted) bool { return one.Emoji == e.Emoji })
		if i < 0 {
			i = len(all)
			all = append(all, Reacted{Reaction: Reaction{Emoji: e.Emoji}})
		}
		by := Author{ID: e.AuthorID, Entity: e.AuthorEntity, Kind: Human}
		if e.AuthorEntity != "" {
			by.Kind = Entity
		}
		if !slices.Contains(all[i].By, by) {
			all[i].By = append(all[i].By, by)
			all[i].Count++
		}
	}
	return all
}

// timeOf is when a message with this id was said; zero for none.
func timeOf(id snowflake.ID) time.Time {
	if id == 0 {
		return time.Time{}
	}
	return id.Time().UTC()
}
