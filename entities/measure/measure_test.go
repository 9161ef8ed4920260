package measure_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/entities/measure"
)

func written(t *testing.T, p *measure.Page) string {
	t.Helper()
	var b strings.Builder
	if _, err := p.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPage writes every kind of number, as Prometheus' text format has them.
func TestPage(t *testing.T) {
	t.Parallel()
	var p measure.Page
	var took measure.Times
	for _, d := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond, time.Minute, -time.Second} {
		took.Note(d)
	}
	p.Gauge("troupe_up", "Whether it is.").Value(1)
	p.Counter("troupe_calls_total", "Calls.").Value(2, "tool", "whoami", "outcome", "ok").Value(1e9, "tool", "a\"b\\c\nd", "outcome", "ok")
	p.Summary("troupe_s_seconds", "Times.").Summed(&took, "tool", "whoami")
	p.Histogram("troupe_h_seconds", "Times.").Spread(&took, "kind", "read")
	const want = `# HELP troupe_up Whether it is.
# TYPE troupe_up gauge
troupe_up 1
# HELP troupe_calls_total Calls.
# TYPE troupe_calls_total counter
troupe_calls_total{tool="whoami",outcome="ok"} 2
troupe_calls_total{tool="a\"b\\c\nd",outcome="ok"} 1e+09
# HELP troupe_s_seconds Times.
# TYPE troupe_s_seconds summary
troupe_s_seconds_sum{tool="whoami"} 60.003
troupe_s_seconds_count{tool="whoami"} 5
# HELP troupe_h_seconds Times.
# TYPE troupe_h_seconds histogram
troupe_h_seconds_bucket{kind="read",le="0.001"} 3
troupe_h_seconds_bucket{kind="read",le="0.003"} 4
troupe_h_seconds_bucket{kind="read",le="0.01"} 4
troupe_h_seconds_bucket{kind="read",le="0.03"} 4
troupe_h_seconds_bucket{kind="read",le="0.1"} 4
troupe_h_seconds_bucket{kind="read",le="0.3"} 4
troupe_h_seconds_bucket{kind="read",le="1"} 4
troupe_h_seconds_bucket{kind="read",le="3"} 4
troupe_h_seconds_bucket{kind="read",le="10"} 4
troupe_h_seconds_bucket{kind="read",le="30"} 4
troupe_h_seconds_bucket{kind="read",le="+Inf"} 5
troupe_h_seconds_sum{kind="read"} 60.003
troupe_h_seconds_count{kind="read"} 5
`
	if got := written(t, &p); got != want {
		t.Errorf("%s", got)
	}
}

// TestTimesTogether loses none when many note at once.
func TestTimesTogether(t *testing.T) {
	t.Parallel()
	var took measure.Times
	var many sync.WaitGroup
	for range 8 {
		many.Go(func() {
			for range 1000 {
				took.Note(time.Millisecond)
			}
		})
	}
	many.Wait()
	if took.Count() != 8000 || took.Sum() != 8*time.Second {
		t.Errorf("%d, %s", took.Count(), took.Sum())
	}
}
