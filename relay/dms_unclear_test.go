package relay_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// letters counts the messages in mia's direct messages that say something.
func (s *stage) letters(part string) int { return s.botSaid(part) }

func isLetter(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") && strings.Contains(r.URL.Path, "/channels/")
}

func toMia(s *stage, content, key string) relay.DMLine {
	return relay.DMLine{User: snowflake.ID(s.mia), Content: content, Key: key}
}

// A message whose outcome Discord did not tell is given to it again, and stands once.
func TestDMWithAnUnclearOutcome(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"the connection was reset after it":  {Kind: sandbox.CommitThenReset},
		"the connection was reset before it": {Kind: sandbox.Reset},
		"there was no answer":                {Kind: sandbox.CommitThenHang},
		"the answer broke off":               {Kind: sandbox.CommitThenTruncate},
		"Discord had a problem after it":     {Kind: sandbox.CommitThenRefuse, Status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada := dmStage(t)
			s.relay.Hurry(700*time.Millisecond, time.Second)
			s.disc.Fault(isLetter, 1, fault)
			sent := must(s.relay.SendDM(t.Context(), ada, toMia(s, "a letter", "k")))(t)
			if n := s.letters("a letter"); sent.Status != relay.StatusSent || len(sent.MessageIDs) != 1 || n != 1 {
				t.Errorf("%+v; %d messages stand", sent, n)
			}
			again := must(s.relay.SendDM(t.Context(), ada, toMia(s, "a letter", "k")))(t)
			if n := s.letters("a letter"); again.Status != relay.StatusSent || again.MessageIDs[0] != sent.MessageIDs[0] || n != 1 {
				t.Errorf("again: %+v; %d messages stand", again, n)
			}
			if got := must(s.relay.ReadDMs(t.Context(), ada, relay.DMRequest{User: snowflake.ID(s.mia), Limit: 5}))(t); len(got) != 1 || got[0].Content != "a letter" {
				t.Errorf("she reads %+v", got)
			}
		})
	}
}

// What was under way when the program ended is known again: what Discord took is the entity's, and
// what it did not take is not said to be sent, and not sent again by itself.
func TestDMsUnderWayAtACrash(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		fault  sandbox.Fault
		stands int
		status relay.SendStatus
	}{
		"Discord took it":      {sandbox.Fault{Kind: sandbox.CommitThenHang}, 1, relay.StatusSent},
		"Discord took it not":  {sandbox.Fault{Kind: sandbox.Reset}, 0, relay.StatusUnknown},
		"Discord refuses once": {sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusServiceUnavailable}, 0, relay.StatusUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada := dmStage(t)
			cancel := s.disc.Fault(isLetter, -1, one.fault)
			hung, hangUp := context.WithCancel(context.Background())
			var call sync.WaitGroup
			call.Go(func() { _, _ = s.relay.SendDM(hung, ada, toMia(s, "a letter", "k")) })
			s.until("Discord was asked", func() bool {
				return strings.Count(requestsOf(s), "POST /channels/"+s.disc.DM(s.mia).String()+"/messages") > 0
			})
			s.abandon()
			hangUp()
			call.Wait()
			cancel()
			s.play()
			var sent relay.Sent
			s.until("it is known what became of it", func() bool {
				var err error
				sent, err = s.relay.SendDM(t.Context(), ada, toMia(s, "a letter", "k"))
				return err == nil && sent.Status == one.status
			})
			if n := s.letters("a letter"); n != one.stands || len(sent.MessageIDs) != one.stands {
				t.Errorf("%+v; %d messages stand", sent, n)
			}
			if got := must(s.relay.ReadDMs(t.Context(), ada, relay.DMRequest{User: snowflake.ID(s.mia), Limit: 5}))(t); len(got) != one.stands {
				t.Errorf("she reads %+v", got)
			}
		})
	}
}

func requestsOf(s *stage) string {
	var all strings.Builder
	for _, r := range s.disc.Requests() {
		all.WriteString(r.Method + " " + r.Path + "\n")
	}
	return all.String()
}

// What Discord refuses is said with who can change it.
func TestRefusedDMs(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	for code, part := range map[int]string{
		50007: "Only they can change that",
		50278: "share no server with the bot",
		40003: "try again in some minutes",
		50001: "whoever runs the bot finds more in its log",
	} {
		status := http.StatusForbidden
		s.disc.Fault(isLetter, 1, sandbox.Fault{Kind: sandbox.Refuse, Status: status, Code: code})
		_, err := s.relay.SendDM(t.Context(), ada, toMia(s, "refused", ""))
		if refusal, ok := entities.AsRefusal(err); !ok || !strings.Contains(refusal.Text, part) {
			t.Errorf("%d: %v", code, err)
		}
	}
	if n := s.letters("refused"); n != 0 {
		t.Errorf("%d messages stand", n)
	}
}

// An entity cannot flood anybody, and the channel is opened once, also after a restart.
func TestDMsAreLimited(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	sent := 0
	for n := range 20 {
		_, err := s.relay.SendDM(t.Context(), ada, toMia(s, strings.Repeat("x", n+1), ""))
		if err == nil {
			sent++
			continue
		}
		if refusal, ok := entities.AsRefusal(err); !ok || refusal.Reason != entities.Unavailable || n < 10 {
			t.Fatalf("line %d: %v", n, err)
		}
	}
	if sent != entities.UsualLimits().Minute {
		t.Errorf("%d lines were sent within a minute", sent)
	}
	s.halt()
	s.play()
	must(s.relay.ReadDMs(t.Context(), ada, relay.DMRequest{User: snowflake.ID(s.mia), Limit: 5}))(t)
	if _, err := s.relay.SendDM(t.Context(), ada, toMia(s, "one more", "")); !entities.IsRefusal(err, entities.Unavailable) {
		t.Errorf("after a restart: %v", err)
	}
	if n := strings.Count(requestsOf(s), "POST /users/@me/channels"); n != 1 {
		t.Errorf("the channel was opened %d times", n)
	}
}
