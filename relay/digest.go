package relay

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of catching up.
const (
	mostCounted  = 500 // messages that are read
	mostSpeakers = 15
	mostQuoted   = 5 // messages of each sort
	// answerSpan is within which time somebody else's words may be an answer.
	answerSpan = 15 * time.Minute
)

// Digest is what happened in a channel, counted.
type Digest struct {
	From, To time.Time // of what was read
	// Messages is how many were said, by how many speakers.
	Messages, Voices int
	// Whole is false when there was more than could be read: the oldest are missing.
	Whole    bool
	Speakers []Speaker // who said most first; at most 15
	// Popular are those with most reactions and replies, most first, at most 5.
	Popular []Echoed
	// Unanswered are questions to which nobody replied, and after which nobody else spoke within
	// 15 minutes; the newest first, at most 5.
	Unanswered []Message
}

// Speaker is how much one author said.
type Speaker struct {
	Author   Author
	Messages int
}

// Echoed is a message with how many reactions and replies it has.
type Echoed struct {
	Message            Message
	Reactions, Replies int
}

// CatchUp counts what was said in a channel since a time: at most its newest 500 messages.
func (r *Relay) CatchUp(ctx context.Context, actor entities.Actor, channel snowflake.ID, since time.Time) (Digest, error) {
	ctx = onBehalf(ctx, actor)
	permit, err := r.Authorize(ctx, actor, entities.CatchUp, channel)
	if err != nil {
		return Digest{}, err
	}
	where := HistoryRequest{Channel: channel, Limit: MaxHistory}
	if err := where.check(permit.Channel()); err != nil {
		return Digest{}, err
	}
	said, whole, err := r.since(ctx, channel, since)
	if err != nil {
		return Digest{}, word(err)
	}
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.CatchUp, channel); err != nil {
		return Digest{}, err
	}
	said = slices.DeleteFunc(r.veil(said), func(m discord.Message) bool { return !spoken(m.Type) })
	shown, err := r.present(ctx, actor, permit.Guild().ID, said)
	if err != nil {
		return Digest{}, err
	}
	t := tally{guild: permit.Guild().ID, relay: r, said: said, shown: shown, replies: map[snowflake.ID]int{}}
	t.countReplies()
	d := Digest{From: since, To: r.now(), Messages: len(shown), Whole: whole, Popular: t.popular(), Unanswered: t.unanswered()}
	d.Speakers, d.Voices = t.speakers()
	if !whole && len(shown) > 0 {
		d.From = shown[0].At
	}
	return d, nil
}

// since reads a channel's messages since a time, oldest first. Whole says that it could read them
// all.
func (r *Relay) since(ctx context.Context, channel snowflake.ID, since time.Time) (said []discord.Message, whole bool, err error) {
	first, before := snowflake.New(since), snowflake.ID(0)
	for len(said) <= mostCounted { // one more says that there is more
		some, _, err := r.messages(ctx, channel, page{before: before, limit: MaxHistory})
		if err != nil {
			return nil, false, err
		}
		slices.SortFunc(some, func(a, b discord.Message) int { return cmp.Compare(b.ID, a.ID) })
		for _, m := range some {
			if m.ID < first {
				whole = true
				break
			}
			said, before = append(said, m), m.ID
		}
		if whole = whole || len(some) == 0; whole {
			break
		}
	}
	slices.Reverse(said)
	return said[max(0, len(said)-mostCounted):], whole, nil
}

// tally counts what was said; shown are the same messages as an entity reads them.
type tally struct {
	relay   *Relay
	guild   snowflake.ID
	said    []discord.Message
	shown   []Message
	replies map[snowflake.ID]int
}

func (t tally) countReplies() {
	for _, m := range t.said {
		if id := t.relay.answersTo(t.guild, m); id != 0 {
			t.replies[id]++
		}
	}
}

// voice is by which a speaker is told from others: entities share a webhook, under names.
func voice(a Author) Author {
	if a.Kind == Human || a.Kind == Bot {
		a.Name = ""
	}
	return a
}

func (t tally) speakers() (most []Speaker, voices int) {
	at := map[Author]int{}
	for _, m := range slices.Backward(t.shown) { // the newest name counts
		i, ok := at[voice(m.Author)]
		if !ok {
			i = len(most)
			at[voice(m.Author)] = i
			most = append(most, Speaker{Author: m.Author})
		}
		most[i].Messages++
	}
	slices.SortStableFunc(most, func(a, b Speaker) int { return cmp.Compare(b.Messages, a.Messages) })
	return most[:min(len(most), mostSpeakers)], len(most)
}

func (t tally) popular() []Echoed {
	var all []Echoed
	for _, m := range t.shown {
		one := Echoed{Message: m, Replies: t.replies[m.ID]}
		for _, reaction := range m.Reactions {
			one.Reactions += reaction.Count
		}
		if one.Reactions+one.Replies > 0 {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b Echoed) int { return cmp.Compare(b.Reactions+b.Replies, a.Reactions+a.Replies) })
	return all[:min(len(all), mostQuoted)]
}

func (t tally) unanswered() []Message {
	var open []Message
	for i, m := range slices.Backward(t.shown) {
		if len(open) == mostQuoted {
			break
		}
		if asks(t.relay.ownWords(t.said[i])) && t.replies[m.ID] == 0 && !t.answeredSoon(i) {
			open = append(open, m)
		}
	}
	return open
}

// answeredSoon says whether somebody else spoke soon after a message.
func (t tally) answeredSoon(i int) bool {
	for _, next := range t.shown[i+1:] {
		if next.At.Sub(t.shown[i].At) > answerSpan {
			return false
		}
		if voice(next.Author) != voice(t.shown[i].Author) {
			return true
		}
	}
	return false
}

// asks says whether a text has a question in it: a question mark at the end of a word that is no
// address, or one of another script's, where words may stand without spaces.
func asks(words string) bool {
	if strings.ContainsAny(words, "？؟⸮፧՞") {
		return true
	}
	for word := range strings.FieldsSeq(words) {
		word = strings.TrimRight(word, `"'”’»)]*_~|!`)
		if strings.HasSuffix(word, "?") && !strings.Contains(word, "://") {
			return true
		}
	}
	return false
}
