package entities

import (
	"context"
	"sync"
	"time"

	"gorm.io/gorm"
)

// marking has the read marks in memory, as they are in the database, and those that are being
// written. Marks that come within a moment share one transaction, if possible that in which the
// event log grows anyway: who marks waits for it, so that what was marked once stays so.
type marking struct {
	mu    sync.Mutex
	known map[string]readMarks // by credential, as far as they were asked for
	next  *markBatch           // nil when nothing is to be written
}

// markBatch are marks on their way to the database.
type markBatch struct {
	changes map[string]markChange // by credential
	done    chan struct{}
	err     error // when done
}

type markChange struct{ before, after readMarks }

// markTime is how long marks are gathered. A client that marks is about to wait for news, or to
// think about some for seconds.
const markTime = 3 * time.Millisecond

// marksOf gives the marks of an actor's credential.
func (r *Registry) marksOf(ctx context.Context, actor Actor) (readMarks, error) {
	r.marking.mu.Lock()
	known, ok := r.marking.known[actor.credential]
	r.marking.mu.Unlock()
	if ok {
		return known, nil
	}
	// While nothing is written, so that what is remembered is not old.
	r.writing.Lock()
	defer r.writing.Unlock()
	read, err := readMarksOf(r.db.reader.WithContext(ctx), actor.credential)
	if err != nil {
		return nil, err
	}
	r.marking.mu.Lock()
	defer r.marking.mu.Unlock()
	if r.marking.known == nil || len(r.marking.known) >= mostCredentials {
		r.marking.known = map[string]readMarks{}
	}
	r.marking.known[actor.credential] = read
	return read, nil
}

// Mark notes how far the actor's credential has read a scope. It never moves back. It outlives the
// program's end; should the machine itself end, what was read in its last moments may be given
// once more, as events of those moments may have to be fetched once more.
func (r *Registry) Mark(ctx context.Context, actor Actor, scope Scope, reading Reading) error {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return err
	}
	known, err := r.marksOf(ctx, actor)
	if err != nil {
		return err
	}
	batch, first := r.marking.enter(actor.credential, known, scope, reading)
	switch {
	case batch == nil:
		return nil
	case first:
		r.writeMarks(context.WithoutCancel(ctx), batch) // others wait for it
	}
	select {
	case <-batch.done:
		return batch.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// enter puts a mark into the next batch; none is needed when it is known already. Who is the first
// in a batch has to write it.
func (m *marking) enter(credential string, known readMarks, scope Scope, reading Reading) (batch *markBatch, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now, ok := m.known[credential]; ok {
		known = now
	}
	if known[scope].and(reading).same(known[scope]) {
		return nil, false
	}
	if first = m.next == nil; first {
		m.next = &markBatch{changes: map[string]markChange{}, done: make(chan struct{})}
	}
	change, ok := m.next.changes[credential]
	if !ok {
		change = markChange{before: known, after: known}
	}
	change.after = change.after.with(scope, reading)
	m.next.changes[credential] = change
	return m.next, first
}

// take gives the batch that is to be written now; nil when there is none. The caller holds
// writing, and ends the batch before it lets go.
func (m *marking) take() *markBatch {
	m.mu.Lock()
	defer m.mu.Unlock()
	batch := m.next
	m.next = nil
	return batch
}

// write writes a batch. Marks that changed since they were entered changed only by being read anew.
func (b *markBatch) write(tx *gorm.DB) error {
	if b == nil {
		return nil
	}
	return saveMarks(tx, b.changes)
}

// end tells those who wait, when what they marked is in the database or cannot be.
func (m *marking) end(batch *markBatch, err error) {
	if batch == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for credential, change := range batch.changes {
		if _, ok := m.known[credential]; ok && err == nil {
			m.known[credential] = change.after
		}
	}
	batch.err = err
	close(batch.done)
}

// forget has all marks read anew.
func (m *marking) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = nil
}

// writeMarks writes a batch after a moment, unless the event log took it along meanwhile.
func (r *Registry) writeMarks(ctx context.Context, batch *markBatch) {
	gather := time.NewTimer(markTime)
	defer gather.Stop()
	select {
	case <-batch.done:
		return
	case <-gather.C:
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	select {
	case <-batch.done: // the next one has its own writer
		return
	default:
	}
	batch = r.marking.take()
	r.marking.end(batch, r.write(ctx, false, batch.write))
}
