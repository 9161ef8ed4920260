package mcp_test

import (
	"strings"
	"testing"
)

// TestAnswersHaveTheirID has every request answered under its own id, or refused: a client
// waits for ever for an answer that has another one.
func TestAnswersHaveTheirID(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for id, want := range map[string]int{
		`1`: 200, `-7`: 200, `0`: 200, `"x"`: 200, `""`: 200, `9007199254740991`: 200, `1.0`: 200,
		`9007199254740993`: 400, `-9007199254740993`: 400, `12345678901234567890123`: 400, `1e400`: 400, `1.5`: 400, `null`: 400, `{}`: 400, `true`: 400,
	} {
		status, _, body := s.post(t, ada, `{"jsonrpc":"2.0","id":`+id+`,"method":"ping"}`)
		if status != want {
			t.Errorf("%s: %d %s", id, status, body)
		}
		if shown := strings.TrimSuffix(id, ".0"); status == 200 && !strings.Contains(body, `"id":`+shown+`,`) {
			t.Errorf("%s: %s", id, body)
		}
	}
}

// TestRequestsAreAnswered refuses messages that are two things at once, and does not take a
// request for a notification.
func TestRequestsAreAnswered(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for name, c := range map[string]struct {
		body, want string
		status     int
	}{
		"request and result": {`{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}`, `"code":-32600`, 400},
		"request and error":  {`{"jsonrpc":"2.0","id":1,"method":"ping","error":{"code":1,"message":"x"}}`, `"code":-32600`, 400},
		"cancel as request":  {`{"jsonrpc":"2.0","id":7,"method":"notifications/cancelled","params":{"requestId":1}}`, `"id":7,"error":{"code":-32601`, 200},
		"cancel":             {`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, ``, 202},
	} {
		t.Run(name, func(t *testing.T) {
			if status, _, body := s.post(t, ada, c.body); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}
