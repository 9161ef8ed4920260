package mcp

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	maxBody  = 1 << 20          // bytes
	bodyTime = 15 * time.Second // the HTTP server's own limit for a whole request is longer
	// refusedTime is for what a refused request goes on to send.
	refusedTime = time.Second
)

// readBody reads a JSON body of bounded size in bounded time.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, code: codeInvalid, text: "Send JSON: Content-Type: application/json."}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, code: codeInvalid, text: "Send the body as it is, without Content-Encoding."}
	}
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	// At the end of the body net/http lifts the deadline. Without that end it stays: net/http
	// reads on before it answers, and would wait for ever.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.bodyTime)) // where it is not supported there is no connection to guard
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, tooLarge
	}
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, code: codeParse, text: "The body did not arrive whole."}
	}
	return body, nil
}

var tooLarge = &refusal{status: http.StatusRequestEntityTooLarge, code: codeInvalid, text: "A message has at most 1 MiB."}
