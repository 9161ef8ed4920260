package measure

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ContentType is that of a [Page]: Prometheus' text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Page is what Prometheus reads. The zero value is empty.
type Page struct{ text strings.Builder }

// Labels tell apart the values of one number, as names and values in turn: {"tool", "whoami"}.
// Names and values are ours; quotes and line ends are escaped all the same.
type Labels []string

// Series is one number with its values.
type Series struct {
	page *Page
	name string
}

// Gauge begins a number that goes up and down.
func (p *Page) Gauge(name, help string) Series { return p.begin(name, "gauge", help) }

// Counter begins a number that only grows, from the start of the program on. Its name ends in
// _total.
func (p *Page) Counter(name, help string) Series { return p.begin(name, "counter", help) }

// Summary begins times of which only number and sum are known.
func (p *Page) Summary(name, help string) Series { return p.begin(name, "summary", help) }

// Histogram begins times with their distribution.
func (p *Page) Histogram(name, help string) Series { return p.begin(name, "histogram", help) }

func (p *Page) begin(name, kind, help string) Series {
	fmt.Fprintf(&p.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	return Series{p, name}
}

// Value writes a value of a gauge or counter.
func (s Series) Value(value float64, labels ...string) Series {
	s.write(s.name, value, labels)
	return s
}

// Summed writes times of a summary.
func (s Series) Summed(t *Times, labels ...string) Series {
	s.write(s.name+"_sum", t.Sum().Seconds(), labels)
	s.write(s.name+"_count", float64(t.Count()), labels)
	return s
}

// Spread writes times of a histogram.
func (s Series) Spread(t *Times, labels ...string) Series {
	var all int64
	for i, bound := range bounds {
		all += t.buckets[i].Load()
		s.write(s.name+"_bucket", float64(all), append(Labels(labels), "le", number(bound.Seconds())))
	}
	all += t.buckets[len(bounds)].Load()
	s.write(s.name+"_bucket", float64(all), append(Labels(labels), "le", "+Inf"))
	s.write(s.name+"_sum", t.Sum().Seconds(), labels)
	s.write(s.name+"_count", float64(all), labels)
	return s
}

var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (s Series) write(name string, value float64, labels Labels) {
	text := &s.page.text
	text.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		text.WriteByte("{,"[min(i, 1)])
		text.WriteString(labels[i] + `="` + escaped.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 1 {
		text.WriteByte('}')
	}
	text.WriteString(" " + number(value) + "\n")
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

// WriteTo writes the page.
func (p *Page) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, p.text.String())
	return int64(n), err
}
