package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
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
	MaxInstructions     = maxInstructions
	MaxWaitsPerEntity   = maxWaitsPerEntity
	MaxCallsPerEntity   = maxCallsPerEntity
	MaxFailures         = maxFailures
	MaxStreamsPerEntity = maxStreamsPerEntity
	MaxSubscribersEach  = maxSubscribersEach
	MaxSubscriptions    = maxSubscriptions
	MaxAddresses        = maxAddresses
	MostEnded           = mostEnded
	MaxQueued           = maxQueued
	MaxQueuedBytes      = maxQueuedBytes
	RevokedText         = revokedText
	EndedText           = endedText
	FenceName           = fenceName
)

// Delivering writes an answer as the endpoint does, with its time for each write of a stream.
func Delivering(w http.ResponseWriter, each time.Duration) http.ResponseWriter {
	return &deliverer{ResponseWriter: w, each: each}
}

// Instructions words an entity's instructions.
func Instructions(e entities.Entity, homes ...entities.Home) string {
	return instructions(e, homes, "c0ffee")
}

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

// HurryBeats changes how often silent streams show that they live. Call it before there are any.
func HurryBeats(s *Server, d time.Duration) { s.heartbeat = d }

// CountsOf words how much is unread in a channel.
func CountsOf(unread int, more bool, changes int) string {
	return moved{Unread: unread, More: more, Changes: changes}.counts()
}

// HurryStreams changes how long a client may take for what a stream sends it.
func HurryStreams(s *Server, d time.Duration) { s.sendTime = d }

// Held counts what is kept for entities when nobody has called for an hour.
func Held(s *Server) int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return len(s.calls.byEntity) + len(s.streams.byEntity) + len(s.streams.bySession) + s.seen.count(s.now().Add(time.Hour))
}

// SubscribeAtOnce has a session find out that it has nothing to unsubscribe from between the
// moment in which it is found and that in which it subscribes. It says whether that is kept.
func SubscribeAtOnce(s *Server, key string, id entities.ID) (kept bool, err error) {
	actor, err := s.registry.Authenticate(context.Background(), key, id)
	if err != nil {
		return false, err
	}
	one, err := s.streams.of(actor, "session", s.now())
	if err != nil {
		return false, err
	}
	other, err := s.streams.of(actor, "session", s.now())
	if err != nil {
		return false, err
	}
	s.streams.leave(other)
	err = one.add(inboxURI, func() {})
	s.streams.leave(one)
	return s.streams.bySession["session"] == one && one.subscribed(), err
}

// SubscribeTooLate ends an entity's sessions between the moment in which one of them is found and
// that in which it subscribes. It says whether what would tell it was stopped.
func SubscribeTooLate(s *Server, key string, id entities.ID) (stopped bool, err error) {
	actor, err := s.registry.Authenticate(context.Background(), key, id)
	if err != nil {
		return false, err
	}
	one, err := s.streams.of(actor, "session", s.now())
	if err != nil {
		return false, err
	}
	s.streams.cut(id, errRevoked)
	return stopped, one.add(inboxURI, func() { stopped = true })
}

// Bare is mcp-go with the same tools and nothing of ours in front, for one entity.
func Bare(s *Server, key string, id entities.ID) (http.Handler, error) {
	actor, err := s.registry.Authenticate(context.Background(), key, id)
	if err != nil {
		return nil, err
	}
	core := server.NewMCPServer("bare", "1", server.WithToolCapabilities(false))
	for _, t := range tools {
		core.AddTool(t.declaration, s.handle(t))
	}
	transport := server.NewStreamableHTTPServer(core, server.WithStateLess(true), server.WithDisableStreaming(true), server.WithDisableLocalhostProtection(true))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.newCall(r.Context(), actor)
		defer c.end(nil)
		transport.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
	}), nil
}

// TrustProxies names the reverse proxies that are believed.
func TrustProxies(s *Server, proxies ...netip.Prefix) { s.proxies = proxies }

// Caller is where a request comes from.
func Caller(s *Server, r *http.Request) netip.Addr { return s.caller(r) }

// ToolTable words all tools as the README shows them.
func ToolTable() string {
	var table strings.Builder
	table.WriteString("| tool, with what it takes | what an AI is told of it | off until admins allow |\n|---|---|---|\n")
	for _, t := range tools {
		ability := ""
		if t.wants != "" {
			ability = t.wants.Title()
		}
		fmt.Fprintf(&table, "| `%s%s` | %s | %s |\n", t.declaration.Name, takes(t.declaration.RawInputSchema), opening(t.declaration.Description), ability)
	}
	return table.String()
}

// takes words arguments: first what a tool needs, then in brackets what may be left out.
func takes(schema json.RawMessage) string {
	var in struct {
		Properties map[string]any
		Required   []string
	}
	if err := json.Unmarshal(schema, &in); err != nil {
		panic(err)
	}
	needs, may := "", ""
	for _, name := range slices.Sorted(maps.Keys(in.Properties)) {
		if slices.Contains(in.Required, name) {
			needs += " " + name
		} else {
			may += " [" + name + "]"
		}
	}
	return needs + may
}

// opening is a text's first sentences, up to about a line.
func opening(text string) string {
	line := ""
	for sentence := range strings.SplitSeq(strings.TrimSuffix(text, "."), ". ") {
		if len(line) > 40 && len(line)+len(sentence) > 110 {
			break
		}
		line += sentence + ". "
	}
	return strings.TrimSpace(line)
}

// ListSearchFetch lists search and fetch for every client.
func ListSearchFetch(s *Server) { s.searchFetch = true }

// Narrow changes how many calls, streams and subscribers there may be of all entities together.
// Call it before there are any.
func Narrow(s *Server, calls, streams, subscribers int) {
	s.calls.most, s.streams.mostOpen, s.streams.most = calls, streams, subscribers
}

// Failures counts refused credentials, and says how many addresses it remembers.
func Failures() (note func(from netip.Prefix, now time.Time) (pause time.Duration, reached bool), size func() int) {
	f := newFailures()
	return f.note, func() int { return len(f.by) }
}

// Ended remembers sessions that ended.
func Ended() (add func(id string), has func(id string) bool, size func() int) {
	e := newEnded()
	return e.add, e.has, func() int { return max(len(e.known), len(e.order)) }
}

// Queue is what waits for a stream.
func Queue() (put func(answer []byte) bool, take func() (messages [][]byte, full bool)) {
	l := newListener(entities.Actor{}, "", time.Time{})
	return l.queue, l.take
}

// FillSubscriptions has a session that subscribed to something subscribe to n things that never change.
func FillSubscriptions(s *Server, session string, n int) {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	for i := range n {
		_ = s.streams.bySession[session].add(fmt.Sprint("test://", i), func() {}) // what does not fit is what the test is about
	}
}
