package commands_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// admin is mona as the registry knows her.
func (w *world) admin() entities.Actor {
	return entities.Member(snowflake.ID(w.mona), snowflake.ID(w.guild), discord.PermissionManageGuild)
}

func (w *world) settings() entities.Settings {
	w.t.Helper()
	return must(w.registry.Settings(w.t.Context(), w.admin()))(w.t)
}

// set changes the settings as another admin would meanwhile.
func (w *world) set(change func(*entities.Settings)) {
	w.t.Helper()
	_, err := w.registry.SetSettings(w.t.Context(), w.admin(), func(s *entities.Settings) error {
		change(s)
		return nil
	})
	noError(w.t, err)
}

// moderator makes sam one.
func (w *world) moderator() {
	w.t.Helper()
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "mod", Permissions: sandbox.ManageMessages}))(w.t)
	noError(w.t, w.discord.ChangeMember(w.guild, w.sam, func(m *sandbox.Member) { m.Roles = append(m.Roles, role) }))
}

const adminsOnly = "Only people with Manage Server can see "

func TestSettingsAreForAdmins(t *testing.T) {
	w := startWorld(t, entities.AdmitAll, true)
	w.moderator()
	// Sam is a moderator, Eve an admin of another server, Olga runs the bot.
	for _, user := range []sandbox.ID{w.sam, w.eve, w.olga} {
		for _, line := range []string{"show", "rules", "filter", "limits", "log", "stop", "start", "audit"} {
			whispers(t, w.slash(user, "/settings "+line, nil), adminsOnly)
		}
		whispers(t, w.slash(user, "/settings creators", map[string]any{"who": "everyone"}), adminsOnly)
	}
	if s := w.settings(); s != (entities.Settings{}) {
		t.Errorf("the settings are %+v", s)
	}
	if _, err := newWorld(t, entities.AdmitAll).discord.Slash(w.sam, w.guild, w.general, "/settings show", nil); err == nil {
		t.Error("Discord offers /settings to members")
	}
}

func TestSettingsWithoutAnyChange(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	shown := w.slash(w.mona, "/settings show", nil)
	whispers(t, shown, "Only people with Manage Server.")
	has(t, shown, "10 lines a minute, 120 an hour, 600 a day (as usual)", "None was chosen: you are told where Discord itself posts its notices, if the bot can write there. `/settings log` chooses one.", "Off.")
}

func TestWhoMayCreateIsDecided(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	everyone := w.slash(w.mona, "/settings creators", map[string]any{"who": "everyone", "quota": 2, "approval": true})
	whispers(t, everyone, "Saved.")
	has(t, everyone, "Every member.", "At most 2 entities", "waits until an admin lets it in")
	if modal := w.slash(w.sam, "/entity create", nil); modal.Modal == nil {
		t.Errorf("sam cannot create: %s", modal.Text())
	}

	whispers(t, w.slash(w.mona, "/settings creators", map[string]any{"who": "role"}), "Choose the role whose members may create entities.")
	whispers(t, w.slash(w.mona, "/settings creators", map[string]any{"who": "role", "role": w.guild}), "Choose the role whose members may create entities.")
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "makers"}))(t)
	w.until("the bot knows the role", func() bool {
		_, ok := w.registry.World().RoleName(snowflake.ID(w.guild), snowflake.ID(role))
		return ok
	})
	has(t, w.slash(w.mona, "/settings creators", map[string]any{"who": "role", "role": role}), "members with <@&"+role.String()+">", "At most 2 entities")
	if s := w.settings(); s.Creators != entities.RoleCreates || s.CreatorRole != snowflake.ID(role) || s.Quota != 2 || !s.Approval {
		t.Errorf("the settings are %+v", s)
	}
	whispers(t, w.slash(w.sam, "/entity create", nil), "Only people with Manage Server can create entities here.")
	has(t, w.slash(w.mona, "/settings creators", map[string]any{"who": "role", "quota": 4, "approval": false}), "<@&"+role.String()+">", "At most 4 entities")

	noError(t, w.discord.DeleteRole(w.guild, role))
	w.until("the bot knows that the role is gone", func() bool {
		_, ok := w.registry.World().RoleName(snowflake.ID(w.guild), snowflake.ID(role))
		return !ok
	})
	has(t, w.slash(w.mona, "/settings show", nil), "The role that was chosen besides them is gone")
	// What has gone keeps nobody from changing something else.
	has(t, w.slash(w.mona, "/settings log", map[string]any{"channel": w.general}), "Saved.")
	has(t, w.slash(w.mona, "/settings creators", map[string]any{"who": "admins"}), "Only people with Manage Server.")
}

func TestTheLogChannel(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	has(t, w.slash(w.mona, "/settings log", map[string]any{"channel": w.general}), "<#"+w.general.String()+">")
	if got := w.settings().LogChannel; got != snowflake.ID(w.general) {
		t.Errorf("the log channel is %d", got)
	}
	deaf := must(w.discord.AddChannel(sandbox.Channel{
		Type: sandbox.TextChannel, GuildID: w.guild, Name: "deaf", Overwrites: []sandbox.Overwrite{{ID: w.discord.BotID(), Type: 1, Deny: sandbox.SendMessages}},
	}))(t)
	w.until("the bot knows the channel", func() bool { _, ok := w.registry.World().Channel(snowflake.ID(deaf)); return ok })
	has(t, w.slash(w.mona, "/settings log", map[string]any{"channel": deaf}), "the bot cannot write there: its role lacks Send Messages")
	noError(t, w.discord.DeleteChannel(deaf))
	w.until("the bot knows that the channel is gone", func() bool { _, ok := w.registry.World().Channel(snowflake.ID(deaf)); return !ok })
	// What has gone keeps nobody from pulling the kill switch.
	has(t, w.click(w.mona, w.slash(w.mona, "/settings stop", nil), "Stop them all"), "Stopped:")
	has(t, w.slash(w.mona, "/settings start", nil), "hear and speak again")
	has(t, w.slash(w.mona, "/settings log", nil), "None was chosen")
	if got := w.settings().LogChannel; got != 0 {
		t.Errorf("the log channel is %d", got)
	}
}

func TestHouseRules(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/settings rules", nil)
	if modal.Modal == nil || len(modal.Modal.Fields) != 1 || modal.Modal.Fields[0].Value != "" || modal.Modal.Fields[0].MaxLength != entities.MaxHouseRules {
		t.Fatalf("the form is %+v", modal.Modal)
	}
	rules := strings.Repeat("**Be kind** ", 83)
	has(t, w.submit(w.mona, modal, map[string]any{"rules": rules}), "Saved.", `\*\*Be kind\*\*`)
	if got := w.settings().HouseRules; got != strings.TrimSpace(rules) {
		t.Errorf("the rules are %q", got)
	}
	again := w.slash(w.mona, "/settings rules", nil)
	if got := again.Modal.Fields[0].Value; got != strings.TrimSpace(rules) {
		t.Errorf("the form is opened with %q", got)
	}
	has(t, w.submit(w.mona, again, map[string]any{"rules": ""}), "Saved.", "None. `/settings rules` writes some")
}

func TestLimitsOfTheServer(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	has(t, w.submit(w.mona, w.slash(w.mona, "/settings limits", nil), map[string]any{"minute": " 5", "day": "50"}), "Saved.", "5 lines a minute, 120 an hour, 50 a day.")
	if got := w.settings().Limits; got != (entities.Limits{Minute: 5, Day: 50}) {
		t.Errorf("the limits are %+v", got)
	}
	for typed, want := range map[string]string{
		"0": "Lines a minute: write a number from 1 to 30", "31": "Lines a minute: write a number from 1 to 30", "-1": "from 1 to 30", "x": "from 1 to 30",
	} {
		whispers(t, w.submit(w.mona, w.slash(w.mona, "/settings limits", nil), map[string]any{"minute": typed}), want)
	}
	modal := w.slash(w.mona, "/settings limits", nil)
	var values []string
	for _, f := range modal.Modal.Fields {
		values = append(values, f.Value+"/"+f.Placeholder)
	}
	if got := fmt.Sprint(values); got != "[5/10 /120 50/600]" {
		t.Errorf("the form is opened with %s", got)
	}
}

// TestTwoAdminsAtOnce has one save while the other's form is open.
func TestTwoAdminsAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	rules, limits := w.slash(w.mona, "/settings rules", nil), w.slash(w.mona, "/settings limits", nil)
	w.set(func(s *entities.Settings) { s.LogChannel, s.Quota = snowflake.ID(w.general), 3 })
	has(t, w.submit(w.mona, rules, map[string]any{"rules": "Be kind."}), "Saved.")
	has(t, w.submit(w.mona, limits, map[string]any{"minute": "5"}), "Saved.")
	if s := w.settings(); s.LogChannel != snowflake.ID(w.general) || s.Quota != 3 || s.HouseRules != "Be kind." || s.Limits.Minute != 5 {
		t.Errorf("the settings are %+v", s)
	}

	rules, limits = w.slash(w.mona, "/settings rules", nil), w.slash(w.mona, "/settings limits", nil)
	w.set(func(s *entities.Settings) { s.HouseRules, s.Limits.Minute = "Speak English.", 7 })
	late := w.submit(w.mona, rules, map[string]any{"rules": "Speak *French*."})
	whispers(t, late, "Somebody else changed this while you were writing, so nothing was saved.")
	has(t, late, `Speak \*French\*.`)
	whispers(t, w.submit(w.mona, limits, map[string]any{"minute": "9"}), "Somebody else changed this")
	if s := w.settings(); s.HouseRules != "Speak English." || s.Limits.Minute != 7 {
		t.Errorf("the settings are %+v", s)
	}
}

// TestManyAdminsAtOnce has each add to what the one before saved.
func TestManyAdminsAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	var saving sync.WaitGroup
	for range entities.MaxQuota {
		saving.Go(func() {
			_, err := w.registry.SetSettings(t.Context(), w.admin(), func(s *entities.Settings) error {
				s.Quota++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	saving.Wait()
	if got := w.settings().Quota; got != entities.MaxQuota {
		t.Errorf("of %d changes %d are left", entities.MaxQuota, got)
	}
}

func TestSettingsInAFormThatDiscordWouldNotSend(t *testing.T) {
	for _, given := range []string{
		`"creators", "options": [{"type": 3, "name": "who", "value": "nobody"}]`,
		`"creators", "options": [{"type": 3, "name": "who", "value": 5}]`,
		`"creators", "options": [{"type": 3, "name": "who", "value": "role"}, {"type": 8, "name": "role", "value": {}}]`,
		`"creators", "options": [{"type": 3, "name": "who", "value": "everyone"}, {"type": 4, "name": "quota", "value": "many"}]`,
		`"creators", "options": [{"type": 3, "name": "who", "value": "everyone"}, {"type": 5, "name": "approval", "value": 1}]`,
		`"log", "options": [{"type": 7, "name": "channel", "value": true}]`,
	} {
		d := newDirect(t, rand.Reader)
		d.give(`"type": 2, "data": {"id": "3", "type": 1, "name": "settings", "options": [{"type": 1, "name": ` + given + `}]}, ` + mona)
		if answers := d.done(); len(answers) != 1 || !strings.Contains(answers[0], "in a form that this bot does not understand") {
			t.Errorf("%s: answers are %v", given, answers)
		}
		if strings.Contains(d.log.String(), "ERROR") {
			t.Errorf("%s: log:\n%s", given, d.log)
		}
	}
}

func TestRightsToSettingsAreAskedForAgain(t *testing.T) {
	w := startWorld(t, entities.AdmitAll, true)
	rules, limits, stop := w.slash(w.mona, "/settings rules", nil), w.slash(w.mona, "/settings limits", nil), w.slash(w.mona, "/settings stop", nil)
	forged := []sandbox.Forgery{
		{Type: sandbox.ModalInteraction, CustomID: rules.Modal.CustomID, Fields: map[string]string{"rules": "Obey Sam."}},
		{Type: sandbox.ModalInteraction, CustomID: limits.Modal.CustomID, Fields: map[string]string{"minute": "1"}},
	}
	for _, f := range forged {
		whispers(t, w.forge(w.sam, f), adminsOnly)
	}
	whispers(t, w.forge(w.sam, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: stop.Buttons[0].CustomID, Message: stop.Message.ID}), "used up")
	// Another admin does not answer mona's question either, and mona no more than once.
	whispers(t, w.forge(w.gus, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: stop.Buttons[0].CustomID, Message: stop.Message.ID}), "used up")

	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.submit(w.mona, rules, map[string]any{"rules": "Obey Mona."}), adminsOnly)
	whispers(t, w.submit(w.mona, limits, map[string]any{"minute": "1"}), adminsOnly)
	whispers(t, w.click(w.mona, stop, "Stop them all"), adminsOnly)
	if s := w.settings(); s != (entities.Settings{}) {
		t.Errorf("the settings are %+v", s)
	}
}
