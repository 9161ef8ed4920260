package sandbox_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/zstd"

	"troupe/relay/sandbox"
)

// ordinary are the intents of a bot that reads and speaks.
const ordinary = sandbox.IntentGuilds | sandbox.IntentGuildMembers | sandbox.IntentGuildMessages | sandbox.IntentMessageContent |
	sandbox.IntentGuildReactions | sandbox.IntentGuildWebhooks | sandbox.IntentDirectMessages | sandbox.IntentDirectReactions

// wire is a gateway client.
type wire struct {
	house   *house
	ws      *websocket.Conn
	inflate func([]byte) ([]byte, error)
	seq     int64
	session string
}

type packet struct {
	Op   int             `json:"op"`
	Seq  *int64          `json:"s"`
	Type string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

func (p packet) object() object {
	var o object
	if json.Unmarshal(p.Data, &o) != nil {
		return object{}
	}
	return o
}

// dial opens a websocket and reads HELLO.
func (s *house) dial(query string) *wire {
	s.t.Helper()
	w := s.dialRaw(query)
	if hello, err := w.read(); err != nil || hello.Op != 10 {
		s.t.Fatalf("first packet is op %d (%v), want HELLO", hello.Op, err)
	}
	return w
}

func (s *house) dialRaw(query string) *wire {
	s.t.Helper()
	url := s.must(200, "GET", "/gateway/bot", "").object().text("url")
	ws, response, err := websocket.DefaultDialer.DialContext(s.t.Context(), url+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	s.t.Cleanup(func() { _ = ws.Close() })
	return &wire{house: s, ws: ws}
}

func (w *wire) read() (packet, error) {
	_ = w.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, raw, err := w.ws.ReadMessage()
	if err != nil {
		return packet{}, err
	}
	if w.inflate != nil {
		if raw, err = w.inflate(raw); err != nil {
			return packet{}, err
		}
	}
	var p packet
	if err := json.Unmarshal(raw, &p); err != nil {
		return packet{}, fmt.Errorf("packet %.60q: %w", raw, err)
	}
	if p.Seq != nil {
		w.seq = *p.Seq
	}
	return p, nil
}

func (w *wire) send(op int, data any) {
	w.house.t.Helper()
	if err := w.ws.WriteJSON(map[string]any{"op": op, "d": data}); err != nil {
		w.house.t.Fatal(err)
	}
}

// next reads on to the next dispatch of a type.
func (w *wire) next(kind string) object {
	w.house.t.Helper()
	for {
		p, err := w.read()
		if err != nil {
			w.house.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if p.Op == 0 && p.Type == kind {
			return p.object()
		}
	}
}

// until reads the types of all dispatches up to one of a type.
func (w *wire) until(kind string) []string {
	w.house.t.Helper()
	var kinds []string
	for {
		p, err := w.read()
		if err != nil {
			w.house.t.Fatalf("waiting for %s after %v: %v", kind, kinds, err)
		}
		if p.Op == 0 {
			kinds = append(kinds, p.Type)
		}
		if p.Type == kind {
			return kinds
		}
	}
}

// closes reads on until the stand-in closes, and demands the code.
func (w *wire) closes(code int) {
	w.house.t.Helper()
	for {
		_, err := w.read()
		if err == nil {
			continue
		}
		closed, ok := errors.AsType[*websocket.CloseError](err)
		if !ok || closed.Code != code {
			w.house.t.Errorf("closed with %v, want %d", err, code)
		}
		return
	}
}

func (s *house) identity(intents sandbox.Intents) map[string]any {
	return map[string]any{
		"token": s.Token(), "intents": int(intents),
		"properties": map[string]string{"os": "linux", "browser": "test", "device": "test"},
	}
}

// connect opens a session and reads READY and the demo server's GUILD_CREATE.
func (s *house) connect(intents sandbox.Intents) (w *wire, ready, guild object) {
	s.t.Helper()
	w = s.dial("?v=10&encoding=json")
	w.send(2, s.identity(intents))
	ready = w.next("READY")
	w.session = ready.text("session_id")
	return w, ready, w.next("GUILD_CREATE")
}

// resume opens a new websocket for the session of w.
func (w *wire) resume() *wire {
	w.house.t.Helper()
	again := w.house.dial("?v=10&encoding=json")
	again.session, again.seq = w.session, w.seq
	again.send(6, map[string]any{"token": w.house.Token(), "session_id": w.session, "seq": w.seq})
	return again
}

func TestIdentify(t *testing.T) {
	s := raise(t)
	s.ok(s.SeedOther(&s.Demo))
	_, ready, guild := s.connect(ordinary)
	if ready["v"] != 10.0 || ready.object("user").id() != s.BotID() || ready.object("application").id() != s.BotID() {
		t.Errorf("READY: %v", ready)
	}
	if guilds := ready.objects("guilds"); len(guilds) != 2 || guilds[0]["unavailable"] != true {
		t.Errorf("READY guilds: %v", guilds)
	}
	if members := guild.objects("members"); len(members) != 1 || members[0].object("user").id() != s.BotID() {
		t.Errorf("GUILD_CREATE members: %v", members)
	}
	if len(guild.objects("channels")) != 9 {
		t.Errorf("GUILD_CREATE channels: %v", guild.objects("channels"))
	}
	if len(guild.objects("threads")) != 2 || guild["member_count"] != 5.0 {
		t.Errorf("GUILD_CREATE threads: %v", guild.objects("threads"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	s.ok(s.WaitReady(ctx))
	if n := s.GatewayCounts(); n.Identifies != 1 || n.Connects != 1 {
		t.Errorf("counts: %+v", n)
	}
}

func TestGatewayRefuses(t *testing.T) {
	s := raise(t)
	with := func(key string, value any) map[string]any {
		in := s.identity(sandbox.IntentGuilds)
		in[key] = value
		return in
	}
	for _, c := range []struct {
		name  string
		first any
		code  int
	}{
		{"wrong token", map[string]any{"op": 2, "d": with("token", "nonsense")}, 4004},
		{"no properties", map[string]any{"op": 2, "d": map[string]any{"token": s.Token(), "intents": 1}}, 4002},
		{"unknown intent", map[string]any{"op": 2, "d": with("intents", 1<<18)}, 4013},
		{"privileged and off", map[string]any{"op": 2, "d": with("intents", 1<<8)}, 4014},
		{"bad shard", map[string]any{"op": 2, "d": with("shard", []int{3, 2})}, 4010},
		{"unknown opcode", map[string]any{"op": 99, "d": nil}, 4001},
		{"too early", map[string]any{"op": 3, "d": nil}, 4003},
		{"no packet", "hello", 4002},
		{"too long", map[string]any{"op": 2, "d": strings.Repeat("x", 5000)}, 4002},
		{"resume with wrong token", map[string]any{"op": 6, "d": map[string]any{"token": "x", "session_id": "y", "seq": 1}}, 4004},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := s.dial("?v=10&encoding=json")
			if err := w.ws.WriteJSON(c.first); err != nil {
				t.Fatal(err)
			}
			w.closes(c.code)
		})
	}
	t.Run("old version", func(t *testing.T) { s.dialRaw("?v=5&encoding=json").closes(4012) })
	t.Run("identify twice", func(t *testing.T) {
		w, _, _ := s.connect(ordinary)
		w.send(2, s.identity(ordinary))
		w.closes(4005)
	})
	t.Run("members intent switched off", func(t *testing.T) {
		s.AllowIntents(sandbox.IntentMessageContent)
		w := s.dial("?v=10&encoding=json")
		w.send(2, s.identity(ordinary))
		w.closes(4014)
		s.refused(403, 50001, "GET", "/guilds/%s/members", "", s.Guild)
	})
	t.Run("121 packets in a minute", func(t *testing.T) {
		w := s.dial("?v=10&encoding=json")
		for range 121 {
			w.send(1, nil)
		}
		w.closes(4008)
	})
}

func TestIdentifyOncePerFiveSeconds(t *testing.T) {
	s := raise(t, func(c *sandbox.Config) { c.NoIdentifyLimit = false })
	s.connect(ordinary)
	w := s.dial("?v=10&encoding=json")
	w.send(2, s.identity(ordinary))
	if p, err := w.read(); err != nil || p.Op != 9 || string(p.Data) != "false" {
		t.Errorf("op %d %s (%v), want op 9 false", p.Op, p.Data, err)
	}
}

func TestHeartbeats(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	w.send(1, w.seq)
	if p, err := w.read(); err != nil || p.Op != 11 {
		t.Fatalf("op %d (%v), want ACK", p.Op, err)
	}
	s.RequestHeartbeat()
	if p, err := w.read(); err != nil || p.Op != 1 {
		t.Fatalf("op %d (%v), want a request for a heartbeat", p.Op, err)
	}
	s.Deafen(true)
	w.send(1, w.seq)
	s.say(s.Mia, s.General, "after the heartbeat")
	if p, err := w.read(); err != nil || p.Type != "MESSAGE_CREATE" {
		t.Errorf("got op %d %s (%v), want no ACK before the message", p.Op, p.Type, err)
	}
	quick := raise(t, func(c *sandbox.Config) { c.Heartbeat = 40 * time.Millisecond })
	silent, _, _ := quick.connect(ordinary)
	silent.closes(4009)
}

func TestResumeReplaysInOrder(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	s.say(s.Mia, s.General, "heard")
	w.next("MESSAGE_CREATE")
	s.Drop()
	if _, err := w.read(); err == nil {
		t.Fatal("the connection outlived Drop")
	}
	for i := range 5 {
		s.say(s.Mia, s.General, fmt.Sprint("missed ", i))
	}
	again := w.resume()
	for i := range 5 {
		if got := again.next("MESSAGE_CREATE").text("content"); got != fmt.Sprint("missed ", i) {
			t.Errorf("replay %d is %q", i, got)
		}
	}
	again.next("RESUMED")
	if n := s.GatewayCounts(); n.Resumes != 1 || n.Identifies != 1 || n.Connects != 2 {
		t.Errorf("counts: %+v", n)
	}
}

func TestSessionsEnd(t *testing.T) {
	invalid := func(t *testing.T, w *wire) {
		t.Helper()
		if p, err := w.read(); err != nil || p.Op != 9 || string(p.Data) != "false" {
			t.Errorf("op %d %s (%v), want op 9 false", p.Op, p.Data, err)
		}
	}
	t.Run("client closed with 1000", func(t *testing.T) {
		s := raise(t)
		w, _, _ := s.connect(ordinary)
		s.ok(w.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "")))
		s.ok(s.WaitGone(t.Context()))
		invalid(t, w.resume())
	})
	t.Run("unknown", func(t *testing.T) {
		s := raise(t)
		w, _, _ := s.connect(ordinary)
		w.session = "nonsense"
		invalid(t, w.resume())
	})
	t.Run("expired", func(t *testing.T) {
		s := raise(t, func(c *sandbox.Config) { c.SessionTTL = time.Nanosecond })
		w, _, _ := s.connect(ordinary)
		s.Drop()
		s.ok(s.WaitGone(t.Context()))
		invalid(t, w.resume())
	})
	t.Run("too much missed", func(t *testing.T) {
		s := raise(t, func(c *sandbox.Config) { c.ReplayBuffer = 3 })
		w, _, _ := s.connect(ordinary)
		s.Drop()
		s.ok(s.WaitGone(t.Context()))
		for range 4 {
			s.say(s.Mia, s.General, "missed")
		}
		invalid(t, w.resume())
	})
	t.Run("sequence from the future", func(t *testing.T) {
		s := raise(t)
		w, _, _ := s.connect(ordinary)
		s.Drop()
		w.seq += 100
		w.resume().closes(4007)
	})
	t.Run("invalidated", func(t *testing.T) {
		s := raise(t)
		w, _, _ := s.connect(ordinary)
		s.InvalidateSessions(false)
		invalid(t, w)
		invalid(t, w.resume())
	})
	t.Run("told to reconnect", func(t *testing.T) {
		s := raise(t)
		w, _, _ := s.connect(ordinary)
		s.Reconnect()
		if p, err := w.read(); err != nil || p.Op != 7 {
			t.Errorf("op %d (%v), want 7", p.Op, err)
		}
		w.resume().next("RESUMED")
	})
	t.Run("closed with 4000", func(t *testing.T) {
		s := raise(t)
		w, _, _ := s.connect(ordinary)
		s.CloseCode(4000)
		w.closes(4000)
		w.resume().next("RESUMED")
	})
}

func TestIntentsFilter(t *testing.T) {
	s := raise(t)
	t.Run("no guild messages", func(t *testing.T) {
		w, _, _ := s.connect(sandbox.IntentGuilds)
		s.say(s.Mia, s.General, "unheard")
		s.ok(s.ChangeGuild(s.Guild, "New Name", 0))
		if kinds := w.until("GUILD_UPDATE"); len(kinds) != 1 {
			t.Errorf("heard %v", kinds)
		}
	})
	t.Run("no content", func(t *testing.T) {
		w, _, _ := s.connect(sandbox.IntentGuilds | sandbox.IntentGuildMessages | sandbox.IntentDirectMessages)
		bot := fmt.Sprintf("<@%s>", s.BotID())
		s.say(s.Mia, s.General, "secret", sandbox.WithEmbeds(sandbox.Embed{Title: "secret"}))
		s.say(s.Mia, s.General, "hello "+bot)
		s.must(200, "POST", "/channels/%s/messages", `{"content":"own"}`, s.General)
		s.say(s.Mia, s.DM(s.Mia), "direct")
		blank := w.next("MESSAGE_CREATE")
		if blank.text("content") != "" || len(blank.objects("embeds")) != 0 {
			t.Errorf("content without the intent: %v", blank)
		}
		for _, want := range []string{"hello " + bot, "own", "direct"} {
			if got := w.next("MESSAGE_CREATE").text("content"); got != want {
				t.Errorf("content %q, want %q", got, want)
			}
		}
	})
	t.Run("no members", func(t *testing.T) {
		w, _, _ := s.connect(sandbox.IntentGuilds)
		nick := "Mimi"
		s.ok(s.ChangeMember(s.Guild, s.Mia, func(m *sandbox.Member) { m.Nick = &nick }))
		s.ok(s.ChangeMember(s.Guild, s.BotID(), func(m *sandbox.Member) { m.Nick = &nick }))
		if got := w.next("GUILD_MEMBER_UPDATE").object("user").id(); got != s.BotID() {
			t.Errorf("heard of %s, want only of the bot itself", got)
		}
	})
	t.Run("hidden channel", func(t *testing.T) {
		w, _, _ := s.connect(ordinary)
		s.say(s.Sam, s.StaffRoom, "hidden")
		s.say(s.Sam, s.GreenRoom, "shown")
		if got := w.next("MESSAGE_CREATE").text("content"); got != "shown" {
			t.Errorf("heard %q", got)
		}
	})
	t.Run("REST", func(t *testing.T) {
		s.AllowIntents(0)
		for _, m := range s.must(200, "GET", "/channels/%s/messages?limit=100", "", s.General).list() {
			own := m.object("author").id() == s.BotID() || len(m.objects("mentions")) > 0
			if (m.text("content") != "") != own {
				t.Errorf("content %q without the intent", m.text("content"))
			}
		}
	})
}

func TestWorldEvents(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	room, err := s.AddChannel(sandbox.Channel{GuildID: s.Guild, Type: sandbox.TextChannel, Name: "new-room"})
	s.ok(err)
	s.ok(s.ChangeChannel(room, func(c *sandbox.Channel) { c.Topic = "Topic" }))
	thread, err := s.AddThread(sandbox.Channel{ParentID: room, Name: "thread", OwnerID: s.Mia}, "")
	s.ok(err)
	s.ok(s.ChangeChannel(thread, func(c *sandbox.Channel) { c.Archived = true }))
	s.ok(s.DeleteChannel(thread))
	s.ok(s.DeleteChannel(room))
	role, err := s.AddRole(s.Guild, sandbox.Role{Name: "r"})
	s.ok(err)
	s.ok(s.ChangeMember(s.Guild, s.Mia, func(m *sandbox.Member) { m.Roles = append(m.Roles, role) }))
	s.ok(s.ChangeRole(s.Guild, role, func(r *sandbox.Role) { r.Name = "q" }))
	s.ok(s.DeleteRole(s.Guild, role))
	s.ok(s.AddMember(s.Guild, s.Stranger))
	s.ok(s.RemoveMember(s.Guild, s.Stranger))
	s.SetOutage(s.Guild, true)
	s.SetOutage(s.Guild, false)
	s.RemoveBot(s.Guild)
	for _, want := range []string{
		"CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "CHANNEL_DELETE", "GUILD_ROLE_CREATE",
		"GUILD_MEMBER_UPDATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE",
		"GUILD_DELETE", "GUILD_CREATE", "GUILD_DELETE",
	} {
		p, err := w.read()
		if err != nil || p.Type != want {
			t.Fatalf("heard %q (%v), want %s", p.Type, err, want)
		}
		if _, unavailable := p.object()["unavailable"]; want == "GUILD_DELETE" && unavailable {
			if p.object()["unavailable"] != true {
				t.Errorf("GUILD_DELETE: %s", p.Data)
			}
		}
	}
	s.refused(403, 50001, "GET", "/guilds/%s", "", s.Guild)
	s.refused(403, 50001, "GET", "/channels/%s", "", s.General)
}

func TestRequestMembers(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	w.send(8, map[string]any{"guild_id": s.Guild, "user_ids": []any{s.Mia, s.Stranger}, "nonce": "n1"})
	chunk := w.next("GUILD_MEMBERS_CHUNK")
	members, _ := chunk["not_found"].([]any)
	if got := chunk.objects("members"); len(got) != 1 || got[0].object("user").id() != s.Mia || len(members) != 1 || chunk.text("nonce") != "n1" {
		t.Errorf("chunk: %v", chunk)
	}
	w.send(8, map[string]any{"guild_id": s.Guild, "query": "", "limit": 0})
	if got := w.next("GUILD_MEMBERS_CHUNK").objects("members"); len(got) != 5 {
		t.Errorf("%d members, want 5", len(got))
	}
	var many []sandbox.ID
	for i := range 101 {
		many = append(many, sandbox.ID(i+1))
	}
	w.send(8, map[string]any{"guild_id": s.Guild, "user_ids": many})
	if missing, _ := w.next("GUILD_MEMBERS_CHUNK")["not_found"].([]any); len(missing) != 100 {
		t.Errorf("%d ids of 101 were looked at, and Discord takes 100", len(missing))
	}
	s.WithholdMembers(true)
	w.send(8, map[string]any{"guild_id": s.Guild, "user_ids": s.Mia, "nonce": "withheld"})
	w.send(1, nil)
	for p, err := w.read(); p.Op != 11; p, err = w.read() {
		if err != nil || p.Type == "GUILD_MEMBERS_CHUNK" {
			t.Fatalf("a request was answered that should not be: %v, %v", p, err)
		}
	}
	s.WithholdMembers(false)
	w.send(8, map[string]any{"guild_id": s.Guild, "user_ids": s.Mia, "nonce": "given"})
	if chunk := w.next("GUILD_MEMBERS_CHUNK"); chunk.text("nonce") != "given" {
		t.Errorf("the answer is %v", chunk)
	}
	asked := s.MembersAsked()
	if len(asked) != 5 || asked[0].Guild != s.Guild || len(asked[0].Users) != 2 || len(asked[1].Users) != 0 || len(asked[2].Users) != 101 {
		t.Errorf("asked: %v", asked)
	}
	w.send(8, map[string]any{"guild_id": s.Guild})
	w.closes(4002)
}

func TestBrokenFrames(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	s.DispatchRaw("CHANNEL_CREATE", []byte(`{"id":"1","type":77}`))
	if got := w.next("CHANNEL_CREATE"); got["type"] != 77.0 {
		t.Errorf("got %v", got)
	}
	s.SendRaw([]byte(`{"op":0,"d":{`))
	if _, err := w.read(); err == nil || !strings.Contains(err.Error(), `{\"op\":0`) {
		t.Errorf("got %v, want the broken frame", err)
	}
	s.Drop()
	before := w.seq
	s.DispatchRaw("MESSAGE_CREATE", []byte(`{"broken`))
	again := w.resume()
	if _, err := again.read(); err == nil {
		t.Error("the broken dispatch was not replayed")
	}
	again.next("RESUMED")
	if again.seq != before+2 {
		t.Errorf("sequence %d, want %d", again.seq, before+2)
	}
}

func TestCompression(t *testing.T) {
	zstdStream := func() func([]byte) ([]byte, error) {
		reader, writer := io.Pipe()
		decoder, err := zstd.NewReader(reader, zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = writer.Close(); decoder.Close() })
		return streamed(writer, decoder)
	}
	zlibStream := func() func([]byte) ([]byte, error) {
		reader, writer := io.Pipe()
		t.Cleanup(func() { _ = writer.Close() })
		var inflater io.Reader
		lazy := readerFunc(func(p []byte) (int, error) {
			if inflater == nil {
				made, err := zlib.NewReader(reader)
				if err != nil {
					return 0, err
				}
				inflater = made
			}
			return inflater.Read(p)
		})
		return streamed(writer, lazy)
	}
	for kind, inflate := range map[string]func() func([]byte) ([]byte, error){"zlib-stream": zlibStream, "zstd-stream": zstdStream} {
		t.Run(kind, func(t *testing.T) {
			s := raise(t)
			w := s.dialRaw("?v=10&encoding=json&compress=" + kind)
			w.inflate = inflate()
			if p, err := w.read(); err != nil || p.Op != 10 {
				t.Fatalf("op %d (%v), want HELLO", p.Op, err)
			}
			w.send(2, s.identity(ordinary))
			w.next("GUILD_CREATE")
			s.say(s.Mia, s.General, "packed")
			if got := w.next("MESSAGE_CREATE").text("content"); got != "packed" {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("payload", func(t *testing.T) {
		s := raise(t)
		w := s.dial("?v=10&encoding=json")
		w.inflate = func(raw []byte) ([]byte, error) {
			if raw[0] == '{' {
				return raw, nil
			}
			z, err := zlib.NewReader(bytes.NewReader(raw))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(z)
		}
		in := s.identity(ordinary)
		in["compress"] = true
		w.send(2, in)
		w.next("GUILD_CREATE")
	})
	t.Run("unknown", func(t *testing.T) { raise(t).dialRaw("?v=10&encoding=json&compress=lz4").closes(4002) })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// streamed decodes one JSON value out of a stream for every websocket message.
func streamed(to io.WriteCloser, from io.Reader) func([]byte) ([]byte, error) {
	decoder := json.NewDecoder(from)
	return func(raw []byte) ([]byte, error) {
		written := make(chan error, 1)
		go func() {
			_, err := to.Write(raw)
			written <- err
		}()
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		return value, nil
	}
}

func TestShardsShareGuilds(t *testing.T) {
	s := raise(t)
	shard := int(uint64(s.Guild) >> 22 % 2)
	for n := range 2 {
		w := s.dial("?v=10&encoding=json")
		in := s.identity(ordinary)
		in["shard"] = []int{n, 2}
		w.send(2, in)
		if got := len(w.next("READY").objects("guilds")); (got == 1) != (n == shard) {
			t.Errorf("shard %d has %d guilds", n, got)
		}
	}
}
