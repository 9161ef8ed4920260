package relay

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Discord fetches avatars itself. When its answer shows none it may only be late, so the message
// is looked at once more before anybody is told.
const (
	faceAgain   = time.Hour      // one entity's face is looked at no more often
	faceKnown   = 24 * time.Hour // without another look nothing is known of a face any more
	mostAwaited = 1000           // messages that may get their picture yet
)

// faces are the entities whose pictures Discord does not show.
type faces struct {
	mu      sync.Mutex
	looked  map[entities.ID]time.Time
	missing map[entities.ID]missingFace
	awaited map[snowflake.ID]entities.ID // whose messages Discord may give a picture later
}

// missingFace says since when a picture has been missing, and when that was last seen.
type missingFace struct{ since, seen time.Time }

func newFaces() faces {
	return faces{looked: map[entities.ID]time.Time{}, missing: map[entities.ID]missingFace{}, awaited: map[snowflake.ID]entities.ID{}}
}

// due says whether a face is to be looked at now.
func (f *faces) due(id entities.ID, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.looked[id]) < faceAgain {
		return false
	}
	f.looked[id] = now
	return true
}

func (f *faces) set(id entities.ID, shown bool, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if shown {
		f.forget(id)
		return
	}
	known := f.missing[id]
	if now.Sub(known.seen) > faceKnown {
		known.since = now
	}
	known.seen = now
	f.missing[id] = known
}

// forget ends what is known of an entity's face. Callers hold mu.
func (f *faces) forget(id entities.ID) {
	delete(f.missing, id)
	maps.DeleteFunc(f.awaited, func(_ snowflake.ID, whose entities.ID) bool { return whose == id })
}

// await remembers a message that has no picture yet.
func (f *faces) await(message snowflake.ID, whose entities.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.awaited) >= mostAwaited {
		clear(f.awaited)
	}
	f.awaited[message] = whose
}

// update takes Discord's word that a message changed. It fills pictures in that way.
func (f *faces) update(m discord.Message) {
	if m.Author.Avatar == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if whose, awaited := f.awaited[m.ID]; awaited {
		f.forget(whose)
	}
}

// since says since when a face has been missing.
func (f *faces) since(id entities.ID, now time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.missing[id]; now.Sub(known.seen) <= faceKnown {
		return known.since
	}
	return time.Time{}
}

// count says how many faces are missing.
func (f *faces) count(now time.Time) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.missing, func(_ entities.ID, known missingFace) bool { return now.Sub(known.seen) > faceKnown })
	return len(f.missing)
}

// Faceless says since when Discord has not shown an entity's picture; the zero time means that
// nothing is known to be wrong. It is seen when the entity speaks, and believed for a day.
func (r *Relay) Faceless(id entities.ID) time.Time { return r.faces.since(id, r.now()) }

// faceless looks later whether Discord shows an entity's picture after all.
func (r *Relay) faceless(permit entities.Permit, channel, message snowflake.ID) {
	entity := permit.Entity()
	r.faces.await(message, entity.ID)
	if !r.faces.due(entity.ID, r.now()) {
		return
	}
	r.speeches.running.Go(func() {
		if !sleep(r.life, r.patience.face) {
			return
		}
		ctx, cancel := context.WithTimeout(r.life, r.patience.post)
		defer cancel()
		seen, err := r.disc.Rest.GetMessage(channel, message, rest.WithCtx(ctx))
		if err != nil {
			return // it cannot be told
		}
		r.faces.set(entity.ID, seen.Author.Avatar != nil, r.now())
		if seen.Author.Avatar == nil {
			r.log.Warn("Discord does not show an entity's picture: it must be able to fetch it from http.public_url", "entity", entity.ID, "picture", entity.Avatar)
		}
	})
}
