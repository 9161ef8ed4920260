package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"troupe/entities"
)

// tool is one thing that an entity can do over MCP, made by [define].
type tool struct {
	declaration mcpgo.Tool
	effect      effect
	run         func(ctx context.Context, c *call, arguments json.RawMessage) (*mcpgo.CallToolResult, error)
	wants       entities.Capability // see [tool.when]; "" = all entities have it
	research    bool                // see [tool.forResearch]
	err         error               // what is wrong with its declaration
}

// words are what people and models read of a tool. They are constant: nothing from Discord
// gets into them.
type words struct {
	title string
	text  string
}

// effect says what a tool does to the world, for the four hints, and how it answers.
type effect struct {
	readOnly    bool
	destructive bool
	idempotent  bool
	openWorld   bool
	// quotes: the answer holds Discord's text. It is one text with a fenced part and has no
	// structured twin, since clients would show the model only that one.
	quotes bool
	// waits: a call may last, so few run at once.
	waits bool
}

var (
	looks = effect{readOnly: true, idempotent: true}
	// looksOut quotes Discord in a shape that is not ours to choose: the text is escaped in it.
	looksOut = effect{readOnly: true, idempotent: true, openWorld: true}
	reads    = effect{readOnly: true, idempotent: true, openWorld: true, quotes: true}
	listens  = effect{readOnly: true, idempotent: true, openWorld: true, quotes: true, waits: true}
	speaks   = effect{openWorld: true}
	marks    = effect{idempotent: true, openWorld: true}
	alters   = effect{destructive: true, idempotent: true, openWorld: true}
)

// answer is what a tool gives: a small struct of its own, which is the public contract, that
// can write itself down for a model.
type answer interface {
	write(p *page)
}

// nothing is the right of tools that act in no channel.
const nothing entities.Right = 0

// resultKey is where programs find the answer of a tool that quotes Discord.
const resultKey = "troupe/result"

// define declares a tool. In is a struct of arguments (see fieldsOf); right is what the entity
// must have in the channel that it names, and is asked before fn runs.
func define[In any, Out answer](name string, w words, right entities.Right, e effect, fn func(context.Context, *call, In) (Out, error)) tool {
	t := tool{effect: e}
	fields, err := fieldsOf(reflect.TypeFor[In]())
	t.declaration, t.err = declare(name, w, e, fields, reflect.TypeFor[Out]())
	t.err = errors.Join(err, t.err)
	t.run = func(ctx context.Context, c *call, arguments json.RawMessage) (*mcpgo.CallToolResult, error) {
		var in In
		if err := decode(name, fields, arguments, reflect.ValueOf(&in).Elem()); err != nil {
			return nil, err
		}
		channel, err := c.resolve(ctx, name, fields, reflect.ValueOf(&in).Elem())
		if err != nil {
			return nil, err
		}
		if right != nothing && channel != 0 {
			if _, err := c.server.relay.Authorize(ctx, c.actor, right, channel); err != nil {
				return nil, err
			}
		}
		// Who the entity is stands in every answer. It is asked before anything is done: a line
		// that was sent must not be answered with an error.
		self, err := c.server.registry.Acting(ctx, c.actor)
		if err != nil {
			return nil, err
		}
		out, err := fn(ctx, c, in)
		if err != nil {
			return nil, err
		}
		return c.render(e, self, out), nil
	}
	return t
}

func declare(name string, w words, e effect, fields []field, output reflect.Type) (mcpgo.Tool, error) {
	input, err := inputSchema(fields)
	if err != nil {
		return mcpgo.Tool{Name: name}, err
	}
	declaration := mcpgo.Tool{
		Name: name, Title: w.title, Description: w.text, RawInputSchema: input,
		Annotations: mcpgo.ToolAnnotation{
			ReadOnlyHint: &e.readOnly, DestructiveHint: &e.destructive,
			IdempotentHint: &e.idempotent, OpenWorldHint: &e.openWorld,
		},
	}
	if !e.quotes {
		declaration.RawOutputSchema, err = outputSchema(output)
	}
	return declaration, err
}

// handle runs a tool for the entity that the context carries, and turns errors into words.
func (s *Server) handle(t tool) server.ToolHandlerFunc {
	name, own := t.declaration.Name, &tally{}
	s.tallies[name] = own
	return func(ctx context.Context, request mcpgo.CallToolRequest) (result *mcpgo.CallToolResult, _ error) {
		c, ok := callFrom(ctx)
		if !ok {
			return mcpgo.NewToolResultError(s.broke(errors.New("a call without an entity"), name)), nil
		}
		started := s.now()
		defer func() {
			if broken := recover(); broken != nil {
				result = mcpgo.NewToolResultError(s.panicked(broken, name))
			}
			own.note(result.IsError, s.now().Sub(started))
			s.log.Debug("tool called", "tool", name, "entity", string(c.actor.EntityID()), "refused", result.IsError, "took", s.now().Sub(started))
		}()
		result, err := t.run(c.ctx, c, request.Params.RawArguments)
		if err != nil {
			result = c.wrong(name, err)
		}
		return result, nil
	}
}

// render words an answer.
func (c *call) render(e effect, self entities.Entity, out answer) *mcpgo.CallToolResult {
	text := newPage(self, c.server.now(), c.server.token(fenceBytes)).word(out)
	if !e.quotes {
		return mcpgo.NewToolResultStructured(out, text)
	}
	result := mcpgo.NewToolResultText(text)
	result.Meta = mcpgo.NewMetaFromMap(map[string]any{resultKey: out})
	return result
}

// stamp is a time as all our JSON has it: RFC 3339, UTC, whole seconds.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
