package entities

import (
	"context"
	"errors"
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
	// changes is how often something was written.
	changes int
}

// markBatch are marks on their way to the database.
type markBatch struct {
	read    map[string]readMarks // by credential: what is to be added
	done    chan struct{}
	changes map[string]markChange // by credential, when they are written
	err     error                 // when done
}

type markChange struct{ before, after readMarks }

// markTime is how long marks are gathered. A client that marks is about to wait for news, or to
// think about some for seconds.
const markTime = 3 * time.Millisecond

// marksOf gives the marks of an actor's credential.
func (r *Registry) marksOf(ctx context.Context, actor Actor) (readMarks, error) {
	for {
		known, ok, changes := r.marking.get(actor.credential)
		if ok {
			return known, nil
		}
		read, err := readMarksOf(r.db.reader.WithContext(ctx), actor.credential)
		if err != nil {
			return nil, err
		}
		if r.marking.learn(actor.credential, read, changes) {
			return read, nil
		}
	}
}

func (m *marking) get(credential string) (marks readMarks, ok bool, changes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	marks, ok = m.known[credential]
	return marks, ok, m.changes
}

// learn remembers what was read, unless anything was written meanwhile: it may be old then.
func (m *marking) learn(credential string, read readMarks, changes int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changes != changes {
		return false
	}
	if m.known == nil || len(m.known) >= mostCredentials {
		m.known = map[string]readMarks{}
	}
	m.known[credential] = read
	return true
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
		m.next = &markBatch{read: map[string]readMarks{}, done: make(chan struct{})}
	}
	if m.next.read[credential] == nil {
		m.next.read[credential] = readMarks{}
	}
	m.next.read[credential][scope] = m.next.read[credential][scope].and(reading)
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

// writeBatch writes a batch on top of what was written before it. The caller holds writing.
func (r *Registry) writeBatch(tx *gorm.DB, batch *markBatch) error {
	if batch == nil {
		return nil
	}
	batch.changes = make(map[string]markChange, len(batch.read))
	for credential, read := range batch.read {
		before, ok, _ := r.marking.get(credential)
		if !ok {
			var err error
			if before, err = readMarksOf(tx, credential); errors.Is(err, gorm.ErrRecordNotFound) {
				continue // it has ended meanwhile
			} else if err != nil {
				return err
			}
		}
		after := before
		for scope, reading := range read {
			after = after.with(scope, reading)
		}
		batch.changes[credential] = markChange{before: before, after: after}
	}
	return saveMarks(tx, batch.changes)
}

// end tells those who wait, when what they marked is in the database or cannot be.
func (m *marking) end(batch *markBatch, err error) {
	if batch == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
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
	m.changes++
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
	r.endMarks(ctx, r.marking.take())
}

// endMarks writes a batch in a transaction of its own. The caller holds writing.
func (r *Registry) endMarks(ctx context.Context, batch *markBatch) {
	if batch == nil {
		return
	}
	r.marking.end(batch, r.write(ctx, false, func(tx *gorm.DB) error { return r.writeBatch(tx, batch) }))
}
