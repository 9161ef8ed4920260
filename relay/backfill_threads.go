package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of looking for archived threads. There is no end to them, so only those that were
// archived last are looked at, the newest first.
const (
	archivePage      = 100 // threads; Discord's most
	mostArchivePages = 3   // of a channel
	mostStrange      = 200 // threads of a server that are asked for by their ids
	// archiveLife is how long ago a thread was archived that the program looks at first of all.
	archiveLife = 30 * 24 * time.Hour
	// archiveSlack is for clocks that differ from Discord's.
	archiveSlack = time.Hour
)

// archives are the guilds in whose archived threads something may have been missed: of threads
// Discord announces the active ones only.
type archives struct {
	mu     sync.Mutex
	due    map[snowflake.ID]time.Time // when the session began in which to look
	looked map[snowflake.ID]time.Time // when the last session began in which that was done
	knock  chan struct{}
}

func newArchives() archives {
	return archives{due: map[snowflake.ID]time.Time{}, looked: map[snowflake.ID]time.Time{}, knock: make(chan struct{}, 1)}
}

func (a *archives) begin(guild snowflake.ID, now time.Time) {
	a.mu.Lock()
	a.due[guild] = now
	a.mu.Unlock()
	select {
	case a.knock <- struct{}{}:
	default:
	}
}

// next gives a guild that is due, when its session began, and since when threads count; 0 for
// none.
func (a *archives) next() (guild snowflake.ID, began, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for guild, began := range a.due {
		since := began.Add(-archiveLife)
		if looked, ok := a.looked[guild]; ok {
			since = looked.Add(-archiveSlack)
		}
		return guild, began, since
	}
	return 0, time.Time{}, time.Time{}
}

// end notes that a guild is done. Another session may have begun meanwhile.
func (a *archives) end(guild snowflake.ID, began time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looked[guild] = began
	if a.due[guild].Equal(began) {
		delete(a.due, guild)
	}
}

// lookThroughArchives has what was missed in archived threads fetched, one guild after the other,
// until ctx ends.
func (r *Relay) lookThroughArchives(ctx context.Context) {
	pause := time.Second
	for ctx.Err() == nil {
		guild, began, since := r.backlog.archives.next()
		if guild == 0 {
			select {
			case <-r.backlog.archives.knock:
			case <-ctx.Done():
			}
			continue
		}
		if err := r.lookThroughGuild(ctx, guild, since); err != nil {
			if ctx.Err() == nil {
				r.log.Warn("look through archived threads; trying again", "guild", guild, "err", scrubError(err), "pause", pause)
			}
			sleep(ctx, pause)
			pause = min(2*pause, longestMissedPause)
			continue
		}
		pause = time.Second
		r.backlog.archives.end(guild, began)
	}
}

func (r *Relay) lookThroughGuild(ctx context.Context, guild snowflake.ID, since time.Time) error {
	if known, ok := r.world.Guild(guild); !ok || !known.Available {
		r.world.ThreadsFound(guild)
		return nil // it is looked through when it is there again
	}
	if r.world.Pending(guild) {
		return errors.New("the server is not known yet")
	}
	if err := r.askForStrange(ctx, guild); err != nil {
		return err
	}
	r.foundThreads(guild)
	needed := discord.PermissionViewChannel | discord.PermissionReadMessageHistory
	for _, c := range r.world.Channels(guild) {
		if holdsThreads(c) && r.hears(c.ID) && r.world.BotPermissions(c.ID, r.now()).Has(needed) {
			if err := r.lookThroughChannel(ctx, c, since); err != nil {
				return err
			}
		}
	}
	return nil
}

func holdsThreads(c entities.Channel) bool {
	return c.IsForum() || c.Type == discord.ChannelTypeGuildText || c.Type == discord.ChannelTypeGuildNews
}

// foundThreads has everybody look again who waits: what was said in the archived threads can be
// decided about now.
func (r *Relay) foundThreads(guild snowflake.ID) {
	r.world.ThreadsFound(guild)
	for _, w := range r.inbox.listeners.list() {
		w.ring()
	}
}

// askForStrange asks for the threads that are not known because they are archived, but that
// entities were let into by themselves, as all private ones are, or in which something was heard.
func (r *Relay) askForStrange(ctx context.Context, guild snowflake.ID) error {
	strange, err := r.registry.Strange(ctx, ingest, guild)
	if err != nil {
		return err
	}
	for _, id := range strange[:min(len(strange), mostStrange)] {
		if !r.lookups.untried(id, r.now()) {
			continue
		}
		thread, joined, err := r.askForThread(ctx, id)
		if err != nil {
			return err
		}
		if thread != nil {
			r.missedIn(*thread, joined)
		}
	}
	return nil
}

// askForThread asks for one thread; nil when the bot sees none of that id.
func (r *Relay) askForThread(ctx context.Context, id snowflake.ID) (thread *discord.GuildThread, joined bool, err error) {
	var raw json.RawMessage
	err = r.askSlowly(ctx, rest.GetChannel.Compile(nil, id), &raw)
	if err != nil && !hopeless(err) {
		return nil, false, fmt.Errorf("ask for a thread: %w", err)
	}
	if err == nil {
		var known struct {
			Member *json.RawMessage `json:"member"` // of the bot, when it has joined
		}
		found, broken := decode[discord.UnmarshalChannel](raw)
		if thread, ok := found.Channel.(discord.GuildThread); ok && broken == nil && json.Unmarshal(raw, &known) == nil {
			return &thread, known.Member != nil, nil
		}
	}
	r.lookups.missed(id, r.now())
	return nil, false, nil
}

// askSlowly asks Discord for what was missed, in its turn.
func (r *Relay) askSlowly(ctx context.Context, endpoint *rest.CompiledEndpoint, answer any) error {
	if !r.backlog.turn(ctx) {
		return context.Cause(ctx)
	}
	asking, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	return r.disc.Rest.Do(endpoint, nil, answer, rest.WithCtx(asking))
}

// lookThroughChannel looks at the threads of a channel that were archived since a time. The
// program may have ended, or the connection, before what was said in them was told.
func (r *Relay) lookThroughChannel(ctx context.Context, c entities.Channel, since time.Time) error {
	var before time.Time
	for range mostArchivePages {
		threads, more, err := r.archivedThreads(ctx, c.ID, before)
		if status := httpStatus(err); status == http.StatusForbidden || status == http.StatusNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		newest := map[snowflake.ID]snowflake.ID{}
		for _, thread := range threads {
			before = thread.ThreadMetadata.ArchiveTimestamp
			if last := thread.LastMessageID(); last != nil && !before.Before(since) {
				newest[thread.ID()] = *last
			}
		}
		unsettled, err := r.registry.Unsettled(ctx, ingest, c.ID, newest)
		if err != nil {
			return err
		}
		for _, thread := range threads {
			for _, id := range unsettled {
				if thread.ID() == id {
					r.missedIn(thread, false)
				}
			}
		}
		if !more || len(threads) == 0 || before.Before(since) {
			return nil
		}
		before = before.Add(time.Microsecond) // another may have been archived at the same moment
	}
	r.log.Info("a channel has more archived threads than are looked through for what was missed", "channel", c.ID, "until", before.UTC())
	return nil
}

// archivedThreads gives a channel's public threads that were archived before a time, the newest
// of them first. Discord wants the right to read the channel's history for it.
func (r *Relay) archivedThreads(ctx context.Context, channel snowflake.ID, before time.Time) (threads []discord.GuildThread, more bool, err error) {
	query := discord.QueryValues{"limit": archivePage}
	if !before.IsZero() {
		query["before"] = before.UTC().Format(time.RFC3339Nano)
	}
	var answer struct {
		Threads []json.RawMessage `json:"threads"`
		HasMore bool              `json:"has_more"`
	}
	if err := r.askSlowly(ctx, rest.GetPublicArchivedThreads.Compile(query, channel), &answer); err != nil {
		return nil, false, fmt.Errorf("list archived threads: %w", err)
	}
	return decodeAll[discord.GuildThread](r, "GET archived threads", answer.Threads), answer.HasMore, nil
}

// missedIn has what was missed in a thread fetched.
func (r *Relay) missedIn(thread discord.GuildThread, joined bool) {
	if _, known := r.world.Channel(thread.ID()); !known {
		r.learnThread(thread, joined)
	}
	if last := thread.LastMessageID(); last != nil && *last != 0 && r.hears(thread.ID()) {
		r.backlog.begin(thread.GuildID(), thread.ID(), *last)
	}
}

// woken is told of a thread that changed, and whether it was known as an active one. What was
// missed in one that leaves the archive comes before what is said in it now.
func (r *Relay) woken(thread discord.GuildThread, wasActive bool) {
	if !wasActive && !thread.ThreadMetadata.Archived {
		r.missedIn(thread, r.joined(thread.ID()))
	}
}
