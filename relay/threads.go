package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// MaxThreads is how many threads one call lists at most. Discord: 100 archived ones on a page.
const MaxThreads = 100

// ThreadsRequest asks for the threads of a channel, or the posts of a forum.
type ThreadsRequest struct {
	Channel snowflake.ID
	// Archived asks for those that were closed, by hand or because nobody spoke there.
	Archived bool
	// Before leaves out those whose Last is not earlier; the zero time leaves out none.
	Before time.Time
	// Limit is from 1 to 100. Those that moved in the same moment as the last one come along.
	Limit int
}

// Thread is a thread or post. Its name and tags are strangers' words.
type Thread struct {
	Channel  entities.Channel
	Parent   entities.Channel
	Messages int      // without the first one
	Tags     []string // of a post
	// Last is when something was said there last; of an archived one, when it was archived.
	Last time.Time
}

// ThreadList is what there is of threads, the one that moved last first.
type ThreadList struct {
	Threads []Thread
	More    bool // there are earlier ones
}

var (
	errIsThread  = &entities.Refusal{Reason: entities.Invalid, Text: "That is a thread or post itself. Name the channel or forum that it belongs to."}
	errNoThreads = &entities.Refusal{Reason: entities.Invalid, Text: "Discord has no threads in that kind of channel."}
)

// Threads lists the threads of a channel that an entity may read, and of those the ones that it
// may read too: of private ones, those into which it was let by themselves.
func (r *Relay) Threads(ctx context.Context, actor entities.Actor, req ThreadsRequest) (ThreadList, error) {
	ctx, cancel := context.WithTimeout(onBehalf(ctx, actor), contextTime)
	defer cancel()
	permit, err := r.Authorize(ctx, actor, entities.ListThreads, req.Channel)
	if err != nil {
		return ThreadList{}, err
	}
	switch {
	case permit.Channel().IsThread():
		return ThreadList{}, errIsThread
	case !holdsThreads(permit.Channel()):
		return ThreadList{}, errNoThreads
	case req.Limit < 1 || req.Limit > MaxThreads:
		return ThreadList{}, entities.Refuse(entities.Invalid, "limit is from 1 to %d.", MaxThreads)
	}
	listing := threadListing{relay: r, actor: actor, req: req, where: permit.Channel(), seen: map[snowflake.ID]bool{}}
	read := listing.active
	if req.Archived {
		read = listing.archived
	}
	if err := read(ctx); err != nil {
		return ThreadList{}, word(err)
	}
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.ListThreads, req.Channel); err != nil {
		return ThreadList{}, err
	}
	return listing.list(ctx)
}

// threadListing is a list of threads that is being made.
type threadListing struct {
	relay *Relay
	actor entities.Actor
	req   ThreadsRequest
	where entities.Channel
	seen  map[snowflake.ID]bool
	found []discord.GuildThread // that the entity may read
	more  bool                  // there are some that were not looked at
}

// threadsAnswer is how Discord lists threads, with the bot's own memberships beside them.
type threadsAnswer struct {
	Threads []json.RawMessage      `json:"threads"`
	Members []discord.ThreadMember `json:"members"`
	HasMore bool                   `json:"has_more"`
}

func (l *threadListing) ask(ctx context.Context, endpoint *rest.CompiledEndpoint) (threadsAnswer, error) {
	var answer threadsAnswer
	if err := l.relay.disc.Rest.Do(endpoint, nil, &answer, rest.WithCtx(ctx)); err != nil {
		return threadsAnswer{}, fmt.Errorf("list threads: %w", err)
	}
	return answer, nil
}

// active looks at the server's open threads, of which Discord gives all at once.
func (l *threadListing) active(ctx context.Context) error {
	answer, err := l.ask(ctx, rest.GetActiveGuildThreads.Compile(nil, l.where.GuildID))
	if err != nil {
		return err
	}
	_, err = l.take(ctx, answer, false)
	return err
}

// archived looks at threads that were closed, those that were last first, and then at private ones
// in which the bot is.
func (l *threadListing) archived(ctx context.Context) error {
	before := l.req.Before
	for range mostArchivePages {
		answer, err := l.ask(ctx, rest.GetPublicArchivedThreads.Compile(archivedBefore(before), l.where.ID))
		if err != nil {
			return err
		}
		known := len(l.seen)
		last, err := l.take(ctx, answer, false)
		if err != nil {
			return err
		}
		l.more = answer.HasMore && len(l.seen) > known
		if !l.more || len(l.found) > l.req.Limit {
			break
		}
		before = last.Add(time.Microsecond) // another may have been archived at the same moment
	}
	if l.where.Type != discord.ChannelTypeGuildText {
		return nil // has no private ones
	}
	answer, err := l.ask(ctx, rest.GetJoinedPrivateArchivedThreads.Compile(discord.QueryValues{"limit": archivePage}, l.where.ID))
	if err != nil {
		return err
	}
	_, err = l.take(ctx, answer, true)
	return err
}

func archivedBefore(before time.Time) discord.QueryValues {
	query := discord.QueryValues{"limit": archivePage}
	if !before.IsZero() {
		query["before"] = before.UTC().Format(time.RFC3339Nano)
	}
	return query
}

// take keeps the threads of an answer that the entity may be shown: what Discord answers is
// believed in nothing that a right depends on. It gives the time of the last one.
func (l *threadListing) take(ctx context.Context, answer threadsAnswer, joined bool) (last time.Time, err error) {
	mine := map[snowflake.ID]bool{}
	for _, m := range answer.Members {
		mine[m.ThreadID] = true
	}
	for _, thread := range decodeAll[discord.GuildThread](l.relay, "GET threads", answer.Threads) {
		if l.req.Archived != thread.ThreadMetadata.Archived {
			continue
		}
		at := movedLast(thread)
		last = at
		parent := thread.ParentID()
		if parent == nil || *parent != l.where.ID || thread.GuildID() != l.where.GuildID || l.seen[thread.ID()] || !l.req.Before.IsZero() && !at.Before(l.req.Before) {
			continue
		}
		l.seen[thread.ID()] = true
		// What the gateway told is newer.
		if _, known := l.relay.world.Channel(thread.ID()); !known {
			l.relay.learnThread(thread, joined || mine[thread.ID()])
		}
		reads, err := l.relay.reads(ctx, l.actor, thread.ID())
		if err != nil {
			return last, err
		}
		if reads {
			l.found = append(l.found, thread)
		}
	}
	return last, nil
}

// movedLast is when something was said in a thread last, or when it was archived.
func movedLast(thread discord.GuildThread) time.Time {
	if thread.ThreadMetadata.Archived {
		return thread.ThreadMetadata.ArchiveTimestamp.UTC()
	}
	if last := thread.LastMessageID(); last != nil && *last != 0 {
		return last.Time().UTC()
	}
	return thread.ID().Time().UTC()
}

// list gives what was found and may still be read.
func (l *threadListing) list(ctx context.Context) (ThreadList, error) {
	out := ThreadList{More: l.more}
	slices.SortStableFunc(l.found, func(a, b discord.GuildThread) int {
		return cmp.Or(movedLast(b).Compare(movedLast(a)), cmp.Compare(b.ID(), a.ID()))
	})
	for _, thread := range l.found {
		reads, err := l.relay.reads(ctx, l.actor, thread.ID())
		if err != nil {
			return ThreadList{}, err
		}
		if !reads {
			continue
		}
		if n := len(out.Threads); n >= l.req.Limit && !out.Threads[n-1].Last.Equal(movedLast(thread)) {
			out.More = true
			break
		}
		one := Thread{Channel: channel(thread), Parent: l.where, Messages: thread.MessageCount, Last: movedLast(thread)}
		for _, tag := range l.where.Tags {
			if slices.Contains(thread.AppliedTags, tag.ID) {
				one.Tags = append(one.Tags, tag.Name)
			}
		}
		out.Threads = append(out.Threads, one)
	}
	return out, nil
}
