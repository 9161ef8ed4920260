package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/text"
)

// Bounds of what is read around one message.
const (
	contextTime = 15 * time.Second
	mostAbove   = 5  // messages that it answers, one answering the other
	mostEmoji   = 5  // reactions whose people are named; each costs a request
	mostNames   = 5  // people named for one of them
	fewReactors = 25 // asked for, since some may be hidden
)

// MessageContext is one message with what belongs to it.
type MessageContext struct {
	Message Message
	// Above is what it answers, and what that answers, oldest first; at most 5, all in its own
	// channel. A message that answers another one ends with its own ReplyTo.
	Above []Message
	// Reactions are those of the message, with some of the people behind them.
	Reactions []Reacted
	// Thread hangs on the message; nil for none.
	Thread *HangingThread
}

// Reacted is one emoji on a message, with who reacted as far as that was asked for.
type Reacted struct {
	Reaction
	By []Author // of a message that was asked for, at most 5
}

// HangingThread is the thread that was opened on a message.
type HangingThread struct {
	ID       snowflake.ID
	Name     string // "" when the entity may not read it
	Messages int    // how many it has, without the first one; 0 when the entity may not read it
	Reads    bool   // the entity may read it
}

// Message gives one message of a channel with what it answers, who reacted to it and the thread
// that hangs on it.
func (r *Relay) Message(ctx context.Context, actor entities.Actor, channel, message snowflake.ID) (MessageContext, error) {
	ctx, cancel := context.WithTimeout(onBehalf(ctx, actor), contextTime)
	defer cancel()
	permit, err := r.Authorize(ctx, actor, entities.ReadHistory, channel)
	if err != nil {
		return MessageContext{}, err
	}
	if !permit.Channel().HoldsMessages() {
		return MessageContext{}, errNoMessage
	}
	m, err := r.whole(ctx, channel, message)
	if err != nil {
		return MessageContext{}, word(err)
	}
	if !r.shows(m.Author.ID) {
		return MessageContext{}, errNoMessage
	}
	chain := r.above(ctx, permit.Guild().ID, m)
	reacted, err := r.reacted(ctx, actor, permit, m)
	if err != nil {
		return MessageContext{}, err
	}
	thread, err := r.hanging(ctx, actor, m)
	if err != nil {
		return MessageContext{}, err
	}
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.ReadHistory, channel); err != nil {
		return MessageContext{}, err
	}
	shown, err := r.present(ctx, actor, permit.Guild().ID, append(chain, r.veil([]discord.Message{m})...))
	if err != nil {
		return MessageContext{}, err
	}
	last := len(shown) - 1
	if last < 0 || shown[last].ID != message {
		return MessageContext{}, errNoMessage
	}
	for i := range reacted { // naming the others took time
		reacted[i].By = r.stillThere(reacted[i].By)
	}
	return MessageContext{Message: shown[last], Above: shown[:last], Reactions: reacted, Thread: thread}, nil
}

var errNoMessage = &entities.Refusal{Reason: entities.NotFound, Text: answers[rest.JSONErrorCodeUnknownMessage].text}

// whole asks Discord for a message. What is in memory lacks its reactions.
func (r *Relay) whole(ctx context.Context, channel, message snowflake.ID) (discord.Message, error) {
	var raw json.RawMessage
	if err := r.disc.Rest.Do(rest.GetMessage.Compile(nil, channel, message), nil, &raw, rest.WithCtx(ctx)); err != nil {
		return discord.Message{}, fmt.Errorf("read a message: %w", err)
	}
	m, err := decode[discord.Message](raw)
	if err != nil {
		return discord.Message{}, fmt.Errorf("read a message: %w", err)
	}
	return m, nil
}

// above are the messages that one answers, each answering the one before, oldest first. It ends
// where one is gone, is elsewhere, is not shown, or cannot be had: the oldest then says itself
// what it answers.
func (r *Relay) above(ctx context.Context, guild snowflake.ID, m discord.Message) []discord.Message {
	var chain []discord.Message
	seen := map[snowflake.ID]bool{m.ID: true}
	for range mostAbove {
		id := r.answersTo(guild, m)
		if id == 0 || seen[id] {
			break
		}
		seen[id] = true
		before, err := r.oneAbove(ctx, m, id)
		if err != nil {
			r.log.Debug("read what a message answers", "message", id, "err", scrubError(err))
			break
		}
		if !r.shows(before.Author.ID) {
			break
		}
		chain, m = append(chain, before), before
	}
	slices.Reverse(chain)
	return r.veil(chain)
}

// oneAbove is the message that m answers: Discord sends the nearest along.
func (r *Relay) oneAbove(ctx context.Context, m discord.Message, id snowflake.ID) (discord.Message, error) {
	if quoted := m.ReferencedMessage; quoted != nil && quoted.ID == id && quoted.ChannelID == m.ChannelID {
		return *quoted, nil
	}
	if known, ok := r.cache.get(id); ok && known.ChannelID == m.ChannelID {
		return known, nil
	}
	return r.whole(ctx, m.ChannelID, id)
}

var linkToMessage = regexp.MustCompile(`\(https://discord\.com/channels/(\d{15,20})/(\d{15,20})/(\d{15,20})\)`)

// answersTo is the message that m answers in its own channel: by Discord's reply, or by the line
// that stands for it above what an entity says; 0 for none.
func (r *Relay) answersTo(guild snowflake.ID, m discord.Message) snowflake.ID {
	if ref := m.MessageReference; ref != nil && ref.MessageID != nil && ref.Type == discord.MessageReferenceTypeDefault {
		if m.Type == discord.MessageTypeReply && (ref.ChannelID == nil || *ref.ChannelID == m.ChannelID) {
			return *ref.MessageID
		}
		return 0
	}
	if !r.speaksHere(&m) || !strings.HasPrefix(m.Content, text.ReplyMark) {
		return 0
	}
	line, _, _ := strings.Cut(m.Content, "\n")
	found := linkToMessage.FindStringSubmatch(line)
	if found == nil || found[1] != guild.String() || found[2] != m.ChannelID.String() {
		return 0
	}
	id, err := snowflake.Parse(found[3])
	if err != nil {
		return 0
	}
	return id
}

// reacted says who reacted to a message. What Discord does not tell of the people behind an
// emoji is left out: how many there are is known.
func (r *Relay) reacted(ctx context.Context, actor entities.Actor, permit entities.Permit, m discord.Message) ([]Reacted, error) {
	if len(m.Reactions) == 0 {
		return nil, nil
	}
	ours, err := r.registry.Reactors(ctx, actor, permit, m.ID)
	if err != nil {
		return nil, err
	}
	var all []Reacted
	for i, reaction := range m.Reactions {
		emoji := emojiText(reaction.Emoji)
		one := Reacted{Reaction: Reaction{Emoji: emoji, Count: reaction.Count}}
		if reaction.Me {
			for _, e := range ours[emojiKey(emoji)] {
				one.By = append(one.By, Author{Name: e.Name, Kind: Entity, Entity: e.ID})
			}
		}
		if i < mostEmoji && len(one.By) < mostNames {
			one.By = append(one.By, r.reactors(ctx, m, emoji)...)
		}
		one.By = one.By[:min(len(one.By), mostNames)]
		all = append(all, one)
	}
	return all, nil
}

// reactors are users who reacted with an emoji, without the bot itself, which reacts for
// entities, and without people whom entities are not shown.
func (r *Relay) reactors(ctx context.Context, m discord.Message, emoji string) []Author {
	var users []discord.User
	endpoint := rest.GetReactions.Compile(discord.QueryValues{"limit": fewReactors}, m.ChannelID, m.ID, url.PathEscape(emoji))
	if err := r.disc.Rest.Do(endpoint, nil, &users, rest.WithCtx(ctx)); err != nil {
		r.log.Debug("read who reacted", "message", m.ID, "err", scrubError(err))
		return nil
	}
	var by []Author
	for _, user := range users {
		if user.ID == r.world.Bot() || !r.shows(user.ID) {
			continue
		}
		who := Author{ID: user.ID, Name: user.EffectiveName(), Kind: Human}
		if user.Bot {
			who.Kind = Bot
		}
		by = append(by, who)
	}
	return by
}

// hanging is the thread on a message, of which an entity learns more than that it is there only
// when it may read it.
func (r *Relay) hanging(ctx context.Context, actor entities.Actor, m discord.Message) (*HangingThread, error) {
	if m.Thread == nil {
		return nil, nil //nolint:nilnil // most messages have none
	}
	id := m.Thread.ID()
	if _, known := r.world.Channel(id); !known {
		r.learnThread(m.Thread.GuildThread, false)
	}
	reads, err := r.reads(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	thread := &HangingThread{ID: id, Reads: reads}
	if reads {
		thread.Name, thread.Messages = m.Thread.Name(), m.Thread.MessageCount
	}
	return thread, nil
}
