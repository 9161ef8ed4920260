package relay

import (
	"context"
	"sync"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// mostSpoken bounds how many messages' speakers are remembered.
const mostSpoken = 20_000

// speakers remembers which entity said what, which never changes. Whose line it is stands in
// the registry; what it does not know yet is asked for again.
type speakers struct {
	mu   sync.Mutex
	byID map[snowflake.ID]entities.ID
}

// speakersOf finds the entities that said the messages, and those that are answered.
func (r *Relay) speakersOf(ctx context.Context, actor entities.Actor, messages []discord.Message) (map[snowflake.ID]entities.ID, error) {
	var found map[snowflake.ID]entities.ID
	var unknown []snowflake.ID
	look := func(m *discord.Message) {
		if m == nil || !r.speaksHere(m) {
			return
		}
		if id, ok := r.speakers.byID[m.ID]; ok {
			if found == nil {
				found = map[snowflake.ID]entities.ID{}
			}
			found[m.ID] = id
			return
		}
		unknown = append(unknown, m.ID)
	}
	r.speakers.mu.Lock()
	for i := range messages {
		look(&messages[i])
		look(messages[i].ReferencedMessage)
	}
	r.speakers.mu.Unlock()
	if len(unknown) == 0 {
		return found, nil
	}
	asked, err := r.registry.Speakers(ctx, actor, unknown)
	if err != nil {
		return nil, err
	}
	r.speakers.mu.Lock()
	defer r.speakers.mu.Unlock()
	if r.speakers.byID == nil || len(r.speakers.byID)+len(asked) > mostSpoken {
		r.speakers.byID = map[snowflake.ID]entities.ID{}
	}
	if found == nil {
		found = make(map[snowflake.ID]entities.ID, len(asked))
	}
	for message, speaker := range asked {
		found[message], r.speakers.byID[message] = speaker.ID, speaker.ID
	}
	return found, nil
}
