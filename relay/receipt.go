package relay

import (
	"context"
	"sync"
	"time"

	"troupe/entities"
)

// Receipt notes which lines a call was told about, so that it can be said afterwards whether
// the answer was delivered. One that was not makes the same call, within two minutes, a
// repetition.
type Receipt struct {
	mu    sync.Mutex
	lines []entities.Line
}

type receiptKey struct{}

// WithReceipt makes a context whose calls of [Relay.Say] are noted.
func WithReceipt(ctx context.Context) (context.Context, *Receipt) {
	receipt := &Receipt{}
	return context.WithValue(ctx, receiptKey{}, receipt), receipt
}

// answered notes that a call is about to be told what became of a line.
func (r *Relay) answered(ctx context.Context, line entities.Line) {
	if receipt, ok := ctx.Value(receiptKey{}).(*Receipt); ok {
		receipt.mu.Lock()
		defer receipt.mu.Unlock()
		receipt.lines = append(receipt.lines, line)
		return
	}
	r.deliver([]entities.Line{line}, ctx.Err() == nil)
}

// Delivered says whether the answers on a receipt reached whoever called.
func (r *Relay) Delivered(receipt *Receipt, reached bool) {
	receipt.mu.Lock()
	defer receipt.mu.Unlock()
	if len(receipt.lines) > 0 {
		r.deliver(receipt.lines, reached)
	}
}

func (r *Relay) deliver(lines []entities.Line, reached bool) {
	if err := r.registry.Deliver(context.Background(), ingest, lines, reached); err != nil {
		r.log.Error("note whether an answer was delivered", "err", err)
	}
	if !reached {
		return
	}
	for _, line := range lines {
		if !r.told.put(line.ID) {
			r.log.Error("the database is too slow: that a line was answered is not noted", "entity", line.EntityID)
		}
	}
}

const toldEvery = time.Second

// noteTold writes down which lines were answered, many at once, until ctx ends, and then what
// is left.
func (r *Relay) noteTold(ctx context.Context) {
	for {
		first, ok := r.told.next(ctx)
		if !ok {
			break
		}
		sleep(ctx, toldEvery)
		r.writeTold(append([]int64{first}, r.told.rest()...))
	}
	if left := r.told.rest(); len(left) > 0 {
		r.writeTold(left)
	}
}

func (r *Relay) writeTold(lines []int64) {
	ctx, cancel := context.WithTimeout(context.Background(), ownTime)
	defer cancel()
	if err := r.registry.Answered(ctx, ingest, lines); err != nil {
		r.log.Error("note which lines were answered; it is tried again", "err", err)
		for _, line := range lines {
			r.told.put(line)
		}
	}
}
