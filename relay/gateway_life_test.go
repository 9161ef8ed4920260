package relay

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
)

func TestGatewayNewSession(t *testing.T) {
	tests := []struct {
		name     string
		drop     func(*gatewayActor)
		min, max time.Duration
	}{
		{"invalid session", func(a *gatewayActor) { a.text(`{"op":9,"d":false}`); a.stay() }, time.Second, 7 * time.Second},
		{"invalid session without a word", func(a *gatewayActor) { a.text(`{"op":9}`); a.stay() }, time.Second, 7 * time.Second},
		{"close 4003", func(a *gatewayActor) { a.close(4003, "") }, 0, 7 * time.Second},
		{"close 4007", func(a *gatewayActor) { a.close(4007, "") }, 0, 7 * time.Second},
		{"close 4009", func(a *gatewayActor) { a.close(4009, "") }, 0, 7 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heard
				var dropped, again time.Time
				stage := newGatewayStage(t, func(a *gatewayActor) {
					a.identify()
					a.dispatch(500, "TYPING_START", `{}`)
					dropped = time.Now()
					test.drop(a)
				}, func(a *gatewayActor) {
					again = time.Now()
					a.identify()
					a.stay()
				})
				s, tally := shardOn(stage, &h)
				open(t, s)
				time.Sleep(time.Minute)
				if got := tally.Stats(); got.Identifies != 2 || got.Resumes != 0 || s.Status() != gateway.StatusReady || *s.LastSequenceReceived() != 1 {
					t.Errorf("%+v, %v, %+v", got, s.Status(), s.session)
				}
				if took := again.Sub(dropped); took < test.min || took > test.max {
					t.Errorf("identified after %v", took)
				}
				if !slices.Equal(stage.hosts(), []string{"127.0.0.1:80", "127.0.0.1:80"}) {
					t.Errorf("dialled %v", stage.hosts())
				}
				s.Close(t.Context())
			})
		})
	}
}

// TestGatewayInvalidSessionPause: Discord wants 1 to 5 seconds, at random.
func TestGatewayInvalidSessionPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var ended time.Time
		var pauses []time.Duration
		stage := newGatewayStage(t, func(a *gatewayActor) {
			mu.Lock()
			if !ended.IsZero() {
				pauses = append(pauses, time.Since(ended))
			}
			mu.Unlock()
			a.identify()
			time.Sleep(2 * time.Minute)
			mu.Lock()
			ended = time.Now()
			mu.Unlock()
			a.text(`{"op":9,"d":false}`)
			a.stay()
		})
		s, _ := shardOn(stage, &heard{})
		open(t, s)
		time.Sleep(50 * time.Minute)
		s.Close(t.Context())
		mu.Lock()
		defer mu.Unlock()
		if len(pauses) < 20 || slices.Min(pauses) < time.Second || slices.Max(pauses) > 5*time.Second+100*time.Millisecond || slices.Max(pauses) < 2*time.Second {
			t.Errorf("pauses %v", pauses)
		}
	})
}

func TestGatewayFinalCodes(t *testing.T) {
	for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014} {
		synctest.Test(t, func(t *testing.T) {
			var h heard
			stage := newGatewayStage(t, func(a *gatewayActor) {
				a.hello(time.Minute)
				a.expect(gateway.OpcodeIdentify)
				a.close(code, "no")
				a.stay()
			})
			s, tally := shardOn(stage, &h)
			err := s.Open(t.Context())
			if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != code {
				t.Errorf("%d: open = %v", code, err)
			}
			time.Sleep(time.Hour)
			if last := h.last(); !last.Final || last.Code != code || len(h.closes) != 1 || len(stage.hosts()) != 1 || tally.Stats().Identifies != 1 {
				t.Errorf("%d: last state %+v, %d closes, %d dials", code, last, len(h.closes), len(stage.hosts()))
			}
			s.Close(t.Context())
		})
	}
	t.Run("after ready", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var h heard
			stage := newGatewayStage(t, func(a *gatewayActor) { a.identify(); a.close(4004, "no"); a.stay() })
			s, _ := shardOn(stage, &h)
			s.cfg.OnClose = func(g gateway.Gateway, err error, again bool) {
				if _, ok := errors.AsType[*websocket.CloseError](err); !ok || again {
					t.Errorf("close handler got %v, %v", err, again)
				}
				g.Close(t.Context()) // as disgo's sharding does on 4011
				h.closes = append(h.closes, err)
			}
			open(t, s)
			synctest.Wait()
			if len(h.closes) != 1 || s.SessionID() != nil {
				t.Errorf("%d closes, session %v", len(h.closes), s.SessionID())
			}
		})
	})
}

// TestGatewayDropStorm: connections that come to nothing get rarer, and a session that cannot
// be resumed is given up.
func TestGatewayDropStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h heard
		stage := newGatewayStage(t, func(a *gatewayActor) { a.identify(); time.Sleep(2 * time.Minute) }, func(a *gatewayActor) {
			a.hello(time.Minute)
			message := <-a.in
			if message.Op == gateway.OpcodeResume {
				a.dispatch(2, "RESUMED", `{}`)
			} else {
				a.dispatch(1, "READY", readyEvent)
			}
		})
		s, tally := shardOn(stage, &h)
		open(t, s)
		time.Sleep(time.Hour)
		got := tally.Stats()
		if got.Reconnects > 80 || got.Reconnects < 40 {
			t.Errorf("%d reconnects in an hour of drops", got.Reconnects)
		}
		if want := got.Reconnects / (vainResumes + 1); got.Identifies < want || got.Identifies > want+2 {
			t.Errorf("%d identifies, %d resumes", got.Identifies, got.Resumes)
		}
		s.Close(t.Context())
	})
}

// Sessions in which people talked are no storm: each is followed by another within seconds.
func TestGatewayBusySessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ends []time.Time
		busy := func(a *gatewayActor) {
			a.identify()
			a.dispatch(2, "MESSAGE_DELETE", `{"id":"1","channel_id":"2"}`)
			ends = append(ends, time.Now())
			a.close(4009, "")
			a.stay()
		}
		acts := append(slices.Repeat([]func(*gatewayActor){busy}, 10), func(a *gatewayActor) { a.identify(); a.stay() })
		stage := newGatewayStage(t, acts...)
		s, _ := shardOn(stage, &heard{})
		open(t, s)
		time.Sleep(2 * time.Minute)
		s.Close(t.Context())
		synctest.Wait()
		if len(ends) != 10 || ends[9].Sub(ends[0]) > 9*7*time.Second {
			t.Errorf("%d sessions in %s", len(ends), ends[len(ends)-1].Sub(ends[0]))
		}
	})
}

// Why Discord closes counts, also when it does so before the session is asked for.
func TestGatewayClosedBeforeResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage := newGatewayStage(t, func(a *gatewayActor) { a.identify() },
			func(a *gatewayActor) { a.hello(time.Minute); a.close(4009, ""); a.stay() },
			func(a *gatewayActor) { a.identify(); a.stay() })
		s, tally := shardOn(stage, &heard{})
		open(t, s)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := tally.Stats(); got.Identifies != 2 || got.Resumes != 1 || s.Status() != gateway.StatusReady {
			t.Errorf("%+v, %v", got, s.Status())
		}
		s.Close(t.Context())
	})
}

func TestGatewayWithoutHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage := newGatewayStage(t, func(a *gatewayActor) { a.stay() }, func(a *gatewayActor) { a.identify(); a.stay() })
		s, _ := shardOn(stage, &heard{})
		start := time.Now()
		open(t, s)
		if took := time.Since(start); took < helloTime || took > helloTime+10*time.Second {
			t.Errorf("ready after %v", took)
		}
		s.Close(t.Context())
	})
}

// Nobody answers any more where the session is to be resumed: it is resumed elsewhere.
func TestGatewayResumesElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage := newGatewayStage(t, func(a *gatewayActor) { a.identify() }, func(a *gatewayActor) { a.resume(1); a.dispatch(2, "RESUMED", `{}`); a.stay() })
		dialer := stage.dialer()
		dial := dialer.NetDialContext
		var hosts []string
		dialer.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if hosts = append(hosts, addr); strings.HasPrefix(addr, "127.0.0.2") {
				return nil, errors.New("connection refused")
			}
			return dial(ctx, network, addr)
		}
		s, tally := shardOn(stage, &heard{}, func(cfg *gatewayConfig) { cfg.Dialer = dialer })
		open(t, s)
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"127.0.0.1:80", "127.0.0.2:80", "127.0.0.2:80", "127.0.0.2:80", "127.0.0.1:80"}; !slices.Equal(hosts, want) {
			t.Errorf("dialled %v", hosts)
		}
		if got := tally.Stats(); got.Resumes != 1 || got.Identifies != 1 || s.Status() != gateway.StatusReady {
			t.Errorf("%+v, %v", got, s.Status())
		}
		s.Close(t.Context())
	})
}

func TestGatewayDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h heard
		stage := newGatewayStage(t, func(a *gatewayActor) { a.identify(); a.stay() })
		up := time.Now().Add(3 * time.Minute)
		dialer := stage.dialer()
		dial, tries := dialer.NetDialContext, 0
		dialer.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if tries++; time.Now().Before(up) {
				return nil, errors.New("connection refused")
			}
			return dial(ctx, network, addr)
		}
		s, _ := shardOn(stage, &h, func(cfg *gatewayConfig) { cfg.Dialer = dialer })
		open(t, s)
		if tries < 5 || tries > 12 {
			t.Errorf("%d tries in 3 minutes", tries)
		}
		s.Close(t.Context())
	})
}

func TestGatewayRefusesForeignPlainAddresses(t *testing.T) {
	for raw, good := range map[string]bool{
		"wss://gateway.discord.gg": true, "wss://gateway.discord.gg/?x=1": true, "ws://127.0.0.1:80": true, "ws://localhost:1": true, "ws://[::1]:9": true,
		"ws://gateway.discord.gg": false, "ws://127.0.0.1.evil.example": false, "ws://localhost.evil.example": false, "http://gateway.discord.gg": false,
		"wss://user:pass@gateway.discord.gg": false, "gateway.discord.gg": false, "": false, "wss://": false, "%": false,
	} {
		if _, err := gatewayAddress(raw, false); (err == nil) != good {
			t.Errorf("%q: %v", raw, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s, _ := shardOn(newGatewayStage(t), &heard{}, func(cfg *gatewayConfig) { cfg.URL = "ws://gateway.discord.gg" })
		if err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "wss://") {
			t.Errorf("open = %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var h heard
		stage := newGatewayStage(t, func(a *gatewayActor) {
			a.hello(time.Minute)
			a.expect(gateway.OpcodeIdentify)
			a.dispatch(1, "READY", strings.Replace(readyEvent, "127.0.0.2", "evil.example", 1))
		}, func(a *gatewayActor) { a.resume(1); a.dispatch(2, "RESUMED", `{}`); a.stay() })
		s, _ := shardOn(stage, &h)
		open(t, s)
		time.Sleep(time.Minute)
		if !slices.Equal(stage.hosts(), []string{"127.0.0.1:80", "127.0.0.1:80"}) || !strings.Contains(h.log.String(), "resume address refused") {
			t.Errorf("dialled %v", stage.hosts())
		}
		s.Close(t.Context())
	})
}
