package relay

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of a search.
const (
	// MaxHits is how many messages one search gives at most. Discord: 25 on a page.
	MaxHits = 25
	// maxQuery is how long the words to look for may be, in characters. Discord takes 1,024,
	// but the channels to look in stand in the same address.
	maxQuery = 256
	// mostServers is on how many servers one call searches.
	mostServers = 5
	// findTime bounds a whole search, waiting for Discord's index included.
	findTime = 20 * time.Second
)

// SearchRequest says what to look for: words, an author, or both.
type SearchRequest struct {
	// Server is an id or a name; "" means all on which the entity may search.
	Server string
	// Query are the words, at most 256 characters; "" for any.
	Query string
	// Author is a user's id, the name of a member or of an entity, an entity's id, or "me"; ""
	// for anybody.
	Author string
	// Channel narrows to one channel and what hangs under it; 0 = wherever the entity may read.
	Channel snowflake.ID
	// Before and After are messages, or moments as ids; 0 for none.
	Before, After snowflake.ID
	Limit         int // 1 to 25
}

// SearchResult is what a search found.
type SearchResult struct {
	Messages []Message // newest first
	// More says that there are older ones that fit, which the entity may read.
	More bool
	// Unsearched are servers on which Discord could not search just now.
	Unsearched []entities.Guild
}

// Search looks for messages with Discord's own search, where the entity may read older messages
// and nowhere else: what it may not read is not in the answer and changes nothing in it.
func (r *Relay) Search(ctx context.Context, actor entities.Actor, req SearchRequest) (SearchResult, error) {
	ctx = onBehalf(ctx, actor)
	if err := req.check(); err != nil {
		return SearchResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	guilds, err := r.searched(ctx, actor, req)
	if err != nil {
		return SearchResult{}, err
	}
	hits, unsearched, err := r.searchAll(ctx, actor, req, guilds)
	if err != nil {
		return SearchResult{}, err
	}
	// Rights may have changed while Discord answered.
	if guilds, err = r.searched(ctx, actor, req); err != nil {
		return SearchResult{}, err
	}
	result := SearchResult{Unsearched: unsearched}
	for _, guild := range guilds {
		found, err := r.stillRead(ctx, actor, hits[guild.ID])
		if err != nil {
			return SearchResult{}, err
		}
		shown, err := r.present(ctx, actor, guild.ID, found)
		if err != nil {
			return SearchResult{}, err
		}
		result.Messages = append(result.Messages, shown...)
	}
	slices.SortFunc(result.Messages, func(a, b Message) int { return cmp.Compare(b.ID, a.ID) })
	result.More = len(result.Messages) > req.Limit
	result.Messages = result.Messages[:min(len(result.Messages), req.Limit)]
	return result, nil
}

// searchAll searches one server after the other and gives what fits by server. Those that
// Discord cannot search just now are told, unless it is all of them.
func (r *Relay) searchAll(ctx context.Context, actor entities.Actor, req SearchRequest, guilds []entities.Guild) (hits map[snowflake.ID][]discord.Message, unsearched []entities.Guild, err error) {
	hits = map[snowflake.ID][]discord.Message{}
	known := false // somebody is called as the author is
	for _, guild := range guilds {
		found, err := r.searchServer(ctx, actor, guild.ID, req)
		switch refusal, refused := entities.AsRefusal(err); {
		case errors.Is(err, errNobody):
			continue
		case refused && refusal.Reason == entities.Unavailable && len(unsearched) < len(guilds)-1:
			unsearched = append(unsearched, guild)
		case err != nil:
			return nil, nil, err
		}
		known, hits[guild.ID] = true, found
	}
	if !known {
		return nil, nil, errNobody
	}
	return hits, unsearched, nil
}

// stillRead are the messages in channels that the entity may read now.
func (r *Relay) stillRead(ctx context.Context, actor entities.Actor, messages []discord.Message) ([]discord.Message, error) {
	may := map[snowflake.ID]bool{}
	var still []discord.Message
	for _, m := range messages {
		if _, asked := may[m.ChannelID]; !asked {
			reads, err := r.reads(ctx, actor, m.ChannelID)
			if err != nil {
				return nil, err
			}
			may[m.ChannelID] = reads
		}
		if may[m.ChannelID] {
			still = append(still, m)
		}
	}
	return still, nil
}

func (req SearchRequest) check() error {
	switch {
	case req.Limit < 1 || req.Limit > MaxHits:
		return entities.Refuse(entities.Invalid, "limit is from 1 to %d.", MaxHits)
	case strings.TrimSpace(req.Query) == "" && strings.TrimSpace(req.Author) == "":
		return entities.Refuse(entities.Invalid, "Say what to look for: query, author or both. read_messages reads a channel as it is.")
	case utf8.RuneCountInString(req.Query) > maxQuery:
		return entities.Refuse(entities.Invalid, "query has at most %d characters.", maxQuery)
	case req.Before != 0 && req.After != 0 && req.Before <= req.After:
		return entities.Refuse(entities.Invalid, "Nothing is both before and after these: before must be later than after.")
	}
	return nil
}

// searched are the servers that a search means and on which the entity may search.
func (r *Relay) searched(ctx context.Context, actor entities.Actor, req SearchRequest) ([]entities.Guild, error) {
	guilds, err := r.servers(ctx, actor, entities.SearchText, req.Server)
	if err != nil {
		return nil, err
	}
	if req.Channel == 0 {
		if len(guilds) > mostServers {
			return nil, entities.Refuse(entities.Invalid, "You are on %d servers: name one as server, with search_messages. whoami lists them.", len(guilds))
		}
		return guilds, nil
	}
	permit, err := r.Authorize(ctx, actor, entities.ReadHistory, req.Channel)
	if err != nil {
		return nil, err
	}
	where := permit.Guild().ID
	if i := slices.IndexFunc(guilds, func(g entities.Guild) bool { return g.ID == where }); i >= 0 {
		return guilds[i : i+1], nil
	}
	if req.Server != "" {
		return nil, errOtherServer
	}
	return r.servers(ctx, actor, entities.SearchText, where.String())
}

var errOtherServer = &entities.Refusal{Reason: entities.Invalid, Text: "That channel is on another server. Leave server out, or channel."}
