package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// MaxWait is the longest long-poll. Clients give up after a minute.
	MaxWait = 50 * time.Second
	// MaxNews is how many messages one answer gives at most.
	MaxNews     = 50
	heardQueue  = 10_000 // messages between the gateway and the event log
	heardAtOnce = 200    // in one transaction
)

// inbox takes what the gateway heard to the event log and wakes those who wait for it.
type inbox struct {
	heard chan entities.Event
	mu    sync.Mutex
	woken chan struct{} // closed and replaced whenever the log has grown
	lost  int64
}

func newInbox() inbox {
	return inbox{heard: make(chan entities.Event, heardQueue), woken: make(chan struct{})}
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

// hear takes messages from the gateway. It only hands over.
func (r *Relay) hear(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventMessageCreate:
		r.hearMessage(e.Message)
	case gateway.EventMessageUpdate:
		r.cache.update(e.Message)
	case gateway.EventMessageDelete:
		r.cache.remove(e.ID)
	case gateway.EventMessageDeleteBulk:
		r.cache.remove(e.IDs...)
	}
}

func (r *Relay) hearMessage(m discord.Message) {
	// Claimed first: a line's echo counts wherever it is heard.
	speaker, ours := r.webhooks.claim(m)
	if m.GuildID == nil || !spoken(m.Type) || m.Author.ID == r.world.Bot() || !r.registry.Hears(m.ChannelID) {
		return
	}
	r.cache.put(m)
	event := entities.Event{
		Kind: entities.EventMessage, GuildID: *m.GuildID, ChannelID: m.ChannelID, MessageID: m.ID, AuthorID: m.Author.ID, At: m.CreatedAt.UTC(),
	}
	if ours {
		event.AuthorEntity = speaker
	}
	select {
	case r.inbox.heard <- event:
	default:
		r.inbox.mu.Lock()
		r.inbox.lost++
		lost := r.inbox.lost
		r.inbox.mu.Unlock()
		if lost%1000 == 1 {
			r.log.Error("the database is too slow: messages are not noted for entities", "lost", lost)
		}
	}
}

// ingest writes what was heard to the event log until ctx ends, and then what is left.
func (r *Relay) ingest(ctx context.Context) {
	actor := entities.System("ingest")
	for {
		select {
		case first := <-r.inbox.heard:
			r.note(actor, r.batch(first))
		case <-ctx.Done():
			for len(r.inbox.heard) > 0 {
				r.note(actor, r.batch(<-r.inbox.heard))
			}
			return
		}
	}
}

func (r *Relay) batch(first entities.Event) []entities.Event {
	events := []entities.Event{first}
	for len(events) < heardAtOnce {
		select {
		case next := <-r.inbox.heard:
			events = append(events, next)
		default:
			return events
		}
	}
	return events
}

func (r *Relay) note(actor entities.Actor, events []entities.Event) {
	// What was heard is noted even while the program ends.
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	if err := r.attribute(ctx, actor, events); err != nil {
		r.log.Error("find out who spoke", "err", err)
	}
	appended, err := r.registry.Append(ctx, actor, events)
	if err != nil {
		r.log.Error("write the event log", "err", err, "events", len(events))
		return
	}
	if len(appended) > 0 {
		r.inbox.ring()
	}
}

// attribute fills in whose lines the events are, as far as it was not known from an echo.
func (r *Relay) attribute(ctx context.Context, actor entities.Actor, events []entities.Event) error {
	var unknown []snowflake.ID
	for _, e := range events {
		if _, ours := r.webhooks.owner(e.AuthorID); ours && e.AuthorEntity == "" {
			unknown = append(unknown, e.MessageID)
		}
	}
	speakers, err := r.registry.Speakers(ctx, actor, unknown)
	if err != nil {
		return err
	}
	for i := range events {
		if speaker, ok := speakers[events[i].MessageID]; ok {
			events[i].AuthorEntity = speaker.ID
		}
	}
	return nil
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
		news, err := r.newsSince(ctx, actor, req, after)
		if err != nil || len(news.Messages) > 0 {
			return news, err
		}
		if after, err = r.registry.Position(actor, news.Cursor); err != nil {
			return News{}, err
		}
		select {
		case <-bell:
		case <-timer.C:
			return news, nil
		case <-ctx.Done():
			return News{}, context.Cause(ctx)
		}
	}
}

// startOf is the position from which to look. A cursor that comes back has been read.
func (r *Relay) startOf(ctx context.Context, actor entities.Actor, req WaitRequest) (int64, error) {
	if req.Channel != 0 {
		if _, err := r.registry.Authorize(ctx, actor, entities.Hear, req.Channel); err != nil {
			return 0, err
		}
	}
	if req.Cursor == "" {
		return r.registry.ReadMark(ctx, actor)
	}
	after, err := r.registry.Position(actor, req.Cursor)
	if err != nil || req.Channel != 0 {
		// Waiting for one channel says nothing about having read the others.
		return after, err
	}
	return after, r.registry.MarkRead(ctx, actor, after)
}

func (r *Relay) newsSince(ctx context.Context, actor entities.Actor, req WaitRequest, after int64) (News, error) {
	for {
		events, reached, err := r.registry.News(ctx, actor, after, req.Limit+1)
		if err != nil {
			return News{}, err
		}
		exhausted := len(events) <= req.Limit
		if !exhausted {
			events = events[:req.Limit]
			reached = events[len(events)-1].Seq
		}
		after = reached
		if req.Channel != 0 {
			events = slices.DeleteFunc(events, func(e entities.Event) bool { return e.ChannelID != req.Channel })
		}
		messages, err := r.texts(ctx, actor, events)
		if err != nil {
			return News{}, err
		}
		if exhausted || len(messages) > 0 {
			return News{Messages: messages, Cursor: r.registry.Cursor(actor, after), More: !exhausted}, nil
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
	var out []Message
	for _, e := range events {
		m, ok := found[e.MessageID]
		if !ok {
			continue
		}
		// The right is asked again at the last moment: fetching took time.
		if _, err := r.registry.Authorize(ctx, actor, entities.Hear, e.ChannelID); err != nil {
			if entities.IsRefusal(err, entities.Unauthenticated) {
				return nil, err
			}
			continue
		}
		readable, err := r.present(ctx, actor, e.GuildID, []discord.Message{m})
		if err != nil {
			return nil, err
		}
		author := &readable[0].Author
		if author.Kind == Entity && author.Entity == "" {
			author.Entity = e.AuthorEntity
		}
		// Its row may have come later than its echo.
		if author.Entity == "" || author.Entity != actor.EntityID() {
			out = append(out, readable[0])
		}
	}
	return out, nil
}

func (r *Relay) fetchTexts(ctx context.Context, actor entities.Actor, channel snowflake.ID, ids []snowflake.ID, found map[snowflake.ID]discord.Message) error {
	permit, err := r.registry.Authorize(ctx, actor, entities.ReadHistory, channel)
	if err != nil {
		if entities.IsRefusal(err, entities.Unauthenticated) {
			return err
		}
		return nil
	}
	slices.Sort(ids)
	for len(ids) > 0 {
		page, err := r.disc.Rest.GetMessages(channel, 0, 0, ids[0]-1, MaxHistory, rest.WithCtx(ctx))
		switch {
		case err != nil && definite(err):
			return nil
		case err != nil:
			return word(err, permit.Channel())
		}
		reached := ids[0]
		for _, m := range page {
			if _, wanted := slices.BinarySearch(ids, m.ID); wanted {
				found[m.ID] = m
				r.cache.put(m)
			}
			reached = max(reached, m.ID)
		}
		ids = slices.DeleteFunc(ids, func(id snowflake.ID) bool { return id <= reached })
	}
	return nil
}
