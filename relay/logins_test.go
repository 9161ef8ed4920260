package relay_test

import (
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// With too few logins left the relay waits, and says until when and who can mend it.
func TestFewLoginsLeft(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.disc.SetStarts(relay.LoginReserve, 5*time.Hour)
	s.thrifty = true
	s.play(func(*relay.Config) {})
	s.until("it waits", func() bool { return s.relay.Status().Phase == "waiting to log in" })
	until := time.Now().Add(5 * time.Hour).UTC().Format("2006-01-02 15:")
	if status := s.relay.Status(); status.Ready || !strings.Contains(status.Remedy, "50 logins are left") || !strings.Contains(status.Remedy, until) {
		t.Errorf("the status is %+v", status)
	}
	if counts := s.disc.GatewayCounts(); counts.Connects != 0 {
		t.Errorf("it went to the gateway: %+v", counts)
	}
	if !strings.Contains(s.log.String(), "too few logins are left") {
		t.Errorf("the log says:\n%s", s.log)
	}
}

// The count is written down with each login.
func TestLoginsAreCounted(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	count := func() int {
		return len(must(s.reg.Logins(t.Context(), entities.System("test")))(t).All)
	}
	s.play()
	if n := count(); n != 1 {
		t.Errorf("%d logins after the start", n)
	}
	s.disc.Drop()
	s.until("it resumed", func() bool { return s.disc.GatewayCounts().Resumes == 1 })
	if n := count(); n != 1 {
		t.Errorf("%d logins after a resume", n)
	}
	s.halt()
	s.play()
	if n := count(); n != 2 {
		t.Errorf("%d logins after a restart", n)
	}
}

// Each code after which Discord lets the bot in no more says what to do about it.
func TestClosedForGood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code  int
		phase string
		words []string
	}{
		{4004, "token refused", []string{"token", "Developer Portal", "Reset Token", "discord.token"}},
		{4012, "version refused", []string{"newer version"}},
		{4013, "version refused", []string{"intent", "newer version"}},
		{4014, "intent refused", []string{"Message Content Intent", "Developer Portal", "page Bot", "Privileged Gateway Intents"}},
	} {
		s := setStage(t, sandbox.Config{})
		s.disc.RefuseIdentify(c.code, -1)
		s.play(func(*relay.Config) {})
		s.until("it gives up", func() bool { return s.relay.Status().Phase == c.phase })
		status := s.relay.Status()
		for _, word := range c.words {
			if !strings.Contains(status.Remedy, word) {
				t.Errorf("%d: the remedy %q does not say %q", c.code, status.Remedy, word)
			}
		}
		s.until("the log says it too", func() bool {
			return strings.Contains(s.log.String(), "the gateway is closed for good") && strings.Contains(s.log.String(), c.words[len(c.words)-1])
		})
		if n := s.disc.GatewayCounts().Refused; n > 2 || (n == 2) != (c.code == 4014) {
			t.Errorf("%d: it tried %d times", c.code, n)
		}
		s.halt()
	}
}

// When the application says that message content is what is lacking, nothing else is tried, and
// nothing else is said to be lacking.
func TestOnlyMessageContentIsOff(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.disc.AllowIntents(sandbox.IntentGuildMembers)
	s.play(func(*relay.Config) {})
	s.until("it gives up", func() bool { return s.relay.Status().Phase == "intent refused" })
	if status := s.relay.Status(); !strings.Contains(status.Remedy, "Message Content Intent") || status.Degraded != "" {
		t.Errorf("the status is %+v", status)
	}
	if n := s.disc.GatewayCounts().Refused; n != 1 {
		t.Errorf("it tried %d times", n)
	}
}
