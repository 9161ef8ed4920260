package relay_test

import (
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// An entity that searches without end has Discord asked a bounded number of times; others on the
// same server go on searching.
func TestSearchesArePaced(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "apple"))(t)
	asked := func() (n int) {
		for _, r := range s.disc.Requests() {
			if strings.HasSuffix(r.Path, "/messages/search") || strings.HasSuffix(r.Path, "/members/search") {
				n++
			}
		}
		return n
	}
	var refused error
	for range 60 {
		if _, err := s.relay.Search(t.Context(), ada, relay.SearchRequest{Query: "apple", Limit: 5}); err != nil {
			refused = err
		}
		if _, err := s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: "mia"}); err != nil {
			refused = err
		}
	}
	if n := asked(); n < 10 || n > relay.SearchesPerMinute {
		t.Errorf("Discord was asked %d times", n)
	}
	if !entities.IsRefusal(refused, entities.Unavailable) || !strings.Contains(refused.Error(), "again in") {
		t.Errorf("it is refused with %v", refused)
	}
	if got := texts(s.search(bob, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple" {
		t.Errorf("another one finds %q", got)
	}
	hands.move(61 * time.Second)
	if got := texts(s.search(ada, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple" {
		t.Errorf("a minute later it finds %q", got)
	}
}
