package relay_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// oddly stands before a stand-in's API and adds to its lists what disgo cannot decode.
func oddly(t *testing.T, api string) string {
	t.Helper()
	base := strings.TrimSuffix(api, "/api/v10")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		req, err := http.NewRequestWithContext(r.Context(), r.Method, base+r.URL.RequestURI(), strings.NewReader(string(body)))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header = r.Header
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if r.Method == http.MethodGet {
			answer = withOdd(r.URL.Path, answer)
		}
		for key, values := range resp.Header {
			if key != "Content-Length" {
				w.Header()[key] = values
			}
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(func() {
		server.Close()
		if transport, ok := http.DefaultTransport.(*http.Transport); ok {
			transport.CloseIdleConnections()
		}
	})
	return server.URL + "/api/v10"
}

func withOdd(path string, answer []byte) []byte {
	var list []json.RawMessage
	odd := ""
	switch {
	case strings.HasSuffix(path, "/webhooks"):
		odd = `{"type":99,"id":"1"},{"type":1,"id":"7","channel_id":"1","guild_id":"1","name":"another application's","avatar":null,"application_id":"999","token":"theirs"}`
	case strings.HasSuffix(path, "/messages"):
		odd = `{"id":"5","channel_id":"1","flags":[],"timestamp":"never"}`
	}
	if odd == "" || json.Unmarshal(answer, &list) != nil {
		return answer
	}
	rest := strings.TrimPrefix(strings.TrimSpace(string(answer)), "[")
	if len(list) > 0 {
		odd += ","
	}
	return []byte("[" + odd + rest)
}
