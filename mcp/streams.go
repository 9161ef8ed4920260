package mcp

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"troupe/entities"
)

// How many streams are open, and what sessions may be told of.
const (
	maxStreams          = 2048 // of all entities together
	maxStreamsPerEntity = 8
	maxSubscribers      = 4096 // sessions that subscribed to something or have a stream
	maxSubscribersEach  = 64   // of them, of one entity
	subscribedAlone     = 10 * time.Minute
)

// Why a stream ends.
var (
	errReplaced = errors.New("the session opened another stream")
	errNothing  = errors.New("there is nothing to be told of")
	errEnded    = errors.New("the session ended")
	errStalled  = errors.New("the client does not take what it is sent")
)

// streams are the sessions that are told of something: those with a stream, and those that
// subscribed and will open one.
type streams struct {
	mu        sync.Mutex
	bySession map[string]*listener
	byEntity  map[entities.ID]map[*listener]struct{}
	all       int
	open      int // with a stream
	mostOpen  int // of open
	most      int // of all
	swept     time.Time
	closing   bool
	drained   chan struct{} // closed when closing and no stream is open any more
}

func newStreams() streams {
	return streams{bySession: map[string]*listener{}, byEntity: map[entities.ID]map[*listener]struct{}{}, drained: make(chan struct{}), mostOpen: maxStreams, most: maxSubscribers}
}

// of finds or makes the listener of a session, and holds it until leave.
func (s *streams) of(actor entities.Actor, session string, now time.Time) (*listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := s.find(actor, session, now)
	if err == nil {
		one.held++
	}
	return one, err
}

// leave lets go of a session that came to subscribe to something, and forgets it when it did not.
func (s *streams) leave(one *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.held--
	s.dropIdle(one)
}

// find finds or makes a listener. One without a session is always a new one.
func (s *streams) find(actor entities.Actor, session string, now time.Time) (*listener, error) {
	if s.closing {
		return nil, errClosing
	}
	if known, ok := s.bySession[session]; ok {
		return known, nil
	}
	s.forget(now)
	own := s.byEntity[actor.EntityID()]
	switch {
	case len(own) >= maxSubscribersEach:
		return nil, errTooMany
	case s.all >= s.most:
		return nil, errOverload
	}
	made := newListener(actor, session, now)
	if own == nil {
		own = map[*listener]struct{}{}
		s.byEntity[actor.EntityID()] = own
	}
	own[made] = struct{}{}
	if session != "" {
		s.bySession[session] = made
	}
	s.all++
	return made, nil
}

// forget drops those that have had no stream for long.
func (s *streams) forget(now time.Time) {
	if now.Sub(s.swept) < sweepEvery {
		return
	}
	s.swept = now
	for _, own := range s.byEntity {
		for one := range maps.Clone(own) {
			if one.cut == nil && now.Sub(one.since) >= subscribedAlone {
				s.drop(one)
			}
		}
	}
}

// attach gives a session its stream, in place of the one that it had, or says why it cannot.
// The turn tells this stream from others of the session.
func (s *streams) attach(life context.Context, cut context.CancelCauseFunc, actor entities.Actor, session string, now time.Time) (one *listener, turn int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err = s.find(actor, session, now)
	if err != nil {
		return nil, 0, err
	}
	open := 0
	for other := range s.byEntity[actor.EntityID()] {
		if other.cut != nil && other != one {
			open++
		}
	}
	switch {
	case open >= maxStreamsPerEntity:
		err = errTooMany
	case s.open >= s.mostOpen:
		err = errOverload
	}
	if err != nil {
		s.dropIdle(one)
		return nil, 0, err
	}
	if one.cut != nil {
		one.cut(errReplaced)
	}
	one.life, one.cut = life, cut
	one.turn++
	s.open++
	return one, one.turn, nil
}

// detach takes a stream away again. What its session subscribed to is kept for a while, for the
// next one.
func (s *streams) detach(one *listener, turn int, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if one.turn == turn {
		one.cut, one.since = nil, now
		s.dropIdle(one)
	}
	if s.closing && s.open == 0 {
		close(s.drained)
	}
}

// dropIdle forgets a listener that has neither a stream nor a session that subscribed or is about
// to.
func (s *streams) dropIdle(one *listener) {
	if one.cut == nil && one.held == 0 && (one.session == "" || !one.subscribed()) {
		s.drop(one)
	}
}

// drop forgets a listener; it can be called for one that is forgotten.
func (s *streams) drop(one *listener) {
	id := one.actor.EntityID()
	if _, known := s.byEntity[id][one]; !known {
		return
	}
	one.silence()
	delete(s.byEntity[id], one)
	if len(s.byEntity[id]) == 0 {
		delete(s.byEntity, id)
	}
	if s.bySession[one.session] == one {
		delete(s.bySession, one.session)
	}
	s.all--
}

// endSession ends a session's stream and forgets what it subscribed to.
func (s *streams) endSession(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, ok := s.bySession[session]; ok {
		s.end(one, errEnded)
	}
}

// cut ends all streams of an entity, or those of some of its credentials.
func (s *streams) cut(id entities.ID, cause error, credentials ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range maps.Clone(s.byEntity[id]) {
		if len(credentials) == 0 || slices.Contains(credentials, one.actor.Credential()) {
			s.end(one, cause)
		}
	}
}

func (s *streams) end(one *listener, cause error) {
	if one.cut != nil {
		one.cut(cause)
	}
	s.drop(one)
}

// close ends all streams, lets none begin and tells when all have ended.
func (s *streams) close() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return s.drained
	}
	s.closing = true
	for _, own := range s.byEntity {
		for one := range maps.Clone(own) {
			s.end(one, errClosing)
		}
	}
	if s.open == 0 {
		close(s.drained)
	}
	return s.drained
}

func (s *streams) count(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	return s.open
}

// attached gives the listener of a session that has a stream, and the context that ends with it.
func (s *streams) attached(session string) (*listener, context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.bySession[session]
	if !ok || one.cut == nil {
		return nil, nil, false
	}
	return one, one.life, true
}
