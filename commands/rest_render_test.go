package commands_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"troupe/commands"
	"troupe/entities"
)

func TestRestPosts(t *testing.T) {
	bea := ada()
	bea.ID, bea.Name = "zzzzzzzzzzzzzzzzzzzzzzzzzz", "**[Bea](https://x.example)** <@1>"
	rest := entities.Rest{Guild: 1, Channel: 7, Until: noon, Rule: entities.PairRule, Turns: 8, Speakers: []entities.Entity{ada(), bea}}
	var b strings.Builder
	for _, rule := range []entities.LoopRule{entities.PairRule, entities.AloneRule} {
		rest.Rule = rule
		m := commands.RestPost(rest)
		fits(t, m)
		fmt.Fprintf(&b, "######## %s\n%s\n", rule, show(m))
	}
	golden(t, "rests.txt", b.String())

	rest.Channel, rest.Turns = math.MaxUint64, entities.MostTurns
	for i := range rest.Speakers {
		rest.Speakers[i].Name = strings.Repeat("*", entities.MaxName)
	}
	m := commands.RestPost(rest)
	fits(t, m)
	if m.AllowedMentions == nil || m.AllowedMentions.Parse == nil || len(m.AllowedMentions.Parse)+len(m.AllowedMentions.Users) > 0 {
		t.Errorf("it pings %+v", m.AllowedMentions)
	}
}

func TestLoopForm(t *testing.T) {
	goldenForms(t, "loop_form.json", commands.LoopForm(entities.Loop{}), commands.LoopForm(entities.Loop{Pair: 5, Alone: 1000}))
}
