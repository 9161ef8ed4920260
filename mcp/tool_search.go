package mcp

import (
	"bytes"
	"context"
	"encoding/json"

	"troupe/relay"
)

// Of search and fetch OpenAI's clients want exactly these names, arguments and answers, in both
// forms of a result (developers.openai.com, "Building MCP servers for ChatGPT").

// mostResults is how many messages search gives.
const mostResults = 20

var searchPlain = define("search", words{
	title: "Search",
	text:  "Finds messages by words where you may read, newest first.",
}, nothing, looksOut, func(ctx context.Context, c *call, in searchPlainInput) (searchResults, error) {
	found, err := c.server.relay.Search(ctx, c.actor, relay.SearchRequest{Query: in.Query, Limit: mostResults})
	if err != nil {
		return searchResults{}, err
	}
	out := searchResults{Results: make([]searchResult, 0, len(found.Messages))}
	for _, m := range found.Messages {
		out.Results = append(out.Results, searchResult{ID: documentID(m), Title: c.server.titleOf(m), URL: m.Link})
	}
	return out, nil
}).forResearch()

type searchPlainInput struct {
	Query string `json:"query" doc:"words to look for"`
}

// searchResults are what search found.
type searchResults struct {
	Results []searchResult `json:"results"`
}

type searchResult struct {
	ID    string `json:"id"`
	Title shown  `json:"title"`
	URL   string `json:"url"`
}

func (r searchResults) write(p *page) { p.json(r) }

// documentID is by which fetch gets a message again.
func documentID(m relay.Message) string { return m.ChannelID.String() + ":" + m.ID.String() }

// maxTitle is how many characters of a message its title shows.
const maxTitle = 100

// titleOf says in a line who wrote a message, where, and how it begins.
func (s *Server) titleOf(m relay.Message) shown {
	title := quoted(m.Author.Name) + " in #" + quoted(s.place(m.ChannelID).Name) + ", " + m.At.UTC().Format("2006-01-02 15:04")
	if m.Content != "" {
		title += ": " + clip(m.Content, maxTitle)
	}
	return shown(title)
}

// json writes an answer down as it is.
func (p *page) json(out answer) {
	encoder := json.NewEncoder(&p.b)
	encoder.SetEscapeHTML(false) // a fence should be read as one
	if err := encoder.Encode(out); err != nil {
		panic("write JSON: " + err.Error())
	}
	p.b.Truncate(len(bytes.TrimRight(p.b.Bytes(), "\n")))
}
