package commands_test

import (
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// grant gives a member of the server a permission.
func (w *world) grant(user sandbox.ID, permissions sandbox.Permissions) {
	w.t.Helper()
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "granted", Permissions: permissions}))(w.t)
	noError(w.t, w.discord.ChangeMember(w.guild, user, func(m *sandbox.Member) { m.Roles = append(m.Roles, role) }))
}

// resident is an entity of the server, as everybody may see it.
func (w *world) resident(name string) entities.Resident {
	w.t.Helper()
	for _, r := range must(w.registry.List(w.t.Context(), entities.Member(snowflake.ID(w.mona), snowflake.ID(w.guild), 0)))(w.t) {
		if r.Entity.Name == name {
			return r
		}
	}
	w.t.Fatalf("there is no %s", name)
	return entities.Resident{}
}

func TestAnOwnerPausesEverywhere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	whispers(t, w.slash(w.sam, "/entity pause", named("Ada")), "**Ada** is paused everywhere: it neither hears nor speaks on any server until you give `/entity resume`.")
	if r := w.resident("Ada"); r.Speaks || r.Entity.State != entities.Paused {
		t.Errorf("ada is %+v", r)
	}
	whispers(t, w.slash(w.sam, "/entity pause", named("Ada")), "Ada is paused already.")
	for _, user := range []sandbox.ID{w.mona, w.gus, w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity resume", named("Ada")), "Only Ada's owner can resume Ada.")
	}
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "**Ada** hears and speaks again: your pause everywhere is over.")
	if r := w.resident("Ada"); !r.Speaks {
		t.Errorf("ada is %+v", r)
	}
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "Ada is not paused.")
}

func TestAnAdminPausesHere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	whispers(t, w.slash(w.mona, "/entity pause", named("Ada")), "**Ada** is paused on this server: it neither hears nor speaks here until somebody with Manage Server gives `/entity resume`.")
	if in := w.resident("Ada").Presence; in.State != entities.PresenceSuspended || in.Cause != entities.ByAdmin || in.Until != nil {
		t.Errorf("ada's presence is %+v", in)
	}
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "Only this server's admins and moderators can let Ada go on here.")
	whispers(t, w.slash(w.gus, "/entity resume", named("Ada")), "**Ada** hears and speaks again: the pause on this server is over.")
	whispers(t, w.slash(w.mona, "/entity resume", named("Ada")), "Ada is not paused on this server.")

	for value, length := range map[string]time.Duration{"1h": time.Hour, "8h": 8 * time.Hour, "1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour} {
		has(t, w.slash(w.mona, "/entity pause", map[string]any{"entity": "Ada", "for": value}), "paused on this server until <t:", "`/entity resume` ends the pause sooner")
		if in := w.resident("Ada").Presence; in.Until == nil || time.Until(*in.Until) > length || time.Until(*in.Until) < length-time.Minute {
			t.Errorf("%s: ada's presence is %+v", value, in)
		}
	}
}

func TestAModeratorPausesForAWhile(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.moderator()
	whispers(t, w.slash(w.sam, "/entity pause", named("Ada")), "**Ada** is paused on this server until <t:")
	in := w.resident("Ada").Presence
	if in.Cause != entities.ByModerator || in.Until == nil || time.Until(*in.Until) > time.Hour || time.Until(*in.Until) < 59*time.Minute {
		t.Errorf("ada's presence is %+v", in)
	}
	whispers(t, w.slash(w.sam, "/entity pause", map[string]any{"entity": "Ada", "where": "everywhere"}), "Only Ada's owner can pause Ada everywhere.")
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "the pause on this server is over")

	has(t, w.slash(w.mona, "/entity pause", map[string]any{"entity": "Ada", "where": "this server"}), "is paused on this server")
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "Only people with Manage Server can let Ada go on here.")
	whispers(t, w.slash(w.sam, "/entity pause", named("Ada")), "Ada is paused here already, until an admin of this server lets it go on.")
}

func TestWhoMayNotPause(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	// Eve is an admin of another server, Olga runs the bot.
	for _, user := range []sandbox.ID{w.eve, w.olga} {
		for _, options := range []map[string]any{{"entity": "Ada"}, {"entity": "Ada", "for": "1h"}, {"entity": "Ada", "where": "this server"}} {
			whispers(t, w.slash(user, "/entity pause", options), "Only this server's admins and moderators can pause Ada here; its owner can pause it everywhere.")
		}
	}
	for _, user := range []sandbox.ID{w.eve, w.mona} {
		whispers(t, w.slash(user, "/entity pause", map[string]any{"entity": "Ada", "where": "everywhere"}), "Only Ada's owner can pause Ada everywhere.")
	}
	whispers(t, w.slash(w.sam, "/entity pause", map[string]any{"entity": "Ada", "where": "this server"}), "Only this server's admins and moderators can pause Ada here")
	whispers(t, w.slash(w.sam, "/entity pause", map[string]any{"entity": "Ada", "for": "1h"}), "A pause everywhere lasts until you resume it")
	whispers(t, w.slash(w.mona, "/entity pause", named("Bob")), "No entity here is called")
	elsewhere := map[string]any{"entity": string(w.resident("Ada").Entity.ID)}
	whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity pause", elsewhere)), "No entity here is called")
	if r := w.resident("Ada"); !r.Speaks {
		t.Errorf("ada is %+v", r)
	}
}

func TestBothPausesAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	both := func() {
		has(t, w.slash(w.sam, "/entity pause", named("Ada")), "everywhere")
		has(t, w.slash(w.mona, "/entity pause", named("Ada")), "on this server")
	}
	both()
	whispers(t, w.slash(w.mona, "/entity resume", named("Ada")), "**Ada**: the pause on this server is over. It stays silent here, though. Its owner has paused it everywhere, and only they can resume it.")
	has(t, w.slash(w.mona, "/entity pause", named("Ada")), "on this server")
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "**Ada**: your pause everywhere is over. It stays silent here, though. An admin has paused it on this server; only people with Manage Server can resume it.")

	has(t, w.slash(w.sam, "/entity pause", named("Ada")), "everywhere")
	w.grant(w.sam, sandbox.ManageGuild)
	whispers(t, w.slash(w.sam, "/entity resume", named("Ada")), "**Ada** hears and speaks again: your pause everywhere and the pause on this server are over.")
}

func TestResumingUnderAKillSwitch(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	has(t, w.slash(w.mona, "/entity pause", named("Ada")), "everywhere")
	w.set(func(s *entities.Settings) { s.Stopped = true })
	whispers(t, w.slash(w.mona, "/entity resume", named("Ada")), "your pause everywhere is over. It stays silent here, though. All entities here are stopped by a kill switch.")
}

func TestResumingWithoutTheOwner(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	w.tell(w.sam, false)
	_, err := w.registry.OwnerLeft(t.Context(), entities.System("test"), snowflake.ID(w.guild), snowflake.ID(w.sam))
	noError(t, err)
	has(t, w.slash(w.mona, "/entities", nil), "**Ada** · its owner left")
	whispers(t, w.slash(w.mona, "/entity resume", named("Ada")), "**Ada**: the pause on this server is over. It stays silent here until its owner is back on this server, though.")
}

func TestAPauseThatIsOver(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	id := w.resident("Ada").Entity.ID
	_, err := w.registry.Suspend(t.Context(), w.admin(), id, time.Nanosecond)
	noError(t, err)
	has(t, w.slash(w.mona, "/entities", nil), "**Ada** · active")
	whispers(t, w.slash(w.mona, "/entity resume", named("Ada")), "Ada is not paused on this server.")
}
