package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"troupe/entities/measure"
)

// scrape asks as Prometheus does, and gives the values by name and labels.
func scrape(t *testing.T, d *demo) (page string, values map[string]float64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.program.exporter.listener.Addr().String()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != measure.ContentType {
		t.Fatalf("%v: %v %v", resp.StatusCode, resp.Header, err)
	}
	values = map[string]float64{}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		found := metricLine.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("%q is no line that Prometheus reads", line)
		}
		if _, twice := values[found[1]]; twice {
			t.Errorf("%s stands there twice", found[1])
		}
		if values[found[1]], err = strconv.ParseFloat(found[2], 64); err != nil {
			t.Fatal(err)
		}
	}
	return string(body), values
}

var (
	metricLine = regexp.MustCompile(`^([a-z_]+(?:\{(?:[a-z]+="[^"\\\n]*",?)+\})?) (\S+)\n$`)
	metricName = regexp.MustCompile(`(?m)^# TYPE ([a-z_]+) (gauge|counter|summary|histogram)$`)
	docName    = regexp.MustCompile("(?m)^\\| `(troupe_[a-z_]+)` \\| ")
)

// mostSeries bounds what one page may have.
const mostSeries = 300

// TestMetrics looks at the numbers before and after an entity speaks: they move, and none tells
// of whom.
func TestMetrics(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	invitation, err := d.create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, before := scrape(t, d)
	c := newClient(shownURL.FindString(invitation), shownKey.FindString(invitation))
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	if err := c.connect(ctx); err != nil {
		t.Fatal(err)
	}
	for arguments, want := range map[string]bool{`{"channel":"#general","content":"a word that nobody else says"}`: false, `{"channel":"#nowhere","content":"x"}`: true} {
		if text, failed, err := c.ask(ctx, "send_message", arguments); err != nil || failed != want {
			t.Fatalf("%s: %v %s", arguments, err, text)
		}
	}
	stranger, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(stranger); err != nil || resp.StatusCode != http.StatusUnauthorized || resp.Body.Close() != nil {
		t.Fatalf("without a key: %v %v", resp, err)
	}
	page, after := scrape(t, d)
	for name, grows := range map[string]float64{
		`troupe_tool_calls_total{tool="send_message",outcome="ok"}`:    1,
		`troupe_tool_calls_total{tool="send_message",outcome="error"}`: 1,
		`troupe_tool_seconds_count{tool="send_message"}`:               2,
		`troupe_tool_calls_total{tool="whoami",outcome="ok"}`:          0,
		`troupe_lines_total{status="sent"}`:                            1,
		`troupe_lines_total{status="failed"}`:                          0,
		`troupe_mcp_clients`:                                           1,
		`troupe_mcp_faults_total`:                                      0,
		`troupe_mcp_refused_credentials_total`:                         1,
	} {
		if got, there := after[name]; !there || got-before[name] != grows {
			t.Errorf("%s went from %v to %v", name, before[name], got)
		}
	}
	for _, name := range []string{`troupe_database_seconds_count{kind="write"}`, `troupe_tool_seconds_sum{tool="send_message"}`} {
		if after[name] <= before[name] {
			t.Errorf("%s went from %v to %v", name, before[name], after[name])
		}
	}
	if after["troupe_discord_ready"] != 1 || after[`troupe_database_seconds_count{kind="read"}`] == 0 || after[`troupe_memory_bytes{kind="total"}`] == 0 {
		t.Errorf("%v", after)
	}
	if len(after) > mostSeries || len(after) != len(before) {
		t.Errorf("%d numbers, %d before anything happened; at most %d are allowed", len(after), len(before), mostSeries)
	}
	for _, secret := range []string{demoName, "ada", "nobody else says", "general", d.world.Guild.String(), d.world.Olivia.String(), d.world.General.String(), c.key, strings.Split(c.url, "/mcp/")[1]} {
		if strings.Contains(page, secret) {
			t.Errorf("%q stands in the metrics", secret)
		}
	}
	for _, t2 := range d.program.mcp.Tallies() {
		if _, there := after[fmt.Sprintf("troupe_tool_calls_total{tool=%q,outcome=\"ok\"}", t2.Tool)]; !there {
			t.Errorf("%s is not counted", t2.Tool)
		}
	}
	documented(t, page)
}

// documented holds the page against the table in docs/operations.md.
func documented(t *testing.T, page string) {
	t.Helper()
	names := func(pattern *regexp.Regexp, text string) []string {
		found := map[string]bool{}
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			found[match[1]] = true
		}
		return slices.Sorted(maps.Keys(found))
	}
	_, table, _ := strings.Cut(readText(t, "docs/operations.md"), "<!-- metrics -->")
	table, _, _ = strings.Cut(table, "<!-- end -->")
	if is, told := names(metricName, page), names(docName, table); !slices.Equal(is, told) {
		t.Errorf("docs/operations.md tells of\n%q\nand there are\n%q", told, is)
	}
}
