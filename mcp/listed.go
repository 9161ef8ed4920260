package mcp

import (
	"context"
	"slices"

	mcpgo "github.com/mark3labs/mcp-go/mcp"

	"troupe/entities"
)

// when lets a tool exist only for entities that have a capability on one of their servers: what
// is off by default shall not stand in everybody's list.
func (t tool) when(wanted entities.Capability) tool {
	t.wants = wanted
	return t
}

// listed leaves out the tools that an entity does not have. It is asked for every list and
// before every call.
func (s *Server) listed(ctx context.Context, all []mcpgo.Tool) []mcpgo.Tool {
	c, ok := callFrom(ctx)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(t mcpgo.Tool) bool {
		if c.lists && s.research[t.Name] && !c.openAI && !s.searchFetch {
			return true
		}
		wanted, conditional := s.wanted[t.Name]
		if !conditional {
			return false
		}
		able, err := s.registry.Able(c.ctx, c.actor, wanted)
		if err != nil {
			s.log.Debug("ask which tools an entity has", "tool", t.Name, "err", err)
		}
		return !able
	})
}
