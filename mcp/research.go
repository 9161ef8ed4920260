package mcp

import (
	"encoding/json"
	"net/http"
	"strings"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
)

// forResearch lists a tool only for clients that want it by its name, unless it was switched on
// for all (see [Config.SearchFetch]). It may be called by any.
func (t tool) forResearch() tool {
	t.research = true
	return t
}

// openAIClient is how the names of OpenAI's clients begin that ask for the pair search and fetch,
// as clientInfo and as user agent: "openai-mcp", "openai-mcp (ChatGPT)", "openai-mcp/1.0.0"
// (reported by several servers' makers, autumn 2026).
const openAIClient = "openai-mcp"

func isOpenAI(name string) bool {
	name = strings.TrimSpace(name)
	return len(name) >= len(openAIClient) && strings.EqualFold(name[:len(openAIClient)], openAIClient)
}

// fromOpenAI says whether a message comes from one of OpenAI's clients: by the request, or by
// what it says of itself, with initialize or, in the later era, with every message.
func fromOpenAI(r *http.Request, m envelope) bool {
	if isOpenAI(r.UserAgent()) {
		return true
	}
	for _, given := range []json.RawMessage{m.Params.ClientInfo, m.Params.Meta[mcpgo.MetaKeyClientInfo]} {
		var info struct {
			Name string `json:"name"`
		}
		if len(given) > 0 && json.Unmarshal(given, &info) == nil && isOpenAI(info.Name) {
			return true
		}
	}
	return false
}

// openAIMark stands at the end of the nonce of a session that such a client opened, where others
// have a hexadecimal digit: so nothing has to be kept of it.
const openAIMark = "o"

// openedByOpenAI reads it from the id of a session.
func openedByOpenAI(session string) bool {
	return len(session) > nonceLength && strings.HasSuffix(session[:nonceLength], openAIMark)
}
