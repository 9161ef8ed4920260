package relay

import (
	"context"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// sight is what to look for, and from where.
type sight struct {
	scope entities.Scope
	after *entities.Reading // nil = where the credential stopped reading
	limit int
	room  int // see [InboxRequest.Room]
	shown func(text string) int
}

// seen is how far was looked.
type seen struct {
	reached entities.Reading
	// held: something lies beyond of which it cannot be decided yet whether it may be told.
	held bool
}

// look gives what there is, as much as was asked for.
func (r *Relay) look(ctx context.Context, actor entities.Actor, at sight) (Inbox, seen, error) {
	for {
		news, err := r.news(ctx, actor, entities.Query{Scope: at.scope, After: at.after, Limit: at.limit + 1})
		if err != nil {
			return Inbox{}, seen{}, err
		}
		events, all := news.Items, len(news.Items) <= at.limit
		until := seen{reached: news.Reached, held: news.Held}
		if !all {
			events = events[:at.limit]
			until.reached = news.Until(events[len(events)-1].Event.Seq)
		}
		items, err := r.give(ctx, actor, events)
		if err != nil {
			return Inbox{}, seen{}, err
		}
		if kept := fit(items, at.room, at.shown); kept < len(items) {
			all, until.reached = false, news.Until(items[kept].seq-1)
			items = items[:kept]
		}
		if all || len(items) > 0 {
			found, err := r.answer(ctx, actor, at.scope, items, until, all)
			return found, until, err
		}
		at.after = &until.reached
	}
}

// answer adds to items how to go on, and how many are left.
func (r *Relay) answer(ctx context.Context, actor entities.Actor, scope entities.Scope, items []Item, until seen, all bool) (Inbox, error) {
	found := Inbox{Items: items}
	if !all {
		rest, err := r.registry.News(ctx, actor, entities.Query{Scope: scope, After: &until.reached, Limit: MostCounted})
		if err != nil {
			return Inbox{}, err
		}
		found.Left = len(rest.Items)
	}
	var err error
	found.Cursor, err = r.registry.Cursor(ctx, actor, scope, until.reached)
	return found, err
}

// LongestShown is how many characters of one text an inbox shows.
const LongestShown = 600

// aroundText is what stands around a text, in bytes.
const aroundText = 120

// fit is how many items there is room for, when shown is how many bytes a text takes.
func fit(items []Item, room int, shown func(text string) int) int {
	if room <= 0 {
		return len(items)
	}
	taken := 0
	for i, item := range items {
		taken += aroundText
		if m := item.Message; m != nil {
			taken += shown(m.Content)
			for _, file := range m.Attachments {
				taken += aroundText + shown(file.Name) + shown(file.Alt)
			}
			for _, extra := range m.Extras {
				taken += aroundText + shown(extra.Text)
			}
		}
		if taken > room && i > 0 {
			return i
		}
	}
	return len(items)
}

// give makes items of events, without those that are no news any more.
func (r *Relay) give(ctx context.Context, actor entities.Actor, from []entities.Item) ([]Item, error) {
	together := r.fold(from)
	found, err := r.texts(ctx, actor, together)
	if err != nil {
		return nil, err
	}
	d := delivery{relay: r, actor: actor, found: found, sees: map[snowflake.ID]bool{}}
	items := make([]Item, 0, len(together))
	for _, f := range together {
		item, ok, err := d.item(ctx, f)
		if err != nil {
			return nil, err
		}
		if ok {
			items = append(items, item)
		}
	}
	if err := r.markAnswered(ctx, actor, items); err != nil {
		return nil, err
	}
	if err := r.nameOthers(ctx, actor, items); err != nil {
		return nil, err
	}
	return r.stillShown(items), nil
}

// delivery is one look at events whose messages were found.
type delivery struct {
	relay *Relay
	actor entities.Actor
	found map[snowflake.ID]Message
	sees  map[snowflake.ID]bool // channels
}

// errOutOfTouch keeps messages unread that cannot be given while their server is out of touch.
var errOutOfTouch = entities.Refuse(entities.Unavailable, "Discord is out of touch with a server just now. Nothing is lost; try again in a moment.")

// item makes an item of an event, unless it may not be told or its message is gone.
func (d *delivery) item(ctx context.Context, f folded) (Item, bool, error) {
	e := f.Event
	item := Item{
		Kind: e.Kind, Reason: f.Reason, At: e.At, GuildID: e.GuildID, ChannelID: e.ChannelID, MessageID: e.MessageID, seq: e.Seq,
	}
	m, found := d.found[e.MessageID]
	missing := !found && f.needsText()
	// The right is asked again at the last moment: fetching took time.
	sees, err := d.hears(ctx, e)
	switch {
	case err != nil:
		return Item{}, false, err
	case (missing || !sees) && e.GuildID != 0 && d.relay.world.Pending(e.GuildID):
		return Item{}, false, errOutOfTouch
	case missing, !sees:
		return Item{}, false, nil
	}
	switch e.Kind {
	case entities.EventGap:
		item.From, item.Until = timeOf(e.MessageID), timeOf(e.UntilID)
		return item, true, nil
	case entities.EventDelete:
		item.Author = d.wrote(e)
		return item, e.GuildID == 0 || d.relay.shows(e.AuthorID), nil
	case entities.EventReaction:
		if found {
			item.Message = &m
		}
		item.Reactions = f.reacted(d.relay.shows)
		return item, len(item.Reactions) > 0, nil
	case entities.EventMessage, entities.EventEdit, entities.EventDM:
	}
	if m.Author.Kind == Entity && m.Author.Entity == "" {
		m.Author.Entity = e.AuthorEntity
	}
	// Its row may have come later than its echo.
	if m.Author.Entity != "" && m.Author.Entity == d.actor.EntityID() {
		return Item{}, false, nil
	}
	item.Message, item.Author = &m, m.Author
	return item, true, nil
}

// wrote says who wrote what was deleted, as far as it is known without asking.
func (d *delivery) wrote(deleted entities.Event) Author {
	who, known := d.relay.changes.author(deleted.MessageID)
	if !known {
		who = Author{ID: deleted.AuthorID, Kind: Human}
	}
	if who.Entity = deleted.AuthorEntity; who.Entity != "" {
		who.Kind = Entity
	}
	return who
}

// hears says whether an event may be told. What is said in a direct message is its entity's
// alone, and the person's who may want no more of it to be told.
func (d *delivery) hears(ctx context.Context, e entities.Event) (bool, error) {
	if e.GuildID == 0 && e.EntityID != d.actor.EntityID() {
		return false, nil
	}
	if sees, asked := d.sees[e.ChannelID]; asked {
		return sees, nil
	}
	sees, err := d.asks(ctx, e)
	if err == nil {
		d.sees[e.ChannelID] = sees
	}
	return sees, err
}

func (d *delivery) asks(ctx context.Context, e entities.Event) (bool, error) {
	if e.GuildID == 0 {
		return lacking(ctx, d.relay, func() (bool, error) { return d.relay.registry.ToldBy(ctx, d.actor, e.AuthorID) })
	}
	return d.relay.sees(ctx, d.actor, e.ChannelID)
}
