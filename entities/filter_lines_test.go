package entities_test

import (
	"testing"

	"troupe/entities"
)

// A line that breaks a rule is not begun and not counted; one that was begun before stands,
// whatever is forbidden since.
func TestALineThatBreaksARule(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	say := func(key, text string) (entities.Begun, error) {
		return p.Begin(t.Context(), p.ada, permit, entities.Draft{Key: key, Body: text, Parts: []string{text}, Said: entities.Said{Text: text}})
	}
	first, err := say("k", "what a bother")
	require(t, err)
	p.ruled(t, func(rules *entities.Rules) { rules.Words = []string{"bother"} })
	lines, left := count(t, p.Registry, "lines"), p.left(t)
	_, err = say("", "what a bother")
	wantRefusal(t, err, entities.NotAllowed)
	if n := count(t, p.Registry, "lines"); n != lines || p.left(t) != left {
		t.Errorf("there are %d lines after %d, and room for %+v after %+v", n, lines, p.left(t), left)
	}
	if again, err := say("k", "what a bother"); err != nil || !again.Again || again.Line.ID != first.Line.ID {
		t.Errorf("the same call gives %+v, %v", again, err)
	}
	require(t, errOf(say("", "no trouble at all")))
	rows, err := p.Audits(t.Context(), admin(olivia))
	require(t, err)
	if newest := rows[0]; newest.Outcome != entities.Refused || newest.Reason != "a rule of its owner: a blocked word" {
		t.Errorf("the newest is %+v", newest)
	}
}

// left is how much Ada may say yet.
func (p *play) left(t *testing.T) entities.Limits {
	t.Helper()
	_, homes, err := p.Self(t.Context(), p.ada)
	require(t, err)
	return homes[0].Left
}
