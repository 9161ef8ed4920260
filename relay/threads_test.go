package relay_test

import (
	"net/http"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// whispers opens a private thread with the bot and mia in it, and lets an entity of mia's in.
func (s *stage) whispers() (bob entities.Actor, thread sandbox.ID) {
	s.t.Helper()
	bob = s.miasEntity("Bob")
	thread = must(s.disc.AddThread(sandbox.Channel{Name: "whispers", Type: sandbox.PrivateThread, ParentID: s.general, OwnerID: s.olivia}, ""))(s.t)
	s.joins(s.disc.BotID(), thread)
	s.joins(s.mia, thread)
	s.until("the thread is known", func() bool { _, ok := s.reg.World().Channel(snowflake.ID(thread)); return ok })
	chosen := entities.ChosenChannel{ID: snowflake.ID(thread), Permissions: discord.PermissionViewChannel}
	err := s.reg.SetChannels(s.t.Context(), s.admin(), bob.EntityID(), func([]entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: chosen, Access: entities.Write}}, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.until("it hears", func() bool { return s.may(bob, entities.Hear, thread) })
	return bob, thread
}

func (s *stage) joins(user, thread sandbox.ID) {
	s.t.Helper()
	if err := s.disc.JoinThread(user, thread); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) leaves(user, thread sandbox.ID) {
	s.t.Helper()
	if err := s.disc.LeaveThread(user, thread); err != nil {
		s.t.Fatal(err)
	}
}

// Who leaves a private thread takes their entity along.
func TestTheOwnerLeavesAPrivateThread(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob, thread := s.whispers()
	s.leaves(s.mia, thread)
	s.until("it is refused", func() bool { return !s.may(bob, entities.Hear, thread) })
	s.joins(s.mia, thread)
	s.until("it hears again", func() bool { return s.may(bob, entities.Hear, thread) })
}

// Who leaves the server leaves its private threads, also when they come back.
func TestTheOwnerComesBackWithoutThePrivateThread(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob, thread := s.whispers()
	// Discord does not say that it tells of the thread too.
	s.disc.DispatchRaw("GUILD_MEMBER_REMOVE", []byte(`{"guild_id":"`+s.guild.String()+`","user":{"id":"`+s.mia.String()+`","username":"mia","discriminator":"0"}}`))
	s.until("the owner is gone", func() bool { here, known := s.knows(s.mia); return known && !here })
	s.disc.Fault(sandbox.On(http.MethodGet, "/thread-members/"+s.mia.String()), -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 500})
	if err := s.disc.ChangeMember(s.guild, s.mia, func(m *sandbox.Member) { m.Roles = nil }); err != nil {
		t.Fatal(err)
	}
	s.until("the owner is back", func() bool { here, known := s.knows(s.mia); return known && here })
	s.until("it was paused", func() bool {
		return must(s.reg.List(t.Context(), s.admin()))(t)[0].Presence.State == entities.PresenceSuspended
	})
	if _, err := s.reg.Reinstate(t.Context(), s.admin(), bob.EntityID()); err != nil {
		t.Fatal(err)
	}
	if s.may(bob, entities.Hear, thread) {
		t.Error("the owner's old membership of the thread counts")
	}
}

// While the bot is not in a private thread it is not told who leaves it.
func TestTheBotComesBackToAPrivateThread(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob, thread := s.whispers()
	s.leaves(s.disc.BotID(), thread)
	s.until("it is refused", func() bool { return !s.may(bob, entities.Hear, thread) })
	s.leaves(s.mia, thread)
	s.joins(s.disc.BotID(), thread)
	s.until("the bot is back", func() bool {
		c, ok := s.reg.World().Channel(snowflake.ID(thread))
		return ok && c.Joined
	})
	if s.may(bob, entities.Hear, thread) {
		t.Error("it hears a private thread that its owner left")
	}
}

// What cannot be read about a thread's members is asked for again.
func TestThreadMembersWhoCannotBeRead(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob, thread := s.whispers()
	cancel := s.disc.Fault(sandbox.On(http.MethodGet, "/thread-members/"+s.mia.String()), -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 500})
	s.disc.DispatchRaw("THREAD_MEMBERS_UPDATE", []byte(`{"id":"`+thread.String()+`","guild_id":"`+s.guild.String()+`","removed_member_ids":7}`))
	s.until("it is refused", func() bool { return !s.may(bob, entities.Hear, thread) })
	cancel()
}
