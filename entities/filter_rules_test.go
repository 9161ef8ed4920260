package entities_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// ruled changes an entity's rules as its owner does.
func (p *play) ruled(t *testing.T, change func(*entities.Rules)) {
	t.Helper()
	require(t, p.SetRules(t.Context(), ordinary(), p.id, func(_ *string, rules *entities.Rules) error { change(rules); return nil }))
}

func (p *play) ruledHere(t *testing.T, change func(*entities.Rules)) {
	t.Helper()
	require(t, errOf(p.SetServerRules(t.Context(), admin(olivia), func(rules *entities.Rules) error { change(rules); return nil })))
}

// screen is what Ada reads when she wants to say something.
func (p *play) screen(t *testing.T, said entities.Said) error {
	t.Helper()
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	return p.Screen(t.Context(), p.ada, permit, said)
}

func TestAnOwnersRules(t *testing.T) {
	p := begun(t)
	want := entities.Rules{
		Filter: entities.Filter{Links: entities.LinksToUs, Mentions: entities.MentionsOne, Length: 20},
		Words:  []string{"bother", "heck"}, Patterns: []string{`(?i)free\s+money`},
	}
	var before entities.Rules
	require(t, p.SetRules(t.Context(), ordinary(), p.id, func(persona *string, rules *entities.Rules) error {
		before = *rules
		*persona, *rules = " You are Ada. ", want
		return nil
	}))
	persona, got, err := p.Rules(t.Context(), ordinary(), p.id)
	require(t, err)
	if persona != "You are Ada." || got.Filter != want.Filter || !slices.Equal(got.Words, want.Words) || !slices.Equal(got.Patterns, want.Patterns) {
		t.Errorf("there is %q, %+v", persona, got)
	}
	if before.Filter != (entities.Filter{}) || len(before.Words)+len(before.Patterns) != 0 {
		t.Errorf("it began with %+v", before)
	}
	remembers(t, p.Registry)
	for text, says := range map[string]string{
		"What a Bother!":              `A rule of your owner blocks "bother", also when it is written in another way. Nothing was sent or changed; say it differently. Your owner can change the rule with /entity rules.`,
		"FREE  money":                 `A rule of your owner blocks whatever fits the pattern /(?i)free\s+money/.`,
		"https://evil.x":              "A rule of your owner allows only links to messages, channels and files on Discord, and no invites.",
		"much too long for this rule": "A rule of your owner allows at most 20 characters in a line, and this one has 27.",
	} {
		err := p.screen(t, entities.Said{Text: text})
		wantRefusal(t, err, entities.NotAllowed)
		if err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	wantRefusal(t, p.screen(t, entities.Said{Text: "hi", Pings: entities.Pings{People: 2}}), entities.NotAllowed)
	require(t, p.screen(t, entities.Said{Text: "hi", Pings: entities.Pings{People: 1}}))

	// What is wrong changes nothing.
	other := errors.New("changed my mind")
	for _, change := range []func(*string, *entities.Rules) error{
		func(persona *string, _ *entities.Rules) error {
			*persona = strings.Repeat("x", entities.MaxPersona+1)
			return nil
		},
		func(persona *string, rules *entities.Rules) error {
			*persona, rules.Patterns = "", []string{"("}
			return nil
		},
		func(persona *string, rules *entities.Rules) error { *persona, rules.Links = "", "cats"; return nil },
		func(persona *string, rules *entities.Rules) error { *persona, rules.Words = "", nil; return other },
	} {
		if err := p.SetRules(t.Context(), ordinary(), p.id, change); !errors.Is(err, other) && !entities.IsRefusal(err, entities.Invalid) {
			t.Errorf("got %v", err)
		}
	}
	for _, stranger := range []entities.Actor{admin(olivia), entities.Member(zoe, guild, discord.PermissionModerateMembers), entities.Member(operator, guild, 0)} {
		err := p.SetRules(t.Context(), stranger, p.id, func(_ *string, rules *entities.Rules) error { *rules = entities.Rules{}; return nil })
		wantRefusal(t, err, entities.NotAllowed)
		_, _, err = p.Rules(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
	}
	if persona, still, err := p.Rules(t.Context(), ordinary(), p.id); err != nil || persona != "You are Ada." || len(still.Words) != 2 {
		t.Errorf("afterwards %q, %+v, %v", persona, still, err)
	}

	p.ruled(t, func(rules *entities.Rules) { *rules = entities.Rules{} })
	require(t, p.screen(t, entities.Said{Text: "what a bother https://evil.x, and much too long"}))
	if n := count(t, p.Registry, "filter_terms"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	remembers(t, p.Registry)
}

func TestAServersRules(t *testing.T) {
	p := begun(t)
	p.ruled(t, func(rules *entities.Rules) { rules.Words = []string{"owner"} })
	p.ruledHere(t, func(rules *entities.Rules) {
		rules.Words, rules.Patterns, rules.Mentions = []string{"server"}, []string{"[0-9]{5}"}, entities.MentionsRefused
	})
	remembers(t, p.Registry)
	for text, whose := range map[string]string{
		"the server":           "A rule of this server",
		"12345":                "A rule of this server",
		"the owner":            "A rule of your owner",
		"the owner, on server": "A rule of this server",
	} {
		if err := p.screen(t, entities.Said{Text: text}); err == nil || !strings.HasPrefix(err.Error(), whose) {
			t.Errorf("%q: %v", text, err)
		}
	}
	require(t, p.screen(t, entities.Said{Text: "all is well"}))

	// It is that server's rule alone.
	require(t, errOf(p.Join(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild), p.id, chosen(abroad)[0])))
	p.World().Expect(other, mia, p.now)
	p.World().SetMember(other, entities.Membership{UserID: mia}, true, p.now)
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, abroad)
	require(t, err)
	require(t, p.Screen(t.Context(), p.ada, permit, entities.Said{Text: "the server"}))
	wantRefusal(t, p.Screen(t.Context(), p.ada, permit, entities.Said{Text: "the owner"}), entities.NotAllowed)

	// What else is set there, and what is set with the settings, stays.
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), func(s *entities.Settings) error { s.HouseRules, s.Filter.Length = "Be kind.", 100; return nil })))
	p.ruledHere(t, func(rules *entities.Rules) { rules.Patterns = nil })
	rules, err := p.ServerRules(t.Context(), admin(olivia))
	require(t, err)
	if rules.Length != 100 || rules.Mentions != entities.MentionsRefused || !slices.Equal(rules.Words, []string{"server"}) || len(rules.Patterns) != 0 {
		t.Errorf("the rules are %+v", rules)
	}
	if s, err := p.Settings(t.Context(), admin(olivia)); err != nil || s.HouseRules != "Be kind." || s.Filter != rules.Filter {
		t.Errorf("the settings are %+v, %v", s, err)
	}
	remembers(t, p.Registry)
	for _, stranger := range []entities.Actor{ordinary(), entities.Member(zoe, guild, discord.PermissionModerateMembers), entities.Member(operator, guild, 0)} {
		wantRefusal(t, errOf(p.ServerRules(t.Context(), stranger)), entities.NotAllowed)
		wantRefusal(t, errOf(p.SetServerRules(t.Context(), stranger, func(*entities.Rules) error { return nil })), entities.NotAllowed)
	}
	if _, err := p.SetServerRules(t.Context(), admin(olivia), func(r *entities.Rules) error { r.Words = []string{"\u200d"}; return nil }); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestWhatAnEntityKnowsOfItsRules(t *testing.T) {
	p := begun(t)
	p.ruled(t, func(rules *entities.Rules) {
		rules.Words, rules.Links, rules.Length = []string{"a", "b"}, entities.LinksToUs, 300
	})
	p.ruledHere(t, func(rules *entities.Rules) {
		rules.Patterns, rules.Links, rules.Mentions, rules.Length = []string{"c"}, entities.LinksRefused, entities.MentionsOne, 500
	})
	_, homes, err := p.Self(t.Context(), p.ada)
	require(t, err)
	want := entities.Filter{Links: entities.LinksRefused, Mentions: entities.MentionsOne, Length: 300}
	if len(homes) != 1 || homes[0].Filter != want || homes[0].Blocked != 3 {
		t.Errorf("it is at home in %+v", homes)
	}
	require(t, errOf(p.Suspend(t.Context(), admin(olivia), p.id, 0)))
	if _, homes, err = p.Self(t.Context(), p.ada); err != nil || homes[0].Filter.Length != 300 || homes[0].Filter.Mentions != "" || homes[0].Blocked != 2 {
		t.Errorf("who takes no part knows %+v, %v", homes, err)
	}
}

func TestARefusedLineIsAudited(t *testing.T) {
	p := begun(t)
	const secret = "xyzzy"
	p.ruled(t, func(rules *entities.Rules) { rules.Words = []string{secret} })
	wantRefusal(t, p.screen(t, entities.Said{Text: "my words: " + secret}), entities.NotAllowed)
	rows, err := p.Audits(t.Context(), admin(olivia))
	require(t, err)
	newest := rows[0]
	if newest.Outcome != entities.Refused || newest.Act != "speak" || newest.Reason != "a rule of its owner: a blocked word" || newest.EntityID != p.id {
		t.Errorf("the newest is %+v", newest)
	}
	if i := slices.IndexFunc(rows, func(a entities.Audit) bool { return a.Act == "rules" }); i < 0 || rows[i].Target != "blocked words" {
		t.Errorf("there is %+v", rows)
	}
	for _, row := range rows {
		if strings.Contains(row.Target+row.Reason, secret) || strings.Contains(row.Reason, "my words") {
			t.Errorf("the audit tells %+v", row)
		}
	}
}

// A permit shows whose words are judged by whose rules.
func TestOnlyOnesOwnWordsAreScreened(t *testing.T) {
	p := begun(t)
	made, err := p.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "Bob", Channels: chosen(general)})
	require(t, err)
	bob, err := p.Authenticate(t.Context(), made.Key, made.Entity.ID)
	require(t, err)
	permit, err := p.Authorize(t.Context(), bob, entities.Post, general)
	require(t, err)
	wantRefusal(t, p.Screen(t.Context(), p.ada, permit, entities.Said{Text: "hi"}), entities.NotAllowed)
	wantRefusal(t, p.Screen(t.Context(), p.ada, entities.Permit{}, entities.Said{Text: "hi"}), entities.NotAllowed)
}

// A server that only blocks words is one that has settings.
func TestAServerThatOnlyBlocksWordsIsForgotten(t *testing.T) {
	reg := fresh(t)
	require(t, errOf(reg.SetServerRules(t.Context(), admin(olivia), func(r *entities.Rules) error { r.Words = []string{"a"}; return nil })))
	reg.World().RemoveGuild(guild)
	require(t, reg.Roll(t.Context(), program, 0, 1, nil))
	if !strings.Contains(dump(t, reg), "left_at") || count(t, reg, "guilds") != 1 {
		t.Errorf("it is not noted that the bot was removed:\n%s", dump(t, reg))
	}
}
