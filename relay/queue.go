package relay

import (
	"context"
	"sync"
)

// mostQueued bounds a queue: what comes when it is full is lost.
const mostQueued = 10_000

// queue hands things over from those who may not wait to one who takes them in order.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	knock chan struct{}
}

func newQueue[T any]() queue[T] { return queue[T]{knock: make(chan struct{}, 1)} }

func (q *queue[T]) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// put says false when there are too many already.
func (q *queue[T]) put(item T) bool {
	q.mu.Lock()
	full := len(q.items) >= mostQueued
	if !full {
		q.items = append(q.items, item)
	}
	q.mu.Unlock()
	select {
	case q.knock <- struct{}{}:
	default:
	}
	return !full
}

// next takes the oldest out; it says false when ctx ends first.
func (q *queue[T]) next(ctx context.Context) (item T, ok bool) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			item, q.items = q.items[0], q.items[1:]
			q.mu.Unlock()
			return item, true
		}
		q.mu.Unlock()
		select {
		case <-q.knock:
		case <-ctx.Done():
			return item, false
		}
	}
}

// rest takes out all that is there.
func (q *queue[T]) rest() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = nil
	return items
}
