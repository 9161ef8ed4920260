package relay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// looks counts how often a message was looked at.
func (s *stage) looks() int {
	looks := 0
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && r.Route == "GET /channels/{channel}/messages/{message}" && r.Status == http.StatusOK {
			looks++
		}
	}
	return looks
}

func (s *stage) knowsFace(id entities.ID) bool {
	return s.relay.Faceless(id).IsZero() && s.relay.Status().Faceless == 0
}

const noFace = "Discord does not show an entity's picture"

// A line without its picture stands: it is looked at once more, and never said again.
func TestAPictureThatDiscordDoesNotShow(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	s.relay.LookAgain(10 * time.Millisecond)
	made, ada := s.entity("Ada", face(t), s.general)
	before := time.Now()
	s.disc.WithholdAvatars(true)
	s.say(ada, s.general, "one")
	s.until("it is known and logged", func() bool {
		return !s.relay.Faceless(made.Entity.ID).IsZero() && strings.Contains(s.log.String(), noFace)
	})
	if since := s.relay.Faceless(made.Entity.ID); since.Before(before) || since.After(time.Now()) || s.relay.Status().Faceless != 1 {
		t.Errorf("it is missing since %s; status %+v", since, s.relay.Status())
	}
	if !strings.Contains(s.log.String(), noFace) || !strings.Contains(s.log.String(), "http.public_url") {
		t.Errorf("the log does not say so:\n%s", s.log)
	}
	since := s.relay.Faceless(made.Entity.ID)
	s.say(ada, s.general, "two")
	if got := s.contents(s.general); got != "Ada: one | Ada: two" || s.looks() != 1 {
		t.Errorf("%s; it was looked at %d times", got, s.looks())
	}
	if again := s.relay.Faceless(made.Entity.ID); !again.Equal(since) {
		t.Errorf("it is missing since %s, and before since %s", again, since)
	}
	// Any line of the entity's that gets its picture later tells that all is well.
	if n := s.disc.DeliverAvatars(); n != 2 {
		t.Fatalf("%d pictures were filled in", n)
	}
	s.until("the picture is seen", func() bool { return s.knowsFace(made.Entity.ID) })
	if got := s.contents(s.general); got != "Ada: one | Ada: two" {
		t.Error(got)
	}
}

// A picture that is only late is no matter for anybody.
func TestALatePicture(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	s.relay.LookAgain(300 * time.Millisecond)
	made, ada := s.entity("Ada", face(t), s.general)
	s.disc.WithholdAvatars(true)
	s.say(ada, s.general, "one")
	s.disc.Deafen(true) // so that only the look can tell
	if n := s.disc.DeliverAvatars(); n != 1 {
		t.Fatalf("%d pictures were filled in", n)
	}
	s.until("it was looked at", func() bool { return s.looks() == 1 })
	s.disc.Deafen(false)
	s.say(ada, s.general, "two")
	if !s.knowsFace(made.Entity.ID) || strings.Contains(s.log.String(), noFace) || s.contents(s.general) != "Ada: one | Ada: two" {
		t.Errorf("%s; log:\n%s", s.contents(s.general), s.log)
	}
}

// The next line that has its picture tells that all is well again.
func TestAPictureThatIsShownAgain(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	s.relay.LookAgain(10 * time.Millisecond)
	made, ada := s.entity("Ada", face(t), s.general)
	_, bob := s.entity("Bob", nil, s.general)
	s.disc.WithholdAvatars(true)
	s.say(ada, s.general, "one")
	s.say(bob, s.general, "nobody expects a picture of mine")
	s.until("it is known", func() bool { return s.relay.Status().Faceless == 1 })
	s.disc.WithholdAvatars(false)
	s.say(ada, s.general, "two")
	if !s.knowsFace(made.Entity.ID) || s.looks() != 1 {
		t.Errorf("status %+v; %d looks", s.relay.Status(), s.looks())
	}
}

// What nobody has seen for a day is not believed any more: the entity may be gone, or its picture.
func TestAMissingPictureIsForgotten(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	s.relay.LookAgain(10 * time.Millisecond)
	made, ada := s.entity("Ada", face(t), s.general)
	s.disc.WithholdAvatars(true)
	s.say(ada, s.general, "one")
	s.until("it is known", func() bool { return s.relay.Status().Faceless == 1 })
	hands.move(23 * time.Hour)
	if s.knowsFace(made.Entity.ID) {
		t.Error("it is forgotten within a day")
	}
	hands.move(2 * time.Hour)
	if !s.knowsFace(made.Entity.ID) {
		t.Error("it is believed after a day")
	}
}
