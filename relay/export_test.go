package relay

import (
	"context"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// LoginFreely leaves out the pauses between logins, for a stand-in that does without. Call it
// before Run.
func (r *Relay) LoginFreely() { r.logins.free = true }

// Fill asks Discord for what a decision lacks, unless it is known by now.
func (r *Relay) Fill(ctx context.Context, gap entities.Gap) error { return r.fill(ctx, gap) }

// ForgetTexts empties the cache, as a restart does.
func (r *Relay) ForgetTexts() { r.cache.clear() }

// ForgetNames forgets what people are called, as a restart does.
func (r *Relay) ForgetNames() {
	r.called.mu.Lock()
	defer r.called.mu.Unlock()
	r.called.names, r.called.older = nil, nil
}

// SpoilTokens makes every webhook token that is known a wrong one.
func (r *Relay) SpoilTokens() {
	r.webhooks.mu.Lock()
	defer r.webhooks.mu.Unlock()
	for _, m := range r.webhooks.channels {
		m.mu.Lock()
		m.hook.token = "wrong"
		m.mu.Unlock()
	}
}

// Hurry shortens how long lines wait for Discord and for their echo.
func (r *Relay) Hurry(post, echo time.Duration) { r.patience.post, r.patience.echo = post, echo }

// Impatient shortens how long the gateway may take to tell of members, and how often it is
// looked whether the start is over. Call it before Run.
func (r *Relay) Impatient(members, settled time.Duration) {
	r.patience.members, r.patience.settled = members, settled
}

// Mouths counts the channels whose webhooks are known.
func (r *Relay) Mouths() int {
	r.webhooks.mu.Lock()
	defer r.webhooks.mu.Unlock()
	return max(len(r.webhooks.channels), len(r.webhooks.ours))
}

// AnswerWithin shortens how long a call waits for its line.
func (r *Relay) AnswerWithin(d time.Duration) { r.patience.answer = d }

// LookAgain shortens the time before a message without a picture is looked at again.
func (r *Relay) LookAgain(d time.Duration) { r.patience.face = d }

// Abandon ends what is under way as a crash does: nothing more is written down.
func (r *Relay) Abandon() { r.die() }

// Reacting counts the reactions of ours that the gateway has not told of yet.
func (r *Relay) Reacting() int {
	r.reactions.mu.Lock()
	defer r.reactions.mu.Unlock()
	return len(r.reactions.adds) + len(r.reactions.removals)
}

// Feed gives a function that takes frames as a shard does, one after the other.
func (r *Relay) Feed() func(frame []byte) {
	create := newGateway(gatewayConfig{URL: "ws://127.0.0.1", Log: r.log, Tally: &r.tally})
	s, _ := create(r.cfg.Token, r.take, gateway.WithShardCount(1)).(*gatewayShard)
	return func(frame []byte) {
		parsed := parseFrame(frame)
		s.receive(parsed)
		s.advance(parsed.seq)
	}
}

// Waiting counts the clients that wait for news.
func (r *Relay) Waiting() int { return len(r.inbox.listeners.list()) }

// Narrow leaves room for only so much between the gateway and the event log. Call it before Run.
func (r *Relay) Narrow(room int) { r.inbox.heard = make(chan utterance, room) }

// Behind counts the channels in which older messages are fetched.
func (r *Relay) Behind() int {
	r.backlog.mu.Lock()
	defer r.backlog.mu.Unlock()
	return len(r.backlog.channels)
}

// SpeakersOf says which entities said messages.
func (r *Relay) SpeakersOf(ctx context.Context, actor entities.Actor, messages ...discord.Message) (map[snowflake.ID]entities.ID, error) {
	return r.speakersOf(ctx, actor, messages)
}

// KnownSpeakers counts the messages of which it is remembered who said them, after others were.
func (r *Relay) KnownSpeakers(others int) int {
	r.speakers.mu.Lock()
	defer r.speakers.mu.Unlock()
	for n := range others {
		r.speakers.byID[snowflake.ID(n+1)] = "somebody"
	}
	return len(r.speakers.byID)
}

// MostSpoken bounds what KnownSpeakers counts.
const MostSpoken = mostSpoken
