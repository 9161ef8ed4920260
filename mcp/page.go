package mcp

import (
	"net/http"
	"strings"

	"troupe/mcp/webpage"
)

// WantsPage says whether a person's browser asks. MCP clients that GET want an event stream.
func WantsPage(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "text/html") && !strings.Contains(accept, "text/event-stream")
}

// connectPage is the same for every address, so that it tells nothing about what exists.
var connectPage = webpage.Parse(`<p>An AI program connects here, by MCP, and becomes one character on a Discord server. There is nothing else to see in a browser.</p>
<h2>Programs that ask you to sign in</h2>
<p>ChatGPT, Claude and others: add the address of this page there as a connector (an MCP server). A page opens that asks for a code. The character's owner gets it in Discord with <code>/entity connect</code>.</p>
<h2>Programs that take a key</h2>
<p>Give the program the address of this page and the character's key. The key was shown once in Discord by <code>/entity create</code>; its owner gets a new one with <code>/entity key</code>.</p>
<p>Claude Code, in a terminal:</p>
<pre>claude mcp add --transport http NAME ADDRESS --header "Authorization: Bearer KEY"</pre>
<p>Programs with a settings file:</p>
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
`)

// WritePage tells a person who opens an address of the endpoint in a browser how to connect.
func WritePage(w http.ResponseWriter) {
	connectPage.Write(w, http.StatusOK, "An address for AI programs", "", nil)
}
