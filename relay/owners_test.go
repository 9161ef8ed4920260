package relay_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// owned makes an entity for a member.
func (s *stage) owned(name string, owner sandbox.ID) entities.Entity {
	s.t.Helper()
	return must(s.reg.Create(s.t.Context(), s.admin(), entities.NewEntity{
		Name: name, Owner: entities.Person{ID: snowflake.ID(owner)},
		Channels: []entities.ChosenChannel{{ID: snowflake.ID(s.general), Permissions: discord.PermissionViewChannel}},
	}))(s.t).Entity
}

// syllables names somebody; different numbers give names that cannot be confused.
func syllables(n int) string {
	const consonants, vowels = "bdfgkmnprstvz", "aeu"
	var name strings.Builder
	for range 4 {
		name.WriteByte(consonants[n%len(consonants)])
		n /= len(consonants)
		name.WriteByte(vowels[n%len(vowels)])
		n /= len(vowels)
	}
	return name.String()
}

// isMember is a question for one member.
func isMember(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/members/")
}

// asked counts the questions for single members.
func (s *stage) membersAsked() (n int) {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "/members/") {
			n++
		}
	}
	return n
}

func (s *stage) knows(owner sandbox.ID) (here, known bool) {
	return s.reg.World().Here(snowflake.ID(s.guild), snowflake.ID(owner), time.Now())
}

// A server's owners are asked for by the hundred when it comes, and nobody else is. Who has
// left meanwhile is found out without anybody asking for their entity.
func TestManyOwners(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	var owners []sandbox.ID
	for i := range 250 {
		owners = append(owners, s.disc.AddUser(sandbox.User{Username: syllables(i)}))
		if err := s.disc.AddMember(s.guild, owners[i]); err != nil {
			t.Fatal(err)
		}
		s.owned(syllables(i), owners[i])
	}
	before := s.membersAsked()
	s.newSession()
	if err := s.disc.RemoveMember(s.guild, owners[123]); err != nil {
		t.Fatal(err)
	}
	s.until("all are known", func() bool {
		for _, owner := range owners {
			if _, known := s.knows(owner); !known {
				return false
			}
		}
		return true
	})
	var sizes []int
	for _, asked := range s.disc.MembersAsked() {
		sizes = append(sizes, len(asked.Users))
	}
	if len(sizes) != 3 || sizes[0] != 100 || sizes[1] != 100 || sizes[2] != 50 {
		t.Errorf("asked for %v", sizes)
	}
	if n := s.membersAsked() - before; n != 0 {
		t.Errorf("%d were asked for one by one", n)
	}
	s.until("the one who left is found out", func() bool {
		for _, resident := range must(s.reg.List(t.Context(), s.admin()))(t) {
			if left := resident.Entity.OwnerID == snowflake.ID(owners[123]); left != (resident.Presence.Cause == entities.OwnerLeft) {
				return false
			}
		}
		return true
	})
}

// When the gateway does not answer, owners are asked for one by one, so that one who is gone
// is found out all the same.
func TestTheGatewayDoesNotTellOfOwners(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.before = func() { s.relay.Impatient(20*time.Millisecond, time.Hour) }
	s.play()
	zoe := s.disc.AddUser(sandbox.User{Username: "zoe"})
	if err := s.disc.AddMember(s.guild, zoe); err != nil {
		t.Fatal(err)
	}
	s.owned("Bob", s.mia)
	s.owned("Eve", zoe)
	s.disc.WithholdMembers(true)
	s.newSession()
	if err := s.disc.RemoveMember(s.guild, zoe); err != nil {
		t.Fatal(err)
	}
	s.until("who is gone is found out", func() bool {
		here, known := s.knows(s.mia)
		residents := must(s.reg.List(t.Context(), s.admin()))(t)
		return here && known && residents[0].Presence.State == entities.PresenceActive && residents[1].Presence.Cause == entities.OwnerLeft
	})
	if n := len(s.disc.MembersAsked()); n != 1 {
		t.Errorf("the gateway was asked %d times", n)
	}
}

// What happens to people who own nothing is none of our business.
func TestStrangersCostNothing(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob := s.miasEntity("Bob")
	if !s.may(bob, entities.Post, s.general) {
		t.Fatal("it may not speak")
	}
	requests := len(s.disc.Requests())
	var strangers []sandbox.ID
	for i := range 300 {
		stranger := s.disc.AddUser(sandbox.User{Username: syllables(i)})
		strangers = append(strangers, stranger)
		if err := s.disc.AddMember(s.guild, stranger); err != nil {
			t.Fatal(err)
		}
		if err := s.disc.TimeOut(s.guild, stranger, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		s.disc.DispatchRaw("GUILD_MEMBER_UPDATE", []byte(`{"guild_id":"`+s.guild.String()+`","user":{"id":"`+stranger.String()+`"},"roles":7}`))
		if err := s.disc.RemoveMember(s.guild, stranger); err != nil {
			t.Fatal(err)
		}
	}
	must(s.disc.Say(s.olivia, s.general, "who were they?"))(t)
	s.until("it hears on", func() bool { return len(s.wait(bob, "", 0).Messages) == 1 })
	for _, stranger := range strangers {
		if s.reg.World().Follows(snowflake.ID(s.guild), snowflake.ID(stranger)) {
			t.Fatal("a stranger is remembered")
		}
	}
	if more := len(s.disc.Requests()) - requests; more != 0 {
		t.Errorf("they cost %d requests", more)
	}
	if asked := s.disc.MembersAsked(); len(asked) != 0 {
		t.Errorf("the gateway was asked: %v", asked)
	}
	if len(must(s.reg.List(t.Context(), s.admin()))(t)) != 1 || !s.may(bob, entities.Post, s.general) {
		t.Error("they changed something")
	}
}

// What cannot be read about an owner makes them unknown, and what is unknown is refused.
func TestAnOwnerOfWhomSomethingCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"GUILD_MEMBER_UPDATE": `{"guild_id":"GUILD","user":{"id":"MIA"},"roles":7}`,
		"GUILD_MEMBER_REMOVE": `{"guild_id":"GUILD","user":{"id":"MIA","username":7}}`,
		"GUILD_MEMBER_ADD":    `{"guild_id":"GUILD","user":[]}`,
		"GUILD_MEMBERS_CHUNK": `{"guild_id":"GUILD","members":[{"user":{"id":"MIA"},"roles":7}],"chunk_index":0,"chunk_count":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, sandbox.Config{})
			s.play()
			bob := s.miasEntity("Bob")
			if !s.may(bob, entities.Post, s.general) {
				t.Fatal("it may not speak")
			}
			cancel := s.disc.Fault(isMember, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 500})
			s.disc.DispatchRaw(name, []byte(strings.NewReplacer("GUILD", s.guild.String(), "MIA", s.mia.String()).Replace(data)))
			s.until("it is refused", func() bool { return !s.may(bob, entities.Hear, s.general) })
			cancel()
			s.disc.SetOutage(s.guild, true) // what is not asked again for a while is asked with the server
			s.disc.SetOutage(s.guild, false)
			s.until("it may again", func() bool { return s.may(bob, entities.Post, s.general) })
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		t.Parallel()
		s := setStage(t, sandbox.Config{})
		s.play()
		bob := s.miasEntity("Bob")
		s.may(bob, entities.Post, s.general)
		before := s.membersAsked()
		s.disc.DispatchRaw("GUILD_MEMBER_REMOVE", []byte(`{"guild_id":`))
		s.until("all are asked for again", func() bool { return s.may(bob, entities.Post, s.general) && s.membersAsked() >= before+2 })
	})
}

// Who waits gets nothing of the time when the owner could not see the channel.
func TestWaitingWhileTheOwnerLosesSight(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	guests := must(s.disc.AddRole(s.guild, sandbox.Role{Name: "guests"}))(t)
	roles := func(ids ...sandbox.ID) {
		t.Helper()
		if err := s.disc.ChangeMember(s.guild, s.mia, func(m *sandbox.Member) { m.Roles = ids }); err != nil {
			t.Fatal(err)
		}
	}
	err := s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: guests, Type: 0, Deny: sandbox.ViewChannel})
	})
	if err != nil {
		t.Fatal(err)
	}
	bob := s.miasEntity("Bob")
	_, ada := s.entity("Ada", nil, s.general)
	s.until("it hears", func() bool { return s.may(bob, entities.Hear, s.general) })
	var waiting sync.WaitGroup
	waiting.Go(func() {
		news, err := s.relay.Wait(t.Context(), bob, relay.WaitRequest{Timeout: time.Second})
		if err != nil || len(news.Messages()) != 0 {
			t.Errorf("who waited was told: %s, %v", texts(news.Messages()), err)
		}
	})
	roles(guests)
	s.until("it is refused", func() bool { return !s.may(bob, entities.Hear, s.general) })
	must(s.disc.Say(s.olivia, s.general, "Mia must not read this"))(t)
	s.until("others hear it", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	waiting.Wait()
	news := s.wait(bob, "", 0)
	if len(news.Messages) != 0 {
		t.Errorf("it was told: %s", texts(news.Messages))
	}
	roles()
	s.until("it hears again", func() bool { return s.may(bob, entities.Hear, s.general) })
	must(s.disc.Say(s.olivia, s.general, "Mia is back"))(t)
	s.until("it is told what came after", func() bool { return texts(s.wait(bob, news.Cursor, 0).Messages) == "olivia: Mia is back" })
}

// Who waits is left waiting when the owner goes.
func TestWaitingWhileTheOwnerLeaves(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob := s.miasEntity("Bob")
	_, ada := s.entity("Ada", nil, s.general)
	s.may(bob, entities.Hear, s.general)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		news, err := s.relay.Wait(t.Context(), bob, relay.WaitRequest{Timeout: time.Second})
		if err != nil || len(news.Messages()) != 0 {
			t.Errorf("who waited was told: %s, %v", texts(news.Messages()), err)
		}
	})
	if err := s.disc.RemoveMember(s.guild, s.mia); err != nil {
		t.Fatal(err)
	}
	must(s.disc.Say(s.olivia, s.general, "is Mia gone?"))(t)
	s.until("others hear it", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	waiting.Wait()
}
