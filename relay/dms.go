package relay

import (
	"context"
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
	// mostPrivate bounds how many direct messages of one person wait to be routed.
	mostPrivate = 200
	// received is the reaction that says that a message found its entity.
	received = "✅"
	// RoutingMenu is the custom id of the menu that asks whom a direct message is for.
	RoutingMenu = "/talk/choose"
	// BlockButton begins the custom id of the button that blocks an entity, whose id follows.
	BlockButton = "/talk/block/"
)

// private is what happened in a person's direct messages with the bot: they wrote something, or
// took it back.
type private struct {
	message discord.Message
	mark    uint64       // of the cache, when the message was heard
	deleted snowflake.ID // 0 unless they took this back
}

// dms are the direct messages that are on their way to entities.
type dms struct {
	ready queue[snowflake.ID] // people of whom something waits and nobody looks after

	mu       sync.Mutex
	waiting  map[snowflake.ID][]private    // by user
	channels map[snowflake.ID]snowflake.ID // of direct messages, by user
	users    map[snowflake.ID]snowflake.ID // by channel
	names    map[snowflake.ID]string       // of users
	shown    map[snowflake.ID]entities.ID  // by user: with whom they were shown last that they talk
}

func newDMs() dms {
	return dms{
		ready: newQueue[snowflake.ID](), waiting: map[snowflake.ID][]private{}, shown: map[snowflake.ID]entities.ID{},
		channels: map[snowflake.ID]snowflake.ID{}, users: map[snowflake.ID]snowflake.ID{}, names: map[snowflake.ID]string{},
	}
}

// put hands over what happened. It does not wait.
func (d *dms) put(user snowflake.ID, p private) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting[user]) >= mostPrivate {
		return false
	}
	first := len(d.waiting[user]) == 0
	d.waiting[user] = append(d.waiting[user], p)
	return !first || d.ready.put(user)
}

// first is what is to be done next for a person.
func (d *dms) first(user snowflake.ID) private {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waiting[user][0]
}

// done ends what was first. Whoever has more goes to the end of the line.
func (d *dms) done(user snowflake.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting[user] = d.waiting[user][1:]; len(d.waiting[user]) == 0 {
		delete(d.waiting, user)
		return
	}
	d.ready.put(user)
}

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

// unsettle notes that an entity wrote to a person: whoever receives their next message is named,
// if that is another one.
func (d *dms) unsettle(user snowflake.ID, by entities.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shown[user] != by {
		delete(d.shown, user)
	}
}

// hearDM takes a direct message from the gateway. It only hands over.
func (r *Relay) hearDM(m discord.Message) {
	if !spoken(m.Type) || !byPerson(m) || m.WebhookID != nil || m.Author.ID == r.world.Bot() {
		return
	}
	r.dms.learn(m.ChannelID, m.Author)
	if !r.dms.put(m.Author.ID, private{message: m, mark: r.cache.mark()}) {
		r.log.Warn("a person writes faster than direct messages can be routed; one is not", "user", m.Author.ID)
	}
}

// hearTakenBack takes that direct messages were deleted.
func (r *Relay) hearTakenBack(channel snowflake.ID, ids ...snowflake.ID) {
	user, ok := r.dms.user(channel)
	for _, id := range ids {
		if !ok {
			r.put(record{"forget a message that waits for a choice", func(ctx context.Context) error { return r.registry.Withdraw(ctx, ingest, id) }})
		} else if !r.dms.put(user, private{deleted: id}) {
			r.log.Warn("too much happens in a person's direct messages; a deletion is not noted", "user", user)
		}
	}
}

// attendDMs routes direct messages until ctx ends.
func (r *Relay) attendDMs(ctx context.Context) {
	var working sync.WaitGroup
	for range dmsAtOnce {
		working.Go(func() {
			for {
				user, ok := r.dms.ready.next(ctx)
				if !ok {
					return
				}
				r.attendDM(ctx, r.dms.first(user))
				r.dms.done(user)
			}
		})
	}
	working.Wait()
}

// attendDM routes one message. What Discord or the database does not let be decided now is tried
// again: it must neither get lost nor go to another.
func (r *Relay) attendDM(ctx context.Context, p private) {
	for pause := time.Second / 2; ; pause = min(2*pause, longestPause) {
		err := r.receive(ctx, p)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.log.Warn("route a direct message; trying again", "err", scrubError(err), "pause", pause)
		if !sleep(ctx, pause) {
			return
		}
	}
}

func (r *Relay) receive(ctx context.Context, p private) error {
	if p.deleted != 0 {
		return r.registry.Withdraw(ctx, ingest, p.deleted)
	}
	m := p.message
	routed, err := r.route(ctx, m)
	switch {
	case err != nil:
		return err
	case routed.Noted != nil:
		r.cache.keep(p.mark, m)
		r.wake([]entities.Noted{*routed.Noted})
		r.acknowledge(ctx, m, routed.Entity)
	case routed.Waits && routed.Menu == 0:
		return r.askWhom(ctx, m)
	}
	return nil
}

// route decides whom a message is for, after asking Discord for what that depends on.
func (r *Relay) route(ctx context.Context, m discord.Message) (entities.Routed, error) {
	in := entities.IncomingDM{User: m.Author.ID, Channel: m.ChannelID, Message: m.ID, At: m.CreatedAt.UTC()}
	if ref := m.MessageReference; ref != nil && ref.MessageID != nil && ref.Type == discord.MessageReferenceTypeDefault {
		in.Replied = *ref.MessageID
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

// acknowledge shows a person who received their message: by a reaction while that is whom they
// were shown last, else by a line with the name. Neither is worth a second try.
func (r *Relay) acknowledge(ctx context.Context, m discord.Message, by entities.Entity) {
	ctx, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	var err error
	if r.dms.show(m.Author.ID, by.ID) {
		err = r.disc.Rest.AddReaction(m.ChannelID, m.ID, received, rest.WithCtx(ctx))
	} else {
		_, err = r.answerDM(ctx, m, "r", discord.MessageCreate{Content: "-# " + received + " For **" + Plain(by.Name) + "**. `/talk` chooses somebody else."})
	}
	if err != nil {
		r.log.Debug("show a person who received their message", "err", scrubError(err))
	}
}

// answerDM answers a person's message as the bot itself, once.
func (r *Relay) answerDM(ctx context.Context, m discord.Message, kind string, body discord.MessageCreate) (*discord.Message, error) {
	nobody := nobody()
	body.AllowedMentions, body.Nonce, body.EnforceNonce = &nobody, kind+m.ID.String(), true
	return r.disc.Rest.CreateMessage(m.ChannelID, body, rest.WithCtx(ctx))
}

const (
	askedWhom = "Whom is this for? It waits for your choice and reaches nobody before. What you write after it goes there too; `/talk` chooses somebody else later."
	noPartner = "Nobody can receive this: no AI identity here takes direct messages from you now. It waits for a day; `/talk` on a server that you share with one chooses it."
)

// askWhom asks a person whom their message is for.
func (r *Relay) askWhom(ctx context.Context, m discord.Message) error {
	choices, err := r.partners(ctx, m.Author.ID)
	if err != nil {
		return err
	}
	body := discord.MessageCreate{Content: noPartner}
	if len(choices) > 0 {
		options := make([]discord.StringSelectMenuOption, 0, len(choices))
		for _, e := range choices {
			options = append(options, discord.NewStringSelectMenuOption(Clip(e.Name, 100), string(e.ID)))
		}
		body.Content = askedWhom
		body.Components = []discord.LayoutComponent{discord.NewActionRow(discord.NewStringSelectMenu(RoutingMenu, "Choose who gets it", options...))}
	}
	asked, err := r.answerDM(ctx, m, "m", body)
	if hopeless(err) {
		r.log.Warn("ask a person whom their message is for", "err", scrubError(err))
		return nil
	}
	if err != nil {
		return err
	}
	return r.registry.Asked(ctx, ingest, m.Author.ID, asked.ID)
}

// partners lists whom a person may choose, after asking Discord for what that depends on.
func (r *Relay) partners(ctx context.Context, user snowflake.ID) ([]entities.Entity, error) {
	choices, gaps, err := r.registry.Partners(ctx, ingest, user)
	if err != nil || len(gaps) == 0 {
		return choices, err
	}
	r.fillAll(ctx, gaps)
	choices, _, err = r.registry.Partners(ctx, ingest, user)
	return choices, err
}

// Talk makes an entity the one to which goes what a person writes to the bot, and gives it what
// waited for their choice: so many messages.
func (r *Relay) Talk(ctx context.Context, actor entities.Actor, id entities.ID) (int, error) {
	channel, err := r.openDM(ctx, actor.User())
	if err != nil {
		return 0, wordDM(err)
	}
	noted, err := lacking(ctx, r, func() ([]entities.Noted, error) { return r.registry.ChoosePartner(ctx, actor, id, channel) })
	if err != nil {
		return 0, err
	}
	r.dms.show(actor.User(), id)
	r.wake(noted)
	return len(noted), nil
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

// Partners lists the entities that a person may choose to write to, at most 25.
func (r *Relay) Partners(ctx context.Context, actor entities.Actor) ([]entities.Entity, error) {
	return r.partners(ctx, actor.User())
}
