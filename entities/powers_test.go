package entities_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// creators is a role whose members may create entities in the tests' guild.
const creators snowflake.ID = 800000000000000009

// powers is who may do what: design's table of powers, act by act, written by hand. What is
// about an entity is about Ada, who is olivia's, is in the tests' guild only and is offered to
// rita.
//
//	O owner            A admin here        B admin of another server  M moderator
//	m member           C creator by role   R run by: operator         T to whom it is offered
//	D owner in a DM    r operator in a DM  Z admin of a server that is not served
//	E the entity       F other entity      K entity with a rotated key
//	P program          N nobody
var powers = map[string]string{
	"actLook":   "O A B M m C R T P",
	"actSee":    "O A M m C R T",
	"actMine":   "O A B M m C R T",
	"actStatus": "A B R r",

	"actCreate":  "A B C",
	"actEdit":    "O",
	"actAdorn":   "O",
	"actRules":   "O",
	"actKey":     "O",
	"actConnect": "O",
	"actPause":   "O",
	"actResume":  "O",
	"actDelete":  "O",
	"actOffer":   "O",
	"actTake":    "T",
	"actRefuse":  "O T",

	"actJoin":      "O",
	"actAnswer":    "A",
	"actLeave":     "O A",
	"actSuspend":   "A M",
	"actReinstate": "A M",
	"actInspect":   "O A M",
	"actChannels":  "A",
	"actAbilities": "A",
	"actLimits":    "A",

	"actContinue":   "A B M",
	"actDeleteLine": "O A B M",

	"actSettings": "A B",
	"actAudit":    "A B",

	"actPrivacy": "O A B M m C R T D r Z",
	"actErase":   "O A B M m C R T D r Z",
	"actTalk":    "O A B M m C R T D r Z",
	"actBlock":   "O A B M m C R T D r Z",

	"actAdmit":   "R r P",
	"actDismiss": "R r",
	"actServers": "R r P",
	"actOrphans": "R r",
	"actAll":     "R r",
	"actAssign":  "R r",
	"actSwitch":  "R r",
	"actStop":    "R r",

	"actBe":        "E F",
	"actGo":        "E F",
	"actMarks":     "E F",
	"actWhose":     "E F P",
	"actIngest":    "P",
	"actKeep":      "P",
	"actDepart":    "P",
	"actArrive":    "P",
	"actOwnerLeft": "P",
	"actForget":    "P",
	"actOAuth":     "P",
	"actServe":     "P",
}

func TestPowers(t *testing.T) {
	reg := fresh(t, func(c *entities.Config) {
		c.Admission = entities.Admission{Mode: entities.AdmitListed, Guilds: []snowflake.ID{guild, other}}
	})
	const rita, closed snowflake.ID = 900000000000000011, 800000000000000010
	reg.World().PutRole(guild, entities.Role{ID: creators, Name: "creators"})
	if _, err := reg.SetSettings(t.Context(), admin(mia), becoming(entities.Settings{Creators: entities.RoleCreates, CreatorRole: creators})); err != nil {
		t.Fatal(err)
	}
	ada, is := create(t, reg, "Ada", general)
	old, stale := create(t, reg, "Old", lab)
	if _, err := reg.RotateKey(t.Context(), admin(olivia), old.Entity.ID); err != nil {
		t.Fatal(err)
	}
	_, another := create(t, reg, "Eve", lab)
	own := entities.Member(olivia, guild, 0)
	if _, err := reg.Offer(t.Context(), own, ada.Entity.ID, entities.Person{ID: rita}); err != nil {
		t.Fatal(err)
	}
	actors := map[string]entities.Actor{
		"O": own, "A": admin(mia), "B": entities.Member(mia, other, discord.PermissionManageGuild),
		"M": entities.Member(mia, guild, discord.PermissionManageMessages), "m": entities.Member(mia, guild, discord.PermissionSendMessages),
		"C": entities.Member(mia, guild, 0, creators), "R": entities.Member(operator, guild, 0), "T": entities.Member(rita, guild, 0),
		"D": entities.Member(olivia, 0, 0), "r": entities.Member(operator, 0, 0), "Z": entities.Member(mia, closed, discord.PermissionManageGuild),
		"E": is, "F": another, "K": stale, "P": program, "N": {},
	}
	if declared := declaredActs(t); !slices.Equal(declared, slices.Sorted(maps.Keys(powers))) {
		t.Errorf("the table has other acts than\n%v", declared)
	}
	for act, who := range powers {
		for letter, actor := range actors {
			err := reg.Pass(t.Context(), actor, act, ada.Entity.ID)
			if may := slices.Contains(strings.Fields(who), letter); may != (err == nil) {
				t.Errorf("%s by %s (%s): %v", act, letter, actor, err)
			}
			if _, ok := entities.AsRefusal(err); err != nil && !ok {
				t.Errorf("%s by %s: %v is no refusal", act, letter, err)
			}
		}
	}
}

// Moderating takes any of three permissions, managing one, and Administrator is all.
func TestWhoManagesAndModerates(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	for name, test := range map[string]struct {
		has                discord.Permissions
		manages, moderates bool
	}{
		"Manage Server":    {discord.PermissionManageGuild, true, true},
		"Administrator":    {discord.PermissionAdministrator, true, true},
		"Manage Messages":  {discord.PermissionManageMessages, false, true},
		"Moderate Members": {discord.PermissionModerateMembers, false, true},
		"Manage Channels":  {discord.PermissionManageChannels | discord.PermissionManageRoles | discord.PermissionKickMembers, false, false},
	} {
		actor := entities.Member(mia, guild, test.has)
		if got := reg.Pass(t.Context(), actor, "actChannels", ada.Entity.ID) == nil; got != test.manages {
			t.Errorf("%s manages: %v", name, got)
		}
		if got := reg.Pass(t.Context(), actor, "actSuspend", ada.Entity.ID) == nil; got != test.moderates {
			t.Errorf("%s moderates: %v", name, got)
		}
	}
}

// What does not exist and what is elsewhere are refused in the same words, and a deleted
// entity is as if it had never been.
func TestEntitiesElsewhereAreUnknown(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	gone, _ := create(t, reg, "Gone", lab)
	if _, err := reg.Delete(t.Context(), admin(olivia), gone.Entity.ID); err != nil {
		t.Fatal(err)
	}
	stranger := entities.Member(mia, other, discord.PermissionAdministrator)
	for act := range powers {
		if !strings.Contains(powers[act], "A") && !strings.Contains(powers[act], "O") {
			continue
		}
		unknown := reg.Pass(t.Context(), stranger, act, "nothing")
		for _, id := range []entities.ID{ada.Entity.ID, gone.Entity.ID} {
			if err := reg.Pass(t.Context(), stranger, act, id); (err == nil) != (unknown == nil) || (err != nil && err.Error() != unknown.Error()) {
				t.Errorf("%s: %v, but of what does not exist %v", act, err, unknown)
			}
		}
		own := reg.Pass(t.Context(), admin(olivia), act, gone.Entity.ID)
		if none := reg.Pass(t.Context(), admin(olivia), act, "nothing"); (own == nil) != (none == nil) || (own != nil && own.Error() != none.Error()) {
			t.Errorf("%s: its owner reads %v of a deleted entity, and %v of none", act, own, none)
		}
	}
}
