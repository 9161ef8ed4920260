package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// channelsAtOnce is in how many channels one request looks. Discord takes 500, but their
	// ids and the words must fit into one address.
	channelsAtOnce = 400
	// mostSearchPages is how many pages one search reads of the same channels, where much of what Discord
	// finds is not shown: a channel's private threads come along with it.
	mostSearchPages = 8
	// soonAgain is when to ask again where Discord names no time.
	soonAgain = time.Second
)

// searchServer searches one server and gives what fits, of which the entity may be shown all;
// up to one more than the limit for every request that it takes.
func (r *Relay) searchServer(ctx context.Context, actor entities.Actor, guild snowflake.ID, req SearchRequest) ([]discord.Message, error) {
	who, err := r.author(ctx, actor, guild, req.Author)
	if err != nil {
		return nil, err
	}
	channels, err := r.searchable(ctx, actor, guild, req.Channel)
	if err != nil {
		return nil, err
	}
	var found []discord.Message
	for some := range slices.Chunk(channels, channelsAtOnce) {
		in := searching{relay: r, actor: actor, guild: guild, req: req, who: who, channels: some}
		more, err := in.read(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	// A thread can be searched with its channel and by itself.
	slices.SortFunc(found, func(a, b discord.Message) int { return cmp.Compare(b.ID, a.ID) })
	return slices.CompactFunc(found, func(a, b discord.Message) bool { return a.ID == b.ID }), nil
}

// searching is a search in some channels of one server.
type searching struct {
	relay    *Relay
	actor    entities.Actor
	guild    snowflake.ID
	req      SearchRequest
	who      authors
	channels []snowflake.ID
}

// read goes from page to page until there is one message more than is wanted, or no more.
func (s searching) read(ctx context.Context) ([]discord.Message, error) {
	var found []discord.Message
	before := s.req.Before
	for range mostSearchPages {
		page, err := s.ask(ctx, before)
		if err != nil {
			return nil, word(err)
		}
		s.relay.learnFound(page)
		hits := s.relay.hitsOf(page)
		if len(hits) == 0 {
			break
		}
		for _, m := range hits {
			before = minID(before, m.ID)
		}
		fits, err := s.fitting(ctx, hits)
		if err != nil {
			return nil, err
		}
		if found = append(found, fits...); len(found) > s.req.Limit || page.Total <= len(hits) {
			break
		}
	}
	return found, nil
}

func minID(a, b snowflake.ID) snowflake.ID {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// searchPage is what Discord answers to a search: messages, or, with another status, that it
// has no index yet (Discord: resources/message, "Search Guild Messages").
type searchPage struct {
	Messages [][]json.RawMessage    `json:"messages"`
	Total    int                    `json:"total_results"`
	Threads  []json.RawMessage      `json:"threads"`
	Members  []discord.ThreadMember `json:"members"`

	Code       rest.JSONErrorCode `json:"code"`
	RetryAfter float64            `json:"retry_after"` // seconds
}

// ask gets one page, the newest first. While Discord makes its index it is asked again, as long
// as there is time.
func (s searching) ask(ctx context.Context, before snowflake.ID) (searchPage, error) {
	for {
		// disgo joins lists with commas; Discord wants the name again with every element
		// (reference, "Array Query Strings").
		endpoint := rest.SearchGuildMessages.Compile(nil, s.guild)
		endpoint.URL += "?" + s.query(before).Encode()
		if err := s.relay.searching.take(s.actor.EntityID(), s.relay.now()); err != nil {
			return searchPage{}, err
		}
		var page searchPage
		if err := s.relay.disc.Rest.Do(endpoint, nil, &page, rest.WithCtx(ctx)); err != nil {
			return searchPage{}, fmt.Errorf("search messages: %w", err)
		}
		if page.Code != rest.JSONErrorCodeIndexNotYetAvailable {
			return page, nil
		}
		pause := max(time.Duration(page.RetryAfter*float64(time.Second)), soonAgain)
		if end, ok := ctx.Deadline(); (ok && time.Until(end) <= pause) || !sleep(ctx, pause) {
			return searchPage{}, entities.Refuse(entities.Unavailable, "Discord is still preparing that server for its search. Try again in %s.", pause.Round(time.Second))
		}
	}
}

func (s searching) query(before snowflake.ID) url.Values {
	q := url.Values{
		// Age-restricted channels are among those that are named only when a rule names them.
		"limit": {strconv.Itoa(MaxHits)}, "include_nsfw": {"true"}, "sort_by": {"timestamp"}, "sort_order": {"desc"},
	}
	add := func(name string, ids ...snowflake.ID) {
		for _, id := range ids {
			if id != 0 {
				q.Add(name, id.String())
			}
		}
	}
	if s.req.Query != "" {
		q.Set("content", s.req.Query)
	}
	if s.who.entity != "" {
		q.Set("author_type", "webhook")
	}
	add("author_id", s.who.users...)
	add("channel_id", s.channels...)
	add("max_id", before)
	add("min_id", s.req.After)
	return q
}

// learnFound learns of the threads in which something was found: archived ones are not known.
func (r *Relay) learnFound(page searchPage) {
	mine := map[snowflake.ID]bool{}
	for _, m := range page.Members {
		mine[m.ThreadID] = true
	}
	for _, found := range decodeAll[discord.UnmarshalChannel](r, "GET messages/search threads", page.Threads) {
		thread, ok := found.Channel.(discord.GuildThread)
		if !ok {
			continue
		}
		// What the gateway told is newer.
		if _, known := r.world.Channel(thread.ID()); !known {
			r.learnThread(thread, mine[thread.ID()])
		}
	}
}

// hitsOf are a page's messages. Discord used to put others around each, and marks the one that
// is meant.
func (r *Relay) hitsOf(page searchPage) []discord.Message {
	var hits []json.RawMessage
	for _, group := range page.Messages {
		for _, raw := range group {
			var mark struct {
				Hit bool `json:"hit"`
			}
			if json.Unmarshal(raw, &mark) == nil && (mark.Hit || len(group) == 1) {
				hits = append(hits, raw)
			}
		}
	}
	return decodeAll[discord.Message](r, "GET messages/search", hits)
}

// fitting are the hits that the entity may be shown and that are what was looked for: what
// Discord answers is believed in nothing that a right depends on.
func (s searching) fitting(ctx context.Context, hits []discord.Message) ([]discord.Message, error) {
	r := s.relay
	var fit []discord.Message
	for _, m := range r.veil(hits) {
		where, err := r.whereFound(ctx, s.actor, m.ChannelID)
		if err != nil {
			return nil, err
		}
		inside := s.req.Channel == 0 || where.ID == s.req.Channel || (where.IsThread() && where.ParentID == s.req.Channel)
		if where.ID != 0 && where.GuildID == s.guild && inside && s.who.has(m) {
			fit = append(fit, m)
		}
	}
	fit, err := r.stillRead(ctx, s.actor, fit)
	if err != nil || s.who.entity == "" {
		return fit, err
	}
	ids := make([]snowflake.ID, 0, len(fit))
	for _, m := range fit {
		ids = append(ids, m.ID)
	}
	speakers, err := r.registry.Speakers(ctx, s.actor, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(fit, func(m discord.Message) bool { return speakers[m.ID].ID != s.who.entity }), nil
}

// whereFound is the channel of something that was found; one without an id when it is not known.
func (r *Relay) whereFound(ctx context.Context, actor entities.Actor, id snowflake.ID) (entities.Channel, error) {
	where, known := r.world.Channel(id)
	if known || !r.lookups.may(actor.EntityID(), id, r.now()) {
		return where, nil
	}
	if err := r.lookUp(ctx, id); err != nil {
		return entities.Channel{}, wordTransport(err)
	}
	where, _ = r.world.Channel(id)
	return where, nil
}
