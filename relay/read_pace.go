package relay

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/disgoorg/disgo/rest"

	"troupe/entities"
)

const (
	// ReadsPerMinute is how often one entity can have Discord asked for what it reads. What is in
	// memory costs nothing.
	ReadsPerMinute = 120
	// readsAtOnce is how often all of them can within readsTime before they share: half of what
	// Discord allows a bot. What they say, and what was missed, has the other half.
	readsAtOnce = 250
	readsTime   = 10 * time.Second
	// longestRoomWait is how long a call waits for room rather than being refused: its client
	// would only ask again.
	longestRoomWait = readsTime
)

// readerKey is the entity for which Discord is asked, in a context.
type readerKey struct{}

// onBehalf says for which entity Discord is asked.
func onBehalf(ctx context.Context, actor entities.Actor) context.Context {
	return withReader(ctx, actor.EntityID())
}

// onOwnBehalf says that Discord is asked for what others need as well: that counts for nobody.
func onOwnBehalf(ctx context.Context) context.Context { return withReader(ctx, "") }

func withReader(ctx context.Context, id entities.ID) context.Context {
	return context.WithValue(ctx, readerKey{}, id)
}

// readPace counts how often Discord was asked for what entities read, within the last minute.
type readPace struct {
	mu     sync.Mutex
	asked  []readAt // oldest first
	late   int      // where the last readsTime begins in them
	minute map[entities.ID]int
	lately map[entities.ID]int
}

type readAt struct {
	id entities.ID
	at time.Time
}

func newReadPace() *readPace {
	return &readPace{minute: map[entities.ID]int{}, lately: map[entities.ID]int{}}
}

// wait waits a while for room for a request that an entity reads by.
func (p *readPace) wait(ctx context.Context, endpoint *rest.CompiledEndpoint, now func() time.Time) error {
	for {
		room, err := p.pass(ctx, endpoint, now())
		if err == nil {
			return nil
		}
		pause := room.Sub(now())
		if deadline, has := ctx.Deadline(); pause > longestRoomWait || has && time.Until(deadline) < pause+answerTime {
			return err
		}
		if !sleep(ctx, max(pause, time.Millisecond)) {
			return err
		}
	}
}

// pass counts a request that an entity reads by, or refuses it and says when there may be room.
// Where all of them ask for much, each has the same share: who has not used theirs goes on.
func (p *readPace) pass(ctx context.Context, endpoint *rest.CompiledEndpoint, now time.Time) (room time.Time, err error) {
	id, _ := ctx.Value(readerKey{}).(entities.ID)
	if id == "" || endpoint.Endpoint.Method != http.MethodGet {
		return now, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age(now)
	if p.minute[id] >= ReadsPerMinute {
		room = p.first(0, id).Add(time.Minute)
		return room, entities.Refuse(entities.Unavailable, "You have had Discord asked as often as you may within a minute (%d times). Go on in %s; check_inbox and wait_for_messages need no asking for what was said just now.",
			ReadsPerMinute, waitUntil(room, now))
	}
	lately := len(p.asked) - p.late
	share := readsAtOnce / max(len(p.lately), 1)
	if lately >= readsAtOnce && p.lately[id] > 0 && p.lately[id] >= share || lately >= 2*readsAtOnce {
		room = p.first(p.late, id).Add(readsTime)
		return room, entities.Refuse(entities.Unavailable, "All entities together have Discord asked for very much just now, and you have had your share. Go on in %s.",
			waitUntil(room, now))
	}
	p.asked = append(p.asked, readAt{id, now})
	p.minute[id]++
	p.lately[id]++
	return now, nil
}

// first is when an entity had Discord asked first, from one request on; when it did not, it is
// that one's own time.
func (p *readPace) first(from int, id entities.ID) time.Time {
	for _, one := range p.asked[from:] {
		if one.id == id {
			return one.at
		}
	}
	return p.asked[from].at
}

// age forgets what is older than a minute.
func (p *readPace) age(now time.Time) {
	for p.late < len(p.asked) && now.Sub(p.asked[p.late].at) >= readsTime {
		lower(p.lately, p.asked[p.late].id)
		p.late++
	}
	old := 0
	for old < p.late && now.Sub(p.asked[old].at) >= time.Minute {
		lower(p.minute, p.asked[old].id)
		old++
	}
	p.asked, p.late = p.asked[old:], p.late-old
}

func lower(counts map[entities.ID]int, id entities.ID) {
	if counts[id]--; counts[id] == 0 {
		delete(counts, id)
	}
}

// waitUntil is how long it takes, in whole seconds and rather too long than too short.
func waitUntil(at, now time.Time) time.Duration {
	return at.Sub(now).Truncate(time.Second) + time.Second
}
