package entities_test

import (
	"slices"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// called says whom a person's text addresses, by name.
func called(t *testing.T, reg *entities.Registry, names map[entities.ID]string, h entities.Heard) []string {
	t.Helper()
	noted, err := reg.Append(t.Context(), program, []entities.Heard{h})
	if err != nil || len(noted) != 1 {
		t.Fatal(noted, err)
	}
	var to []string
	for _, id := range noted[0].To {
		to = append(to, names[id])
	}
	slices.Sort(to)
	return to
}

var callings = []struct {
	text string
	want []string
}{
	{"Ada", []string{"Ada"}},
	{"ada, are you there?", []string{"Ada"}},
	{"@Ada!", []string{"Ada"}},
	{"That is Ada's", []string{"Ada"}},
	{"That is ada’s", []string{"Ada"}},
	{"_Ada_ **ADA** ||ada||", []string{"Ada"}},
	{"Ａｄａ", []string{"Ada"}},
	{"hello\nAda\n", []string{"Ada"}},
	{"[Ada](https://example.org/bob)", []string{"Ada"}},
	{"Adamant, Nevada, Ada1, 1Ada, Adä", nil},
	{"Ada\u0301", nil},
	{"https://example.org/Ada and <https://ada.example.org>", nil},
	{"`Ada` ``x ` Ada`` ```\nAda\n```", nil},
	{"`Ada is not quoted", []string{"Ada"}},
	{"<:ada:1234> <a:ada:1234> <@1234> <@!1> <@&2> <#3> </ada:4> </ada bob:4> <t:5:R>", nil},
	{"1 < 2, Ada > 1", []string{"Ada"}},
	{"Ada你好", []string{"Ada"}},
	{"Ada Lovelace", []string{"Ada Lovelace"}},
	{"ADA   LOVELACE!", []string{"Ada Lovelace"}},
	{"Ada Loveland", []string{"Ada"}},
	{"Ada and Bob", []string{"Ada", "Bob"}},
	{"阿达你好", []string{"阿达"}},
	{"你好阿达", []string{"阿达"}},
	{"アダさん", []string{"アダ"}},
	{"ｱﾀﾞです", []string{"アダ"}},
	{"アダーさん", nil},
	{"สวัสดีเอดาครับ", []string{"เอดา"}},
	{"에이다야", []string{"에이다"}},
	{"Где Мира?", []string{"Мира"}},
	{"МИРА, привет", []string{"Мира"}},
	{"Мираж, Владимира", nil},
	{"José", []string{"José"}},
	{"Jose\u0301, hi", []string{"José"}},
	{"Joséphine", nil},
	{"I like C++ a lot", []string{"Sharp"}},
	{"the maths robot knows", []string{"Sharp"}},
	{"the maths robots know", nil},
	{"Straße", []string{"Straße"}},
	{"STRASSE 5", []string{"Straße"}},
	{"", nil},
}

func TestCallings(t *testing.T) {
	reg := fresh(t)
	names := map[entities.ID]string{}
	for _, name := range []string{"Ada", "Ada Lovelace", "Bob", "阿达", "アダ", "เอดา", "에이다", "Мира", "José", "Sharp", "Straße"} {
		made, _ := create(t, reg, name, general)
		names[made.Entity.ID] = name
		if name == "Sharp" {
			words := []string{"C++", "maths robot"}
			if _, err := reg.EditHere(t.Context(), admin(olivia), made.Entity.ID, entities.Adornment{Words: &words}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, c := range callings {
		h := entities.Heard{Event: message(snowflake.ID(i+1), general), Text: c.text, Person: true}
		if got := called(t, reg, names, h); !slices.Equal(got, c.want) {
			t.Errorf("%q calls %v, want %v", c.text, got, c.want)
		}
	}
}

// A name is known as soon as it is given, and forgotten as soon as it is taken away.
func TestCallingsFollowTheRoster(t *testing.T) {
	reg := fresh(t)
	made, _ := create(t, reg, "Ada", general)
	names, n := map[entities.ID]string{made.Entity.ID: "it"}, snowflake.ID(0)
	want := func(text string, is bool) {
		t.Helper()
		n++
		if got := called(t, reg, names, entities.Heard{Event: message(n, general), Text: text}); (len(got) == 1) != is {
			t.Errorf("%q calls %v", text, got)
		}
	}
	want("Ada", true)
	name := "Grace"
	if _, err := reg.Edit(t.Context(), admin(olivia), made.Entity.ID, entities.Changes{Name: &name}); err != nil {
		t.Fatal(err)
	}
	want("Ada", false)
	want("Grace", true)
	words := []string{"tutor"}
	if _, err := reg.EditHere(t.Context(), admin(olivia), made.Entity.ID, entities.Adornment{Words: &words}); err != nil {
		t.Fatal(err)
	}
	want("tutor?", true)
	if _, err := reg.Leave(t.Context(), admin(olivia), made.Entity.ID); err != nil {
		t.Fatal(err)
	}
	want("Grace", false)
}

// A role calls the entity that has it, when a person or a bot mentions it; another entity cannot.
func TestARoleCalls(t *testing.T) {
	reg := fresh(t)
	made, _ := create(t, reg, "Ada", general)
	bob, _ := create(t, reg, "Bob", general)
	names := map[entities.ID]string{made.Entity.ID: "Ada", bob.Entity.ID: "Bob"}
	role := func(id snowflake.ID) error {
		return errOf(reg.EditHere(t.Context(), admin(olivia), made.Entity.ID, entities.Adornment{Role: &id}))
	}
	for _, no := range []snowflake.ID{guild, 424242} {
		if err := role(no); err == nil {
			t.Errorf("the role %d was taken", no)
		}
	}
	require(t, role(botRole))
	mention := entities.Heard{Event: message(1, general), Text: "hello", Roles: []snowflake.ID{botRole}}
	if got := called(t, reg, names, mention); !slices.Equal(got, []string{"Ada"}) {
		t.Errorf("the role calls %v", got)
	}
	mention.Event = message(2, general)
	mention.Event.AuthorEntity = bob.Entity.ID
	if got := called(t, reg, names, mention); len(got) != 0 {
		t.Errorf("another entity's mention calls %v", got)
	}
	require(t, role(0))
	if got := called(t, reg, names, entities.Heard{Event: message(3, general), Roles: []snowflake.ID{botRole}}); len(got) != 0 {
		t.Errorf("without a role, it calls %v", got)
	}
}

func TestWhoAnswersAddresses(t *testing.T) {
	path := t.TempDir() + "/troupe.db"
	reg := open(t, path, newWorld())
	ada, actor := create(t, reg, "Ada", general)
	bob, _ := create(t, reg, "Bob", general)
	permit, err := reg.Authorize(t.Context(), actor, entities.Post, general)
	if err != nil {
		t.Fatal(err)
	}
	if err := own(t, reg, permit, 77, at(0)); err != nil {
		t.Fatal(err)
	}
	reg = open(t, path, newWorld()) // what is whose is known after a restart too
	names := map[entities.ID]string{ada.Entity.ID: "Ada", bob.Entity.ID: "Bob"}
	for i, c := range []struct {
		what   string
		by     entities.ID
		person bool
		text   string
		want   []string
	}{
		{"a person", "", true, "yes", []string{"Ada"}},
		{"a stranger's bot", "", false, "yes", nil},
		{"another entity", bob.Entity.ID, false, "yes", nil},
		{"another entity with its head", bob.Entity.ID, false, "-# ↪ [Ada](https://x.org): hi\nyes", nil},
		{"another entity by name", bob.Entity.ID, false, "-# ↪ [Ada](https://x.org): hi\nyes, Ada", []string{"Ada"}},
		{"itself", ada.Entity.ID, false, "I am Ada", nil},
	} {
		e := message(snowflake.ID(100+i), general)
		e.AuthorEntity = c.by
		if got := called(t, reg, names, entities.Heard{Event: e, Text: c.text, Replied: 77, Person: c.person}); !slices.Equal(got, c.want) {
			t.Errorf("%s calls %v, want %v", c.what, got, c.want)
		}
	}
}
