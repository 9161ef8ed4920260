package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"troupe/relay/sandbox"
)

// wireBot is a bot made of a websocket and plain HTTP, without any Discord library.
type wireBot struct {
	*stage
	conn   *websocket.Conn
	events chan wireEvent
}

type wireEvent struct {
	Op   int             `json:"op"`
	Type string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

// wireInteraction is what the tests read of INTERACTION_CREATE.
type wireInteraction struct {
	ID             string `json:"id"`
	Token          string `json:"token"`
	Type           int    `json:"type"`
	GuildID        string `json:"guild_id"`
	AppPermissions string `json:"app_permissions"`
	Context        int    `json:"context"`
	Version        int    `json:"version"`
	Limit          int    `json:"attachment_size_limit"`
	Member         *struct {
		Permissions string              `json:"permissions"`
		User        struct{ ID string } `json:"user"`
	} `json:"member"`
	User    *struct{ ID string } `json:"user"`
	Channel struct {
		ID          string `json:"id"`
		Type        int    `json:"type"`
		Permissions string `json:"permissions"`
	} `json:"channel"`
	Owners  map[string]string `json:"authorizing_integration_owners"`
	Message *struct {
		ID    string `json:"id"`
		Flags int    `json:"flags"`
	} `json:"message"`
	Data struct {
		Name       string          `json:"name"`
		CustomID   string          `json:"custom_id"`
		Values     []string        `json:"values"`
		Options    json.RawMessage `json:"options"`
		Components json.RawMessage `json:"components"`
		TargetID   string          `json:"target_id"`
		Resolved   struct {
			Users       map[string]json.RawMessage `json:"users"`
			Members     map[string]json.RawMessage `json:"members"`
			Channels    map[string]json.RawMessage `json:"channels"`
			Messages    map[string]json.RawMessage `json:"messages"`
			Attachments map[string]struct {
				URL         string `json:"url"`
				ContentType string `json:"content_type"`
				Size        int    `json:"size"`
			} `json:"attachments"`
		} `json:"resolved"`
	} `json:"data"`
}

func connect(s *stage) *wireBot {
	s.t.Helper()
	var info struct{ URL string }
	s.must(json.Unmarshal(s.want(200, s.call("GET", "/gateway/bot", nil)).Body, &info))
	conn, response, err := websocket.DefaultDialer.DialContext(s.t.Context(), info.URL+"?v=10&encoding=json", nil)
	s.must(err)
	if response.Body != nil {
		s.must(response.Body.Close())
	}
	b := &wireBot{stage: s, conn: conn, events: make(chan wireEvent, 100)}
	s.must(conn.WriteJSON(map[string]any{"op": 2, "d": map[string]any{
		"token": s.Token(), "intents": 1<<0 | 1<<9 | 1<<12 | 1<<15,
		"properties": map[string]string{"os": "linux", "browser": "test", "device": "test"},
	}}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(b.events)
		for {
			var e wireEvent
			if conn.ReadJSON(&e) != nil {
				return
			}
			b.events <- e
		}
	}()
	s.t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			s.t.Error(err)
		}
		<-done
	})
	b.next("READY")
	return b
}

// next gives the next event of a type and fails the test on the way past any other
// message event, so that nothing slips by unseen.
func (b *wireBot) next(kind string) json.RawMessage {
	b.t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case e, open := <-b.events:
			switch {
			case !open:
				b.t.Fatalf("the gateway closed before %s", kind)
			case e.Type == kind:
				return e.Data
			case strings.HasPrefix(e.Type, "MESSAGE_"):
				b.t.Fatalf("%s where %s was to come: %s", e.Type, kind, e.Data)
			}
		case <-timeout:
			b.t.Fatalf("no %s", kind)
		}
	}
}

func (b *wireBot) interaction() wireInteraction {
	b.t.Helper()
	var i wireInteraction
	b.must(json.Unmarshal(b.next("INTERACTION_CREATE"), &i))
	return i
}

func (b *wireBot) reply(i wireInteraction, body string) {
	b.t.Helper()
	b.want(204, b.call("POST", "/interactions/"+i.ID+"/"+i.Token+"/callback", body))
}

const createModal = `{"type":9,"data":{"custom_id":"/entity/new","title":"New entity","components":[
	{"type":10,"content":"Say who it is."},
	{"type":18,"label":"Name","component":{"type":4,"custom_id":"name","style":1,"min_length":2,"max_length":32}},
	{"type":18,"label":"Persona","component":{"type":4,"custom_id":"persona","style":2,"required":false}},
	{"type":18,"label":"Avatar","component":{"type":19,"custom_id":"avatar","required":false,"file_types":["image"]}},
	{"type":18,"label":"Channels","component":{"type":8,"custom_id":"channels","max_values":25,"required":false,"channel_types":[0]}}
]}}`

// TestSlashToModalToEdit is the way of /entity create: command, modal, submit, deferred
// ephemeral answer, edit.
func TestSlashToModalToEdit(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	it := s.slash("/entity create", map[string]any{"owner": "@olga", "size": 3, "kind": "Friendly", "home": "#general"})
	got := b.interaction()
	if got.Type != 2 || got.Data.Name != "entity" || got.Version != 1 || got.Context != 0 || got.Limit != sandbox.AttachmentLimit ||
		got.GuildID != s.guild.String() || got.Owners["0"] != s.guild.String() || got.Member.User.ID != s.sam.String() || got.User != nil {
		t.Errorf("the bot got %+v", got)
	}
	if got.Member.Permissions != fmt.Sprint(uint64(s.Permissions(s.sam, s.channel))) || got.AppPermissions != fmt.Sprint(uint64(s.Permissions(s.BotID(), s.channel))) {
		t.Errorf("permissions %s and %s", got.Member.Permissions, got.AppPermissions)
	}
	if len(got.Data.Resolved.Users) != 1 || len(got.Data.Resolved.Members) != 1 || len(got.Data.Resolved.Channels) != 1 {
		t.Errorf("resolved %+v", got.Data.Resolved)
	}
	if want := `"options":[{"name":"owner","type":6,"value":"` + s.owner.String() + `"},{"name":"size","type":4,"value":3},{"name":"home","type":7,"value":"` + s.channel.String() + `"},{"name":"kind","type":3,"value":"f"}]`; !strings.Contains(string(got.Data.Options), want) {
		t.Errorf("options %s", got.Data.Options)
	}
	b.reply(got, createModal)
	shown, err := it.Wait(t.Context())
	s.must(err)
	if shown.Type != sandbox.ModalResponse || shown.Modal.Title != "New entity" || len(shown.Modal.Fields) != 4 || !shown.Modal.Fields[0].Required {
		t.Fatalf("sam sees %+v", shown.Modal)
	}

	sent, err := s.SubmitModal(s.sam, shown, map[string]any{
		"name": "Ada", "avatar": sandbox.File{Name: "my face.png", Data: []byte("\x89PNG\r\n\x1a\n")}, "Channels": []sandbox.ID{s.channel},
	})
	s.must(err)
	got = b.interaction()
	if got.Type != 5 || got.Data.CustomID != "/entity/new" || len(got.Data.Resolved.Attachments) != 1 || len(got.Data.Resolved.Channels) != 1 || got.Message != nil {
		t.Errorf("the bot got %+v", got)
	}
	if !strings.Contains(string(got.Data.Components), `"component":{"type":4,"id":3,"custom_id":"name","value":"Ada"}`) {
		t.Errorf("components %s", got.Data.Components)
	}
	b.reply(got, `{"type":5,"data":{"flags":64}}`)
	if thinking, err := sent.Wait(t.Context()); err != nil || !thinking.Loading || !thinking.Ephemeral {
		t.Errorf("sam sees %+v, %v", thinking, err)
	}
	s.want(200, s.call("PATCH", "/webhooks/"+s.BotID().String()+"/"+got.Token+"/messages/@original", `{"content":"Ada is here"}`))
	final, err := sent.WaitFinal(t.Context())
	if err != nil || final.Content != "Ada is here" || final.Loading || !final.Ephemeral || final.Message.Flags != 64 {
		t.Errorf("sam sees %+v, %v", final, err)
	}
	if kept := s.Messages(s.channel); len(kept) != 0 {
		t.Errorf("an ephemeral answer is in the channel: %+v", kept)
	}
	if a := s.call("GET", "/channels/"+s.channel.String()+"/messages/"+final.Message.ID.String(), nil); !a.says(404, 10008, "") {
		t.Errorf("an ephemeral answer can be fetched: %s", a)
	}
	// The next event is the typed line: nothing was sent for the ephemeral message.
	_, err = s.Say(s.sam, s.channel, "done")
	s.must(err)
	if e := string(b.next("MESSAGE_CREATE")); !strings.Contains(e, `"done"`) {
		t.Errorf("MESSAGE_CREATE %s", e)
	}
}

func TestPublicAnswerIsAMessage(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	it := s.slash("/ping", nil)
	i := b.interaction()
	a := s.want(200, s.call("POST", "/interactions/"+i.ID+"/"+i.Token+"/callback?with_response=true", `{"type":5}`))
	if !strings.Contains(string(a.Body), `"response_message_loading":true`) || !strings.Contains(string(a.Body), `"response_message_ephemeral":false`) {
		t.Errorf("with_response: %s", a)
	}
	var made struct {
		ID, WebhookID string
		Flags         int
		Metadata      struct{ ID string } `json:"interaction_metadata"`
	}
	s.must(json.Unmarshal(b.next("MESSAGE_CREATE"), &made))
	if made.Flags != 128 || made.Metadata.ID != i.ID {
		t.Errorf("the loading message is %+v", made)
	}
	// A followup right after a deferred answer edits the loading message.
	s.want(200, s.call("POST", s.hook(it, ""), `{"content":"pong","flags":64}`))
	if e := string(b.next("MESSAGE_UPDATE")); !strings.Contains(e, `"pong"`) || !strings.Contains(e, `"flags":0`) {
		t.Errorf("MESSAGE_UPDATE %s", e)
	}
	s.want(200, s.call("POST", s.hook(it, ""), `{"content":"one more"}`))
	if e := string(b.next("MESSAGE_CREATE")); !strings.Contains(e, `"one more"`) || !strings.Contains(e, `"message_id":"`+made.ID+`"`) ||
		!strings.Contains(e, `"original_response_message_id":"`+made.ID+`"`) {
		t.Errorf("the followup %s", e)
	}
	hidden := s.want(200, s.call("POST", s.hook(it, ""), `{"content":"a secret","flags":64}`))
	var secret struct{ ID string }
	s.must(json.Unmarshal(hidden.Body, &secret))
	s.want(200, s.call("PATCH", s.hook(it, "/messages/"+secret.ID), `{"content":"another secret"}`))
	if r, err := it.WaitFollowup(t.Context(), 2); err != nil || r.Content != "another secret" || !r.Ephemeral {
		t.Errorf("sam sees %+v, %v", r, err)
	}
	s.want(204, s.call("DELETE", s.hook(it, "/messages/"+secret.ID), nil))
	if a := s.call("GET", s.hook(it, "/messages/"+secret.ID), nil); !a.says(404, 10008, "") {
		t.Errorf("a deleted followup: %s", a)
	}
	s.want(204, s.call("DELETE", s.hook(it, "/messages/@original"), nil))
	b.next("MESSAGE_DELETE")
	if a := s.call("GET", s.hook(it, "/messages/@original"), nil); !a.says(404, 10008, "") {
		t.Errorf("a deleted answer: %s", a)
	}
}

func TestAutocomplete(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	type result struct {
		choices []sandbox.Choice
		err     error
	}
	ask := func(body string) result {
		done := make(chan result)
		go func() {
			choices, err := s.Autocomplete(t.Context(), s.sam, s.guild, s.channel, "/entity key", map[string]any{"entity": "ad"}, "entity")
			done <- result{choices, err}
		}()
		i := b.interaction()
		if i.Type != 4 || !strings.Contains(string(i.Data.Options), `{"name":"entity","type":3,"value":"ad","focused":true}`) {
			t.Errorf("the bot got %+v %s", i, i.Data.Options)
		}
		for _, bad := range []string{
			`{"type":8,"data":{"choices":[` + repeat(26, func(int) string { return `{"name":"a","value":"a"}` }) + `]}}`,
			`{"type":8,"data":{"choices":[{"name":"` + strings.Repeat("x", 101) + `","value":"a"}]}}`,
			`{"type":8,"data":{"choices":[{"name":"","value":"a"}]}}`,
			`{"type":8,"data":{"choices":[{"name":"a","value":5}]}}`,
			`{"type":8}`,
		} {
			if a := s.call("POST", "/interactions/"+i.ID+"/"+i.Token+"/callback", bad); !a.says(400, 50035, "choices") {
				t.Errorf("%.80s: %s", bad, a)
			}
		}
		b.reply(i, body)
		return <-done
	}
	if got := ask(`{"type":8,"data":{"choices":[{"name":"Ada","value":"1"},{"name":"Adam","value":"2"}]}}`); got.err != nil || len(got.choices) != 2 || got.choices[1].Text() != "2" {
		t.Errorf("sam sees %+v", got)
	}
	if got := ask(`{"type":8,"data":{"choices":[]}}`); got.err != nil || len(got.choices) != 0 {
		t.Errorf("sam sees %+v", got)
	}
}

const panel = `{"content":"panel","components":[
	{"type":1,"components":[{"type":2,"style":1,"label":"Go","custom_id":"/go"},{"type":2,"style":2,"label":"Off","custom_id":"/off","disabled":true},{"type":2,"style":5,"label":"Web","url":"https://example.com"}]},
	{"type":1,"components":[{"type":3,"custom_id":"/pick","placeholder":"Pick","max_values":2,"options":[{"label":"One","value":"1"},{"label":"Two","value":"2"},{"label":"Three","value":"3"}]}]},
	{"type":1,"components":[{"type":8,"custom_id":"/where","channel_types":[0]}]}]`

func TestComponents(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	it := s.slash("/ping", nil)
	b.reply(b.interaction(), `{"type":4,"data":`+panel+`,"flags":64}}`)
	r, err := it.Wait(t.Context())
	s.must(err)
	if len(r.Buttons) != 3 || len(r.Selects) != 2 || r.Selects[0].MaxValues != 2 || !r.Ephemeral {
		t.Fatalf("sam sees %+v", r)
	}
	if _, err := s.Click(s.owner, r, "Go"); err == nil {
		t.Error("somebody else can press a button of an ephemeral message")
	}
	pressed, err := s.Click(s.sam, r, "Go")
	s.must(err)
	i := b.interaction()
	if i.Type != 3 || i.Data.CustomID != "/go" || i.Message == nil || i.Message.ID != r.Message.ID.String() || i.Message.Flags != 64 {
		t.Errorf("the bot got %+v", i)
	}
	b.reply(i, `{"type":7,"data":{"content":"pressed","components":[]}}`)
	if now, err := pressed.Wait(t.Context()); err != nil || now.Content != "pressed" || len(now.Buttons) != 0 || now.Message.ID != r.Message.ID {
		t.Errorf("sam sees %+v, %v", now, err)
	}
	if now := it.Reply(); now.Content != "pressed" {
		t.Errorf("the first answer shows %+v", now)
	}
	if _, err := s.Click(s.sam, r, "Go"); err == nil {
		t.Error("a button that was taken away can be pressed")
	}
}

func TestOldComponents(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	again := s.slash("/ping", nil)
	b.reply(b.interaction(), `{"type":4,"data":`+panel+`}}`)
	b.next("MESSAGE_CREATE")
	on := again.Reply()
	s.clock.turn(30 * 24 * time.Hour) // an old message's components still work
	picked, err := s.Select(s.owner, on, "Pick", "Two", "3")
	s.must(err)
	i := b.interaction()
	if !slices.Equal(i.Data.Values, []string{"2", "3"}) || i.Member.User.ID != s.owner.String() {
		t.Errorf("the bot got %+v", i)
	}
	b.reply(i, `{"type":6}`)
	s.want(200, s.call("PATCH", s.hook(picked, "/messages/@original"), `{"content":"picked"}`))
	b.next("MESSAGE_UPDATE")
	if now, err := picked.WaitFinal(t.Context()); err != nil || now.Content != "picked" {
		t.Errorf("the owner sees %+v, %v", now, err)
	}
	if _, err = s.Select(s.sam, on, "/where", "#general"); err != nil {
		t.Fatal(err)
	}
	if i = b.interaction(); len(i.Data.Resolved.Channels) != 1 || i.Data.Values[0] != s.channel.String() {
		t.Errorf("the bot got %+v", i)
	}
	for name, err := range map[string]error{
		"disabled":        second(s.Click(s.sam, on, "Off")),
		"a link":          second(s.Click(s.sam, on, "Web")),
		"not there":       second(s.Click(s.sam, on, "Nope")),
		"a stranger's":    second(s.Click(s.stranger, on, "Go")),
		"too many values": second(s.Select(s.sam, on, "Pick", "1", "2", "3")),
		"no values":       second(s.Select(s.sam, on, "Pick")),
		"unknown value":   second(s.Select(s.sam, on, "Pick", "9")),
	} {
		if err == nil {
			t.Errorf("%s: it was sent", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestClientRefuses is what the client does not let people send.
func TestClientRefuses(t *testing.T) {
	s := newStage(t).register()
	secret, err := s.AddChannel(sandbox.Channel{
		GuildID: s.guild, Name: "secret", Type: sandbox.TextChannel,
		Overwrites: []sandbox.Overwrite{{ID: s.guild, Type: 0, Deny: sandbox.ViewChannel}},
	})
	s.must(err)
	big := sandbox.File{Name: "a.png", Data: make([]byte, sandbox.AttachmentLimit+1)}
	for name, err := range map[string]error{
		"unknown command":    second(s.Slash(s.sam, s.guild, s.channel, "/nope", nil)),
		"no subcommand":      second(s.Slash(s.sam, s.guild, s.channel, "/entity", nil)),
		"unknown subcommand": second(s.Slash(s.sam, s.guild, s.channel, "/entity fly", nil)),
		"required option":    second(s.Slash(s.sam, s.guild, s.channel, "/entity key", nil)),
		"unknown option":     second(s.Slash(s.sam, s.guild, s.channel, "/ping", map[string]any{"x": 1})),
		"out of bounds":      second(s.Slash(s.sam, s.guild, s.channel, "/entity create", map[string]any{"size": 10})),
		"no whole number":    second(s.Slash(s.sam, s.guild, s.channel, "/entity create", map[string]any{"size": 1.5})),
		"no such choice":     second(s.Slash(s.sam, s.guild, s.channel, "/entity create", map[string]any{"kind": "Grim"})),
		"unseen channel":     second(s.Slash(s.sam, s.guild, s.channel, "/entity create", map[string]any{"home": secret})),
		"file too large":     second(s.Slash(s.sam, s.guild, s.channel, "/entity create", map[string]any{"avatar": big})),
		"for admins":         second(s.Slash(s.sam, s.guild, s.channel, "/settings", nil)),
		"not in messages":    second(s.Slash(s.owner, 0, 0, "/settings", nil)),
		"a stranger":         second(s.Slash(s.stranger, s.guild, s.channel, "/ping", nil)),
		"in a hidden place":  second(s.Slash(s.sam, s.guild, secret, "/ping", nil)),
		"no autocomplete":    second(s.Autocomplete(t.Context(), s.sam, s.guild, s.channel, "/entity create", nil, "owner")),
		"menu of a message":  second(s.ContextMenu(s.sam, s.guild, s.channel, "Who is this?", s.owner)),
	} {
		if err == nil {
			t.Errorf("%s: it was sent", name)
		}
	}
	if _, err := s.Slash(s.owner, s.guild, s.channel, "/settings", nil); err != nil {
		t.Errorf("the owner: %v", err)
	}
	if _, err := s.Slash(s.sam, 0, 0, "/ping", nil); err != nil {
		t.Errorf("in direct messages: %v", err)
	}
	said, err := s.Say(s.owner, s.channel, "hello")
	s.must(err)
	if _, err := s.ContextMenu(s.sam, s.guild, s.channel, "Who is this?", said.ID); err != nil {
		t.Errorf("menu of a message: %v", err)
	}
}

func TestModalRules(t *testing.T) {
	s := newStage(t).register()
	it := s.slash("/ping", nil)
	s.want(204, s.respond(it, createModal))
	modal := it.Reply()
	png := sandbox.File{Name: "a.png", Data: []byte("x")}
	for name, values := range map[string]map[string]any{
		"required":        {},
		"empty":           {"name": ""},
		"too short":       {"name": "A"},
		"too long":        {"name": strings.Repeat("x", 33)},
		"unknown field":   {"name": "Ada", "age": "5"},
		"two files":       {"name": "Ada", "avatar": []sandbox.File{png, png}},
		"wrong kind":      {"name": "Ada", "avatar": sandbox.File{Name: "a.exe", Data: []byte("x")}},
		"unknown channel": {"name": "Ada", "channels": "#nope"},
		"not a string":    {"name": 5},
	} {
		if _, err := s.SubmitModal(s.sam, modal, values); err == nil {
			t.Errorf("%s: it was sent", name)
		}
	}
	if _, err := s.SubmitModal(s.owner, modal, map[string]any{"name": "Ada"}); err == nil {
		t.Error("somebody else sent it")
	}
	if _, err := s.SubmitModal(s.sam, modal, map[string]any{"Name": "Ada"}); err != nil {
		t.Errorf("by label: %v", err)
	}
}

func TestForge(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	said, err := s.Say(s.owner, s.channel, "mine")
	s.must(err)
	b.next("MESSAGE_CREATE")
	_, err = s.Forge(s.sam, s.guild, s.channel, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: "/entity/1/delete", Message: said.ID})
	s.must(err)
	if i := b.interaction(); i.Data.CustomID != "/entity/1/delete" || i.Member.User.ID != s.sam.String() || i.Message.ID != said.ID.String() {
		t.Errorf("the bot got %+v", i)
	}
	_, err = s.Forge(s.sam, s.guild, s.channel, sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: "/x", Fields: map[string]string{"name": "Eve"}})
	s.must(err)
	if i := b.interaction(); i.Type != 5 || !strings.Contains(string(i.Data.Components), `"value":"Eve"`) {
		t.Errorf("the bot got %+v", i)
	}
	if _, err := s.Forge(s.stranger, s.guild, s.channel, sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: "/x"}); err == nil {
		t.Error("nobody can forge who they are and where")
	}
}

func TestWaitEnds(t *testing.T) {
	s := newStage(t).register()
	it := s.slash("/ping", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := it.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.clock.turn(4 * time.Second)
	if _, err := it.Wait(t.Context()); !errors.Is(err, sandbox.ErrNoAnswer) {
		t.Errorf("got %v", err)
	}
}

// TestAnswersAreUnlimited: callbacks count against no rate limit.
func TestAnswersAreUnlimited(t *testing.T) {
	s := newStage(t).register()
	s.LimitRates(true)
	for range 60 {
		if a := s.respond(s.slash("/ping", nil), `{"type":5}`); a.Status != http.StatusNoContent {
			t.Fatal(a)
		}
	}
}
