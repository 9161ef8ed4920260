package mcp

import (
	"context"
	"encoding/hex"
	"errors"
	"io"

	mcpgo "github.com/mark3labs/mcp-go/mcp"

	"troupe/entities"
)

const (
	revokedText   = "The key of this connection was replaced or its entity deleted, so the call was ended. Whether it took effect is not known. The entity's owner gets a new key with /entity key."
	endedText     = "This connection was ended by the entity's owner or by its client, so the call was ended. Whether it took effect is not known. Connect again: /entity connect in Discord gives a code."
	closingText   = "This server is restarting. Call again in a few seconds."
	abandonedText = "The call was given up before it was done."
)

// wrong words an error as a tool's result. It is the one place that does.
func (c *call) wrong(doing string, err error) *mcpgo.CallToolResult {
	return mcpgo.NewToolResultError(c.words(doing, err))
}

func (c *call) words(doing string, err error) string {
	// The cause comes first: what a cut call fails with is only how it noticed.
	switch cause := context.Cause(c.ctx); {
	case errors.Is(cause, errRevoked):
		return revokedText
	case errors.Is(cause, errDisconnected):
		return endedText
	case errors.Is(cause, errClosing):
		return closingText
	case cause != nil:
		return abandonedText
	}
	if refusal, ok := entities.AsRefusal(err); ok {
		return oneLine(refusal.Text)
	}
	return c.server.broke(err, doing)
}

// broke logs an error of ours once and gives the words for the caller.
func (s *Server) broke(err error, doing string) string {
	s.broken.Add(1)
	ref := s.reference()
	s.log.Error("call broke", "ref", ref, "doing", doing, "err", err)
	return apology(ref)
}

func apology(ref string) string { return "Something broke on our side (ref " + ref + ")." }

// reference is what a caller can quote and the operator find in the log.
func (s *Server) reference() string { return s.token(2) }

// token gives n random bytes in hex.
func (s *Server) token(n int) string {
	buf := make([]byte, n)
	if _, err := io.ReadFull(s.random, buf); err != nil {
		panic("read random bytes: " + err.Error()) // a fence that can be guessed is none
	}
	return hex.EncodeToString(buf)
}
