package entities

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities/lookalike"
)

// calling is a name as people in a guild see it.
type calling struct {
	guild snowflake.ID
	sight string
}

// markLength is how much of its id tells an entity from its namesakes.
const markLength = 4

// shownAs is the name that stands above an entity's messages in a guild. Databases of older
// versions have entities of one name there, whose messages Discord would show as one
// speaker's: all but the first of them have a part of their id behind it, which stays theirs
// whoever comes and goes.
func (e *entry) shownAs(guild snowflake.ID) string {
	name := e.nameIn(guild)
	in, ok := e.stays[guild]
	if !ok || in.mark == "" {
		return name
	}
	for utf8.RuneCountInString(name)+utf8.RuneCountInString(in.mark) > MaxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.TrimSpace(name) + in.mark
}

// call notes under which names an entity is shown, and tells it from its namesakes.
func (s *roster) call(e *entry) {
	for guild := range e.stays {
		key := calling{guild, lookalike.Sight(e.nameIn(guild))}
		if s.called[key] == nil {
			s.called[key] = map[ID]struct{}{}
		}
		s.called[key][e.ID] = struct{}{}
		s.tellApart(key)
	}
}

// uncall undoes call for an entity that is no longer in the roster, or not as it was.
func (s *roster) uncall(e *entry) {
	for guild := range e.stays {
		key := calling{guild, lookalike.Sight(e.nameIn(guild))}
		if delete(s.called[key], e.ID); len(s.called[key]) == 0 {
			delete(s.called, key)
		} else {
			s.tellApart(key)
		}
	}
}

// tellApart marks all that are shown under one name, but for the one that was there first.
func (s *roster) tellApart(key calling) {
	alike := make([]*entry, 0, len(s.called[key]))
	for id := range s.called[key] {
		alike = append(alike, s.entities[id])
	}
	slices.SortFunc(alike, func(a, b *entry) int {
		return cmp.Or(a.stays[key.guild].CreatedAt.Compare(b.stays[key.guild].CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	for i, e := range alike {
		mark := ""
		if i > 0 {
			mark = " (" + string(e.ID[:min(len(e.ID), markLength)]) + ")"
		}
		s.mark(e, key.guild, mark)
	}
}

// mark replaces an entity by one that is marked in a guild.
func (s *roster) mark(e *entry, guild snowflake.ID, mark string) {
	if e.stays[guild].mark == mark {
		return
	}
	marked, in := *e, *e.stays[guild]
	in.mark = mark
	marked.stays = maps.Clone(e.stays)
	marked.stays[guild] = &in
	s.entities[e.ID] = &marked
	for of := range marked.stays {
		s.present[of][e.ID] = &marked
	}
	if marked.State != Deleted {
		s.owned[marked.OwnerID][e.ID] = &marked
	}
}
