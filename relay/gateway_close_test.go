package relay

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
)

func TestGatewayCloses(t *testing.T) {
	t.Run("while connecting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for name, act := range map[string]func(*gatewayActor){
				"before hello": func(a *gatewayActor) { a.stay() },
				"before ready": func(a *gatewayActor) { a.hello(time.Minute); a.expect(gateway.OpcodeIdentify); a.stay() },
			} {
				s, _ := shardOn(newGatewayStage(t, act), &heard{})
				var wg sync.WaitGroup
				wg.Go(func() {
					if err := s.Open(t.Context()); !errors.Is(err, errGatewayClosed) {
						t.Errorf("%s: open = %v", name, err)
					}
				})
				synctest.Wait()
				s.Close(t.Context())
				wg.Wait()
			}
		})
	})
	t.Run("while dialling a silent host", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			s, _ := shardOn(newGatewayStage(t), &heard{}, func(cfg *gatewayConfig) {
				cfg.Dialer = &websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
			})
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = theirs.Read(make([]byte, 4096)) })
			wg.Go(func() {
				if err := s.Open(t.Context()); !errors.Is(err, errGatewayClosed) {
					t.Errorf("open = %v", err)
				}
			})
			synctest.Wait()
			start := time.Now()
			s.Close(t.Context())
			if took := time.Since(start); took > 0 {
				t.Errorf("close took %v", took)
			}
			wg.Wait()
			_ = theirs.Close()
		})
	})
	t.Run("many at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _ := shardOn(newGatewayStage(t, func(a *gatewayActor) { a.identify(); a.stay() }), &heard{})
			open(t, s)
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					if i%2 == 0 {
						s.Close(t.Context())
					} else {
						_ = s.Send(t.Context(), gateway.OpcodePresenceUpdate, gateway.MessageDataPresenceUpdate{})
						_ = s.Status()
					}
				})
			}
			wg.Wait()
			if s.Status() != gateway.StatusDisconnected {
				t.Errorf("status %v", s.Status())
			}
		})
	})
	t.Run("with a context that ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			busy := make(chan struct{})
			s, _ := shardOn(newGatewayStage(t, func(a *gatewayActor) { a.identify(); a.dispatch(2, "TYPING_START", `{}`); a.stay() }), &heard{})
			s.handler = func(_ gateway.Gateway, _ gateway.EventType, seq int, _ gateway.EventData) {
				if seq == 2 {
					<-busy
				}
			}
			open(t, s)
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			start := time.Now()
			s.Close(ctx)
			if took := time.Since(start); took != 2*time.Second {
				t.Errorf("close took %v", took)
			}
			close(busy)
		})
	})
	t.Run("open whose context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _ := shardOn(newGatewayStage(t, func(a *gatewayActor) { a.hello(time.Minute); a.stay() }), &heard{})
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			defer cancel()
			if err := s.Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("open = %v", err)
			}
			if s.Status() != gateway.StatusDisconnected {
				t.Errorf("status %v", s.Status())
			}
		})
	})
}

func TestGatewaySendLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []time.Time
		stage := newGatewayStage(t, func(a *gatewayActor) {
			a.identify()
			for range a.in {
				mu.Lock()
				sent = append(sent, time.Now())
				mu.Unlock()
			}
		})
		s, tally := shardOn(stage, &heard{})
		open(t, s)
		start := time.Now()
		var wg sync.WaitGroup
		for range 250 {
			wg.Go(func() {
				if err := s.Send(t.Context(), gateway.OpcodePresenceUpdate, gateway.MessageDataPresenceUpdate{Status: discord.OnlineStatusIdle}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		mu.Lock()
		for i := range sent {
			n := 0
			for _, at := range sent[i:] {
				if at.Sub(sent[i]) < commandWindow {
					n++
				}
			}
			if n > commandLimit-commandReserve {
				t.Errorf("%d commands within a minute", n)
				break
			}
		}
		mu.Unlock()
		if took := time.Since(start); took < 2*time.Minute || took > 3*time.Minute || tally.Stats().Reconnects != 0 {
			t.Errorf("250 commands took %v with %d reconnects", took, tally.Stats().Reconnects)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range commandLimit {
			if err := s.Send(ctx, gateway.OpcodePresenceUpdate, gateway.MessageDataPresenceUpdate{}); errors.Is(err, context.DeadlineExceeded) {
				break
			}
		}
		if ctx.Err() == nil {
			t.Error("send did not stop at its context")
		}
		if s.Presence() == nil {
			t.Error("the presence sent last is forgotten")
		}
		long := gateway.MessageDataRequestGuildMembers{Nonce: strings.Repeat("x", maxCommand)}
		if err := s.Send(t.Context(), gateway.OpcodeRequestGuildMembers, long); err == nil {
			t.Error("a command above Discord's size went out")
		}
		s.Close(t.Context())
	})
}

func TestGatewayIdentifiesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at []time.Time
		act := func(a *gatewayActor) {
			a.hello(time.Minute)
			a.expect(gateway.OpcodeIdentify)
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			a.dispatch(1, "READY", readyEvent)
			a.stay()
		}
		create := newGateway(gatewayConfig{URL: "ws://127.0.0.1", Dialer: newGatewayStage(t, act).dialer()})
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				s := create("token", (&heard{}).handle, gateway.WithShardID(i), gateway.WithShardCount(3))
				if err := s.Open(t.Context()); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute)
				s.Close(t.Context())
			})
		}
		wg.Wait()
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 5*time.Second || gap > 6*time.Second {
				t.Errorf("%v between identifies", gap)
			}
		}
	})
}
