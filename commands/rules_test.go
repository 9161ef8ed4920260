package commands_test

import (
	"slices"
	"strings"
	"testing"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

// bylaws are the rules of an entity of mona's, with its persona.
func (w *world) bylaws(name string) (string, entities.Rules) {
	w.t.Helper()
	e := must(w.registry.Find(w.t.Context(), w.admin(), name))(w.t)
	persona, rules, err := w.registry.Rules(w.t.Context(), w.admin(), e.ID)
	noError(w.t, err)
	return persona, rules
}

func TestAnOwnerRules(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	open := func() sandbox.Reply { return w.slash(w.mona, "/entity rules", map[string]any{"entity": "Ada"}) }
	modal := open()
	if got, want := filledIn(t, modal), []string{"persona=", "blocked=", "links=", "mentions=", "length="}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	saved := w.submit(w.mona, modal, map[string]any{
		"persona": "canary: be kind", "blocked": "darn, heck\n /Free\\s+money/i\nbuy   now\n/a{1,3}b/\n\nHECK,", "links": "discord", "mentions": "none", "length": "500",
	})
	whispers(t, saved, "Saved. This holds for **Ada** on every server it is on:")
	has(t, saved, "Persona: the new one", "Blocked: 3 words and 2 patterns", "Links: only to Discord", "Pings: nobody", "Longest line: 500 characters", "the AI is told which rule")
	if strings.Contains(saved.Text(), "canary") {
		t.Errorf("the persona is shown: %s", saved.Text())
	}
	persona, rules := w.bylaws("Ada")
	want := entities.Filter{Links: entities.LinksToUs, Mentions: entities.MentionsRefused, Length: 500}
	if persona != "canary: be kind" || rules.Filter != want || !slices.Equal(rules.Words, []string{"buy now", "darn", "heck"}) || !slices.Equal(rules.Patterns, []string{`(?i)Free\s+money`, "a{1,3}b"}) {
		t.Errorf("there is %q, %+v", persona, rules)
	}

	again := open()
	written := "buy now\ndarn\nheck\n/Free\\s+money/i\n/a{1,3}b/"
	if got, want := filledIn(t, again), []string{"persona=canary: be kind", "blocked=" + written, "links=", "mentions=", "length=500"}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	has(t, w.submit(w.mona, again, nil), "Persona: as before", "Blocked: 3 words and 2 patterns")
	gone := w.submit(w.mona, open(), map[string]any{"persona": "", "blocked": "", "links": "any", "mentions": "any", "length": ""})
	has(t, gone, "Persona: none", "It may say whatever a server's admins let it say there.")
	if persona, rules := w.bylaws("Ada"); persona != "" || rules.Filter != (entities.Filter{}) || len(rules.Words)+len(rules.Patterns) != 0 {
		t.Errorf("there is %q, %+v", persona, rules)
	}
}

// What is wrong is kept to be mended, and what was saved meanwhile is not undone.
func TestRefusedRulesAreFixed(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	for _, c := range []struct {
		name  string
		typed map[string]any
		want  string
	}{
		{"a pattern", map[string]any{"blocked": "darn\n/(oops/"}, "The pattern /(oops/ is wrong: missing closing )"},
		{"a length", map[string]any{"blocked": "darn\n/(oops/", "length": "many"}, "Characters a line: write a number from 1 to 8000"},
		{"a long word", map[string]any{"blocked": "darn\n" + strings.Repeat("x", 61)}, "at most 60 characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for command, options := range map[string]map[string]any{"/entity rules": {"entity": "Ada"}, "/settings filter": nil} {
				refused := w.submit(w.mona, w.slash(w.mona, command, options), c.typed)
				whispers(t, refused, "Nothing was changed yet. ")
				has(t, refused, c.want)
				if got := filledIn(t, w.click(w.mona, refused, "Fix it")); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "blocked=darn\n") }) {
					t.Errorf("the form is opened again with %v", got)
				}
			}
			if _, rules := w.bylaws("Ada"); len(rules.Words) != 0 {
				t.Errorf("there is %+v", rules)
			}
		})
	}

	set := func(change func(*entities.Rules)) {
		_, err := w.registry.SetServerRules(t.Context(), w.admin(), func(r *entities.Rules) error { change(r); return nil })
		noError(t, err)
	}
	set(func(r *entities.Rules) { r.Words = []string{"darn", "heck"} })
	open := w.slash(w.mona, "/settings filter", nil)
	set(func(r *entities.Rules) { r.Words, r.Length = []string{"bother", "darn", "heck"}, 300 })
	saved := w.submit(w.mona, open, map[string]any{"blocked": "heck\nblast", "links": "none"})
	whispers(t, saved, "Saved. What breaks a rule is not sent; the entity is told which rule it was.")
	has(t, saved, "Blocked: 3 words", "Links: none", "Longest line: 300 characters")
	rules := must(w.registry.ServerRules(t.Context(), w.admin()))(t)
	if !slices.Equal(rules.Words, []string{"blast", "bother", "heck"}) || rules.Length != 300 {
		t.Errorf("there is %+v", rules)
	}
}

func TestWhoMayNotRule(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.moderator()
	w.make("Ada")
	for _, user := range []sandbox.ID{w.sam, w.gus, w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity rules", map[string]any{"entity": "Ada"}), "Only Ada's owner decides what Ada is and what it may say.")
	}
	open := w.slash(w.mona, "/entity rules", map[string]any{"entity": "Ada"})
	forged := sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: open.Modal.CustomID, Fields: map[string]string{"persona": "Mallory"}}
	whispers(t, w.forge(w.gus, forged), "used up")
	w.handOver("Ada", w.mona, w.sam)
	whispers(t, w.submit(w.mona, open, map[string]any{"persona": "Mallory"}), "Only Ada's owner decides")
}

func TestRulesAndTheirForms(t *testing.T) {
	all := entities.Rules{
		Filter: entities.Filter{Links: entities.LinksRefused, Mentions: entities.MentionsOne, Length: 8000},
		Words:  []string{"darn"}, Patterns: []string{"(?i)a+"},
	}
	var b strings.Builder
	for _, m := range []commands.Shown{
		commands.Ruled("**[Ada](x)**", true, "kind", all), commands.Ruled("Ada", true, "", entities.Rules{}),
		commands.Ruled("Ada", false, "kind", entities.Rules{Filter: entities.Filter{Mentions: entities.MentionsRefused}}),
	} {
		fits(t, m)
		b.WriteString("########\n" + show(m) + "\n")
	}
	golden(t, "rules.txt", b.String())
	goldenForms(t, "rules_forms.json", append(commands.RulesForms("Ada", "", entities.Rules{}), commands.RulesForms("**Ada**", "Be kind.", all)...)...)

	most := entities.Rules{Filter: all.Filter, Words: []string{strings.Repeat("x", entities.MaxBlocked-1)}}
	for _, form := range commands.RulesForms(strings.Repeat("*", entities.MaxName), strings.Repeat("*", entities.MaxPersona), most) {
		formFits(t, form)
	}
	fits(t, commands.Ruled(strings.Repeat("*", entities.MaxName), true, "kind", most))
}
