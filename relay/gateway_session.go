package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
)

// helloTime is how long Discord may take to say hello on a new connection. There is no limit
// for READY: during an outage Discord wants clients to stay and beat until it can serve them.
const helloTime = 30 * time.Second

// longestBeat is the longest heartbeat interval that is believed, in milliseconds; Discord's is
// about 41 s.
const longestBeat = 3_600_000

// gatewayTalk is the course of one connection.
type gatewayTalk struct {
	shard  *gatewayShard
	life   *gatewayLife
	wire   *gatewayWire
	resume gatewaySession // empty id: identify
	logged func()         // lets the next shard identify

	hello  bool
	sent   bool // identify or resume went out
	ready  time.Time
	events int // dispatches besides READY and RESUMED
	talk   int // of those, what people said or did to messages
}

// connect runs one connection to its end, with everything that it started.
func (s *gatewayShard) connect(l *gatewayLife) gatewayEnd {
	talk := &gatewayTalk{shard: s, life: l, resume: s.resumable(), logged: func() {}}
	address, err := s.address(l, talk.resume)
	if err != nil {
		return gatewayEnd{err: err, final: true}
	}
	s.become(GatewayState{Status: gateway.StatusConnecting})
	if talk.resume.id == "" {
		if err := s.cfg.Identify.Wait(l.ctx, s.id); err != nil {
			return gatewayEnd{err: fmt.Errorf("wait for leave to identify: %w", err)}
		}
		talk.logged = sync.OnceFunc(func() { s.cfg.Identify.Unlock(s.id) })
		defer talk.logged()
	}
	ws, err := dialGateway(l.ctx, s.cfg.Dialer, address)
	if err != nil {
		l.vainDials++
		return gatewayEnd{err: err}
	}
	l.vainDials = 0
	talk.wire = newGatewayWire(ws, s.cfg.Compress, &s.latency)
	s.attach(talk.wire)
	defer s.attach(nil)
	s.become(GatewayState{Status: gateway.StatusWaitingForHello})
	end := talk.converse()
	talk.wire.wait()
	return talk.conclude(end)
}

// address is where to connect: a session is resumed where Discord said, as long as somebody
// answers there.
func (s *gatewayShard) address(l *gatewayLife, resume gatewaySession) (string, error) {
	if resume.id != "" && resume.url != "" && l.vainDials < vainDials {
		own, err := gatewayAddress(resume.url, s.cfg.Compress)
		if err == nil {
			return own, nil
		}
		s.log.Warn("resume address refused, the first address is used", slog.Any("err", err))
	}
	return gatewayAddress(s.cfg.URL, s.cfg.Compress)
}

func (s *gatewayShard) attach(wire *gatewayWire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wire = wire
}

// conclude adds what the whole course of the connection says about its end.
func (t *gatewayTalk) conclude(end gatewayEnd) gatewayEnd {
	end.resumed = t.sent && t.resume.id != ""
	if !t.ready.IsZero() {
		// A new session brings its servers at once, so that they prove nothing.
		end.sound = time.Since(t.ready) >= soundAfter || t.talk > 0 || (end.resumed && t.events > 0)
	}
	return end
}

// converse takes frames until the connection ends, or is to end.
func (t *gatewayTalk) converse() gatewayEnd {
	hello := time.NewTimer(helloTime)
	defer hello.Stop()
	for {
		var end *gatewayEnd
		select {
		case <-t.life.ctx.Done():
			t.shard.mu.Lock()
			code, text := t.life.code, t.life.text
			t.shard.mu.Unlock()
			t.wire.close(errGatewayClosed, code, text, partingTime)
			return gatewayEnd{err: errGatewayClosed}
		case frame, ok := <-t.wire.frames:
			if !ok {
				return lost(t.wire.err)
			}
			end = t.take(frame)
		case <-hello.C:
			if !t.hello {
				end = &gatewayEnd{err: errors.New("discord did not say hello"), answer: closeKeeping}
			}
		}
		if end != nil {
			t.wire.close(end.err, end.answer, "", partingTime)
			return *end
		}
	}
}

// take acts on one frame; a non-nil result ends the connection.
func (t *gatewayTalk) take(frame gatewayFrame) *gatewayEnd {
	switch frame.op {
	case gateway.OpcodeHello:
		return t.greet(frame)
	case gateway.OpcodeDispatch:
		return t.dispatch(frame)
	case gateway.OpcodeHeartbeatACK:
		now := time.Now()
		t.shard.handle(gateway.EventTypeHeartbeatAck, frame.seq, gateway.EventHeartbeatAck{LastHeartbeat: t.shard.lastAck, NewHeartbeat: now})
		t.shard.lastAck = now
	case gateway.OpcodeReconnect:
		return &gatewayEnd{err: errors.New("discord asked to reconnect"), answer: closeKeeping, prompt: true}
	case gateway.OpcodeInvalidSession:
		var resumable bool
		if err := json.Unmarshal(frame.data, &resumable); err == nil && resumable {
			return &gatewayEnd{err: errors.New("discord asked to resume anew"), answer: closeKeeping}
		}
		// Discord: wait between 1 and 5 seconds.
		pause := time.Second + rand.N(4*time.Second) //nolint:gosec // no secret
		return &gatewayEnd{err: errors.New("discord ended the session"), answer: 1000, fresh: true, pause: pause}
	default:
		if frame.broken {
			t.shard.skip(notJSON, 1, frame, unreadable{"no frame of the gateway"})
		}
	}
	return nil
}

// greet answers HELLO with the heartbeat and with identify or resume.
func (t *gatewayTalk) greet(frame gatewayFrame) *gatewayEnd {
	var hello gateway.MessageDataHello
	err := json.Unmarshal(frame.data, &hello)
	if err != nil || t.hello || hello.HeartbeatInterval <= 0 || hello.HeartbeatInterval > longestBeat {
		return &gatewayEnd{err: errors.New("discord's hello makes no sense"), answer: closeKeeping}
	}
	t.hello = true
	s := t.shard
	interval := time.Duration(hello.HeartbeatInterval) * time.Millisecond
	t.wire.startBeat(interval, func() int { return s.resumable().seq })
	ctx, cancel := context.WithTimeout(t.life.ctx, writeTime)
	defer cancel()
	if t.resume.id != "" {
		s.become(GatewayState{Status: gateway.StatusResuming})
		s.cfg.Tally.resumed()
		err = t.wire.send(ctx, gateway.OpcodeResume, gateway.MessageDataResume{Token: s.token, SessionID: t.resume.id, Seq: t.resume.seq}, true)
	} else {
		err = t.login(ctx)
	}
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil // Discord closes the connection; its code comes with the end of the frames
	}
	if err != nil {
		return &gatewayEnd{err: err, answer: closeKeeping}
	}
	t.sent = true
	return nil
}

// login begins a new session.
func (t *gatewayTalk) login(ctx context.Context) error {
	s := t.shard
	s.become(GatewayState{Status: gateway.StatusIdentifying})
	s.keep(gatewaySession{})
	if err := s.cfg.Spend(ctx, s.id); err != nil {
		return err
	}
	s.cfg.Tally.identified()
	err := t.wire.send(ctx, gateway.OpcodeIdentify, s.identity(), true)
	t.logged()
	s.become(GatewayState{Status: gateway.StatusWaitingForReady})
	return err
}

func (s *gatewayShard) identity() gateway.MessageDataIdentify {
	return gateway.MessageDataIdentify{
		Token:          s.token,
		Properties:     gateway.IdentifyCommandDataProperties{OS: runtime.GOOS, Browser: "troupe", Device: "troupe"},
		LargeThreshold: s.cfg.LargeThreshold,
		Shard:          &[2]int{s.id, s.count},
		Intents:        s.intents,
		Presence:       s.Presence(),
	}
}

// dispatch decodes and handles one event. Whatever it holds, the sequence moves on
// afterwards, or Discord would send it again with every resume.
func (t *gatewayTalk) dispatch(frame gatewayFrame) *gatewayEnd {
	s := t.shard
	switch frame.event {
	case gateway.EventTypeReady:
		var ready struct {
			SessionID string `json:"session_id"`
			URL       string `json:"resume_gateway_url"`
		}
		if err := json.Unmarshal(frame.data, &ready); err != nil || ready.SessionID == "" {
			return &gatewayEnd{err: errors.New("discord's READY has no session"), answer: closeKeeping, fresh: true}
		}
		s.keep(gatewaySession{id: ready.SessionID, url: ready.URL})
		t.becomeReady()
	case gateway.EventTypeResumed:
		t.becomeReady()
	default:
		t.events++
		if strings.HasPrefix(string(frame.event), "MESSAGE_") {
			t.talk++
		}
	}
	s.receive(frame)
	s.advance(frame.seq)
	if !t.ready.IsZero() {
		t.life.report(nil)
	}
	return nil
}

func (t *gatewayTalk) becomeReady() {
	t.ready = time.Now()
	t.shard.become(GatewayState{Status: gateway.StatusReady})
}

// receive decodes a dispatch and gives it to the handler, or leaves it out.
func (s *gatewayShard) receive(frame gatewayFrame) {
	if frame.broken {
		s.skip(string(frame.event), 1, frame, unreadable{"not valid JSON"})
		return
	}
	event, frame, err := decodeFrame(frame)
	if err != nil && !frame.broken && frame.event == gateway.EventTypeGuildCreate {
		var dropped map[string]int
		if event, dropped, err = salvageGuild(frame.data); err == nil {
			for list, n := range dropped {
				s.skip(string(frame.event)+"."+list, n, frame, unreadable{"elements that disgo cannot read"})
			}
		}
	}
	if err != nil {
		s.skip(string(frame.event), 1, frame, err)
		return
	}
	if _, unknown := event.(gateway.EventUnknown); unknown {
		return
	}
	if !s.handle(frame.event, frame.seq, event) {
		s.leftOut(string(frame.event), frame)
	}
}

// handle calls the event handler; a panic in it ends only this event, and is told.
func (s *gatewayShard) handle(event gateway.EventType, seq int, data gateway.EventData) (done bool) {
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		if s.cfg.Tally.panicked(string(event)) {
			// Not the value: it may quote the message.
			s.log.Error("event handler panicked", slog.String("event", string(event)),
				slog.String("type", fmt.Sprintf("%T", panicked)), slog.String("stack", string(debug.Stack())))
		}
	}()
	s.handler(s, event, seq, data)
	return true
}
