package relay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// An entity that reads without end has Discord asked a bounded number of times, whatever it reads;
// others go on reading, and so does it from memory.
func TestReadingIsPaced(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	first := must(s.disc.Say(s.mia, s.general, "apple"))(t)
	s.hearAll(ada, "", "apple")
	newest := relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 1}
	must(s.relay.History(t.Context(), ada, newest))(t) // it is in memory now
	begin := len(s.disc.Requests())
	asked := func() (n int) {
		for _, r := range s.disc.Requests()[begin:] {
			if r.Method == http.MethodGet && strings.Contains(r.Path, "/messages") {
				n++
			}
		}
		return n
	}
	older := relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 1, Around: snowflake.ID(first.ID)}
	var refusals []error
	for range relay.ReadsPerMinute {
		if _, err := s.relay.History(t.Context(), ada, older); err != nil {
			refusals = append(refusals, err)
		}
		if _, err := s.relay.Message(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(first.ID)); err != nil {
			refusals = append(refusals, err)
		}
	}
	if n := asked(); n < relay.ReadsPerMinute-5 || n > relay.ReadsPerMinute || len(refusals) < relay.ReadsPerMinute {
		t.Errorf("Discord was asked %d times; %d refusals", n, len(refusals))
	}
	for _, err := range refusals {
		if !entities.IsRefusal(err, entities.Unavailable) || !strings.Contains(err.Error(), "Go on in ") {
			t.Fatalf("it is refused with %v", err)
		}
	}
	if got := must(s.relay.History(t.Context(), ada, newest))(t); texts(got) != "mia: apple" {
		t.Errorf("from memory it reads %q", texts(got))
	}
	if got := must(s.relay.History(t.Context(), bob, older))(t); texts(got) != "mia: apple" {
		t.Errorf("another one reads %q", texts(got))
	}
	if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "hi", Reply: snowflake.ID(first.ID)}); err != nil {
		t.Errorf("it cannot speak: %v", err)
	}
	hands.move(61 * time.Second)
	if got := must(s.relay.History(t.Context(), ada, older))(t); len(got) != 1 {
		t.Errorf("a minute later it reads %q", texts(got))
	}
}
