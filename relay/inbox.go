package relay

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// MaxWait is the longest long-poll. Clients give up after a minute.
	MaxWait = 50 * time.Second
	// MaxNews is how many messages one answer gives at most.
	MaxNews = 50
)

// inbox takes what the gateway heard to the event log and wakes those who wait for it.
type inbox struct {
	heard chan utterance
	lost  atomic.Int64
	mu    sync.Mutex
	woken chan struct{} // closed and replaced whenever the log has grown
}

func newInbox() inbox {
	return inbox{heard: make(chan utterance, heardQueue), woken: make(chan struct{})}
}

func (i *inbox) bell() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.woken
}

func (i *inbox) ring() {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.woken)
	i.woken = make(chan struct{})
}

// Wait gives what people and other entities said since the cursor, at once when there is
// something, else as soon as there is, else nothing when the time is up. Handing in the
// cursor of the last answer marks what it gave as read.
func (r *Relay) Wait(ctx context.Context, actor entities.Actor, req WaitRequest) (News, error) {
	after, err := r.startOf(ctx, actor, req)
	if err != nil {
		return News{}, err
	}
	if req.Limit <= 0 || req.Limit > MaxNews {
		req.Limit = MaxNews
	}
	timer := time.NewTimer(min(max(req.Timeout, 0), MaxWait))
	defer timer.Stop()
	for {
		bell := r.inbox.bell()
		news, reached, err := r.newsSince(ctx, actor, req, after)
		if err != nil || len(news.Messages) > 0 {
			return news, err
		}
		after = reached
		select {
		case <-bell:
		case <-timer.C:
			return news, nil
		case <-ctx.Done():
			return News{}, context.Cause(ctx)
		}
	}
}

// startOf is the position from which to look. A cursor that comes back has been read, in its
// scope: one of a single channel says nothing about the others.
func (r *Relay) startOf(ctx context.Context, actor entities.Actor, req WaitRequest) (int64, error) {
	if req.Channel != 0 {
		if _, err := r.Authorize(ctx, actor, entities.Hear, req.Channel); err != nil {
			return 0, err
		}
	}
	scope := entities.ScopeOf(req.Channel)
	if req.Cursor == "" {
		return r.registry.ReadMark(ctx, actor, scope)
	}
	after, of, err := r.registry.Position(ctx, actor, req.Cursor)
	switch {
	case err != nil:
		return 0, err
	case of == scope || of == entities.ScopeAll:
		return after, r.registry.Mark(ctx, actor, of, after)
	default:
		return r.registry.ReadMark(ctx, actor, scope)
	}
}

// newsSince gives what there is after a position, and how far it looked.
func (r *Relay) newsSince(ctx context.Context, actor entities.Actor, req WaitRequest, after int64) (News, int64, error) {
	for {
		found, err := r.news(ctx, actor, entities.Query{Scope: entities.ScopeOf(req.Channel), After: &after, Limit: req.Limit + 1})
		if err != nil {
			return News{}, after, err
		}
		events, reached := make([]entities.Event, 0, len(found.Items)), found.Reached
		for _, item := range found.Items {
			events = append(events, item.Event)
		}
		exhausted := len(events) <= req.Limit
		if !exhausted {
			events = events[:req.Limit]
			reached = events[len(events)-1].Seq
		}
		after = reached
		messages, err := r.texts(ctx, actor, events)
		if err != nil {
			return News{}, after, err
		}
		if exhausted || len(messages) > 0 {
			cursor, err := r.registry.Cursor(ctx, actor, entities.ScopeOf(req.Channel), after)
			return News{Messages: messages, Cursor: cursor, More: !exhausted}, after, err
		}
	}
}

// texts finds the messages of events: in the cache, else at Discord. What was deleted since
// is left out.
func (r *Relay) texts(ctx context.Context, actor entities.Actor, events []entities.Event) ([]Message, error) {
	found := map[snowflake.ID]discord.Message{}
	missing := map[snowflake.ID][]snowflake.ID{}
	for _, e := range events {
		if m, ok := r.cache.get(e.MessageID); ok {
			found[e.MessageID] = m
		} else {
			missing[e.ChannelID] = append(missing[e.ChannelID], e.MessageID)
		}
	}
	for channel, ids := range missing {
		if err := r.fetchTexts(ctx, actor, channel, ids, found); err != nil {
			return nil, err
		}
	}
	readable, err := r.readable(ctx, actor, events, found)
	if err != nil {
		return nil, err
	}
	out := make([]Message, 0, len(events))
	for _, e := range events {
		m, ok := readable[e.MessageID]
		// The right is asked again at the last moment: fetching took time.
		sees, err := r.sees(ctx, actor, e.ChannelID)
		switch {
		case err != nil:
			return nil, err
		case (!ok || !sees) && r.world.Pending(e.GuildID):
			return nil, errOutOfTouch
		case !ok || !sees:
			continue
		}
		if m.Author.Kind == Entity && m.Author.Entity == "" {
			m.Author.Entity = e.AuthorEntity
		}
		// Its row may have come later than its echo.
		if m.Author.Entity == "" || m.Author.Entity != actor.EntityID() {
			out = append(out, m)
		}
	}
	return out, nil
}

// errOutOfTouch keeps messages unread that cannot be given while their server is out of touch.
var errOutOfTouch = entities.Refuse(entities.Unavailable, "Discord is out of touch with a server just now. Nothing is lost; try again in a moment.")

// readable presents what was found, one guild at a time.
func (r *Relay) readable(ctx context.Context, actor entities.Actor, events []entities.Event, found map[snowflake.ID]discord.Message) (map[snowflake.ID]Message, error) {
	guilds := map[snowflake.ID][]discord.Message{}
	for _, e := range events {
		if m, ok := found[e.MessageID]; ok {
			guilds[e.GuildID] = append(guilds[e.GuildID], m)
		}
	}
	out := make(map[snowflake.ID]Message, len(found))
	for guild, messages := range guilds {
		presented, err := r.present(ctx, actor, guild, messages)
		if err != nil {
			return nil, err
		}
		for _, m := range presented {
			out[m.ID] = m
		}
	}
	return out, nil
}

func (r *Relay) fetchTexts(ctx context.Context, actor entities.Actor, channel snowflake.ID, ids []snowflake.ID, found map[snowflake.ID]discord.Message) error {
	if _, err := r.Authorize(ctx, actor, entities.ReadHistory, channel); err != nil {
		// What is not decided yet is no reason to leave messages out for good.
		if _, lacks := entities.Lacks(err); lacks || entities.IsRefusal(err, entities.Unauthenticated) {
			return err
		}
		return nil // for texts to decide
	}
	slices.Sort(ids)
	for len(ids) > 0 {
		messages, last, err := r.messages(ctx, channel, page{after: ids[0] - 1, limit: MaxHistory})
		switch {
		case hopeless(err):
			// The channel is gone, or Discord does not show it to the bot.
			r.log.Warn("a channel's messages cannot be read; they are left out", "channel", channel, "err", scrubError(err))
			return nil
		case err != nil:
			return word(err)
		}
		for _, m := range messages {
			if _, wanted := slices.BinarySearch(ids, m.ID); wanted {
				found[m.ID] = m
				r.cache.put(m)
			}
		}
		reached := max(ids[0], last)
		ids = slices.DeleteFunc(ids, func(id snowflake.ID) bool { return id <= reached })
	}
	return nil
}
