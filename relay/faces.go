package relay

import (
	"context"
	"sync"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Discord fetches avatars itself. When its answer shows none it may only be late, so the message
// is looked at once more before anybody is told.
const faceAgain = time.Hour // one entity's face is looked at no more often

// faces are the entities whose pictures Discord does not show.
type faces struct {
	mu      sync.Mutex
	looked  map[entities.ID]time.Time
	missing map[entities.ID]time.Time
}

func newFaces() faces {
	return faces{looked: map[entities.ID]time.Time{}, missing: map[entities.ID]time.Time{}}
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
		delete(f.missing, id)
		return
	}
	f.missing[id] = now
}

// Faceless says since when Discord has not shown an entity's picture; the zero time means that
// nothing is known to be wrong.
func (r *Relay) Faceless(id entities.ID) time.Time {
	r.faces.mu.Lock()
	defer r.faces.mu.Unlock()
	return r.faces.missing[id]
}

// faceless looks later whether Discord shows an entity's picture after all.
func (r *Relay) faceless(permit entities.Permit, channel, message snowflake.ID) {
	entity := permit.Entity()
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
