package relay

import (
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// OnTheirWay is how many messages of a channel count as being on their way to Discord, against
// the limit that it does not tell.
func (r *Relay) OnTheirWay(channel snowflake.ID) int {
	t := r.webhooks.at(channel).turns
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hidden.flying
}

// HoldFor shortens how long a line is kept that Discord does not take.
func (r *Relay) HoldFor(d time.Duration) { r.patience.hold = d }
