package relay_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// miasEntity makes an entity of mia's, who is an ordinary member, in the general channel.
func (s *stage) miasEntity(name string) entities.Actor {
	s.t.Helper()
	admin := entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild)
	made := must(s.reg.Create(s.t.Context(), admin, entities.NewEntity{
		Name: name, Owner: entities.Person{ID: snowflake.ID(s.mia)},
		Channels: []entities.ChosenChannel{{ID: snowflake.ID(s.general), Permissions: discord.PermissionViewChannel}},
	}))(s.t)
	mia := entities.Member(snowflake.ID(s.mia), snowflake.ID(s.guild), 0)
	keyed := must(s.reg.FirstKey(s.t.Context(), mia, made.Entity.ID))(s.t)
	return must(s.reg.Authenticate(s.t.Context(), keyed.Key, made.Entity.ID))(s.t)
}

func (s *stage) may(actor entities.Actor, right entities.Right, channel sandbox.ID) bool {
	_, err := s.relay.Authorize(s.t.Context(), actor, right, snowflake.ID(channel))
	return err == nil
}

// What an entity may do follows what its owner may do, as soon as Discord tells of it.
func TestAnEntityMayNoMoreThanItsOwner(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob := s.miasEntity("Bob")
	if !s.may(bob, entities.Post, s.general) {
		t.Fatal("the owner may speak, and the entity may not")
	}
	overwrite := func(deny sandbox.Permissions) {
		t.Helper()
		err := s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
			c.Overwrites = []sandbox.Overwrite{{ID: s.mia, Type: 1, Deny: deny}}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	overwrite(sandbox.SendMessages)
	s.until("the owner's silence silences", func() bool { return !s.may(bob, entities.Post, s.general) && s.may(bob, entities.Hear, s.general) })
	overwrite(sandbox.ViewChannel)
	s.until("what the owner does not see is not there", func() bool { return !s.may(bob, entities.Hear, s.general) })
	overwrite(0)
	s.until("it may again", func() bool { return s.may(bob, entities.Post, s.general) })
	if err := s.disc.TimeOut(s.guild, s.mia, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.until("a timeout silences", func() bool {
		return !s.may(bob, entities.Post, s.general) && s.may(bob, entities.ReadHistory, s.general)
	})
}

// Who waits gets nothing any more from the moment when the owner is gone, and the admins learn
// why.
func TestAnOwnerWhoLeaves(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob := s.miasEntity("Bob *the* builder")
	admin := entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild)
	_, err := s.reg.SetSettings(t.Context(), admin, func(set *entities.Settings) error {
		set.LogChannel = snowflake.ID(s.lab)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.may(bob, entities.Hear, s.general) // its owner is known now
	if err := s.disc.RemoveMember(s.guild, s.mia); err != nil {
		t.Fatal(err)
	}
	must(s.disc.Say(s.olivia, s.general, "is Bob still there?"))(t)
	s.until("the admins are told", func() bool {
		said := s.disc.Messages(s.lab)
		return len(said) == 1 && strings.HasPrefix(said[0].Content, `**Bob \*the\* builder** cannot take part on this server any more`)
	})
	if news := s.wait(bob, "", 0); len(news.Messages) != 0 {
		t.Errorf("it heard %s", texts(news.Messages))
	}
	residents := must(s.reg.List(t.Context(), admin))(t)
	if p := residents[0].Presence; p.State != entities.PresenceSuspended || p.Cause != entities.OwnerLeft {
		t.Errorf("its presence is %+v", p)
	}
	if err := s.disc.AddMember(s.guild, s.mia); err != nil {
		t.Fatal(err)
	}
	if s.may(bob, entities.Hear, s.general) {
		t.Error("it is back before an admin let it")
	}
	if _, err := s.reg.Reinstate(t.Context(), admin, residents[0].Entity.ID); err != nil {
		t.Fatal(err)
	}
	s.until("it is back", func() bool { return s.may(bob, entities.Post, s.general) })
}

func (s *stage) memberRequests() (n int) {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/guilds/"+s.guild.String()+"/members/"+s.mia.String()) {
			n++
		}
	}
	return n
}

// clock is the time, which a test can push on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time        { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) move(by time.Duration) { c.ahead.Add(int64(by)) }

// Without the members intent the bot logs in all the same, says what is missing, and asks for
// an owner at most once a minute, however many want to know.
func TestWithoutTheMembersIntent(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.disc.AllowIntents(sandbox.IntentMessageContent)
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	if status := s.relay.Status(); !strings.Contains(status.Degraded, "Server Members Intent") || status.Remedy != "" {
		t.Errorf("the status is %+v", status)
	}
	bob := s.miasEntity("Bob")
	var many sync.WaitGroup
	for range 1000 {
		many.Go(func() {
			if !s.may(bob, entities.Post, s.general) {
				t.Error("it may not speak")
			}
		})
	}
	many.Wait()
	// As one does who was refused just before the answer came.
	if err := s.relay.Fill(t.Context(), entities.Gap{Guild: snowflake.ID(s.guild), User: snowflake.ID(s.mia)}); err != nil {
		t.Error(err)
	}
	if n := s.memberRequests(); n != 1 {
		t.Errorf("%d requests for one owner", n)
	}
	if err := s.disc.RemoveMember(s.guild, s.mia); err != nil {
		t.Fatal(err)
	}
	hands.move(61 * time.Second)
	if s.may(bob, entities.Hear, s.general) {
		t.Error("a minute later the departure is not known")
	}
	if n := s.memberRequests(); n != 2 {
		t.Errorf("%d requests in two minutes", n)
	}
}

// A private thread is its members', also for an owner who sees its channel.
func TestAPrivateThreadOfTheOwner(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	bob := s.miasEntity("Bob")
	thread := must(s.disc.AddThread(sandbox.Channel{Name: "whispers", Type: sandbox.PrivateThread, ParentID: s.general, OwnerID: s.olivia}, ""))(t)
	if err := s.disc.JoinThread(s.disc.BotID(), thread); err != nil {
		t.Fatal(err)
	}
	admin := entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild)
	s.until("the thread is known", func() bool { _, ok := s.reg.World().Channel(snowflake.ID(thread)); return ok })
	chosen := entities.ChosenChannel{ID: snowflake.ID(thread), Permissions: discord.PermissionViewChannel}
	err := s.reg.SetChannels(t.Context(), admin, bob.EntityID(), func([]entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: chosen, Access: entities.Write}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.may(bob, entities.Hear, thread) {
		t.Error("it hears a private thread without its owner")
	}
	if err := s.disc.JoinThread(s.mia, thread); err != nil {
		t.Fatal(err)
	}
	s.until("it hears it with its owner", func() bool { return s.may(bob, entities.Post, thread) })
}

// An owner is followed from the moment when the entity is theirs, whether or not it does anything.
func TestAnOwnerWhoLeavesBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	must(s.reg.Create(s.t.Context(), s.admin(), entities.NewEntity{
		Name: "Bob", Owner: entities.Person{ID: snowflake.ID(s.mia)},
		Channels: []entities.ChosenChannel{{ID: snowflake.ID(s.general), Permissions: discord.PermissionViewChannel}},
	}))(t)
	if err := s.disc.RemoveMember(s.guild, s.mia); err != nil {
		t.Fatal(err)
	}
	s.until("it is paused", func() bool {
		return must(s.reg.List(t.Context(), s.admin()))(t)[0].Presence.State == entities.PresenceSuspended
	})
}
