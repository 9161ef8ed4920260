package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// dmsAtOnce is for how many people direct messages are routed at once. What one person writes
	// keeps its order.
	dmsAtOnce = 8
	// dmsEnd is how long what was heard is still routed when the program ends. The next start fetches
	// what is left.
	dmsEnd = time.Second
	// dmPatience is how long a message waits for the servers of its entity, which Discord tells of
	// one by one at the start. In a longer outage the person is asked.
	dmPatience = 30 * time.Second
	// received is the reaction that says that a message found its entity.
	received = "✅"
	// RoutingMenu is the custom id of the menu that asks whom a direct message is for.
	RoutingMenu = "/talk/choose"
	// BlockButton begins the custom id of the button that blocks an entity, whose id follows.
	BlockButton = "/talk/block/"
)

// learn remembers a person's channel and name.
func (d *dms) learn(channel snowflake.ID, user discord.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.users) >= mostRemembered {
		clear(d.users)
		clear(d.channels)
		clear(d.names)
	}
	d.users[channel], d.channels[user.ID] = user.ID, channel
	if user.Username != "" {
		d.names[user.ID] = user.EffectiveName()
	}
}

func (d *dms) channel(user snowflake.ID) snowflake.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channels[user]
}

func (d *dms) user(channel snowflake.ID) (snowflake.ID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	user, ok := d.users[channel]
	return user, ok
}

// show notes with whom a person is shown that they talk, and says whether they knew.
func (d *dms) show(user snowflake.ID, id entities.ID) (knew bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	knew = d.shown[user] == id
	if len(d.shown) >= mostRemembered {
		clear(d.shown)
	}
	d.shown[user] = id
	return knew
}

// knows says whether a person was shown last that they talk with an entity.
func (d *dms) knows(user snowflake.ID, id entities.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shown[user] == id
}

// unsettle notes that an entity wrote to a person: whoever receives their next message is named,
// if that is another one.
func (d *dms) unsettle(user snowflake.ID, by entities.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shown[user] != by {
		delete(d.shown, user)
	}
}

// isDM leaves out what no person said.
func (r *Relay) isDM(m discord.Message) bool {
	return spoken(m.Type) && byPerson(m) && m.WebhookID == nil && m.Author.ID != r.world.Bot()
}

// hearDM takes a direct message from the gateway. It only hands over.
func (r *Relay) hearDM(m discord.Message) {
	if r.isDM(m) {
		r.dms.learn(m.ChannelID, m.Author)
		r.dms.hear(m.Author.ID, m, r.cache.mark())
	}
}

// hearTakenBack takes that direct messages were deleted.
func (r *Relay) hearTakenBack(channel snowflake.ID, ids ...snowflake.ID) {
	user, ok := r.dms.user(channel)
	for _, id := range ids {
		if !ok || !r.dms.put(user, private{deleted: id}) {
			r.put(record{"forget a message that waits for a choice", func(ctx context.Context) error { return r.registry.Withdraw(ctx, ingest, id) }})
		}
	}
}

// attendDMs routes direct messages until ctx ends, and then for a moment what was heard.
func (r *Relay) attendDMs(ctx context.Context) {
	r.routeDMs(ctx)
	r.dms.end()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), dmsEnd)
	defer cancel()
	r.routeDMs(ending)
}

func (r *Relay) routeDMs(ctx context.Context) {
	var working sync.WaitGroup
	for range dmsAtOnce {
		working.Go(func() {
			for {
				user, front, ok := r.dms.next(ctx)
				if !ok {
					return
				}
				r.attendDM(ctx, user, front)
			}
		})
	}
	working.Wait()
}

// attendDM does one thing. What Discord or the database does not let be decided now is tried
// again: it must neither get lost nor go to another, and nothing of that person comes before it.
// What can never be written down holds up nothing.
func (r *Relay) attendDM(ctx context.Context, user snowflake.ID, p private) {
	err := r.receive(ctx, user, p)
	if entities.Unfit(err) {
		r.log.Error("what became of direct messages can never be written down; it is left out", "err", scrubError(err))
		err = nil
	}
	if err == nil {
		r.dms.done(user)
		return
	}
	pause := r.dms.rest(user)
	if ctx.Err() == nil && !errors.Is(err, errDMsEnding) && !errors.Is(err, entities.ErrPending) {
		r.log.Warn("route a direct message; trying again", "err", scrubError(err), "pause", pause)
	}
}

func (r *Relay) receive(ctx context.Context, user snowflake.ID, p private) error {
	switch {
	case p.deleted != 0:
		return r.registry.Withdraw(ctx, ingest, p.deleted)
	case p.missed != nil:
		p.missed.since = p.since
		return r.fetchDMs(ctx, user, p.missed)
	case p.do != nil:
		p.do(ctx)
		return nil
	}
	m := p.message
	routed, err := r.route(ctx, m, false, p.since)
	switch {
	case entities.Unfit(err):
		r.setAsideDM(m, err)
		return nil
	case err != nil:
		return err
	case routed.Noted != nil:
		r.cache.keep(p.mark, m)
		r.wake([]entities.Noted{*routed.Noted})
		if r.dms.knows(user, routed.Entity.ID) && r.dms.follower(user) != 0 {
			return nil // what they write quickly is acknowledged with the last of it
		}
		r.acknowledge(ctx, m, routed.Entity)
	case routed.Waits && routed.Menu == 0:
		return r.askWhom(ctx, m.ChannelID, user, m.ID)
	}
	return nil
}

// setAsideDM gives up a message that the database refuses, and would each time: what the person
// writes next is not to wait for it.
func (r *Relay) setAsideDM(m discord.Message, err error) {
	r.inbox.aside.Add(1)
	r.log.Error("a direct message cannot be written to the event log; it is set aside", "channel", m.ChannelID, "message", m.ID, "err", err)
}

// route decides whom a message is for, after asking Discord for what that depends on.
func (r *Relay) route(ctx context.Context, m discord.Message, missed bool, since time.Time) (entities.Routed, error) {
	in := entities.IncomingDM{
		User: m.Author.ID, Channel: m.ChannelID, Message: m.ID, At: m.CreatedAt.UTC(), Missed: missed,
		Replied: repliedTo(&m), ToEntity: r.isLetter(m.ReferencedMessage), Patient: time.Since(since) < dmPatience,
	}
	return lacking(ctx, r, func() (entities.Routed, error) { return r.registry.Route(ctx, ingest, in) })
}

// lacking repeats a decision for which Discord has to be asked first.
func lacking[T any](ctx context.Context, r *Relay, decide func() (T, error)) (T, error) {
	for range mostGaps {
		decided, err := decide()
		gap, lacks := entities.Lacks(err)
		if !lacks {
			return decided, err
		}
		if broken := r.fill(ctx, gap); broken != nil {
			return decided, err
		}
	}
	return decide()
}

// openDM gives a person's channel of direct messages. Discord gives the same one always.
func (r *Relay) openDM(ctx context.Context, user snowflake.ID) (snowflake.ID, error) {
	if known := r.dms.channel(user); known != 0 {
		return known, nil
	}
	opened, err := r.disc.Rest.CreateDMChannel(user, rest.WithCtx(ctx))
	if err != nil {
		return 0, err
	}
	r.dms.learn(opened.ID(), discord.User{ID: user})
	return opened.ID(), nil
}
