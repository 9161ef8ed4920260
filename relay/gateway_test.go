package relay

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
)

func open(t *testing.T, s *gatewayShard) {
	t.Helper()
	if err := s.Open(t.Context()); err != nil {
		t.Fatalf("open: %v", err)
	}
}

func TestGatewayIdentifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h heard
		var identify gateway.MessageDataIdentify
		var code int
		stage := newGatewayStage(t, func(a *gatewayActor) {
			identify = a.identify()
			a.dispatch(2, "TYPING_START", `{"channel_id":"5","user_id":"6","timestamp":1}`)
			a.dispatch(3, "NEVER_HEARD_OF", `{"x":1}`)
			code = a.stay()
		})
		s, tally := shardOn(stage, &h)
		if s.Status() != gateway.StatusUnconnected || s.SessionID() != nil || s.LastSequenceReceived() != nil || s.ResumeURL() != nil {
			t.Error("a new shard has a session")
		}
		if err := s.Send(t.Context(), gateway.OpcodePresenceUpdate, gateway.MessageDataPresenceUpdate{}); !errors.Is(err, discord.ErrShardNotReady) {
			t.Errorf("send before ready: %v", err)
		}
		start := time.Now()
		open(t, s)
		if took := time.Since(start); took > 0 {
			t.Errorf("open took %v", took)
		}
		if err := s.Open(t.Context()); !errors.Is(err, discord.ErrGatewayAlreadyConnected) {
			t.Errorf("second open: %v", err)
		}
		synctest.Wait()
		if s.Status() != gateway.StatusReady || h.last().Status != gateway.StatusReady || *s.SessionID() != "s1" || *s.LastSequenceReceived() != 3 || *s.ResumeURL() != "ws://127.0.0.2" {
			t.Errorf("status %v, %+v", s.Status(), s.session)
		}
		if identify.Token != "token" || *identify.Shard != [2]int{1, 2} || identify.Intents != gateway.IntentGuilds {
			t.Errorf("identify = %+v", identify)
		}
		if got := h.got(); !slices.Equal(got, []string{"READY/1", "TYPING_START/2"}) {
			t.Errorf("events = %v", got)
		}
		time.Sleep(2 * time.Minute) // heartbeats
		synctest.Wait()
		if s.Status() != gateway.StatusReady || s.lastAck.IsZero() {
			t.Errorf("after two minutes: %v", s.Status())
		}
		s.Close(t.Context())
		synctest.Wait()
		if s.Status() != gateway.StatusDisconnected || s.SessionID() != nil || code != 1000 {
			t.Errorf("after close: %v, session %v, code %d", s.Status(), s.SessionID(), code)
		}
		if last := h.last(); !last.Final || last.Err != nil || last.Shard != 1 {
			t.Errorf("last state = %+v", last)
		}
		if got := tally.Stats(); got.Identifies != 1 || got.Resumes != 0 || got.Reconnects != 0 || len(got.Skipped) != 0 {
			t.Errorf("stats = %+v", got)
		}
		if stage.queries[0] != "encoding=json&v=10" {
			t.Errorf("query = %q", stage.queries[0])
		}
	})
}

// TestGatewayResumes drops a connection in several ways and expects the session to go on.
func TestGatewayResumes(t *testing.T) {
	tests := []struct {
		name string
		drop func(*gatewayActor)
		max  time.Duration // until the next connection
	}{
		{"connection cut", func(*gatewayActor) {}, 2 * time.Second},
		{"close 4000", func(a *gatewayActor) { a.close(4000, "x") }, 2 * time.Second},
		{"close 1001", func(a *gatewayActor) { a.close(1001, "x") }, 2 * time.Second},
		{"reconnect asked", func(a *gatewayActor) { a.text(`{"op":7,"d":null}`); a.stay() }, 2 * time.Second},
		{"invalid session, resumable", func(a *gatewayActor) { a.text(`{"op":9,"d":true}`); a.stay() }, 2 * time.Second},
		{"zombie", func(a *gatewayActor) { a.deaf.Store(true); a.stay() }, 2*41250*time.Millisecond + 2*time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heard
				var dropped, again time.Time
				stage := newGatewayStage(t, func(a *gatewayActor) {
					a.identify()
					a.dispatch(2, "TYPING_START", `{}`)
					dropped = time.Now()
					test.drop(a)
				}, func(a *gatewayActor) {
					again = time.Now()
					a.resume(2)
					a.dispatch(3, "TYPING_START", `{}`)
					a.dispatch(4, "RESUMED", `{}`)
					a.stay()
				})
				s, tally := shardOn(stage, &h)
				open(t, s)
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				if got := h.got(); !slices.Equal(got, []string{"READY/1", "TYPING_START/2", "TYPING_START/3", "RESUMED/4"}) {
					t.Errorf("events = %v", got)
				}
				if took := again.Sub(dropped); took > test.max {
					t.Errorf("reconnected after %v", took)
				}
				if !slices.Equal(stage.hosts(), []string{"127.0.0.1:80", "127.0.0.2:80"}) {
					t.Errorf("dialled %v, want the resume address second", stage.hosts())
				}
				if got := tally.Stats(); got.Resumes != 1 || got.Identifies != 1 || got.Reconnects != 1 || s.Status() != gateway.StatusReady {
					t.Errorf("stats = %+v, %v", got, s.Status())
				}
				s.CloseWithCode(t.Context(), 4000, "")
				if s.SessionID() == nil || *s.LastSequenceReceived() != 4 {
					t.Error("a close with 4000 lost the session")
				}
			})
		})
	}
}

func TestGatewayZombieCloseCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := 0
		stage := newGatewayStage(t, func(a *gatewayActor) {
			a.deaf.Store(true)
			a.identify()
			code = a.stay()
		}, func(a *gatewayActor) { a.resume(1); a.stay() })
		s, _ := shardOn(stage, &heard{})
		open(t, s)
		time.Sleep(3 * 41250 * time.Millisecond)
		synctest.Wait()
		if code != closeKeeping {
			t.Errorf("closed with %d", code)
		}
		s.Close(t.Context())
	})
}

func TestGatewayBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var actor *gatewayActor
		stage := newGatewayStage(t, func(a *gatewayActor) {
			actor = a
			a.hello(10 * time.Second)
			a.expect(gateway.OpcodeIdentify)
			a.dispatch(1, "READY", readyEvent)
			a.stay()
		})
		s, _ := shardOn(stage, &heard{})
		start := time.Now()
		open(t, s)
		time.Sleep(time.Minute)
		actor.mu.Lock()
		beats := slices.Clone(actor.beats)
		actor.mu.Unlock()
		if first := beats[0].Sub(start); first > 10*time.Second {
			t.Errorf("first heartbeat after %v", first)
		}
		for i := 1; i < len(beats); i++ {
			if gap := beats[i].Sub(beats[i-1]); gap != 10*time.Second {
				t.Errorf("%v between heartbeats", gap)
			}
		}
		before := time.Now()
		actor.text(`{"op":1,"d":null}`)
		synctest.Wait()
		actor.mu.Lock()
		last, n := actor.beats[len(actor.beats)-1], len(actor.beats)
		actor.mu.Unlock()
		if n != len(beats)+1 || !last.Equal(before) {
			t.Errorf("a heartbeat that was asked for came at %v, %d in all", last.Sub(before), n)
		}
		s.Close(t.Context())
	})
}

// TestGatewaySlowHandler: heartbeats go on and their ACKs are read while the handler is busy,
// and even a full backlog is no zombie.
func TestGatewaySlowHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h heard
		stage := newGatewayStage(t, func(a *gatewayActor) {
			a.identify()
			for i := range 3 * frameBacklog {
				a.dispatch(i+2, "TYPING_START", `{}`)
			}
			a.stay()
		})
		busy := make(chan struct{})
		handler := func(g gateway.Gateway, event gateway.EventType, seq int, data gateway.EventData) {
			if seq == 2 {
				<-busy
				if got := *g.LastSequenceReceived(); got != 1 {
					t.Errorf("sequence %d while the handler of 2 still runs", got)
				}
			}
			h.handle(g, event, seq, data)
		}
		s, tally := shardOn(stage, &h)
		s.handler = handler
		open(t, s)
		time.Sleep(10 * time.Minute)
		close(busy)
		synctest.Wait()
		if got := tally.Stats(); got.Reconnects != 0 || len(h.got()) != 3*frameBacklog+1 {
			t.Errorf("%d reconnects, %d events", got.Reconnects, len(h.got()))
		}
		s.Close(t.Context())
	})
}
