package entities_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const watch snowflake.ID = 800000000000000009 // a role that moderates

// peopled is a registry whose guild has a bot with a name, roles, and Sam, who moderates.
func peopled(t *testing.T) *entities.Registry {
	t.Helper()
	reg := fresh(t)
	w := reg.World()
	w.SetBot(botUser, "Puppeteer")
	w.SetApplication("Troupe Theatre")
	w.PutRole(guild, entities.Role{ID: watch, Name: "Night Watch", Permissions: discord.PermissionManageMessages})
	w.Notice(guild, entities.Membership{UserID: 76, Roles: []snowflake.ID{watch}}, "sam_1984", "Samuel")
	w.Notice(guild, entities.Membership{UserID: botUser}, "Marionette")
	w.Notice(guild, entities.Membership{UserID: mia}, "Mia")
	return reg
}

func named(t *testing.T, reg *entities.Registry, name string) error {
	t.Helper()
	_, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: name, Channels: chosen(general)})
	return err
}

func TestNamesOfOthersAreRefused(t *testing.T) {
	reg := peopled(t)
	require(t, named(t, reg, "Ada"))
	for name, says := range map[string]string{
		"Puppeteer":      `"Puppeteer", the name of the bot on this server`,
		"Рuppеtееr":      `"Puppeteer", the name of the bot`,
		"Troupe-Theatre": `"Troupe Theatre", the name of the bot`,
		"Mari0nette":     `"Marionette", the name of the bot`,
		"𝓝𝓲𝓰𝓱𝓽 Watch":    `"Night Watch", the name of a role of this server`,
		"Sаmuel ✨":       `"Samuel", the name of somebody who looks after this server`,
		"Sam.1984":       `"sam_1984", the name of somebody`,
		"Аda":            `an entity called "Ada" on this server already`,
		"A d á":          `an entity called "Ada"`,
	} {
		err := named(t, reg, name)
		wantRefusal(t, err, entities.Conflict)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q in it", name, err, says)
		}
	}
	for _, name := range []string{"Mia", "Adamina", "Ada 🌸", "Ada アダ", "Night Watcher", "Samuela", "Troupe"} {
		err := named(t, reg, name)
		if name == "Troupe" { // it is the bot's role
			wantRefusal(t, err, entities.Conflict)
		} else if err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNamesOfAuthorityAreRefused(t *testing.T) {
	reg := fresh(t)
	for name, says := range map[string]string{
		"Dіscord Friend": `reads like "discord"`, "D i s c o r d": `reads like "discord"`, "Ϲlyde": `reads like "clyde"`, "My DisCord": `does not take "discord"`,
		"еveryone": "a call to everyone", "H3re": "a call to everyone",
		"System": "server's staff", "ᴀᴅᴍɪɴ": "server's staff", "The Mod Team": "server's staff", "$taff ⭐": "server's staff", "Server Оwner": "server's staff",
		"модератор": "server's staff",
		"A\u200ea":  "invisible", "Ada\u2062": "invisible", "A\ufe0fda": "invisible", "Ada\U000e0061": "invisible", "Ada\U000e0100": "invisible", "\u0301\u0302": "nothing to see",
	} {
		err := named(t, reg, name)
		wantRefusal(t, err, entities.Invalid)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q in it", name, err, says)
		}
	}
	for _, name := range []string{"Ada the Admin", "Modesto", "Staffan", "Owen", "Supportive Sue", "葛\U000e0100城", "❤️ Ada", "Ada 1️⃣", "👩‍🚀"} {
		if err := named(t, reg, name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestEveryWayToANameIsChecked(t *testing.T) {
	reg := peopled(t)
	made, _ := create(t, reg, "Ida", general)
	id, dressed := made.Entity.ID, "Nіght Watch"
	_, err := reg.Edit(t.Context(), admin(olivia), id, entities.Changes{Name: &dressed})
	wantRefusal(t, err, entities.Conflict)
	_, err = reg.EditHere(t.Context(), admin(olivia), id, entities.Adornment{Name: &dressed})
	wantRefusal(t, err, entities.Conflict)

	// It is shown under its own name on the other server, and so has to be fit for that one.
	elsewhere := entities.Member(olivia, other, discord.PermissionManageGuild)
	_, err = reg.Join(t.Context(), elsewhere, id, entities.ChosenChannel{ID: abroad, Permissions: discord.PermissionViewChannel})
	require(t, err)
	reg.World().PutRole(other, entities.Role{ID: 5, Name: "Harlequins"})
	name := "Harlequins"
	_, err = reg.Edit(t.Context(), admin(olivia), id, entities.Changes{Name: &name})
	wantRefusal(t, err, entities.Conflict)
	if err == nil || !strings.Contains(err.Error(), `the server "Other"`) {
		t.Errorf("it is not said where: %v", err)
	}
	_, err = reg.EditHere(t.Context(), admin(olivia), id, entities.Adornment{Name: &name})
	require(t, err)
}

func TestJoiningUnderARolesName(t *testing.T) {
	reg := peopled(t)
	made, _ := create(t, reg, "Ida", general)
	reg.World().PutRole(other, entities.Role{ID: 5, Name: "IDA"})
	elsewhere := entities.Member(olivia, other, discord.PermissionManageGuild)
	_, err := reg.Join(t.Context(), elsewhere, made.Entity.ID, entities.ChosenChannel{ID: abroad, Permissions: discord.PermissionViewChannel})
	wantRefusal(t, err, entities.Conflict)
}

func TestApprovingANameThatWasTakenMeanwhile(t *testing.T) {
	reg := peopled(t)
	require(t, errOf(reg.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Creators: entities.EveryoneCreate, Approval: true, Quota: 2}))))
	made, err := reg.Create(t.Context(), entities.Member(mia, guild, 0), entities.NewEntity{Name: "Ida", Channels: chosen(general)})
	require(t, err)
	reg.World().PutRole(guild, entities.Role{ID: 5, Name: "Ida"})
	_, err = reg.Approve(t.Context(), admin(olivia), made.Entity.ID)
	wantRefusal(t, err, entities.Conflict)
	reg.World().PutRole(guild, entities.Role{ID: 5, Name: "Cooks"})
	_, err = reg.Approve(t.Context(), admin(olivia), made.Entity.ID)
	require(t, err)
}

// TestARenamedRoleBreaksNothing: what has a name keeps it, and can be edited.
func TestARenamedRoleBreaksNothing(t *testing.T) {
	reg := peopled(t)
	made, _ := create(t, reg, "Ida", general)
	reg.World().PutRole(guild, entities.Role{ID: 5, Name: "Ida"})
	name, about := "Ida", "A poet."
	shown, err := reg.Edit(t.Context(), admin(olivia), made.Entity.ID, entities.Changes{Name: &name, Description: &about})
	require(t, err)
	if shown.Name != "Ida" {
		t.Errorf("it is called %q", shown.Name)
	}
	_, err = reg.EditHere(t.Context(), admin(olivia), made.Entity.ID, entities.Adornment{Name: to("")})
	require(t, err)
}

func TestStaffIsBoundedAndForgotten(t *testing.T) {
	reg := peopled(t)
	w := reg.World()
	// Who moderates no more, and who left, gives the name free.
	w.PutRole(guild, entities.Role{ID: watch, Name: "Night Watch"})
	require(t, named(t, reg, "Samuel"))
	w.PutRole(guild, entities.Role{ID: watch, Name: "Night Watch", Permissions: discord.PermissionBanMembers})
	w.Notice(guild, entities.Membership{UserID: 77, Roles: []snowflake.ID{watch}}, "Quentin")
	wantRefusal(t, named(t, reg, "Quentin"), entities.Conflict)
	w.Notice(guild, entities.Membership{UserID: 77, Roles: []snowflake.ID{watch}}, "Ursula")
	require(t, named(t, reg, "Quentin"))
	w.Overlook(guild, 77)
	require(t, named(t, reg, "Ursula"))
	// What was seen before a new session is not told again, and stays.
	w.Notice(guild, entities.Membership{UserID: 78, Roles: []snowflake.ID{watch}}, "Xaver")
	w.PutGuild(entities.Guild{ID: guild, Name: "Demo", OwnerID: olivia, Available: true},
		[]entities.Role{{ID: guild}, {ID: watch, Name: "Night Watch", Permissions: discord.PermissionBanMembers}}, entities.Membership{UserID: botUser},
		[]entities.Channel{{ID: general, GuildID: guild, Type: discord.ChannelTypeGuildText, Name: "general"}})
	wantRefusal(t, named(t, reg, "Xaver"), entities.Conflict)
	for i := range 200 {
		w.Notice(guild, entities.Membership{UserID: snowflake.ID(1000 + i), Roles: []snowflake.ID{watch}}, "Guard "+strconv.Itoa(i))
	}
	require(t, named(t, reg, "Xaver"))
	wantRefusal(t, named(t, reg, "Guard 0"), entities.Conflict)
	wantRefusal(t, named(t, reg, "Guard 199"), entities.Conflict)
}
