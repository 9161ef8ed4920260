package main

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// limits bound what one client, or all of them together, can hold of the HTTP server.
type limits struct {
	header      time.Duration // for the head of a request to come
	request     time.Duration // for all of it to come
	answer      time.Duration // for the client to take an answer, from its first byte on
	whole       time.Duration // from the head of a request to the first byte of its answer
	idle        time.Duration // between two requests of a connection
	connections int           // open at once; more wait until one ends
	pictures    int           // avatars on their way at once, each of which lies in memory
}

// usualLimits are those of every instance. request leaves mcp its 15 s for a body; whole
// outlasts that and the 50 s for which a client may wait for messages.
func usualLimits() limits {
	return limits{
		header: 5 * time.Second, request: 20 * time.Second, answer: 30 * time.Second, whole: 75 * time.Second, idle: 2 * time.Minute,
		connections: 4096, pictures: 64,
	}
}

const maxHeaderBytes = 64 << 10

// serving is the HTTP server together with the places of its connections.
type serving struct {
	http   *http.Server
	places chan struct{} // one token for every open connection
}

func newServing(handler http.Handler, l limits, log *slog.Logger) *serving {
	s := &serving{places: make(chan struct{}, l.connections)}
	s.http = &http.Server{
		Handler:           punctual(handler, l.answer),
		ReadHeaderTimeout: l.header, ReadTimeout: l.request, WriteTimeout: l.whole, IdleTimeout: l.idle, MaxHeaderBytes: maxHeaderBytes,
		ConnState: s.changed,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return s
}

// changed gives a connection's place free. net/http tells of every end once.
func (s *serving) changed(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		<-s.places
	}
}

// serve answers on a listener, until the server is closed.
func (s *serving) serve(listener net.Listener) error {
	return s.http.Serve(&crowded{Listener: listener, places: s.places, closed: make(chan struct{})})
}

// crowded takes a connection only when there is a place for it.
type crowded struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Accept waits for a place and then for a connection.
func (c *crowded) Accept() (net.Conn, error) {
	select {
	case c.places <- struct{}{}:
	case <-c.closed:
		return nil, net.ErrClosed
	}
	conn, err := c.Listener.Accept()
	if err != nil {
		<-c.places
	}
	return conn, err
}

// Close also ends an Accept that waits for a place.
func (c *crowded) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Listener.Close()
}

// punctual cuts clients off that do not take their answer in time.
func punctual(next http.Handler, within time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&punctualWriter{ResponseWriter: w, within: within}, r)
	})
}

// punctualWriter gives a client its time from the first byte of an answer on.
type punctualWriter struct {
	http.ResponseWriter
	within time.Duration
	begun  bool
}

func (w *punctualWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.within)) // where it is not supported there is no client to wait for
}

func (w *punctualWriter) WriteHeader(status int) {
	w.begin()
	w.ResponseWriter.WriteHeader(status)
}

func (w *punctualWriter) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

// Flush is what mcp-go looks for.
func (w *punctualWriter) Flush() {
	w.begin()
	_ = http.NewResponseController(w.ResponseWriter).Flush() // the next write tells of a client that is gone
}

// Unwrap lets handlers set deadlines.
func (w *punctualWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// atOnce turns requests away when too many are being answered.
func atOnce(most int, next http.HandlerFunc) http.HandlerFunc {
	places := make(chan struct{}, most)
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			answer(w, http.StatusServiceUnavailable, "busy")
		}
	}
}
