package relay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// A call is answered within 25 seconds, whatever Discord does: what is read before a line is
// begun (the names in it, the message that it answers) has one bound in all.
func TestAnswerWithin25Seconds(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Fault(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/members/search") }, -1, sandbox.Fault{Kind: sandbox.CommitThenHang})
	begin := time.Now()
	_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "hi @anna @bert @cleo @dora @emil @fred @gina @hugo @ines @jana"})
	if took := time.Since(begin); took > 25*time.Second {
		t.Errorf("it was answered after %v (%v)", took.Round(time.Second), err)
	}
}
