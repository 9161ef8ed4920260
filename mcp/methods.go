package mcp

import (
	"encoding/json"
	"net/http"
	"strings"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
)

// Methods that are answered here, or looked at.
const (
	methodInitialize  = "initialize"
	methodCall        = "tools/call"
	methodList        = "tools/list"
	methodRead        = "resources/read"
	methodSubscribe   = "resources/subscribe"
	methodUnsubscribe = "resources/unsubscribe"
	methodListen      = "subscriptions/listen"
	methodCancelled   = "notifications/cancelled"
)

// own does what has to be done here before the MCP server is asked, or instead.
func (s *Server) own(w http.ResponseWriter, r *http.Request, c *call, session string, message envelope) (done bool, no *refusal) {
	switch message.Method {
	case "":
		return true, &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "This message has no method. This server asks clients nothing, so there is nothing to answer either."}
	case methodCancelled:
		if len(message.ID) > 0 {
			return false, nil // mcp-go says that there is no such request
		}
		// Calls are numbered by each client for itself, and mcp-go would take a number for that of
		// another client's, even another entity's. A client that hangs up ends its call.
		w.WriteHeader(http.StatusAccepted)
		return true, nil
	case methodCall, methodRead:
		return false, s.before(r, c, message)
	case methodInitialize:
		if message.modern(r) {
			return false, nil // mcp-go says that there is none in that era
		}
		opened, err := s.openSession(c.ctx, c)
		if err != nil {
			return true, &refusal{status: http.StatusServiceUnavailable, code: codeInternal, id: message.ID, text: c.words("open a session", err), pause: 1}
		}
		w.Header().Set(headerSession, opened)
	case methodSubscribe, methodUnsubscribe:
		if message.modern(r) || len(message.ID) == 0 {
			return false, nil // mcp-go says that there is none in that era
		}
		if no = s.subscribe(c, session, message); no != nil {
			return true, no
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(acknowledgement(message.ID)) // the client is gone; there is nobody to tell
		return true, nil
	}
	return false, nil
}

// before looks at a call of a tool that waits, of which few run at once, and at a resource that
// is not there: mcp-go would word that as an error of ours.
func (s *Server) before(r *http.Request, c *call, message envelope) *refusal {
	if message.Method == methodCall {
		if !s.waiting[message.Params.Name] {
			return nil
		}
		if err := s.calls.wait(c); err != nil {
			no := busy(err)
			no.id = message.ID
			return no
		}
		return nil
	}
	modern := message.modern(r)
	if modern && !message.under(r.Header) {
		return nil // mcp-go refuses it for that
	}
	err := s.readable(c, message.Params.URI)
	if err == nil {
		return nil
	}
	no := c.noResource(message, err)
	if modern && no.code == mcpgo.RESOURCE_NOT_FOUND {
		no.status, no.code = http.StatusBadRequest, codeParams
	}
	return no
}

// under says whether the headers of a read name what its message does: as it stands, or encoded,
// which mcp-go compares.
func (m envelope) under(h http.Header) bool {
	name := h.Get(mcpgo.HeaderName)
	return h.Get(mcpgo.HeaderMethod) == m.Method && (name == m.Params.URI || strings.HasPrefix(name, "=?"))
}

// acknowledgement is an answer that only says yes.
func acknowledgement(id json.RawMessage) []byte {
	return encode(map[string]any{"jsonrpc": "2.0", "id": id, "result": struct{}{}})
}
