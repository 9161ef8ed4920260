package mcp

import (
	"context"
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

var searchMessages = define("search_messages", words{
	title: "Search messages",
	text:  "Finds messages by words or author where you may read, newest first.",
}, entities.ReadHistory, reads, func(ctx context.Context, c *call, in searchInput) (searchHits, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return searchHits{}, err
	}
	before, err := moment("before", in.Before)
	if err != nil {
		return searchHits{}, err
	}
	after, err := moment("after", in.After)
	if err != nil {
		return searchHits{}, err
	}
	found, err := c.server.relay.Search(ctx, c.actor, relay.SearchRequest{
		Server: in.Server, Query: in.Query, Author: in.Author, Channel: in.Channel.ID, Before: before, After: after, Limit: in.Limit,
	})
	if err != nil {
		return searchHits{}, err
	}
	hits := searchHits{messages: c.quote(self, found.Messages, "Nothing was found where you may read.")}
	hits.More = found.More
	for _, guild := range found.Unsearched {
		hits.Unsearched = append(hits.Unsearched, guild.ID.String())
	}
	return hits, nil
})

type searchInput struct {
	Server  string     `json:"server,omitempty" doc:"id or name; left out: all of yours"`
	Query   string     `json:"query,omitempty" doc:"words to look for"`
	Author  string     `json:"author,omitempty" doc:"whose: a user's id or name, a character's name, or me"`
	Channel channelArg `json:"channel,omitempty" doc:"only there and in its threads: id, #name, server/#name or a link"`
	Before  string     `json:"before,omitempty" doc:"a message's id or link, or a date: only older ones"`
	After   string     `json:"after,omitempty" doc:"a message's id or link, or a date: only newer ones"`
	Limit   int        `json:"limit,omitempty" doc:"how many messages" range:"1,25,10"`
}

// searchHits are what a search found, newest first.
type searchHits struct {
	messages
	More       bool     `json:"more,omitempty"`
	Unsearched []string `json:"unsearched_servers,omitempty"`
}

func (h searchHits) write(p *page) {
	h.messages.write(p)
	if n := len(h.Messages); h.More && n > 0 {
		p.say("There is more: go on with before = %s.", h.Messages[n-1].ID)
	}
	if len(h.Unsearched) > 0 {
		p.say("Discord could not search these servers just now: %s. Try again in a minute.", strings.Join(h.Unsearched, ", "))
	}
}

// moment reads a point in time: a message, by its id or link, or a date. It gives the id that a
// message of that time has; 0 when it was not given.
func moment(name, ref string) (snowflake.ID, error) {
	ref = bare(ref)
	if ref == "" {
		return 0, nil
	}
	if _, message, ok := messageOf(ref); ok {
		return message, nil
	}
	if at, ok := dated(ref); ok {
		return fromTime(name, at)
	}
	if id, err := snowflake.Parse(ref); err == nil && len(ref) >= 15 && len(ref) <= 20 && id != 0 {
		return id, nil
	}
	return 0, entities.Refuse(entities.Invalid, "%s must be a message's id or link, or a date like 2026-11-23 or 2026-11-23T18:00:00Z, not %s.", name, clip(ref, 60))
}

// dated reads a date, with or without a time of day.
func dated(ref string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, ref); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// instant reads a date; the zero time when it was not given.
func instant(name, ref string) (time.Time, error) {
	if ref = strings.TrimSpace(ref); ref == "" {
		return time.Time{}, nil
	}
	at, ok := dated(ref)
	if !ok {
		return time.Time{}, entities.Refuse(entities.Invalid, "%s must be a date like 2026-11-23 or 2026-11-23T18:00:00Z, not %s.", name, clip(ref, 60))
	}
	_, err := fromTime(name, at)
	return at, err
}

// fromTime is the id of a message of some time. Discord has none from before 2015.
func fromTime(name string, at time.Time) (snowflake.ID, error) {
	if year := at.UTC().Year(); year < 2015 || year > 2100 {
		return 0, entities.Refuse(entities.Invalid, "%s is no time in which anything was said on Discord.", name)
	}
	return max(snowflake.New(at), 1), nil
}
