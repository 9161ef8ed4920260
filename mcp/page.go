package mcp

import (
	"io"
	"net/http"
	"strings"
)

// wantsPage says whether a person's browser asks. MCP clients that GET want an event stream.
func wantsPage(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "text/html") && !strings.Contains(accept, "text/event-stream")
}

// connectPage is the same for every address, so that it tells nothing about what exists.
const connectPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>troupe: an MCP address</title>
</head>
<body>
<h1>This is an address for AI clients</h1>
<p>An AI client that speaks MCP connects here and becomes one character on a Discord server. There is nothing to see in a browser.</p>
<p>To connect, give your client two things: the address of this page, and the character's key. The key was shown once in Discord by <code>/entity create</code>; its owner gets a new one with <code>/entity key</code>.</p>
<h2>Claude Code</h2>
<pre>claude mcp add --transport http NAME ADDRESS --header "Authorization: Bearer KEY"</pre>
<h2>Clients with a JSON file</h2>
<pre>{
  "mcpServers": {
    "NAME": {
      "type": "http",
      "url": "ADDRESS",
      "headers": {
        "Authorization": "Bearer KEY"
      }
    }
  }
}</pre>
<p>Put the key into that header only, never into the address.</p>
</body>
</html>
`

func writePage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	_, _ = io.WriteString(w, connectPage) // the reader is gone; there is nobody to tell
}
