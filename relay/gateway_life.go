package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
)

const (
	// closeKeeping is our code for a close after which the session is resumed.
	closeKeeping = 4000
	// firstBackOff doubles with every connection that came to nothing, up to lastBackOff.
	firstBackOff = time.Second
	lastBackOff  = time.Minute
	// soundAfter is how long a connection must live to count as a good one, whatever it brought.
	soundAfter = time.Minute
	// vainResumes is how many resumes without any new event are tried before a new session.
	vainResumes = 3
	// vainDials is how often in a row nobody may answer where a session is to be resumed, before
	// it is tried at the gateway's first address.
	vainDials = 3
)

// gatewayLife is one Open to its end. Its goroutine owns everything below it.
type gatewayLife struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing of it runs any more
	opened chan error    // the outcome for Open; has room for it

	vainDials int // in a row; of the life's goroutine alone

	// Guarded by gatewayShard.mu:
	closing bool
	code    int // how we close
	text    string
}

// report tells Open the outcome; only the first one counts.
func (l *gatewayLife) report(err error) {
	select {
	case l.opened <- err:
	default:
	}
}

// Open connects and blocks until the shard is ready, cannot become so (close codes 4004 and
// 4010 to 4014, or a bad address), or ctx ends. An error means that nothing of it is left
// running; it may be opened again. After nil it reconnects by itself until Close.
func (s *gatewayShard) Open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.life != nil {
		s.mu.Unlock()
		return discord.ErrGatewayAlreadyConnected
	}
	l := &gatewayLife{done: make(chan struct{}), opened: make(chan error, 1)}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.life = l
	s.mu.Unlock()
	go s.run(l)

	select {
	case err := <-l.opened:
		if err != nil {
			<-l.done
		}
		return err
	case <-ctx.Done():
		s.end(l, closeKeeping, "open was given up")
		<-l.done
		return ctx.Err()
	}
}

// Close ends the session and everything that runs, and waits for it. Nothing is resumed
// afterwards. When ctx ends first, the connection is cut and Close returns at once.
func (s *gatewayShard) Close(ctx context.Context) {
	s.CloseWithCode(ctx, websocket.CloseNormalClosure, "shutting down")
}

// CloseWithCode is Close with another code. With any but 1000 and 1001 the session is kept and
// the next Open resumes it. It must not be called from the event handler, for which it waits.
func (s *gatewayShard) CloseWithCode(ctx context.Context, code int, message string) {
	s.mu.Lock()
	l := s.life
	if l == nil {
		if endsSession(code) {
			s.session = gatewaySession{}
		}
		s.status = gateway.StatusDisconnected
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.end(l, code, message)
	select {
	case <-l.done:
	case <-ctx.Done():
		s.mu.Lock()
		wire := s.wire
		s.mu.Unlock()
		if wire != nil {
			wire.cut()
		}
	}
}

// end asks a life to end; the first code counts.
func (s *gatewayShard) end(l *gatewayLife, code int, text string) {
	s.mu.Lock()
	if !l.closing {
		l.closing, l.code, l.text = true, code, text
	}
	s.mu.Unlock()
	l.cancel()
}

func endsSession(code int) bool {
	return code == websocket.CloseNormalClosure || code == websocket.CloseGoingAway
}

// run is the goroutine of one life: one connection after the other.
func (s *gatewayShard) run(l *gatewayLife) {
	var parting gatewayEnd
	level, vain := 0, 0
	for first := true; l.ctx.Err() == nil; first = false {
		if !first {
			s.cfg.Tally.reconnected()
		}
		parting = s.connect(l)
		if l.ctx.Err() != nil || parting.final {
			break
		}
		if parting.resumed && !parting.sound {
			vain++
		} else {
			vain = 0
		}
		if parting.fresh || vain >= vainResumes {
			vain = 0
			s.keep(gatewaySession{})
		}
		if parting.sound {
			level = 0
		}
		pause := max(parting.pause, backOff(level))
		if parting.prompt && parting.sound {
			pause = 0
		}
		level++
		s.log.Warn("gateway connection lost", slog.Int("code", parting.code), slog.Any("err", scrubError(parting.err)),
			slog.Bool("resume", s.resumable().id != ""), slog.Duration("pause", pause))
		s.become(GatewayState{Status: gateway.StatusDisconnected, Code: parting.code, Err: parting.err})
		linger(l.ctx, pause)
	}
	s.finish(l, parting)
}

// finish tells everybody that the life is over.
func (s *gatewayShard) finish(l *gatewayLife, parting gatewayEnd) {
	err := errGatewayClosed
	state := GatewayState{Status: gateway.StatusDisconnected, Final: true}
	closed := l.ctx.Err() != nil
	if !closed {
		err = parting.err
		state.Code, state.Err = parting.code, parting.err
		s.log.Error("gateway closed for good", slog.Int("code", parting.code), slog.Any("err", scrubError(err)))
	}
	s.become(state)
	l.cancel()
	s.mu.Lock()
	if parting.fresh || (closed && endsSession(l.code)) {
		s.session = gatewaySession{}
	}
	s.life = nil
	s.mu.Unlock()
	l.report(err)
	close(l.done)
	if !closed && s.cfg.OnClose != nil {
		s.cfg.OnClose(s, err, false)
	}
}

// gatewayEnd is how a connection ended and what follows from it.
type gatewayEnd struct {
	err     error
	code    int           // Discord's close code; 0 when there was none
	answer  int           // the code with which we close
	final   bool          // do not connect again
	fresh   bool          // the session is lost: identify
	prompt  bool          // Discord asked for it: no pause after a sound connection
	pause   time.Duration // at least so long
	resumed bool          // a resume was sent
	sound   bool          // it brought something new, or lived long
}

// lost judges the error that ended a connection, by Discord's close codes.
func lost(err error) gatewayEnd {
	end := gatewayEnd{err: err, answer: closeKeeping}
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		return end
	}
	if closed.Code == websocket.CloseAbnormalClosure {
		return end // the connection broke; nobody sent that code
	}
	known := gateway.CloseEventCodeByCode(closed.Code)
	end.code = closed.Code
	end.err = fmt.Errorf("discord closed the gateway with %d %s: %w", closed.Code, known.Description, closed)
	switch known {
	case gateway.CloseEventCodeNotAuthenticated, gateway.CloseEventCodeInvalidSeq, gateway.CloseEventCodeSessionTimed:
		// 4003 also means that the session has been invalidated.
		end.fresh = true
	}
	if !known.Reconnect {
		end.final, end.fresh = true, true
	}
	return end
}

// backOff is 1, 2, 4 … 60 s, give or take a quarter.
func backOff(level int) time.Duration {
	pause := min(firstBackOff<<min(level, 10), lastBackOff)
	return pause*3/4 + rand.N(pause/2) //nolint:gosec // spreads load, no secret
}

// linger waits, unless ctx ends before.
func linger(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
