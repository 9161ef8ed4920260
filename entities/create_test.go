package entities_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func TestCreate(t *testing.T) {
	reg := fresh(t)
	made, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "  Ada   Lovelace ", Persona: "kind", Here: chosen(thread)[0]})
	if err != nil {
		t.Fatal(err)
	}
	if made.Entity.Name != "Ada Lovelace" || made.Entity.OwnerID != olivia || !strings.HasPrefix(made.Key, "troupe_") || len(made.Entity.ID) != 26 {
		t.Errorf("created %+v", made)
	}
	actor, err := reg.Authenticate(t.Context(), made.Key, "")
	if err != nil {
		t.Fatal(err)
	}
	self, guilds, err := reg.Self(t.Context(), actor)
	if err != nil || self.Persona != "kind" || len(guilds) != 1 || guilds[0].Guild.ID != guild {
		t.Errorf("self = %+v in %v, %v", self, guilds, err)
	}
	if _, err := reg.Authorize(t.Context(), actor, entities.Post, general); err != nil {
		t.Errorf("made in a thread, it may not speak in the thread's channel: %v", err)
	}
}

func TestWhoMayCreate(t *testing.T) {
	ada := entities.NewEntity{Name: "Ada", Here: chosen(general)[0]}
	for name, test := range map[string]struct {
		actor  entities.Actor
		entity entities.NewEntity
		reason entities.Reason
	}{
		"an admin":                        {actor: admin(olivia), entity: ada},
		"an administrator":                {actor: entities.Member(mia, guild, discord.PermissionAdministrator), entity: ada},
		"a member":                        {actor: entities.Member(mia, guild, discord.PermissionSendMessages), entity: ada, reason: entities.NotAllowed},
		"a moderator":                     {actor: entities.Member(mia, guild, discord.PermissionManageMessages), entity: ada, reason: entities.NotAllowed},
		"an admin of another guild":       {actor: entities.Member(mia, other, discord.PermissionManageGuild), entity: ada, reason: entities.NotFound},
		"in a direct message":             {actor: entities.Member(olivia, 0, discord.PermissionManageGuild), entity: ada, reason: entities.NotAllowed},
		"nobody":                          {entity: ada, reason: entities.NotAllowed},
		"the program":                     {actor: entities.System("test"), entity: ada, reason: entities.NotAllowed},
		"a channel that is unknown":       {actor: admin(olivia), entity: entities.NewEntity{Name: "Ada", Channels: chosen(42)}, reason: entities.NotFound},
		"a channel of another guild":      {actor: admin(olivia), entity: entities.NewEntity{Name: "Ada", Channels: chosen(general, abroad)}, reason: entities.NotFound},
		"a channel the admin cannot see":  {actor: admin(olivia), entity: entities.NewEntity{Name: "Ada", Channels: []entities.ChosenChannel{{ID: general}}}, reason: entities.NotFound},
		"a name that is too short":        {actor: admin(olivia), entity: entities.NewEntity{Name: "A", Here: ada.Here}, reason: entities.Invalid},
		"a name that is too long":         {actor: admin(olivia), entity: entities.NewEntity{Name: strings.Repeat("a", 81), Here: ada.Here}, reason: entities.Invalid},
		"a name Discord refuses":          {actor: admin(olivia), entity: entities.NewEntity{Name: "My DisCord friend", Here: ada.Here}, reason: entities.Invalid},
		"a name that pings":               {actor: admin(olivia), entity: entities.NewEntity{Name: "Everyone", Here: ada.Here}, reason: entities.Invalid},
		"a name with a hidden character":  {actor: admin(olivia), entity: entities.NewEntity{Name: "Ad\u202ea", Here: ada.Here}, reason: entities.Invalid},
		"a name that is invisible":        {actor: admin(olivia), entity: entities.NewEntity{Name: "\u3164\u3164", Here: ada.Here}, reason: entities.Invalid},
		"a name of joiners":               {actor: admin(olivia), entity: entities.NewEntity{Name: "\u200d\u200c", Here: ada.Here}, reason: entities.Invalid},
		"a joiner between Latin letters":  {actor: admin(olivia), entity: entities.NewEntity{Name: "A\u200dda", Here: ada.Here}, reason: entities.Invalid},
		"a persona that is too long":      {actor: admin(olivia), entity: entities.NewEntity{Name: "Ada", Persona: strings.Repeat("ä", 4001), Here: ada.Here}, reason: entities.Invalid},
		"too many channels":               {actor: admin(olivia), entity: entities.NewEntity{Name: "Ada", Channels: chosen(make([]snowflake.ID, 26)...)}, reason: entities.Invalid},
		"joiners where a script has them": {actor: admin(olivia), entity: entities.NewEntity{Name: "می\u200cخواهم", Here: ada.Here}},
		"names in any script are welcome": {actor: admin(olivia), entity: entities.NewEntity{Name: "Ада 愛 👩‍🚀", Here: ada.Here}},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := fresh(t).Create(t.Context(), test.actor, test.entity)
			if test.reason == 0 {
				if err != nil || made.Key == "" {
					t.Errorf("got %+v, %v", made, err)
				}
				return
			}
			wantRefusal(t, err, test.reason)
			if made.Key != "" {
				t.Error("a refused creation gave a key")
			}
		})
	}
}

func TestTwoEntitiesOfOneName(t *testing.T) {
	reg := fresh(t)
	create(t, reg, "Ada", general)
	_, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "ADA", Here: chosen(general)[0]})
	wantRefusal(t, err, entities.Conflict)
	if found, err := reg.List(t.Context(), admin(olivia)); err != nil || len(found) != 1 {
		t.Errorf("there are %d, %v", len(found), err)
	}
}

func TestCreatedForSomebodyElse(t *testing.T) {
	reg := fresh(t)
	for _, owner := range []entities.Person{{ID: botUser}, {ID: zoe, Bot: true}} {
		_, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "Ada", Owner: owner, Here: chosen(general)[0]})
		wantRefusal(t, err, entities.Invalid)
	}
	made, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "Ada", Owner: entities.Person{ID: mia}, Here: chosen(general)[0]})
	if err != nil || made.Key != "" {
		t.Fatalf("the admin got the key %q, %v", made.Key, err)
	}
	_, err = reg.RotateKey(t.Context(), admin(olivia), made.Entity.ID)
	wantRefusal(t, err, entities.NotAllowed)
	_, err = reg.FirstKey(t.Context(), admin(olivia), made.Entity.ID)
	wantRefusal(t, err, entities.NotAllowed)
	got, err := reg.FirstKey(t.Context(), entities.Member(mia, guild, 0), made.Entity.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = reg.FirstKey(t.Context(), entities.Member(mia, guild, 0), made.Entity.ID)
	wantRefusal(t, err, entities.Conflict)
	if _, err := reg.Authenticate(t.Context(), got.Key, made.Entity.ID); err != nil {
		t.Error(err)
	}
}

func TestRotateKey(t *testing.T) {
	reg := fresh(t)
	made, old := create(t, reg, "Ada", general)
	var ended []entities.ID
	reg.OnRevoked(func(id entities.ID) { ended = append(ended, id) })
	for name, stranger := range map[string]entities.Actor{
		"another admin": admin(mia), "a member": entities.Member(mia, guild, 0), "the operator": admin(operator),
	} {
		_, err := reg.RotateKey(t.Context(), stranger, made.Entity.ID)
		if !entities.IsRefusal(err, entities.NotAllowed) || reg.MayRotate(t.Context(), stranger, made.Entity.ID) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := reg.RotateKey(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild), made.Entity.ID)
	wantRefusal(t, err, entities.NotFound)
	if len(ended) != 0 {
		t.Errorf("refusals ended credentials: %v", ended)
	}

	rotated, err := reg.RotateKey(t.Context(), entities.Member(olivia, guild, 0), made.Entity.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Authenticate(t.Context(), made.Key, ""); !entities.IsRefusal(err, entities.Unauthenticated) {
		t.Errorf("the old key is answered %v", err)
	}
	if _, err := reg.Authorize(t.Context(), old, entities.Hear, general); !entities.IsRefusal(err, entities.Unauthenticated) {
		t.Errorf("who came in with the old key may still act: %v", err)
	}
	if _, err := reg.Authenticate(t.Context(), rotated.Key, made.Entity.ID); err != nil {
		t.Error(err)
	}
	if len(ended) != 1 || ended[0] != made.Entity.ID {
		t.Errorf("ended %v", ended)
	}
}

func TestAuthenticate(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	bob, _ := create(t, reg, "Bob", general)
	secret := []byte(ada.Key)
	secret[40] ^= 1
	for name, test := range map[string]struct {
		key  string
		want entities.ID
	}{
		"no key": {}, "not a key": {key: "hunter2"}, "a changed key": {key: string(secret)}, "cut": {key: ada.Key[:60]},
		"longer": {key: ada.Key + "x"}, "another entity's": {key: bob.Key, want: ada.Entity.ID}, "unknown entity": {key: ada.Key, want: "nobody"},
		"upper case": {key: strings.ToUpper(ada.Key)},
	} {
		_, err := reg.Authenticate(t.Context(), test.key, test.want)
		if !entities.IsRefusal(err, entities.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
		if err.Error() != errorOf(reg, t, "hunter2").Error() {
			t.Errorf("%s reads differently: %q", name, err)
		}
	}
}

func errorOf(reg *entities.Registry, t *testing.T, key string) error {
	t.Helper()
	_, err := reg.Authenticate(t.Context(), key, "")
	return err
}

func dormant(t *testing.T, reg *entities.Registry, guild snowflake.ID) bool {
	t.Helper()
	yes, err := reg.Dormant(t.Context(), entities.Member(operator, guild, 0), guild)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func TestAdmission(t *testing.T) {
	ask := func(c *entities.Config) { c.Admission = entities.Admission{Mode: entities.AdmitAsk} }
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld(), ask)
	ada := entities.NewEntity{Name: "Ada", Here: chosen(general)[0]}
	_, err := reg.Create(t.Context(), admin(olivia), ada)
	wantRefusal(t, err, entities.NotAllowed)
	if !dormant(t, reg, guild) {
		t.Error("a new server is not dormant")
	}
	wantRefusal(t, reg.Admit(t.Context(), admin(olivia), guild), entities.NotAllowed)
	_, err = reg.List(t.Context(), entities.Member(operator, guild, 0))
	wantRefusal(t, err, entities.NotAllowed)
	if _, err := reg.List(t.Context(), admin(operator)); err != nil {
		t.Errorf("the operator's first command there is answered %v", err)
	}
	made, err := reg.Create(t.Context(), admin(olivia), ada)
	if err != nil {
		t.Fatal(err)
	}
	if again := open(t, path, newWorld(), ask); dormant(t, again, guild) || !dormant(t, again, other) {
		t.Error("the decision did not survive a restart")
	}

	listed := open(t, path, newWorld(), func(c *entities.Config) {
		c.Admission = entities.Admission{Mode: entities.AdmitListed, Guilds: []snowflake.ID{other}}
	})
	actor, err := listed.Authenticate(t.Context(), made.Key, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = listed.Authorize(t.Context(), actor, entities.Hear, general)
	wantRefusal(t, err, entities.NotFound)
	if hears(t, listed, general) {
		t.Error("a server that is not served is listened to")
	}
}

func TestSurvivesRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	first := open(t, path, newWorld())
	made, _ := create(t, first, "Ada", general)
	second := open(t, path, newWorld())
	actor, err := second.Authenticate(t.Context(), made.Key, made.Entity.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Authorize(t.Context(), actor, entities.Post, general); err != nil {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	reg := fresh(t)
	made, _ := create(t, reg, "Ada", general)
	for _, ref := range []string{"Ada", " ada ", string(made.Entity.ID)} {
		if e, err := reg.Find(t.Context(), admin(mia), ref); err != nil || e.ID != made.Entity.ID || e.Persona != "" {
			t.Errorf("%q: %+v, %v", ref, e, err)
		}
	}
	_, err := reg.Find(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild), string(made.Entity.ID))
	wantRefusal(t, err, entities.NotFound)
}
