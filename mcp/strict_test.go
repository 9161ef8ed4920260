package mcp_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"troupe/mcp"
)

func TestStrict(t *testing.T) {
	nest := func(n int) string {
		return `{"jsonrpc":"2.0","method":"m","params":{"_meta":{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}}`
	}
	good, refused := "", "*"
	for name, c := range map[string]struct{ body, want string }{
		"request":                  {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`, good},
		"id as text":               {`{"jsonrpc":"2.0","id":"a","method":"ping"}`, good},
		"notification":             {`{"jsonrpc":"2.0","method":"notifications/initialized"}`, good},
		"response":                 {`{"jsonrpc":"2.0","id":1,"result":{}}`, good},
		"unknown key":              {`{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}`, good},
		"space around":             {" \n" + ping + "\n ", good},
		"64 deep":                  {nest(61), good},
		"65 deep":                  {nest(62), refused},
		"very deep":                {nest(9000), refused},
		"deeper than JSON's limit": {nest(100_000), refused},
		"many values":              {`{"jsonrpc":"2.0","method":"m","params":{"_meta":{"x":[` + strings.Repeat("1,", 10_000) + `1]}}}`, refused},
		"METHOD":                   {`{"jsonrpc":"2.0","id":1,"METHOD":"tools/call"}`, refused},
		"Params":                   {`{"jsonrpc":"2.0","id":1,"method":"tools/call","Params":{"name":"whoami"}}`, refused},
		"Name":                     {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"whoami"}}`, refused},
		"method twice":             {`{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}`, refused},
		"method twice, folded":     {`{"jsonrpc":"2.0","id":1,"method":"tools/list","METHOD":"tools/call"}`, refused},
		"escaped twin":             {`{"jsonrpc":"2.0","id":1,"method":"tools/list","m\u0065thod":"tools/call"}`, refused},
		"long s":                   {`{"jsonrpc":"2.0","id":1,"method":"tools/call","param` + "ſ" + `":{"name":"whoami"}}`, refused},
		"Kelvin sign":              {`{"jsonrpc":"2.0","method":"m","params":{"task` + `":1,"tas` + "\u212a" + `":2}}`, refused},
		"arguments twice":          {`{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"x","arguments":{},"arguments":{}}}`, refused},
		"twins in the arguments":   {`{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"x","arguments":{"a":1,"A":2}}}`, refused},
		"twins in a list":          {`{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"x","arguments":{"l":[{"a":1,"a":2}]}}}`, refused},
		"two messages":             {ping + ping, refused},
		"batch":                    {"[" + ping + "]", refused},
		"a text":                   {`"x"`, refused},
		"null":                     {"null", refused},
		"nothing":                  {"", refused},
		"only space":               {" ", refused},
		"invalid UTF-8":            {`{"jsonrpc":"2.0","id":1,"method":"ping` + "\xff" + `"}`, refused},
		"no version":               {`{"id":1,"method":"ping"}`, refused},
		"version 1":                {`{"jsonrpc":"1.0","id":1,"method":"ping"}`, refused},
		"id null":                  {`{"jsonrpc":"2.0","id":null,"method":"ping"}`, refused},
		"id object":                {`{"jsonrpc":"2.0","id":{},"method":"ping"}`, refused},
		"method a number":          {`{"jsonrpc":"2.0","id":1,"method":5}`, refused},
		"params a list":            {`{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}`, refused},
		"trailing comma":           {`{"jsonrpc":"2.0","id":1,"method":"ping",}`, refused},
		"comment":                  {`{"jsonrpc":"2.0","id":1,"method":"ping"/**/}`, refused},
		"huge number":              {`{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"x":1e999}}}`, good},
	} {
		t.Run(name, func(t *testing.T) {
			_, no, status := mcp.Strict([]byte(c.body))
			if (no == "") != (c.want == good) {
				t.Fatalf("refused: %q", no)
			}
			if no != "" && status != http.StatusBadRequest {
				t.Errorf("status %d", status)
			}
		})
	}
}

// FuzzStrict compares what the guard reads with what encoding/json makes of the same bytes,
// which is what mcp-go acts upon.
func FuzzStrict(f *testing.F) {
	for _, seed := range []string{
		ping, `{"jsonrpc":"2.0","id":1,"METHOD":"x"}`, `{"jsonrpc":"2.0","method":"a","method":"b"}`, "[" + ping + "]", `{"jsonrpc":"2.0","method":"\ud800"}`,
		`{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"whoami","arguments":{"a":[1,{"b":null}]}}}`, "{", "", "\xff", strings.Repeat("[", 200),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		method, no, _ := mcp.Strict(body)
		if no != "" {
			return
		}
		var loose map[string]json.RawMessage
		if err := json.Unmarshal(body, &loose); err != nil {
			t.Fatalf("accepted, but not an object: %v", err)
		}
		methods := 0
		for key, value := range loose {
			if mcp.FoldKey(key) != mcp.FoldKey("method") {
				continue
			}
			methods++
			var said string
			if err := json.Unmarshal(value, &said); (err != nil && string(value) != "null") || key != "method" || said != method {
				t.Fatalf("%q says %q, the guard read %q", key, said, method)
			}
		}
		if methods > 1 || !utf8.Valid(body) {
			t.Fatalf("ambiguous: %q", body)
		}
	})
}
