package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

// described is a stage with Discord's OpenAPI description, which does not come with this
// repository.
func described(t *testing.T) *stage {
	t.Helper()
	if os.Getenv("DISCORD_OPENAPI") == "" {
		t.Skip("DISCORD_OPENAPI names no file: it must be the path of Discord's openapi.json (github.com/discord/discord-api-spec)")
	}
	return newStage(t)
}

func TestOpenAPINeedsItsFile(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(bad, []byte(`{"paths":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bad, filepath.Join(t.TempDir(), "missing.json")} {
		if d, err := sandbox.Start(sandbox.Config{OpenAPI: path}); err == nil {
			t.Errorf("%s was taken", path)
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestGoodTrafficFitsTheDescription sends what a bot sends and wants nothing noted.
func TestGoodTrafficFitsTheDescription(t *testing.T) {
	s := described(t).register()
	s.want(200, s.call("GET", s.commandsPath(0)+"?with_localizations=true", nil))
	s.want(201, s.call("POST", s.commandsPath(s.guild), `{"name":"local","description":"d","default_member_permissions":"32"}`))
	callback := func(it *sandbox.Interaction, body string) {
		t.Helper()
		s.want(200, s.call("POST", "/interactions/"+it.ID.String()+"/"+it.Token+"/callback?with_response=true", body))
	}
	it := s.slash("/entity create", nil)
	callback(it, createModal)
	sent, err := s.SubmitModal(s.sam, it.Reply(), map[string]any{"name": "Ada", "avatar": sandbox.File{Name: "a.png", Data: []byte("x")}})
	s.must(err)
	callback(sent, `{"type":5,"data":{"flags":64}}`)
	s.want(200, s.call("PATCH", s.hook(sent, "/messages/@original"), `{"content":"Ada","allowed_mentions":{"parse":[]}}`))
	s.want(200, s.call("GET", s.hook(sent, "/messages/@original"), nil))
	s.want(200, s.call("POST", s.hook(sent, "?wait=true"), `{"content":"more"}`))

	it = s.slash("/ping", nil)
	callback(it, `{"type":4,"data":`+panel+`}}`)
	pressed, err := s.Click(s.sam, it.Reply(), "Go")
	s.must(err)
	callback(pressed, `{"type":7,"data":{"content":"pressed"}}`)
	s.want(204, s.call("DELETE", s.hook(pressed, "/messages/@original"), nil))
	callback(s.slash("/ping", nil), `{"type":4,"data":{"flags":32768,"components":[{"type":17,"accent_color":255,"components":[
		{"type":10,"content":"# Ada"},{"type":14},{"type":9,"components":[{"type":10,"content":"x"}],"accessory":{"type":11,"media":{"url":"https://example.com/a.png"}}},
		{"type":12,"items":[{"media":{"url":"https://example.com/a.png"}}]},{"type":1,"components":[{"type":2,"style":4,"label":"x","custom_id":"x","emoji":{"name":"🔥"}}]}]}]}}`)

	s.want(200, s.upload("POST", "/channels/"+s.channel.String()+"/messages", `{"content":"file"}`, map[string][]byte{"a.txt": []byte("x")}))
	s.want(200, s.call("GET", "/channels/"+s.channel.String()+"/messages?limit=5", nil))
	s.want(200, s.call("GET", "/gateway/bot", nil))
	if list := s.Departures(); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

func TestDeparturesAreNoted(t *testing.T) {
	s := described(t)
	s.departs = true
	messages := "/channels/" + s.channel.String() + "/messages"
	s.call("POST", messages, `{"content":"`+strings.Repeat("x", 4001)+`"}`)
	s.call("POST", messages, `{"content":"`+strings.Repeat("y", 4001)+`"}`)
	s.call("GET", messages+"?limit=500", nil)
	s.call("GET", messages+"?colour=red", nil)
	s.call("GET", "/nowhere/at/all", nil)
	s.call("GET", "/channels/general/messages", nil)
	s.call("PUT", s.commandsPath(0), `[{"name":"a","description":"d","options":[{"type":3,"name":"o"}]}]`)
	want := []sandbox.Departure{
		{Route: "POST /channels/{channel_id}/messages", Where: "request body", Words: "maxLength", Refused: true, Times: 2},
		{Route: "GET /channels/{channel_id}/messages", Where: "query limit", Words: "maximum", Refused: true, Times: 1},
		{Route: "GET /channels/{channel_id}/messages", Where: "query colour", Words: "not in", Times: 1},
		{Route: "GET /api/v10/nowhere/at/all", Where: "route", Words: "no such operation", Refused: true, Times: 1},
		{Route: "GET /channels/{channel_id}/messages", Where: "path channel_id", Words: "pattern", Refused: true, Times: 1},
		{Route: "PUT /applications/{application_id}/commands", Where: "request body", Words: "description", Refused: true, Times: 1},
	}
	got := s.Departures()
	if len(got) != len(want) {
		t.Fatalf("got %d: %+v", len(got), got)
	}
	for i := range want {
		fits := strings.Contains(got[i].Words, want[i].Words)
		if want[i].Words = got[i].Words; !fits || got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}
