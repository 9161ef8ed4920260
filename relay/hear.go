package relay

import (
	"context"
	"sync"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	heardQueue  = 10_000 // messages between the gateway and the event log
	heardAtOnce = 200    // in one transaction
	mostStrays  = 500    // messages that wait for their thread to be known
)

// utterance is a message on its way to the event log.
type utterance struct {
	heard entities.Heard
	// echo is what the message is the echo of, if it is one.
	echo *flight
	// settled is no event: a channel is settled when all before is written.
	settled *entities.Watermark
	// written is closed when it is; nil when nobody waits for that.
	written chan struct{}
}

// hear takes messages from the gateway. It only hands over.
func (r *Relay) hear(event gateway.EventData) {
	r.backlog.touch(event)
	switch e := event.(type) {
	case gateway.EventMessageCreate:
		r.hearMessage(e.Message)
	case gateway.EventMessageUpdate:
		r.hearUpdate(e.Message)
	case gateway.EventMessageDelete:
		r.hearDeletions(e.GuildID, e.ChannelID, e.ID)
	case gateway.EventMessageDeleteBulk:
		r.hearDeletions(e.GuildID, e.ChannelID, e.IDs...)
	case gateway.EventMessageReactionAdd:
		r.hearReaction(e)
	default:
		r.hearWithdrawal(event)
	}
}

func (r *Relay) hearMessage(m discord.Message) {
	if m.GuildID != nil && m.Member != nil && m.WebhookID == nil {
		r.notice(*m.GuildID, m.Author, *m.Member)
	}
	if m.GuildID == nil {
		r.hearDM(m)
		return
	}
	if !r.isNews(m) {
		return
	}
	// Claimed first: a line's echo counts wherever it is heard.
	echo := r.claim(m)
	if r.backlog.hold(m, echo) {
		return
	}
	// To entities it was never said: it takes no place in their memory, and ends no rest of theirs.
	if echo == nil && (r.hidden(m) || r.strayed(m)) {
		return
	}
	if echo != nil || r.hears(m.ChannelID) {
		r.cache.put(m)
		r.noteMessage(m, echo)
	}
}

// isNews leaves out what the bot itself says, and what is no message to people.
func (r *Relay) isNews(m discord.Message) bool {
	return newsworthy(m.Type) && m.Author.ID != r.world.Bot()
}

// hears says whether any entity could be told of what happens in a channel.
func (r *Relay) hears(channel snowflake.ID) bool {
	hears, err := r.registry.Hears(context.Background(), ingest, channel)
	if err != nil {
		r.log.Error("ask who hears a channel", "err", err)
	}
	return hears
}

func (r *Relay) inhabited(guild snowflake.ID) bool {
	inhabited, err := r.registry.Inhabited(context.Background(), ingest, guild)
	if err != nil {
		r.log.Error("ask whether a server has entities", "err", err)
	}
	return inhabited
}

// strayed puts a message aside whose thread is not known: Discord does not promise to tell of
// a thread before its messages. What comes after it in that thread waits behind it.
func (r *Relay) strayed(m discord.Message) bool {
	_, known := r.world.Channel(m.ChannelID)
	if !r.astray.begin(m.ChannelID, known || !r.inhabited(*m.GuildID)) {
		return false
	}
	select {
	case r.strays <- m:
	default:
		r.astray.end(m.ChannelID)
		r.log.Warn("too many messages of unknown threads; one is not noted", "channel", m.ChannelID)
	}
	return true
}

// astray counts, by thread, the messages that wait for it to be known.
type astray struct {
	mu      sync.Mutex
	waiting map[snowflake.ID]int
}

// begin counts a message in, unless its thread is settled and none waits before it.
func (a *astray) begin(thread snowflake.ID, settled bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if settled && a.waiting[thread] == 0 {
		return false
	}
	a.waiting[thread]++
	return true
}

func (a *astray) end(thread snowflake.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting[thread]--; a.waiting[thread] == 0 {
		delete(a.waiting, thread)
	}
}

// noteMessage puts a message on its way to the event log.
func (r *Relay) noteMessage(m discord.Message, echo *flight) {
	r.handOver(utteranceOf(m, echo))
}

func utteranceOf(m discord.Message, echo *flight) utterance {
	h := utterance{echo: echo, heard: entities.Heard{
		Event: entities.Event{
			Kind: entities.EventMessage, GuildID: *m.GuildID, ChannelID: m.ChannelID, MessageID: m.ID, AuthorID: m.Author.ID, At: m.CreatedAt.UTC(),
		},
		Text: m.Content, Person: byPerson(m), Roles: m.MentionRoles,
	}}
	if !spoken(m.Type) { // a thread's name, say, calls nobody
		h.heard.Text, h.heard.Person, h.heard.Roles = "", false, nil
	}
	if spoken(m.Type) {
		h.heard.Replied = repliedTo(&m)
	}
	if echo != nil {
		h.heard.Event.AuthorEntity = echo.line.EntityID
		h.heard.Landing = &entities.Landing{Line: echo.line, Part: echo.part, Channel: m.ChannelID, Message: m.ID}
	}
	return h
}

// handOver gives what was heard to the event log. It does not wait.
func (r *Relay) handOver(h utterance) {
	select {
	case r.inbox.heard <- h:
	default:
		if h.heard.Event.Kind == entities.EventMessage {
			r.backlog.lose(h) // it is fetched when there is room
			return
		}
		r.inbox.spilt.add(h.heard.Event, r.now())
		if lost := r.inbox.lost.Add(1); lost%1000 == 1 {
			r.log.Error("the database is too slow: changes and reactions are not noted for entities", "lost", lost)
		}
	}
}

// homeStrays finds out about threads that were not known when something was said in them.
func (r *Relay) homeStrays(ctx context.Context) {
	for {
		select {
		case m := <-r.strays:
			if _, known := r.world.Channel(m.ChannelID); !known && r.lookups.untried(m.ChannelID, r.now()) {
				if err := r.lookUp(ctx, m.ChannelID); err != nil && ctx.Err() == nil {
					r.log.Warn("look up a thread", "channel", m.ChannelID, "err", scrubError(err))
				}
			}
			// Its text is left to Discord: it may have been edited or deleted meanwhile.
			if r.hears(m.ChannelID) && !r.hidden(m) {
				r.noteMessage(m, nil)
			}
			r.astray.end(m.ChannelID)
		case <-ctx.Done():
			return
		}
	}
}
