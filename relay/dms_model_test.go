package relay_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// dmModel is one person, two entities, and who may know what was written in their one channel.
type dmModel struct {
	*stage
	rand    *rand.Rand
	channel sandbox.ID
	names   [2]string
	ids     [2]entities.ID
	actors  [2]entities.Actor

	partner int // -1 for none
	met     [2]bool
	blocked [2]bool
	paused  [2]bool
	gone    [2]bool

	said    int
	canary  map[string]int // who may read a text: 0, 1, or -1 for nobody
	waiting []string
	texts   map[sandbox.ID]string // of mia's messages and the entities' lines
	mine    map[sandbox.ID]bool   // mia's
	lines   [2][]sandbox.ID
}

func newDMModel(t *testing.T, seed uint64) *dmModel {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	m := &dmModel{
		stage: s, rand: rand.New(rand.NewPCG(seed, 7)), channel: s.disc.DM(s.mia), names: [2]string{"Ada", "Bob"}, partner: -1,
		canary: map[string]int{}, texts: map[sandbox.ID]string{}, mine: map[sandbox.ID]bool{},
	}
	for i, name := range m.names {
		made, actor := s.entity(name, nil, s.general)
		m.ids[i], m.actors[i] = made.Entity.ID, actor
		s.grant(made.Entity.ID, entities.Capabilities()...)
	}
	return m
}

func (m *dmModel) listens(i int) bool { return i >= 0 && !m.blocked[i] && !m.paused[i] && !m.gone[i] }

// only is the one entity that mia knows, as the routing counts them.
func (m *dmModel) only() int {
	found := -1
	for i := range m.names {
		if m.met[i] && !m.blocked[i] && !m.gone[i] {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// write has mia write, answering a line of somebody's at times.
func (m *dmModel) write() {
	m.t.Helper()
	text := fmt.Sprintf("canary-%04d", m.said)
	m.said++
	to := m.partner
	if to < 0 {
		to = m.only()
	}
	var options []sandbox.SayOption
	if by := m.rand.IntN(4); by < 2 && len(m.lines[by]) > 0 {
		line := m.lines[by][m.rand.IntN(len(m.lines[by]))]
		options, to = append(options, sandbox.ReplyTo(line)), by
	}
	id := must(m.disc.Say(m.mia, m.channel, text, options...))(m.t).ID
	m.texts[id], m.mine[id] = text, true
	if m.listens(to) {
		m.canary[text], m.partner, m.met[to] = to, to, true
	} else {
		m.canary[text] = -1
		m.waiting = append(m.waiting, text)
	}
	m.until("it is routed", func() bool {
		marks, err := m.reg.DMMarks(m.t.Context(), entities.System("test"), snowflake.ID(m.mia))
		return err == nil && len(marks) == 1 && marks[0].After >= snowflake.ID(id)
	})
}

func (m *dmModel) talk() {
	m.t.Helper()
	i := m.rand.IntN(2)
	talk, err := m.relay.Talk(m.t.Context(), m.mias(), m.ids[i])
	if !m.listens(i) {
		if _, refused := entities.AsRefusal(err); !refused {
			m.t.Fatalf("she may choose %s: %v", m.names[i], err)
		}
		return
	}
	if err != nil || talk.Waited != len(m.waiting) || talk.With.ID != m.ids[i] {
		m.t.Fatalf("%d of %d went to %s: %v", talk.Waited, len(m.waiting), m.names[i], err)
	}
	for _, text := range m.waiting {
		m.canary[text] = i
	}
	m.waiting, m.partner, m.met[i] = nil, i, true
}

// speak has an entity write to mia. Its line is a canary too.
func (m *dmModel) speak() {
	m.t.Helper()
	i := m.rand.IntN(2)
	text := fmt.Sprintf("canary-%04d", m.said)
	sent, err := m.relay.SendDM(m.t.Context(), m.actors[i], relay.DMLine{User: snowflake.ID(m.mia), Content: text})
	if may := m.met[i] && m.listens(i); may != (err == nil) {
		m.t.Fatalf("%s may write %v: %v", m.names[i], may, err)
	}
	if err == nil {
		m.said++
		m.canary[text] = i
		for _, id := range sent.MessageIDs {
			m.lines[i] = append(m.lines[i], sandbox.ID(id))
			m.texts[sandbox.ID(id)] = text
		}
	}
}

func (m *dmModel) block() {
	m.t.Helper()
	i := m.rand.IntN(2)
	if m.gone[i] {
		return
	}
	m.blocked[i] = !m.blocked[i]
	m.ok(m.reg.Block(m.t.Context(), entities.Member(snowflake.ID(m.mia), 0, 0), m.ids[i], m.blocked[i]))
	if m.blocked[i] && m.partner == i {
		m.partner = -1
	}
}

func (m *dmModel) pause() {
	m.t.Helper()
	i := m.rand.IntN(2)
	if m.gone[i] {
		return
	}
	var err error
	if m.paused[i] = !m.paused[i]; m.paused[i] {
		_, err = m.reg.Pause(m.t.Context(), m.admin(), m.ids[i])
	} else {
		_, err = m.reg.Resume(m.t.Context(), m.admin(), m.ids[i])
	}
	m.ok(err)
}

// change has mia edit, take back or react to what stands there.
func (m *dmModel) change() {
	m.t.Helper()
	if len(m.texts) == 0 {
		return
	}
	ids := make([]sandbox.ID, 0, len(m.texts))
	for id := range m.texts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := ids[m.rand.IntN(len(ids))]
	text := m.texts[id]
	switch what := m.rand.IntN(3); {
	case what == 0 && m.mine[id]:
		m.ok(m.disc.EditMessage(m.mia, m.channel, id, text+" edited"))
	case what == 1 && m.mine[id] && !slices.Contains(m.waiting, text):
		m.ok(m.disc.DeleteMessages(m.mia, m.channel, id))
		delete(m.texts, id)
	case what == 2:
		m.ok(m.disc.React(m.mia, m.channel, id, "👀"))
	}
}

// forget has mia erase her rows.
func (m *dmModel) forget() {
	m.t.Helper()
	m.ok(m.reg.Erase(m.t.Context(), m.mias()))
	m.partner, m.met, m.waiting = -1, [2]bool{}, nil
}

func (m *dmModel) end() {
	m.t.Helper()
	if i := m.rand.IntN(8); i < 2 && !m.gone[i] {
		_, err := m.reg.Delete(m.t.Context(), entities.Member(snowflake.ID(m.olivia), snowflake.ID(m.guild), 0), m.ids[i])
		m.ok(err)
		m.gone[i] = true
	}
}

// Whatever a person does, neither of two entities is given a word of what was for the other or for
// none, and none learns that the other is there.
func TestTwoEntitiesNeverShareAPerson(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newDMModel(t, seed)
			erased := false
			for step := range 45 {
				switch m.rand.IntN(14) {
				case 0, 1, 2, 3:
					m.write()
				case 4, 5:
					m.talk()
				case 6, 7, 8:
					m.speak()
				case 9:
					m.block()
				case 10:
					m.pause()
				case 11:
					m.change()
				case 12:
					if step > 30 {
						m.forget()
						erased = true
					}
				case 13:
					if step > 35 {
						m.end()
					}
				}
				if step%5 == 4 {
					m.check()
				}
			}
			m.check()
			if !erased {
				m.delivered()
			}
		})
	}
}
