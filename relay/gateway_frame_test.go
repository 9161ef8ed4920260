package relay

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

const (
	canaryText  = "canary-message-text"
	textChannel = `{"id":"11","type":0,"guild_id":"10","name":"general","permission_overwrites":[]}`
	newChannel  = `{"id":"12","type":77,"guild_id":"10","name":"` + canaryText + `"}`
	thread      = `{"id":"13","type":11,"guild_id":"10","parent_id":"11","name":"talk","thread_metadata":{}}`
	message     = `{"id":"20","channel_id":"11","guild_id":"10","content":"` + canaryText + `","author":{"id":"3","username":"u"},"timestamp":"2026-01-01T00:00:00Z","mentions":[],"attachments":[],"embeds":[],"type":0}`
)

// TestGatewaySurvives sends what disgo cannot take, between events that it can.
func TestGatewaySurvives(t *testing.T) {
	tests := []struct {
		name    string
		frame   string // has sequence 2
		skipped string // under which name it is counted; "" = not at all
		panics  string
		ids     GatewaySkip
		seq     bool // the frame tells its sequence
	}{
		{
			name: "unknown channel type", skipped: "CHANNEL_CREATE", seq: true, ids: GatewaySkip{ID: 12, Guild: 10},
			frame: `{"t":"CHANNEL_CREATE","s":2,"op":0,"d":` + newChannel + `}`,
		},
		{
			name: "channel becomes an unknown type", skipped: "CHANNEL_UPDATE", seq: true, ids: GatewaySkip{ID: 12, Guild: 10},
			frame: `{"t":"CHANNEL_UPDATE","s":2,"op":0,"d":` + newChannel + `}`,
		},
		{
			name: "DM channel", skipped: "CHANNEL_CREATE", seq: true, ids: GatewaySkip{ID: 5},
			frame: `{"t":"CHANNEL_CREATE","s":2,"op":0,"d":{"id":"5","type":1,"recipients":[{"id":"7","username":"` + canaryText + `"}]}}`,
		},
		{
			name: "unknown interaction type", skipped: "INTERACTION_CREATE", seq: true, ids: GatewaySkip{ID: 9, Guild: 10, Channel: 11},
			frame: `{"t":"INTERACTION_CREATE","s":2,"op":0,"d":{"id":"9","type":99,"guild_id":"10","channel_id":"11","token":"` + canaryText + `","version":1}}`,
		},
		{
			name: "wrong type in a field", skipped: "MESSAGE_CREATE", seq: true, ids: GatewaySkip{ID: 20, Guild: 10, Channel: 11},
			frame: `{"t":"MESSAGE_CREATE","s":2,"op":0,"d":` + strings.Replace(message, `"embeds":[]`, `"embeds":"`+canaryText+`"`, 1) + `}`,
		},
		{
			name: "cut off inside d", skipped: "MESSAGE_CREATE", seq: true,
			frame: `{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"id":"20","content":"` + canaryText,
		},
		{name: "d missing", skipped: "MESSAGE_CREATE", seq: true, frame: `{"t":"MESSAGE_CREATE","s":2,"op":0}`},
		{name: "d null", skipped: "", seq: true, frame: `{"t":"TYPING_START","s":2,"op":0,"d":null}`},
		{name: "not JSON", skipped: notJSON, frame: canaryText},
		{name: "empty", skipped: notJSON, frame: ``},
		{name: "an array", skipped: notJSON, frame: `[1,2,3]`},
		{name: "no opcode", skipped: notJSON, frame: `{"t":"MESSAGE_CREATE","s":2}`},
		{name: "opcode is a text", skipped: notJSON, frame: `{"op":"0","s":2,"t":"X","d":{}}`},
		{name: "unknown opcode", frame: `{"op":99,"d":{"x":1}}`},
		{name: "unknown event", seq: true, frame: `{"t":"NEVER_HEARD_OF","s":2,"op":0,"d":{"x":"` + canaryText + `"}}`},
		{
			name: "handler panics", panics: "TYPING_START", seq: true, ids: GatewaySkip{Guild: 10, Channel: 11},
			frame: `{"t":"TYPING_START","s":2,"op":0,"d":{"guild_id":"10","channel_id":"11"}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heard
				if test.panics != "" {
					h.panics = map[string]bool{test.panics: true}
				}
				var stage *gatewayStage
				resumed := 0
				var s *gatewayShard
				stage = newGatewayStage(t, func(a *gatewayActor) {
					a.identify()
					a.text(test.frame)
					a.text(test.frame)
					want := 1
					if test.seq {
						want = 2
					}
					synctest.Wait()
					if got := *s.LastSequenceReceived(); got != want {
						t.Errorf("sequence %d after it, want %d", got, want)
					}
					a.dispatch(3, "MESSAGE_CREATE", message)
					a.dispatch(4, "WEBHOOKS_UPDATE", `{"guild_id":"10","channel_id":"11"}`)
					a.close(4000, "")
				}, func(a *gatewayActor) {
					resumed++
					a.resume(4)
					a.dispatch(5, "RESUMED", `{}`)
					a.stay()
				})
				s, tally := shardOn(stage, &h)
				open(t, s)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				got := tally.Stats()
				want := map[string]int64{}
				if test.skipped != "" {
					want[test.skipped] = 2
				}
				if !maps.Equal(got.Skipped, want) || resumed != 1 || got.Identifies != 1 {
					t.Errorf("stats %+v, %d resumes, want %v skipped", got, resumed, want)
				}
				if test.panics != "" && got.Panics[test.panics] != 2 {
					t.Errorf("panics %v", got.Panics)
				}
				events := strings.Join(h.got(), " ")
				if !strings.HasSuffix(events, "MESSAGE_CREATE/3 WEBHOOKS_UPDATE/4 RESUMED/5") {
					t.Errorf("events %s", events)
				}
				// What a handler that panicked should have learnt is as unknown as what cannot be read.
				if name := test.skipped + test.panics; name != "" {
					test.ids.Shard, test.ids.Event = 1, name
					if len(h.skips) != 2 || h.skips[0] != test.ids {
						t.Errorf("skips %+v, want %+v", h.skips, test.ids)
					}
				}
				log := h.log.String()
				if strings.Contains(log, "canary") {
					t.Errorf("the log quotes content:\n%s", log)
				}
				if n := strings.Count(log, "left out") + strings.Count(log, "handler panicked"); (test.skipped != "" || test.panics != "") && n != 1 {
					t.Errorf("%d lines about it", n)
				}
				s.Close(t.Context())
			})
		})
	}
}

func TestGatewaySalvagesGuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guilds := make(chan gateway.EventGuildCreate, 5)
		stage := newGatewayStage(t, func(a *gatewayActor) {
			a.identify()
			a.dispatch(2, "GUILD_CREATE", `{"id":"10","name":"Home","owner_id":"1","roles":[{"id":"10","name":"@everyone","permissions":"1024"}],
				"channels":[`+textChannel+`,`+newChannel+`,{"id":"5","type":1}],"threads":[`+thread+`,{"id":[]}],"members":[{"user":{"id":"1","username":"x"}}]}`)
			a.dispatch(3, "GUILD_CREATE", `{"id":[],"channels":[]}`)
			a.stay()
		})
		var h heard
		s, tally := shardOn(stage, &h)
		s.handler = func(_ gateway.Gateway, _ gateway.EventType, _ int, data gateway.EventData) {
			if guild, ok := data.(gateway.EventGuildCreate); ok {
				guilds <- guild
			}
		}
		open(t, s)
		guild := <-guilds
		if guild.ID != 10 || guild.Name != "Home" || len(guild.Channels) != 1 || guild.Channels[0].ID() != 11 || len(guild.Threads) != 1 || len(guild.Roles) != 1 || len(guild.Members) != 1 {
			t.Errorf("guild = %+v", guild)
		}
		synctest.Wait()
		want := map[string]int64{"GUILD_CREATE.channels": 2, "GUILD_CREATE.threads": 1, "GUILD_CREATE": 1}
		if got := tally.Stats().Skipped; !maps.Equal(got, want) || *s.LastSequenceReceived() != 3 {
			t.Errorf("skipped %v", got)
		}
		if strings.Contains(h.log.String(), "canary") {
			t.Error("the log quotes content")
		}
		s.Close(t.Context())
	})
}

func TestGatewayCountsAreBounded(t *testing.T) {
	var tally gatewayTally
	for i := range 10 * maxEventNames {
		tally.skipped(strings.Repeat("x", i), 1)
	}
	if got := tally.Stats().Skipped; len(got) > maxEventNames+1 || got[otherEvents] == 0 {
		t.Errorf("%d names", len(got))
	}
}

// deflated gives a function that compresses texts as one zstd stream, flushed after each.
func deflated(t testing.TB) func(string) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = encoder.Close() })
	return func(text string) []byte {
		out.Reset()
		if _, err := encoder.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := encoder.Flush(); err != nil {
			t.Fatal(err)
		}
		return bytes.Clone(out.Bytes())
	}
}

func TestInflater(t *testing.T) {
	deflate, inflate := deflated(t), newInflater()
	defer inflate.close()
	for _, text := range []string{`{"op":10}`, "", `{"op":11}`, strings.Repeat(message, 3000), `{"op":11}`} {
		frame := deflate(text)
		got, err := inflate.inflate(frame)
		if err != nil || string(got) != text {
			t.Fatalf("%d bytes became %d, %v", len(text), len(got), err)
		}
	}
	// A block that comes in two frames.
	frame := deflate("two parts")
	first, err := inflate.inflate(frame[:4])
	if err != nil || len(first) != 0 {
		t.Fatalf("half a block gave %q, %v", first, err)
	}
	if second, err := inflate.inflate(frame[4:]); err != nil || string(second) != "two parts" {
		t.Fatalf("the rest gave %q, %v", second, err)
	}

	bomb := newInflater()
	defer bomb.close()
	frame = deflated(t)(strings.Repeat("0", maxFrame+1))
	if _, err := bomb.inflate(frame); !errors.Is(err, errFrameTooLarge) {
		t.Errorf("%d bytes that inflate to more than 64 MiB: %v", len(frame), err)
	}
	garbage := newInflater()
	defer garbage.close()
	for range 2 {
		if _, err := garbage.inflate([]byte("this is no zstd")); err == nil {
			t.Error("garbage was inflated")
		}
	}
	newInflater().close() // unused
}

// TestGatewayOverSocket does it all once over a real socket, compressed, with text frames in
// between, and leaves nothing behind.
func TestGatewayOverSocket(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var stay sync.WaitGroup
	defer stay.Wait()
	deflate := deflated(t)
	queries := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, rq *http.Request) {
		queries <- rq.URL.Query().Get("compress")
		var upgrader websocket.Upgrader
		ws, err := upgrader.Upgrade(w, rq, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = ws.Close() }() // the client has left
		send := func(kind int, text []byte) {
			if err := ws.WriteMessage(kind, text); err != nil {
				t.Error(err)
			}
		}
		send(websocket.BinaryMessage, deflate(`{"op":10,"d":{"heartbeat_interval":41250}}`))
		if _, _, err := ws.ReadMessage(); err != nil {
			t.Error(err)
		}
		send(websocket.BinaryMessage, deflate(`{"t":"READY","s":1,"op":0,"d":`+readyEvent+`}`))
		send(websocket.TextMessage, []byte(`{"t":"TYPING_START","s":2,"op":0,"d":{}}`))
		send(websocket.BinaryMessage, deflate(`{"t":"MESSAGE_CREATE","s":3,"op":0,"d":`+message+`}`))
		_, _, _ = ws.ReadMessage() // until the client leaves
	}))
	defer server.Close()

	events := make(chan string, 10)
	create := newGateway(gatewayConfig{URL: "ws" + strings.TrimPrefix(server.URL, "http"), Compress: true})
	s := create("token", func(_ gateway.Gateway, event gateway.EventType, _ int, _ gateway.EventData) { events <- string(event) })
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := []string{<-events, <-events, <-events}
	if !slices.Equal(got, []string{"READY", "TYPING_START", "MESSAGE_CREATE"}) || <-queries != "zstd-stream" {
		t.Errorf("events = %v", got)
	}
	s.Close(t.Context())
	if s.Status() != gateway.StatusDisconnected {
		t.Errorf("status %v", s.Status())
	}
}

func FuzzGatewayFrame(f *testing.F) {
	for _, seed := range []string{
		`{"t":"MESSAGE_CREATE","s":2,"op":0,"d":` + message + `}`,
		`{"t":"CHANNEL_CREATE","s":2,"op":0,"d":` + newChannel + `}`,
		`{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"10","channels":[` + textChannel + `,` + newChannel + `],"threads":[` + thread + `]}}`,
		`{"t":"INTERACTION_CREATE","s":2,"op":0,"d":{"id":"9","type":99}}`,
		`{"t":"READY","s":1,"op":0,"d":` + readyEvent + `}`,
		`{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"`,
		`{"op":10,"d":{"heartbeat_interval":41250}}`, `{"op":9,"d":false}`, `{"op":11}`, `[`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, _ := newGateway(gatewayConfig{})("token", func(gateway.Gateway, gateway.EventType, int, gateway.EventData) {}).(*gatewayShard)
		frame := parseFrame(text)
		if frame.op != gateway.OpcodeDispatch {
			return
		}
		s.receive(frame)
		if n := s.cfg.Tally.Stats().Panics; len(n) != 0 {
			t.Fatalf("panics: %v", n)
		}
	})
}
