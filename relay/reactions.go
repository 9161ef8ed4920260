package relay

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// reactionKey is one emoji under one message.
type reactionKey struct {
	message snowflake.ID
	emoji   string // see emojiKey
}

// echoLife is how long the gateway's word about a change of our own is waited for. Discord
// sends none where nothing changed.
const echoLife = 15 * time.Second

// reactions orders what entities do to the bot's reactions, and tells our own changes from
// those of moderators when the gateway tells of them.
type reactions struct {
	mu       sync.Mutex
	busy     map[reactionKey]*reactionTurn
	adds     map[reactionKey][]addition
	removals map[reactionKey][]time.Time
}

// reactionTurn lets one at a time change a reaction.
type reactionTurn struct {
	taken chan struct{} // holds one
	users int
}

// addition is a reaction that the gateway has not told of yet.
type addition struct {
	entity entities.ID
	at     time.Time
}

func newReactions() reactions {
	return reactions{busy: map[reactionKey]*reactionTurn{}, adds: map[reactionKey][]addition{}, removals: map[reactionKey][]time.Time{}}
}

// take waits until nobody else changes a reaction.
func (x *reactions) take(ctx context.Context, key reactionKey) (release func(), err error) {
	x.mu.Lock()
	t, ok := x.busy[key]
	if !ok {
		t = &reactionTurn{taken: make(chan struct{}, 1)}
		x.busy[key] = t
	}
	t.users++
	x.mu.Unlock()
	leave := func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(x.busy, key)
		}
	}
	select {
	case t.taken <- struct{}{}:
		return func() { <-t.taken; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}

// adding notes that an entity is about to react.
func (x *reactions) adding(key reactionKey, entity entities.ID, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(now)
	x.adds[key] = append(x.adds[key], addition{entity, now})
}

// added takes the gateway's word that the bot reacted.
func (x *reactions) added(key reactionKey) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if all := x.adds[key]; len(all) > 1 {
		x.adds[key] = all[1:]
	} else {
		delete(x.adds, key)
	}
}

// removing notes that the bot's reaction is about to be removed by us.
func (x *reactions) removing(key reactionKey, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(now)
	x.removals[key] = append(x.removals[key], now)
}

// removed says whether it was we who removed the bot's reaction.
func (x *reactions) removed(key reactionKey, at time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(at)
	all := x.removals[key]
	if len(all) == 0 {
		return false
	}
	if x.removals[key] = all[1:]; len(all) == 1 {
		delete(x.removals, key)
	}
	return true
}

// young are the entities whose reactions to a message the gateway has not told of yet: what it
// says now is about an older one. emoji "" means all.
func (x *reactions) young(message snowflake.ID, emoji string, at time.Time) []entities.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(at)
	var ids []entities.ID
	for key, all := range x.adds {
		if key.message != message || (emoji != "" && key.emoji != emoji) {
			continue
		}
		for _, a := range all {
			ids = append(ids, a.entity)
		}
	}
	return ids
}

// forget drops what nothing will be told of any more.
func (x *reactions) forget(now time.Time) {
	maps.DeleteFunc(x.adds, func(_ reactionKey, all []addition) bool { return now.Sub(all[len(all)-1].at) > echoLife })
	for key, all := range x.removals {
		if all = slices.DeleteFunc(all, func(at time.Time) bool { return now.Sub(at) > echoLife }); len(all) == 0 {
			delete(x.removals, key)
		} else {
			x.removals[key] = all
		}
	}
}

// hearReactions follows what becomes of the bot's reactions. It only hands over.
func (r *Relay) hearReactions(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventMessageReactionAdd:
		if e.UserID == r.world.Bot() {
			key := reactionKey{e.MessageID, keyOf(e.Emoji)}
			r.put(record{"note a reaction", func(context.Context) error { r.reactions.added(key); return nil }})
		}
	case gateway.EventMessageReactionRemove:
		if e.UserID == r.world.Bot() {
			r.botReactionGone(e.MessageID, keyOf(e.Emoji))
		}
	case gateway.EventMessageReactionRemoveEmoji:
		r.reactionsGone(e.GuildID, keyOf(e.Emoji), e.MessageID)
	case gateway.EventMessageReactionRemoveAll:
		r.reactionsGone(e.GuildID, "", e.MessageID)
	case gateway.EventMessageDelete:
		r.reactionsGone(e.GuildID, "", e.ID)
	case gateway.EventMessageDeleteBulk:
		r.reactionsGone(e.GuildID, "", e.IDs...)
	}
}

func keyOf(emoji discord.PartialEmoji) string {
	switch {
	case emoji.ID != nil:
		return emoji.ID.String()
	case emoji.Name != nil:
		return emojiKey(*emoji.Name)
	default:
		return ""
	}
}

// botReactionGone notes that the bot's reaction was removed: by us, or by a moderator.
func (r *Relay) botReactionGone(message snowflake.ID, emoji string) {
	heard := r.now()
	r.put(record{"note that a reaction is gone", func(ctx context.Context) error {
		if emoji == "" || r.reactions.removed(reactionKey{message, emoji}, heard) {
			return nil
		}
		return r.registry.ReactionsGone(ctx, ingest, heard, []snowflake.ID{message}, emoji, r.reactions.young(message, emoji, heard)...)
	}})
}

// reactionsGone notes that messages have no reactions any more; with emoji "" none at all.
func (r *Relay) reactionsGone(guild *snowflake.ID, emoji string, messages ...snowflake.ID) {
	if guild == nil || len(messages) == 0 || !r.inhabited(*guild) {
		return
	}
	heard := r.now()
	r.put(record{"note that reactions are gone", func(ctx context.Context) error {
		var but []entities.ID
		if len(messages) == 1 {
			but = r.reactions.young(messages[0], emoji, heard)
		}
		return r.registry.ReactionsGone(ctx, ingest, heard, messages, emoji, but...)
	}})
}
