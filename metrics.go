package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"time"

	"troupe/entities/measure"
)

// exporter answers Prometheus on a listener of its own, so that nobody outside sees it.
type exporter struct {
	listener net.Listener
	http     *http.Server
}

// mostScrapes bounds how many pages are written at once.
const mostScrapes = 4

// newExporter takes the port of metrics.listen; nil without one.
func (p *program) newExporter(ctx context.Context, listen string) (*exporter, error) {
	if listen == "" {
		return nil, nil //nolint:nilnil // nobody asks, which every method allows for
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w. Write another address and port, or end the program that has this one", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", atOnce(mostScrapes, p.serveMetrics))
	l := usualLimits()
	p.log.Info("metrics are served", "listen", listener.Addr().String())
	return &exporter{listener: listener, http: &http.Server{
		Handler: mux, ReadHeaderTimeout: l.header, ReadTimeout: l.request, WriteTimeout: l.answer, IdleTimeout: l.idle, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}}, nil
}

// serve answers until close.
func (e *exporter) serve() error {
	if e == nil {
		return nil
	}
	if err := e.http.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the metrics: %w", err)
	}
	return nil
}

// close ends it at once: who asks for numbers asks again.
func (e *exporter) close() {
	if e != nil {
		_ = e.http.Close() // the listener is closed whatever it says
	}
}

func (p *program) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	var page measure.Page
	p.measureDiscord(&page)
	p.measureCalls(&page)
	p.measureDatabase(&page)
	measureProgram(&page)
	w.Header().Set("Content-Type", measure.ContentType)
	_, _ = page.WriteTo(w) // who is gone asks again
}

// measureDiscord tells of the connection to Discord and of what is said there.
func (p *program) measureDiscord(page *measure.Page) {
	s, ends, queued := p.relay.Status(), p.relay.Ends(), p.relay.Queued()
	page.Gauge("troupe_discord_ready", "1 while all connections to Discord's gateway are up.").Value(flag01(s.Ready))
	page.Gauge("troupe_discord_degraded", "1 while Discord does not tell of members: an intent is off.").Value(flag01(s.Degraded != ""))
	page.Gauge("troupe_discord_shards", "Connections to Discord's gateway.").Value(float64(s.Shards))
	page.Gauge("troupe_discord_heartbeat_seconds", "How long the slowest gateway connection's last heartbeat took; 0 before the first.").Value(s.Latency.Seconds())
	page.Counter("troupe_discord_connects_total", "Gateway connections begun anew (identify) or taken up again (resume).").
		Value(float64(s.Identifies), "how", "identify").Value(float64(s.Resumes), "how", "resume")
	var skipped int64
	for _, times := range s.Skipped {
		skipped += times
	}
	page.Counter("troupe_discord_events_skipped_total", "What the gateway sent and could not be read.").Value(float64(skipped))
	page.Counter("troupe_discord_too_many_requests_total", "Answers with HTTP 429.").Value(float64(s.Limits.TooMany))
	page.Gauge("troupe_discord_invalid_requests", "Answers with HTTP 401, 403 or 429 in the last 10 minutes.").Value(float64(s.Limits.Invalid))
	page.Gauge("troupe_discord_invalid_requests_limit", "At this many all requests stop.").Value(float64(s.Limits.InvalidLimit))
	now := time.Now()
	page.Gauge("troupe_discord_held_back", "1 while a kind of request rests, because Discord asked for it or refuses them.").
		Value(flag01(s.Limits.StoppedUntil.After(now)), "what", "all").
		Value(flag01(s.Limits.BotClosedUntil.After(now) || s.Limits.BotRefusedUntil.After(now)), "what", "bot").
		Value(flag01(s.Limits.WebhooksClosedUntil.After(now) || s.Limits.WebhooksRefusedUntil.After(now)), "what", "webhooks").
		Value(flag01(s.Limits.InteractionClosedUntil.After(now)), "what", "interactions")
	page.Gauge("troupe_queue_length", "What waits, by what it is: requests for a limit or for Discord's answer, lines for their turn, rows to be written, notices to admins, questions about members.").
		Value(float64(s.Limits.Waiting), "queue", "requests_waiting").
		Value(float64(s.Limits.InFlight), "queue", "requests_in_flight").
		Value(float64(s.Speaking), "queue", "lines").
		Value(float64(queued.Records), "queue", "records").
		Value(float64(queued.Notices), "queue", "notices").
		Value(float64(queued.Members), "queue", "members")
	page.Counter("troupe_lines_total", "Lines that entities said, by how they ended.").
		Value(float64(ends.Sent), "status", "sent").
		Value(float64(ends.Partial), "status", "partial").
		Value(float64(ends.Unknown), "status", "unknown").
		Value(float64(ends.Failed), "status", "failed")
	page.Gauge("troupe_entities_without_picture", "Entities whose picture Discord cannot fetch.").Value(float64(s.Faceless))
}

// measureCalls tells of MCP.
func (p *program) measureCalls(page *measure.Page) {
	c, tallies := p.mcp.Clients(), p.mcp.Tallies()
	page.Gauge("troupe_mcp_clients", "Credentials that called within the last 5 minutes.").Value(float64(c.Recent))
	page.Gauge("troupe_mcp_calls_running", "Calls in flight: those that wait for messages, and the others.").
		Value(float64(c.Waiting), "kind", "waiting").Value(float64(c.Running-c.Waiting), "kind", "working")
	page.Gauge("troupe_mcp_streams", "Event streams that are open.").Value(float64(c.Streams))
	page.Counter("troupe_mcp_panics_total", "Calls that broke; each is in the log.").Value(float64(c.Panics))
	page.Counter("troupe_mcp_faults_total", "Calls that failed by a fault of the program; each is in the log.").Value(float64(c.Broken))
	page.Counter("troupe_mcp_refused_credentials_total", "Requests without a key or token that is taken.").Value(float64(c.Refused))
	called := page.Counter("troupe_tool_calls_total", "Calls of tools, by what they were answered with.")
	for _, t := range tallies {
		called.Value(float64(t.Fine), "tool", t.Tool, "outcome", "ok").Value(float64(t.Refused), "tool", t.Tool, "outcome", "error")
	}
	took := page.Summary("troupe_tool_seconds", "How long calls of tools took.")
	for _, t := range tallies {
		took.Summed(t.Times, "tool", t.Tool)
	}
}

func (p *program) measureDatabase(page *measure.Page) {
	times := p.registry.Times()
	page.Histogram("troupe_database_seconds", "How long the database took: for one question (read), for one transaction (write).").
		Spread(&times.Read, "kind", "read").Spread(&times.Write, "kind", "write")
}

// measureProgram tells of the process itself.
func measureProgram(page *measure.Page) {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	page.Gauge("troupe_build_info", "1; the version stands in the label.").Value(1, "version", currentVersion())
	page.Gauge("troupe_goroutines", "Goroutines of the program.").Value(float64(runtime.NumGoroutine()))
	page.Gauge("troupe_memory_bytes", "Memory that the program has of the system (total), and what lives in it (heap).").
		Value(float64(sample[0].Value.Uint64()-sample[1].Value.Uint64()), "kind", "total").Value(float64(sample[2].Value.Uint64()), "kind", "heap")
}

func flag01(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
