package mcp

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"troupe/entities"
)

const (
	maxSubscriptions = 50      // of one session
	maxQueued        = 64      // answers that wait for a stream
	maxQueuedBytes   = 2 << 20 // of them together
	uriUpdated       = "notifications/resources/updated"
	keySubscription  = "io.modelcontextprotocol/subscriptionId"
)

// listener is one session that is told of something, or one stream without a session.
type listener struct {
	actor   entities.Actor
	session string          // "" = it has none
	tag     json.RawMessage // the id of the request that opened the stream, where it has to be told
	bell    chan struct{}   // holds one ring: there is something to take
	openAI  atomic.Bool     // its client is one of OpenAI's

	// Of these, streams.mu has the care.
	cut   context.CancelCauseFunc // ends the stream; nil = there is none
	life  context.Context         // ends with it
	turn  int                     // how many streams it has had
	held  int                     // how many messages are about to change what it is told of
	since time.Time               // without a stream

	mu      sync.Mutex
	stops   map[string]func() // what it subscribed to, by URI; nil = it is forgotten
	changed []string          // URIs, in the order in which they changed, each once
	queued  [][]byte          // answers, where they travel on the stream
	bytes   int               // of them
}

func newListener(actor entities.Actor, session string, now time.Time) *listener {
	return &listener{actor: actor, session: session, since: now, bell: make(chan struct{}, 1), stops: map[string]func(){}}
}

// Why a resource is not told of.
var (
	errFull = entities.Refuse(entities.Invalid, "A session can subscribe to %d resources at once.", maxSubscriptions)
	errOver = entities.Refuse(entities.Invalid, "This session is over. Begin a new one with initialize.")
)

// add begins to tell of a resource: stop ends that, and is called here when it does not begin.
func (l *listener) add(uri string, stop func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.stops[uri]
	switch {
	case l.stops == nil:
		stop()
		return errOver
	case old == nil && len(l.stops) >= maxSubscriptions:
		stop()
		return errFull
	case old != nil:
		old()
	}
	l.stops[uri] = stop
	return nil
}

// remove ends what was subscribed to.
func (l *listener) remove(uri string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if stop := l.stops[uri]; stop != nil {
		stop()
	}
	delete(l.stops, uri)
	l.changed = slices.DeleteFunc(l.changed, func(changed string) bool { return changed == uri })
}

// subscribed says whether it is to be told of anything.
func (l *listener) subscribed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.stops) > 0
}

// silence ends its subscriptions, for good.
func (l *listener) silence() {
	l.mu.Lock()
	stops := l.stops
	l.stops = nil
	l.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

func (l *listener) ring() {
	select {
	case l.bell <- struct{}{}:
	default: // it has not taken what it was rung for last
	}
}

// note remembers that a resource changed. Several changes before it is told are one.
func (l *listener) note(uri string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, wanted := l.stops[uri]; !wanted {
		return
	}
	if !slices.Contains(l.changed, uri) {
		l.changed = append(l.changed, uri)
		l.ring()
	}
}

// queue puts an answer into the stream, or ends the stream of somebody who does not read. It says
// whether there was room.
func (l *listener) queue(answer []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queued) >= maxQueued || l.bytes+len(answer) > maxQueuedBytes {
		l.queued, l.bytes = nil, maxQueuedBytes // nothing more fits
		l.ring()
		return false
	}
	l.queued = append(l.queued, answer)
	l.bytes += len(answer)
	l.ring()
	return true
}

// take gives what is to be sent now. Full says that answers were lost.
func (l *listener) take() (messages [][]byte, full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full = l.queued == nil && l.bytes > 0
	messages = l.queued
	for _, uri := range l.changed {
		messages = append(messages, l.updated(uri))
	}
	l.queued, l.changed, l.bytes = nil, nil, 0
	return messages, full
}

// updated is the notification that a resource changed.
func (l *listener) updated(uri string) []byte {
	var n struct {
		JSONRPC string `json:"jsonrpc"`
		Method  string `json:"method"`
		Params  struct {
			Meta map[string]json.RawMessage `json:"_meta,omitempty"`
			URI  string                     `json:"uri"`
		} `json:"params"`
	}
	n.JSONRPC, n.Method, n.Params.URI = "2.0", uriUpdated, uri
	if l.tag != nil {
		n.Params.Meta = map[string]json.RawMessage{keySubscription: l.tag}
	}
	return encode(n)
}

// encode writes JSON down that always can be.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("write JSON: " + err.Error())
	}
	return data
}
