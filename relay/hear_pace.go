package relay

import (
	"context"
	"time"
)

// gatherTime is the least time from one transaction of the event log to the next. What is heard
// in quiet hours is written at once; when much is said at a time, it shares the cost of a
// transaction, which is several times that of a message, and whoever waits for news is woken for
// all of it together.
const gatherTime = 20 * time.Millisecond

// gathering is when the event log was written last.
type gathering struct{ written time.Time }

// wait waits until the event log may be written again, or ctx ends.
func (g *gathering) wait(ctx context.Context) {
	if pause := gatherTime - time.Since(g.written); pause > 0 {
		linger(ctx, pause)
	}
	g.written = time.Now()
}
