package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/disgoorg/snowflake/v2"
)

// roster is what rights are decided from: all entities with their presences and channel
// rules, in memory, so that a decision costs no query. It changes only after a commit.
type roster struct {
	mu       sync.RWMutex
	entities map[ID]*entry
	present  map[snowflake.ID]map[ID]struct{} // by guild
	ruled    map[snowflake.ID]int             // by channel or category: how many rules name it
	admitted map[snowflake.ID]bool            // by guild: what was decided
}

// entry is an entity without its persona, which only the entity itself and its owner read.
type entry struct {
	Entity
	presences map[snowflake.ID]Presence
	rules     map[snowflake.ID]ChannelRule // by channel or category
}

func newRoster() roster {
	return roster{
		entities: map[ID]*entry{}, present: map[snowflake.ID]map[ID]struct{}{},
		ruled: map[snowflake.ID]int{}, admitted: map[snowflake.ID]bool{},
	}
}

func (r *Registry) readRoster(ctx context.Context) error {
	db := r.db.reader.WithContext(ctx)
	var (
		all       []Entity
		presences []Presence
		rules     []ChannelRule
		guilds    []GuildRow
	)
	if err := db.Omit("persona").Find(&all).Error; err != nil {
		return fmt.Errorf("read the entities: %w", err)
	}
	if err := db.Find(&presences).Error; err != nil {
		return fmt.Errorf("read the presences: %w", err)
	}
	if err := db.Find(&rules).Error; err != nil {
		return fmt.Errorf("read the channel rules: %w", err)
	}
	if err := db.Find(&guilds).Error; err != nil {
		return fmt.Errorf("read the guilds: %w", err)
	}
	r.roster.mu.Lock()
	defer r.roster.mu.Unlock()
	for _, e := range all {
		r.roster.putEntity(e)
	}
	for _, p := range presences {
		r.roster.putPresence(p)
	}
	for _, rule := range rules {
		r.roster.putRule(rule)
	}
	for _, g := range guilds {
		r.roster.admitted[g.ID] = g.Admitted
	}
	return nil
}

func (s *roster) putEntity(e Entity) {
	e.Persona = ""
	if known, ok := s.entities[e.ID]; ok {
		known.Entity = e
		return
	}
	s.entities[e.ID] = &entry{Entity: e, presences: map[snowflake.ID]Presence{}, rules: map[snowflake.ID]ChannelRule{}}
}

func (s *roster) putPresence(p Presence) {
	known, ok := s.entities[p.EntityID]
	if !ok {
		return
	}
	known.presences[p.GuildID] = p
	if s.present[p.GuildID] == nil {
		s.present[p.GuildID] = map[ID]struct{}{}
	}
	s.present[p.GuildID][p.EntityID] = struct{}{}
}

func (s *roster) putRule(rule ChannelRule) {
	known, ok := s.entities[rule.EntityID]
	if !ok {
		return
	}
	if _, replaced := known.rules[rule.ChannelID]; !replaced {
		s.ruled[rule.ChannelID]++
	}
	known.rules[rule.ChannelID] = rule
}

// entity finds an entity's row, without its persona.
func (s *roster) entity(id ID) (Entity, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known, ok := s.entities[id]
	if !ok {
		return Entity{}, false
	}
	return known.Entity, true
}

// in lists the entities that are in a guild and not deleted, by name.
func (s *roster) in(guild snowflake.ID) []Entity {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := make([]Entity, 0, len(s.present[guild]))
	for id := range s.present[guild] {
		if e := s.entities[id]; e.State != Deleted {
			found = append(found, e.Entity)
		}
	}
	slices.SortFunc(found, func(a, b Entity) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(string(a.ID), string(b.ID)))
	})
	return found
}

// standing is what one decision needs to know of an entity in a guild.
type standing struct {
	entity   Entity
	presence Presence
	// rule gives the rule that names an id, if one does.
	rule func(snowflake.ID) (ChannelRule, bool)
}

// standing calls decide with an entity's standing in a guild while the roster holds still; it
// does not when the entity is not there.
func (s *roster) standing(id ID, guild snowflake.ID, decide func(standing)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known, ok := s.entities[id]
	if !ok {
		return
	}
	presence, ok := known.presences[guild]
	if !ok {
		return
	}
	decide(standing{entity: known.Entity, presence: presence, rule: func(channel snowflake.ID) (ChannelRule, bool) {
		rule, ok := known.rules[channel]
		return rule, ok && rule.GuildID == guild
	}})
}

// guildsOf lists the guilds in which an entity is.
func (s *roster) guildsOf(id ID) []snowflake.ID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known, ok := s.entities[id]
	if !ok {
		return nil
	}
	guilds := make([]snowflake.ID, 0, len(known.presences))
	for guild := range known.presences {
		guilds = append(guilds, guild)
	}
	slices.Sort(guilds)
	return guilds
}
