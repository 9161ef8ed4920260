package mcp

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"troupe/entities"
	"troupe/relay"
)

// What the tests look at from inside.
var (
	LineSafe = lineSafe
	OneLine  = oneLine
	Quoted   = quoted
	FoldKey  = foldKey
	HowTo    = howTo
)

const (
	MaxInstructions   = maxInstructions
	MaxWaitsPerEntity = maxWaitsPerEntity
	MaxCallsPerEntity = maxCallsPerEntity
	MaxFailures       = maxFailures
	RevokedText       = revokedText
	FenceName         = fenceName
)

// Instructions words an entity's instructions.
func Instructions(e entities.Entity) string { return instructions(e) }

// Strict checks a body and gives the method that it names, or the refusal's text and status.
func Strict(body []byte) (method, refused string, status int) {
	message, no := readEnvelope(body)
	if no != nil {
		return "", no.text, no.status
	}
	return message.Method, "", 0
}

// Sample is an input with every kind of argument.
type Sample struct {
	Channel channelArg `json:"channel" doc:"where"`
	Message messageArg `json:"message,omitempty" doc:"which"`
	Text    string     `json:"text,omitempty" doc:"what"`
	Count   int        `json:"count,omitempty" doc:"how many" range:"1,100,30"`
	Loud    bool       `json:"loud,omitempty" doc:"how"`
	Tags    []string   `json:"tags,omitempty" doc:"which ones"`
}

// Ref is how the sample's channel was named.
func (s Sample) Ref() string { return s.Channel.ref }

// Decode reads arguments into a sample.
func Decode(arguments string) (Sample, error) {
	var s Sample
	fields, err := fieldsOf(reflect.TypeFor[Sample]())
	if err != nil {
		return s, err
	}
	return s, decode("sample", fields, json.RawMessage(arguments), reflect.ValueOf(&s).Elem())
}

// Render words messages as read_messages does, with a known fence.
func Render(self entities.Entity, now time.Time, token string, from []relay.Message, channels map[string]string) string {
	quoted := messages{Entity: entityRef{string(self.ID), self.Name}, empty: "nothing"}
	for id, name := range channels {
		quoted.Channels = append(quoted.Channels, place{ID: id, Name: name, Kind: "text", Server: "Home"})
	}
	for _, m := range from {
		quoted.Messages = append(quoted.Messages, quoteMessage(m))
	}
	return newPage(self, now, token).word(quoted)
}

// RenderAlone words one message under a line that names its author.
func RenderAlone(now time.Time, token string, from relay.Message) string {
	p := newPage(entities.Entity{}, now, token)
	p.strangers(func() {
		one := quoteMessage(from)
		p.say("%s:", messages{}.authorLabel(one.Author))
		one.write(p)
	})
	return p.b.String()
}

// AddBroken adds a tool called broken that panics.
func AddBroken(s *Server, with any) {
	broken := define("broken", words{title: "Broken", text: "Panics whenever it is called."}, nothing, looks,
		func(context.Context, *call, struct{}) (sent, error) { panic(with) })
	core := server.NewMCPServer("broken", "1")
	core.AddTool(broken.declaration, s.handle(broken))
	s.transport = server.NewStreamableHTTPServer(core, server.WithStateLess(true), server.WithDisableLocalhostProtection(true))
}

// BreakTransport makes everything behind the guard panic.
func BreakTransport(s *Server, with any) {
	s.transport = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(with) })
}

// HurryBodies changes how long a message's body may take.
func HurryBodies(s *Server, d time.Duration) { s.bodyTime = d }

// CountsOf words how much is unread in a channel.
func CountsOf(unread int, more bool, changes int) string {
	return moved{Unread: unread, More: more, Changes: changes}.counts()
}
