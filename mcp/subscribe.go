package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	mcpgo "github.com/mark3labs/mcp-go/mcp"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// scopeFor says which part of an entity's inbox makes a resource change.
func scopeFor(uri string) (entities.Scope, bool) {
	if uri == inboxURI || fixtureURI(uri) {
		return entities.ScopeAll, true
	}
	channel, ok := channelOf(uri)
	return entities.ScopeOf(channel), ok
}

// channelOf takes the channel out of a resource's URI.
func channelOf(uri string) (snowflake.ID, bool) {
	digits, ok := strings.CutPrefix(uri, channelURI)
	id, err := strconv.ParseUint(digits, 10, 64)
	// One channel has one URI: not that with a zero before it.
	return snowflake.ID(id), ok && err == nil && id != 0 && strconv.FormatUint(id, 10) == digits
}

// watch has a listener told of a resource. What there is not and what is not allowed are refused
// alike.
func (s *Server) watch(ctx context.Context, l *listener, uri string) error {
	scope, ok := scopeFor(uri)
	if !ok {
		return errNoResource
	}
	stop, err := s.relay.Watch(ctx, l.actor, scope, func() { l.note(uri) })
	if err != nil {
		return err
	}
	return l.add(uri, stop)
}

// subscribe answers resources/subscribe and resources/unsubscribe of the protocol's earlier era,
// which mcp-go acknowledges and forgets.
func (s *Server) subscribe(c *call, session string, m envelope) *refusal {
	if session == "" {
		return &refusal{status: http.StatusOK, code: codeParams, id: m.ID, text: "To be told of a resource, begin a session with initialize and send its Mcp-Session-Id."}
	}
	one, err := s.streams.of(c.actor, session, s.now())
	if err != nil {
		return tooManyStreams(err)
	}
	defer s.streams.leave(one)
	if m.Method == methodUnsubscribe {
		one.remove(m.Params.URI)
	} else {
		err = s.watch(c.ctx, one, m.Params.URI)
	}
	if err != nil {
		return c.noResource(m, err)
	}
	return nil
}

// noResource words why a resource cannot be had.
func (c *call) noResource(message envelope, err error) *refusal {
	no := &refusal{status: http.StatusOK, code: codeInternal, id: message.ID, text: c.words("subscribe", err)}
	if _, refused := entities.AsRefusal(err); refused || context.Cause(c.ctx) != nil {
		no.code, no.data = mcpgo.RESOURCE_NOT_FOUND, map[string]string{"uri": message.Params.URI}
	}
	return no
}

// listen is the stream of the protocol's later era. mcp-go first judges the request, by one that
// asks for nothing; then the stream is ours, since mcp-go's forgets which resources were asked
// for and has no heartbeat.
func (s *Server) listen(w *deliverer, r *http.Request, c *call, m envelope) *refusal {
	judged := judge{header: http.Header{}}
	asking := r.Clone(r.Context())
	asking.Body = io.NopCloser(bytes.NewReader(encode(map[string]any{
		"jsonrpc": m.JSONRPC, "id": m.ID, "method": m.Method, "params": map[string]any{"_meta": m.Params.Meta, "notifications": struct{}{}},
	})))
	s.transport.ServeHTTP(&judged, asking)
	if judged.status != http.StatusOK {
		judged.pass(w)
		return nil
	}
	return s.open(w, r, c, "", func(st *stream) error {
		st.tag = m.ID
		allowed, err := s.watchAll(st, m.Params.Notifications.Resources)
		if err != nil {
			return err
		}
		if err = st.say(acknowledged(m.ID, allowed)); err == nil && len(allowed) == 0 {
			return errNothing
		}
		return err
	}, func(st *stream) error { return st.say(s.listened(r.Context(), m.ID)) })
}

// watchAll has a stream told of those resources that there are, as many as there is room for.
func (s *Server) watchAll(st *stream, uris []string) (allowed []string, err error) {
	for _, uri := range uris {
		if slices.Contains(allowed, uri) {
			continue
		}
		err := s.watch(st.ctx, st.listener, uri)
		if errors.Is(err, errFull) {
			break
		}
		if err == nil {
			allowed = append(allowed, uri)
		} else if _, refused := entities.AsRefusal(err); !refused {
			return nil, err
		}
	}
	return allowed, nil
}

// acknowledged tells which of the resources that were asked for are watched.
func acknowledged(id json.RawMessage, uris []string) []byte {
	told := map[string]any{}
	if len(uris) > 0 {
		told["resourceSubscriptions"] = uris
	}
	return encode(map[string]any{"jsonrpc": "2.0", "method": mcpgo.MethodNotificationSubscriptionsAcknowledged, "params": map[string]any{
		"_meta": map[string]any{keySubscription: id}, "notifications": told,
	}})
}

// listened is the last word of a stream that ends in order.
func (s *Server) listened(ctx context.Context, id json.RawMessage) []byte {
	meta := map[string]any{keySubscription: id}
	if e, ok := s.selfFrom(ctx, methodListen, s.registry.Acting); ok {
		meta[mcpgo.MetaKeyServerInfo] = s.implementation(e)
	}
	return encode(map[string]any{"jsonrpc": "2.0", "id": id, "result": map[string]any{"resultType": "complete", "_meta": meta}})
}

// judge keeps mcp-go's answer until it is known whether it is ours too.
type judge struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (j *judge) Header() http.Header { return j.header }

func (j *judge) WriteHeader(status int) {
	if j.status == 0 {
		j.status = status
	}
}

func (j *judge) Write(data []byte) (int, error) {
	j.WriteHeader(http.StatusOK)
	return j.body.Write(data)
}

// Flush is what mcp-go looks for before it answers with an event stream.
func (j *judge) Flush() {}

func (j *judge) pass(w http.ResponseWriter) {
	maps.Copy(w.Header(), j.header)
	w.WriteHeader(j.status)
	_, _ = w.Write(j.body.Bytes()) // the client is gone; there is nobody to tell
}
