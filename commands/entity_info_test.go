package commands_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

func TestInfo(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	secret := key(t, w.make("Ada"))
	id := w.list()[0].ID
	w.submit(w.mona, w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada"}), map[string]any{"description": "Helps.", "avatar": picture(t, 64, 64), "words": "tutor"})
	ask := map[string]any{"entity": "Ada"}
	for _, user := range []sandbox.ID{w.sam, w.gus, w.olga} {
		shown := w.slash(user, "/entity info", ask)
		whispers(t, shown, "Ada")
		has(t, shown, "Helps.", "<@"+w.mona.String()+">", "It is active", "no AI has connected", "0 lines today, 0 in the last 7 days, 0 ever.", "**Ada**, tutor")
		if text := shown.Text(); strings.Contains(text, string(id)) || strings.Contains(text, "/mcp/") || strings.Contains(text, "Servers") {
			t.Errorf("a stranger is shown: %s", text)
		}
		if e := shown.Embeds[0]; e.Thumbnail == nil || !strings.HasPrefix(e.Thumbnail.URL, publicURL+"/avatars/") {
			t.Errorf("the picture shown is %+v", e.Thumbnail)
		}
		if len(shown.Message.Mentions) != 0 {
			t.Errorf("pinged are %v", shown.Message.Mentions)
		}
	}
	own := w.slash(w.mona, "/entity info", ask)
	whispers(t, own, "- Home")
	has(t, own, publicURL+"/mcp/"+string(id), "`"+string(id)+"`")

	must(w.registry.Authenticate(t.Context(), secret, ""))(t)
	w.until("the connection is seen", func() bool {
		return strings.Contains(w.slash(w.sam, "/entity info", ask).Text(), "An AI was connected to it <t:")
	})
	must(w.registry.Pause(t.Context(), w.admin(), id))(t)
	has(t, w.slash(w.sam, "/entity info", ask), "It is paused by its owner, on every server.")
}

func TestInfoFromElsewhere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	noError(t, w.discord.AddMember(w.other, w.mona))
	ask := map[string]any{"entity": string(w.list()[0].ID)}
	whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity info", ask)), "No entity here is called")
	own := w.final(w.discord.Slash(w.mona, w.other, w.lobby, "/entity info", ask))
	whispers(t, own, "It is not on this server.")
	has(t, own, "- Home")
}

func TestIntroduction(t *testing.T) {
	seen, until := noon.Add(-time.Hour), noon.Add(time.Hour)
	resident := func(change func(*entities.Resident)) entities.Resident {
		r := entities.Resident{Entity: ada(), Presence: entities.Presence{State: entities.PresenceActive, CreatedAt: noon}, Speaks: true}
		change(&r)
		return r
	}
	suspended := func(cause entities.Cause, until *time.Time) entities.Resident {
		return resident(func(r *entities.Resident) {
			r.Presence.State, r.Presence.Cause, r.Presence.Until, r.Speaks = entities.PresenceSuspended, cause, until, false
		})
	}
	var b strings.Builder
	for _, part := range []struct {
		title string
		info  entities.Info
		since time.Time
	}{
		{title: "active", info: entities.Info{
			Resident: resident(func(r *entities.Resident) { r.Entity.Description = "# Helps with **maths**" }), Here: true,
			Words: []string{"tutor", "*robot*"}, Today: 1, Week: 20, Ever: 300, LastSeen: &seen,
		}},
		{title: "for its owner", info: entities.Info{
			Resident: resident(func(*entities.Resident) {}), Here: true, Owns: true,
			Servers: []entities.Guild{{ID: 10, Name: "Home"}, {ID: 11, Name: "[x](https://x.example)"}, {ID: 12}},
		}},
		{title: "for its owner, elsewhere", info: entities.Info{Resident: entities.Resident{Entity: ada()}, Owns: true}},
		{title: "for its owner, without its picture", info: entities.Info{Resident: entities.Resident{Entity: ada()}, Owns: true}, since: seen},
		{title: "without its picture", info: entities.Info{Resident: entities.Resident{Entity: ada()}}, since: seen},
		{title: "requested", info: entities.Info{Resident: resident(func(r *entities.Resident) { r.Presence.State, r.Speaks = entities.PresenceRequested, false }), Here: true}},
		{title: "paused by a moderator", info: entities.Info{Resident: suspended(entities.ByModerator, &until), Here: true}},
		{title: "paused by an admin", info: entities.Info{Resident: suspended(entities.ByAdmin, nil), Here: true}},
		{title: "paused by an admin for a while", info: entities.Info{Resident: suspended(entities.ByAdmin, &until), Here: true}},
		{title: "its owner left", info: entities.Info{Resident: suspended(entities.OwnerLeft, nil), Here: true}},
		{title: "a kill switch", info: entities.Info{Resident: resident(func(r *entities.Resident) { r.Speaks = false }), Here: true}},
		{title: "paused and stopped", info: entities.Info{Resident: resident(func(r *entities.Resident) {
			r.Entity.State, r.Entity.Stopped, r.Speaks = entities.Paused, true, false
		}), Here: true}},
	} {
		m := commands.Introduction(part.info, "https://troupe.example/avatars/aa.png", part.since, "https://troupe.example")
		fits(t, m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(m))
	}
	golden(t, "info.txt", b.String())
}

func TestIntroductionAtItsLargest(t *testing.T) {
	e := ada()
	e.Name, e.Description, e.OwnerID = strings.Repeat("*", entities.MaxName), strings.Repeat("*", entities.MaxDescription), math.MaxUint64
	e.Stopped, e.State = true, entities.Paused
	info := entities.Info{Resident: entities.Resident{Entity: e, Presence: entities.Presence{State: entities.PresenceSuspended}}, Here: true, Owns: true, LastSeen: &noon}
	for range entities.MaxWords {
		info.Words = append(info.Words, strings.Repeat("*", entities.MaxWord))
	}
	for range 100 {
		info.Servers = append(info.Servers, entities.Guild{ID: math.MaxUint64, Name: strings.Repeat("*", 100)})
	}
	m := commands.Introduction(info, "https://troupe.example/avatars/aa.png", noon, "https://"+strings.Repeat("x", 192))
	fits(t, m)
	if text := show(m); !strings.Contains(text, "96 more servers") {
		t.Errorf("shown is %s", text)
	}
}
