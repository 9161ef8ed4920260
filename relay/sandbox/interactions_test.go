package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// stage is a stand-in with one server, and a bot that speaks to it by plain HTTP.
type stage struct {
	*sandbox.Discord
	t                    *testing.T
	clock                *clock
	guild, channel       sandbox.ID
	owner, sam, stranger sandbox.ID
	departs              bool // from Discord's description, on purpose
}

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// newStage compares all that goes over the wire with Discord's description when there is
// one: nothing may depart from it but what is refused.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, clock: &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}}
	d, err := sandbox.Start(sandbox.Config{Now: s.clock.Now, OpenAPI: os.Getenv("DISCORD_OPENAPI"), NoRateLimits: true, NoIdentifyLimit: true})
	s.must(err)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		for _, departure := range d.Departures() {
			if !departure.Refused && !s.departs {
				t.Errorf("%+v", departure)
			}
		}
	})
	s.Discord = d
	s.owner, s.sam = d.AddUser(sandbox.User{Username: "olga"}), d.AddUser(sandbox.User{Username: "sam"})
	s.stranger = d.AddUser(sandbox.User{Username: "stranger"})
	s.guild, err = d.AddGuild("Home", s.owner)
	s.must(err)
	s.must(d.AddMember(s.guild, s.sam))
	_, err = d.AddBot(s.guild, sandbox.ViewChannel|sandbox.SendMessages|sandbox.ReadMessageHistory|sandbox.EmbedLinks|sandbox.AttachFiles)
	s.must(err)
	s.channel, err = d.AddChannel(sandbox.Channel{GuildID: s.guild, Name: "general", Type: sandbox.TextChannel})
	s.must(err)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// answer is what came back from the API.
type answer struct {
	Status int
	Body   []byte
	Code   int             `json:"code"`
	Errors json.RawMessage `json:"errors"`
}

// says whether the answer refuses with a status and a code, and somewhere in its errors
// with a word.
func (a answer) says(status, code int, word string) bool {
	return a.Status == status && a.Code == code && strings.Contains(string(a.Errors), word)
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.Status, a.Body) }

// call sends a request as the bot. body is JSON text, or a value to be marshalled.
func (s *stage) call(method, path string, body any) answer {
	s.t.Helper()
	raw, ok := body.(string)
	if !ok && body != nil {
		made, err := json.Marshal(body)
		s.must(err)
		raw = string(made)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.APIURL()+path, strings.NewReader(raw))
	s.must(err)
	if raw != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bot "+s.Token())
	return s.send(r)
}

func (s *stage) send(r *http.Request) answer {
	s.t.Helper()
	response, err := http.DefaultClient.Do(r)
	s.must(err)
	defer func() { s.must(response.Body.Close()) }()
	a := answer{Status: response.StatusCode}
	a.Body, err = io.ReadAll(response.Body)
	s.must(err)
	if bytes.HasPrefix(a.Body, []byte("{")) && a.Status >= 400 {
		s.must(json.Unmarshal(a.Body, &a))
	}
	return a
}

// want fails the test when the answer has another status.
func (s *stage) want(status int, a answer) answer {
	s.t.Helper()
	if a.Status != status {
		s.t.Fatalf("got %s, want status %d", a, status)
	}
	return a
}

const testCommands = `[
	{"name": "ping", "description": "Answers"},
	{"name": "entity", "description": "Entities", "options": [
		{"type": 1, "name": "create", "description": "Make one", "options": [
			{"type": 6, "name": "owner", "description": "Whose"},
			{"type": 11, "name": "avatar", "description": "Face"},
			{"type": 4, "name": "size", "description": "Size", "min_value": 1, "max_value": 9},
			{"type": 7, "name": "home", "description": "Where", "channel_types": [0]},
			{"type": 3, "name": "kind", "description": "Kind", "choices": [{"name": "Friendly", "value": "f"}]}
		]},
		{"type": 1, "name": "key", "description": "New key", "options": [
			{"type": 3, "name": "entity", "description": "Which", "required": true, "autocomplete": true}
		]}
	]},
	{"name": "settings", "description": "Admins only", "default_member_permissions": "32", "contexts": [0]},
	{"type": 3, "name": "Who is this?"},
	{"type": 2, "name": "About"}
]`

func (s *stage) register() *stage {
	s.t.Helper()
	s.want(200, s.call("PUT", "/applications/"+s.BotID().String()+"/commands", testCommands))
	return s
}

// slash types a command as sam.
func (s *stage) slash(line string, options map[string]any) *sandbox.Interaction {
	s.t.Helper()
	it, err := s.Slash(s.sam, s.guild, s.channel, line, options)
	s.must(err)
	return it
}

func (s *stage) respond(it *sandbox.Interaction, body any) answer {
	s.t.Helper()
	return s.call("POST", "/interactions/"+it.ID.String()+"/"+it.Token+"/callback", body)
}

// hook is the path of an interaction's webhook.
func (s *stage) hook(it *sandbox.Interaction, rest string) string {
	return "/webhooks/" + s.BotID().String() + "/" + it.Token + rest
}

func TestFirstAnswer(t *testing.T) {
	s := newStage(t).register()
	it := s.slash("/ping", nil)
	if a := s.call("POST", "/interactions/"+it.ID.String()+"/wrong/callback", `{"type":4,"data":{"content":"a"}}`); !a.says(404, 10062, "") {
		t.Errorf("a wrong token: %s", a)
	}
	if a := s.call("GET", s.hook(it, "/messages/@original"), nil); !a.says(404, 10015, "") {
		t.Errorf("the webhook before any answer: %s", a)
	}
	if a := s.respond(it, `{"type":4,"data":{"content":""}}`); !a.says(400, 50006, "") {
		t.Errorf("an empty message: %s", a)
	}
	s.want(204, s.respond(it, `{"type":4,"data":{"content":"pong"}}`)) // a refused one does not count
	if a := s.respond(it, `{"type":4,"data":{"content":"again"}}`); !a.says(400, 40060, "") {
		t.Errorf("a second answer: %s", a)
	}
	r, err := it.Wait(t.Context())
	if err != nil || r.Content != "pong" || r.Ephemeral || r.Loading {
		t.Errorf("got %+v, %v", r, err)
	}
	kept := s.Messages(s.channel)
	if len(kept) != 1 || kept[0].Author.ID != s.BotID() || kept[0].Type != 20 || len(kept[0].InteractionMetadata) == 0 {
		t.Errorf("the channel holds %+v", kept)
	}
}

func TestLateAnswer(t *testing.T) {
	s := newStage(t).register()
	intime, late := s.slash("/ping", nil), s.slash("/ping", nil)
	s.clock.turn(2900 * time.Millisecond)
	s.want(204, s.respond(intime, `{"type":5}`))
	s.clock.turn(200 * time.Millisecond)
	if a := s.respond(late, `{"type":5}`); !a.says(404, 10062, "") {
		t.Errorf("after 3.1 s: %s", a)
	}
	if _, err := late.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "did not respond") {
		t.Errorf("the person sees %v", err)
	}
	s.clock.turn(14 * time.Minute)
	s.want(200, s.call("PATCH", s.hook(intime, "/messages/@original"), `{"content":"here"}`))
	s.clock.turn(time.Minute)
	for method, path := range map[string]string{"PATCH": "/messages/@original", "GET": "/messages/@original", "DELETE": "/messages/@original", "POST": ""} {
		body := `{"content":"too late"}`
		if method == "GET" || method == "DELETE" {
			body = ""
		}
		if a := s.call(method, s.hook(intime, path), body); !a.says(401, 50027, "") {
			t.Errorf("%s after 15 minutes: %s", method, a)
		}
	}
}

// TestAnswerKinds tries every kind of answer to every kind of interaction.
func TestAnswerKinds(t *testing.T) {
	s := newStage(t).register()
	const modal = `{"custom_id":"/m","title":"T","components":[{"type":18,"label":"L","component":{"type":4,"custom_id":"x","style":1}}]}`
	const buttons = `{"content":"b","components":[{"type":1,"components":[{"type":2,"style":1,"label":"Go","custom_id":"/go"}]}]}`
	bodies := map[int]string{
		1: `{"type":1}`, 4: `{"type":4,"data":{"content":"a"}}`, 5: `{"type":5}`, 6: `{"type":6}`,
		7: `{"type":7,"data":{"content":"a"}}`, 8: `{"type":8,"data":{"choices":[]}}`, 9: `{"type":9,"data":` + modal + `}`, 77: `{"type":77}`,
	}
	click := func() *sandbox.Interaction {
		it := s.slash("/ping", nil)
		s.want(204, s.respond(it, `{"type":4,"data":`+buttons+`}`))
		clicked, err := s.Click(s.sam, it.Reply(), "Go")
		s.must(err)
		return clicked
	}
	submit := func(from *sandbox.Interaction) *sandbox.Interaction {
		s.want(204, s.respond(from, bodies[9]))
		it, err := s.SubmitModal(s.sam, from.Reply(), map[string]any{"x": "hello"})
		s.must(err)
		return it
	}
	for name, test := range map[string]struct {
		start func() *sandbox.Interaction
		takes string
	}{
		"command":                  {func() *sandbox.Interaction { return s.slash("/ping", nil) }, " 4 5 9 "},
		"component":                {click, " 4 5 6 7 9 "},
		"modal of a command":       {func() *sandbox.Interaction { return submit(s.slash("/ping", nil)) }, " 4 5 "},
		"modal of a component":     {func() *sandbox.Interaction { return submit(click()) }, " 4 5 6 7 "},
		"context menu of a member": {func() *sandbox.Interaction { return s.menu("About", s.owner) }, " 4 5 9 "},
	} {
		for kind, body := range bodies {
			a := s.respond(test.start(), body)
			if strings.Contains(test.takes, fmt.Sprintf(" %d ", kind)) {
				if a.Status != 204 {
					t.Errorf("%s, answer %d: %s", name, kind, a)
				}
			} else if !a.says(400, 50035, "BASE_TYPE_CHOICES") {
				t.Errorf("%s, answer %d: %s", name, kind, a)
			}
		}
	}
}

func (s *stage) menu(name string, target sandbox.ID) *sandbox.Interaction {
	s.t.Helper()
	it, err := s.ContextMenu(s.sam, s.guild, s.channel, name, target)
	s.must(err)
	return it
}

// rows is n action rows of a button each.
func rows(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"type":1,"components":[{"type":2,"style":1,"label":"b","custom_id":"r%d"}]}`, i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func repeat(n int, item func(i int) string) string {
	var list []string
	for i := range n {
		list = append(list, item(i))
	}
	return strings.Join(list, ",")
}

func TestMessageRefusals(t *testing.T) {
	s := newStage(t).register()
	button := func(rest string) string {
		return `{"content":"a","components":[{"type":1,"components":[{"type":2,` + rest + `}]}]}`
	}
	menu := func(rest string) string {
		return `{"content":"a","components":[{"type":1,"components":[{"type":3,"custom_id":"s",` + rest + `}]}]}`
	}
	option := func(i int) string { return fmt.Sprintf(`{"label":"o","value":"v%d"}`, i) }
	for name, test := range map[string]struct{ data, code, at string }{
		"content too long":      {fmt.Sprintf(`{"content":%q}`, strings.Repeat("x", 2001)), "BASE_TYPE_MAX_LENGTH", `"content"`},
		"six rows":              {`{"content":"a","components":` + rows(6) + `}`, "BASE_TYPE_MAX_LENGTH", `"components"`},
		"empty row":             {`{"content":"a","components":[{"type":1,"components":[]}]}`, "BASE_TYPE_BAD_LENGTH", `"components"`},
		"six buttons":           {`{"content":"a","components":[{"type":1,"components":[` + repeat(6, func(i int) string { return fmt.Sprintf(`{"type":2,"style":1,"label":"b","custom_id":"%d"}`, i) }) + `]}]}`, "BASE_TYPE_BAD_LENGTH", `"0"`},
		"two menus in a row":    {`{"content":"a","components":[{"type":1,"components":[{"type":5,"custom_id":"a"},{"type":6,"custom_id":"b"}]}]}`, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", `"1"`},
		"same custom id twice":  {`{"content":"a","components":[{"type":1,"components":[{"type":2,"style":1,"label":"a","custom_id":"x"},{"type":2,"style":1,"label":"b","custom_id":"x"}]}]}`, "COMPONENT_CUSTOM_ID_DUPLICATED", `"custom_id"`},
		"no custom id":          {button(`"style":1,"label":"a"`), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", `"0"`},
		"empty custom id":       {button(`"style":1,"label":"a","custom_id":""`), "BASE_TYPE_REQUIRED", `"custom_id"`},
		"long custom id":        {button(fmt.Sprintf(`"style":1,"label":"a","custom_id":%q`, strings.Repeat("x", 101))), "BASE_TYPE_BAD_LENGTH", `"custom_id"`},
		"long label":            {button(fmt.Sprintf(`"style":1,"custom_id":"a","label":%q`, strings.Repeat("x", 81))), "BASE_TYPE_MAX_LENGTH", `"label"`},
		"link without url":      {button(`"style":5,"label":"a"`), "BUTTON_COMPONENT_URL_REQUIRED", `"0"`},
		"link with custom id":   {button(`"style":5,"label":"a","url":"https://a.b","custom_id":"x"`), "MUTUALLY_EXCLUSIVE", `"0"`},
		"unknown style":         {button(`"style":9,"label":"a","custom_id":"x"`), "BASE_TYPE_CHOICES", `"style"`},
		"26 options":            {menu(`"options":[` + repeat(26, option) + `]`), "BASE_TYPE_BAD_LENGTH", `"options"`},
		"no options":            {menu(`"options":[]`), "BASE_TYPE_BAD_LENGTH", `"options"`},
		"same value twice":      {menu(`"options":[{"label":"a","value":"x"},{"label":"b","value":"x"}]`), "OPTION_VALUE_DUPLICATED", `"value"`},
		"text without the flag": {`{"components":[{"type":10,"content":"hi"}]}`, "UNION_TYPE_CHOICES", `"0"`},
		"content with the flag": {`{"flags":32768,"content":"a","components":[{"type":10,"content":"hi"}]}`, "MESSAGE_CANNOT_USE_LEGACY_FIELDS", `"content"`},
		"41 components":         {`{"flags":32768,"components":[` + repeat(41, func(int) string { return `{"type":10,"content":"x"}` }) + `]}`, "COMPONENT_MAX_TOTAL", `"components"`},
		"4001 characters":       {`{"flags":32768,"components":[{"type":10,"content":"` + strings.Repeat("x", 2001) + `"},{"type":10,"content":"` + strings.Repeat("y", 2000) + `"}]}`, "TEXT_SIZE_EXCEEDED", `"components"`},
		"button at the top":     {`{"flags":32768,"components":[{"type":2,"style":1,"label":"a","custom_id":"x"}]}`, "UNION_TYPE_CHOICES", `"0"`},
		"container in another":  {`{"flags":32768,"components":[{"type":17,"components":[{"type":17,"components":[]}]}]}`, "UNION_TYPE_CHOICES", `"0"`},
		"text input":            {`{"content":"a","components":[{"type":1,"components":[{"type":4,"custom_id":"x","style":1,"label":"l"}]}]}`, "UNION_TYPE_CHOICES", `"0"`},
		"eleven embeds":         {`{"embeds":[` + repeat(11, func(int) string { return `{"title":"t"}` }) + `]}`, "BASE_TYPE_MAX_LENGTH", `"embeds"`},
		"a flag of Discord's":   {`{"content":"a","flags":128}`, "INVALID_FLAGS", `"flags"`},
	} {
		if a := s.respond(s.slash("/ping", nil), `{"type":4,"data":`+test.data+`}`); !a.says(400, 50035, test.code) || !strings.Contains(string(a.Errors), test.at) || !strings.HasPrefix(string(a.Errors), `{"data":`) {
			t.Errorf("%s: %s", name, a)
		}
	}
}

func TestModalRefusals(t *testing.T) {
	s := newStage(t).register()
	field := func(inner string) string {
		return `{"custom_id":"/m","title":"T","components":[{"type":18,"label":"L","component":` + inner + `}]}`
	}
	text := `{"type":18,"label":"L","component":{"type":4,"custom_id":"x%d","style":1}}`
	for name, test := range map[string]struct{ data, code, at string }{
		"no title":          {`{"custom_id":"/m","components":[` + fmt.Sprintf(text, 1) + `]}`, "BASE_TYPE_REQUIRED", `"title"`},
		"long title":        {fmt.Sprintf(`{"custom_id":"/m","title":%q,"components":[`, strings.Repeat("x", 46)) + fmt.Sprintf(text, 1) + `]}`, "BASE_TYPE_BAD_LENGTH", `"title"`},
		"empty custom id":   {`{"custom_id":"","title":"T","components":[` + fmt.Sprintf(text, 1) + `]}`, "BASE_TYPE_REQUIRED", `"custom_id"`},
		"no components":     {`{"custom_id":"/m","title":"T","components":[]}`, "BASE_TYPE_BAD_LENGTH", `"components"`},
		"six components":    {`{"custom_id":"/m","title":"T","components":[` + repeat(6, func(i int) string { return fmt.Sprintf(text, i) }) + `]}`, "BASE_TYPE_BAD_LENGTH", `"components"`},
		"button":            {`{"custom_id":"/m","title":"T","components":[{"type":1,"components":[{"type":2,"style":1,"label":"a","custom_id":"x"}]}]}`, "UNION_TYPE_CHOICES", `"0"`},
		"long label":        {`{"custom_id":"/m","title":"T","components":[{"type":18,"label":"` + strings.Repeat("x", 46) + `","component":{"type":4,"custom_id":"x","style":1}}]}`, "BASE_TYPE_BAD_LENGTH", `"label"`},
		"long description":  {`{"custom_id":"/m","title":"T","components":[{"type":18,"label":"L","description":"` + strings.Repeat("x", 101) + `","component":{"type":4,"custom_id":"x","style":1}}]}`, "BASE_TYPE_BAD_LENGTH", `"description"`},
		"no style":          {field(`{"type":4,"custom_id":"x"}`), "BASE_TYPE_REQUIRED", `"style"`},
		"text too long":     {field(`{"type":4,"custom_id":"x","style":1,"max_length":4001}`), "NUMBER_TYPE_MAX", `"max_length"`},
		"long prefill":      {field(`{"type":4,"custom_id":"x","style":1,"max_length":3,"value":"four"}`), "BASE_TYPE", `"value"`},
		"eleven files":      {field(`{"type":19,"custom_id":"x","max_values":11}`), "NUMBER_TYPE_MAX", `"max_values"`},
		"required but none": {field(`{"type":8,"custom_id":"x","min_values":0}`), "REQUIRED_MIN_VALUES", `"min_values"`},
		"disabled":          {field(`{"type":8,"custom_id":"x","disabled":true}`), "DISABLED", `"disabled"`},
		"one radio option":  {field(`{"type":21,"custom_id":"x","options":[{"label":"a","value":"a"}]}`), "BASE_TYPE_BAD_LENGTH", `"options"`},
		"same id twice":     {`{"custom_id":"/m","title":"T","components":[` + fmt.Sprintf(text, 1) + `,` + fmt.Sprintf(text, 1) + `]}`, "CUSTOM_ID_DUPLICATED", `"custom_id"`},
	} {
		if a := s.respond(s.slash("/ping", nil), `{"type":9,"data":`+test.data+`}`); !a.says(400, 50035, test.code) || !strings.Contains(string(a.Errors), test.at) {
			t.Errorf("%s: %s", name, a)
		}
	}
}
