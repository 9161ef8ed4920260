package relay

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
)

// gatewayStage is Discord's gateway in memory, for one test: connection n plays acts[n], and
// the last act is played again for all that follow. It works inside a synctest bubble.
type gatewayStage struct {
	t    *testing.T
	acts []func(*gatewayActor)

	mu      sync.Mutex
	dialled []string // hosts
	queries []string
	playing sync.WaitGroup
}

func newGatewayStage(t *testing.T, acts ...func(*gatewayActor)) *gatewayStage {
	stage := &gatewayStage{t: t, acts: acts}
	t.Cleanup(stage.playing.Wait)
	return stage
}

func (g *gatewayStage) dialer() *websocket.Dialer {
	return &websocket.Dialer{NetDialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
		g.mu.Lock()
		n := len(g.dialled)
		g.dialled = append(g.dialled, addr)
		g.mu.Unlock()
		ours, theirs := net.Pipe()
		g.playing.Go(func() { g.play(theirs, g.acts[min(n, len(g.acts)-1)]) })
		return ours, nil
	}}
}

// hosts are the addresses that were dialled.
func (g *gatewayStage) hosts() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.dialled)
}

func (g *gatewayStage) play(conn net.Conn, act func(*gatewayActor)) {
	defer func() { _ = conn.Close() }() // it may be closed already
	reader := bufio.NewReader(conn)
	rq, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	g.mu.Lock()
	g.queries = append(g.queries, rq.URL.RawQuery)
	g.mu.Unlock()
	var upgrader websocket.Upgrader
	ws, err := upgrader.Upgrade(&hijacked{conn: conn, reader: reader}, rq, nil)
	if err != nil {
		g.t.Errorf("upgrade: %v", err)
		return
	}
	actor := &gatewayActor{t: g.t, ws: ws, in: make(chan gateway.Message, 1000), out: make(chan func(), 1000)}
	var reading, writing sync.WaitGroup
	reading.Go(actor.read)
	writing.Go(func() {
		for write := range actor.out {
			write()
		}
	})
	act(actor)
	flushed := make(chan struct{})
	actor.out <- func() { close(flushed) }
	<-flushed
	_ = conn.Close()
	reading.Wait()
	close(actor.out)
	writing.Wait()
}

type hijacked struct {
	conn   net.Conn
	reader *bufio.Reader
}

func (h *hijacked) Header() http.Header         { return http.Header{} }
func (h *hijacked) Write(p []byte) (int, error) { return h.conn.Write(p) }
func (h *hijacked) WriteHeader(int)             {}
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(h.reader, bufio.NewWriter(h.conn)), nil
}

// gatewayActor is Discord's side of one connection.
type gatewayActor struct {
	t    *testing.T
	ws   *websocket.Conn
	in   chan gateway.Message // all but heartbeats
	out  chan func()          // writes, which a pipe does not buffer
	deaf atomic.Bool          // does not acknowledge

	mu     sync.Mutex
	beats  []time.Time
	closed int // the client's close code
}

func (a *gatewayActor) read() {
	defer close(a.in)
	for {
		_, text, err := a.ws.ReadMessage()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			a.mu.Lock()
			a.closed = closed.Code
			a.mu.Unlock()
		}
		if err != nil {
			return
		}
		var message gateway.Message
		if err := json.Unmarshal(text, &message); err != nil {
			a.t.Errorf("the client sent %s: %v", text, err)
			return
		}
		if message.Op != gateway.OpcodeHeartbeat {
			a.in <- message
			continue
		}
		a.mu.Lock()
		a.beats = append(a.beats, time.Now())
		a.mu.Unlock()
		if !a.deaf.Load() {
			a.text(`{"op":11}`)
		}
	}
}

func (a *gatewayActor) text(text string) {
	// The client may be gone: the test sees that elsewhere.
	a.out <- func() { _ = a.ws.WriteMessage(websocket.TextMessage, []byte(text)) }
}

func (a *gatewayActor) dispatch(seq int, event, data string) {
	a.text(fmt.Sprintf(`{"t":%q,"s":%d,"op":0,"d":%s}`, event, seq, data))
}

func (a *gatewayActor) hello(interval time.Duration) {
	a.text(fmt.Sprintf(`{"op":10,"d":{"heartbeat_interval":%d}}`, interval.Milliseconds()))
}

// expect reads the next command; nil when the client is gone.
func (a *gatewayActor) expect(op gateway.Opcode) gateway.MessageData {
	message, ok := <-a.in
	if !ok || message.Op != op {
		a.t.Errorf("got op %d (%v), want %d", message.Op, ok, op)
		return nil
	}
	return message.D
}

func (a *gatewayActor) close(code int, text string) {
	a.out <- func() {
		_ = a.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(time.Second))
	}
}

// stay keeps the connection until the client ends it, and gives its close code.
func (a *gatewayActor) stay() int {
	for range a.in {
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

const readyEvent = `{"v":10,"user":{"id":"1","username":"bot"},"guilds":[],"session_id":"s1","resume_gateway_url":"ws://127.0.0.2","application":{"id":"1","flags":0}}`

// identify plays a login up to READY, which has sequence 1.
func (a *gatewayActor) identify() gateway.MessageDataIdentify {
	a.hello(41250 * time.Millisecond)
	identify, _ := a.expect(gateway.OpcodeIdentify).(gateway.MessageDataIdentify)
	a.dispatch(1, "READY", readyEvent)
	return identify
}

// resume plays a resume up to, not including, the replay.
func (a *gatewayActor) resume(wantSeq int) {
	a.hello(41250 * time.Millisecond)
	resume, ok := a.expect(gateway.OpcodeResume).(gateway.MessageDataResume)
	if !ok || resume.Seq != wantSeq || resume.SessionID != "s1" || resume.Token != "token" {
		a.t.Errorf("resume = %+v, want sequence %d of s1", resume, wantSeq)
	}
}

// heard records what reaches the event handler and the callbacks.
type heard struct {
	mu     sync.Mutex
	events []string
	states []GatewayState
	skips  []GatewaySkip
	closes []error
	log    logText
	panics map[string]bool // events at which the handler panics
}

func (h *heard) handle(_ gateway.Gateway, event gateway.EventType, seq int, _ gateway.EventData) {
	if event == gateway.EventTypeHeartbeatAck {
		return
	}
	h.mu.Lock()
	h.events = append(h.events, fmt.Sprintf("%s/%d", event, seq))
	panics := h.panics[string(event)]
	h.mu.Unlock()
	if panics {
		panic("canary-panic")
	}
}

func (h *heard) got() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

func (h *heard) last() GatewayState {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.states) == 0 {
		return GatewayState{}
	}
	return h.states[len(h.states)-1]
}

// logText is a log in memory.
type logText struct {
	mu   sync.Mutex
	text []byte
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// shardOn makes a shard that talks to a stage.
func shardOn(stage *gatewayStage, h *heard, change ...func(*gatewayConfig)) (*gatewayShard, *gatewayTally) {
	tally := &gatewayTally{}
	cfg := gatewayConfig{
		URL: "ws://127.0.0.1", Intents: gateway.IntentGuilds, Dialer: stage.dialer(), Tally: tally,
		Log:     slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnState: func(state GatewayState) { h.mu.Lock(); h.states = append(h.states, state); h.mu.Unlock() },
		OnSkip:  func(skip GatewaySkip) { h.mu.Lock(); h.skips = append(h.skips, skip); h.mu.Unlock() },
		OnClose: func(_ gateway.Gateway, err error, _ bool) {
			h.mu.Lock()
			h.closes = append(h.closes, err)
			h.mu.Unlock()
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	s, _ := newGateway(cfg)("token", h.handle, gateway.WithShardID(1), gateway.WithShardCount(2)).(*gatewayShard)
	return s, tally
}
