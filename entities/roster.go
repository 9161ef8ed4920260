package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// roster is what rights are decided from: all entities with their presences, and the guilds'
// settings, in memory, so that a decision costs no query. It changes only after a commit.
// Entries are replaced as a whole and never changed, so that they can be read without the lock.
type roster struct {
	mu       sync.RWMutex
	entities map[ID]*entry
	present  map[snowflake.ID]map[ID]*entry // by guild
	owned    map[snowflake.ID]map[ID]*entry // by owner
	called   map[calling]map[ID]struct{}    // by the name that they are shown with
	heard    map[snowflake.ID]int           // by channel or category: rules of active presences that name it
	guilds   map[snowflake.ID]GuildRow      // with a decision or settings
	blocked  map[snowflake.ID]*blocklist    // by guilds that block words or patterns
	stopped  bool                           // the operator's kill switch for all
	summons  map[snowflake.ID]*summons      // by guild, as far as they were asked for
	changes  int                            // of entities and their presences
}

// entry is an entity without its persona, which only the entity itself and its owner read.
type entry struct {
	Entity
	stays   map[snowflake.ID]*stay // by guild
	blocked *blocklist             // by its owner; nil for nothing
}

// stay is an entity's presence in one guild with all that belongs to it.
type stay struct {
	Presence
	rules        map[snowflake.ID]grant // by channel or category
	capabilities capabilitySet
	words        []string
	// mark is what is shown behind the name, because another one here has it too.
	mark string
}

// grant is what a channel rule gives, and from which position in the event log on.
type grant struct {
	access Access
	since  int64
}

// active says whether a presence is, at a time.
func (p Presence) active(now time.Time) bool {
	return p.State == PresenceActive || (p.State == PresenceSuspended && p.Until != nil && !now.Before(*p.Until))
}

// copied is a presence of which nothing is the roster's own.
func (p Presence) copied() Presence {
	if p.Until != nil {
		until := *p.Until
		p.Until = &until
	}
	return p
}

func newRoster() roster {
	return roster{
		entities: map[ID]*entry{}, present: map[snowflake.ID]map[ID]*entry{}, owned: map[snowflake.ID]map[ID]*entry{},
		called: map[calling]map[ID]struct{}{},
		heard:  map[snowflake.ID]int{}, guilds: map[snowflake.ID]GuildRow{}, blocked: map[snowflake.ID]*blocklist{},
		summons: map[snowflake.ID]*summons{},
	}
}

// replace puts an entity in the place of what was known of it.
func (s *roster) replace(id ID, next *entry) {
	s.changes++
	if old, ok := s.entities[id]; ok {
		s.count(old, -1)
		for guild := range old.stays {
			delete(s.summons, guild)
			drop(s.present, guild, id)
		}
		drop(s.owned, old.OwnerID, id)
		delete(s.entities, id)
		s.uncall(old)
	}
	if next == nil {
		return
	}
	s.entities[id] = next
	s.count(next, 1)
	for guild := range next.stays {
		delete(s.summons, guild)
		add(s.present, guild, next)
	}
	if next.State != Deleted {
		add(s.owned, next.OwnerID, next)
	}
	s.call(next)
}

// count adds an entity's channel rules to what is listened to, or takes them away. Those of a
// presence that is suspended for a while count: it may be over at any moment.
func (s *roster) count(e *entry, by int) {
	if e.State != Active {
		return
	}
	for _, in := range e.stays {
		if in.State == PresenceRequested || (in.State == PresenceSuspended && in.Until == nil) {
			continue
		}
		for channel := range in.rules {
			if s.heard[channel] += by; s.heard[channel] == 0 {
				delete(s.heard, channel)
			}
		}
	}
}

func add(index map[snowflake.ID]map[ID]*entry, key snowflake.ID, e *entry) {
	if index[key] == nil {
		index[key] = map[ID]*entry{}
	}
	index[key][e.ID] = e
}

func drop(index map[snowflake.ID]map[ID]*entry, key snowflake.ID, id ID) {
	if delete(index[key], id); len(index[key]) == 0 {
		delete(index, key)
	}
}

// entry finds an entity; nil when there is none.
func (s *roster) entry(id ID) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.entities[id]
}

// in lists the entities that have a presence in a guild, by the names that they have there.
func (s *roster) in(guild snowflake.ID) []*entry {
	s.mu.RLock()
	found := make([]*entry, 0, len(s.present[guild]))
	for _, e := range s.present[guild] {
		found = append(found, e)
	}
	s.mu.RUnlock()
	return byName(found, guild)
}

// of lists the entities of an owner, by name.
func (s *roster) of(owner snowflake.ID) []*entry {
	s.mu.RLock()
	found := make([]*entry, 0, len(s.owned[owner]))
	for _, e := range s.owned[owner] {
		found = append(found, e)
	}
	s.mu.RUnlock()
	return byName(found, 0)
}

// all lists every entity that is not deleted, by name.
func (s *roster) all() []*entry {
	s.mu.RLock()
	found := make([]*entry, 0, len(s.entities))
	for _, e := range s.entities {
		if e.State != Deleted {
			found = append(found, e)
		}
	}
	s.mu.RUnlock()
	return byName(found, 0)
}

func byName(found []*entry, guild snowflake.ID) []*entry {
	slices.SortFunc(found, func(a, b *entry) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.nameIn(guild)), strings.ToLower(b.nameIn(guild))), strings.Compare(string(a.ID), string(b.ID)))
	})
	return found
}

// nameIn is the name under which an entity is shown in a guild.
func (e *entry) nameIn(guild snowflake.ID) string {
	if in, ok := e.stays[guild]; ok && in.Name != "" {
		return in.Name
	}
	return e.Name
}

// avatarIn is the hash of the picture that it has in a guild; "" without one.
func (e *entry) avatarIn(guild snowflake.ID) string {
	if in, ok := e.stays[guild]; ok && in.Avatar != "" {
		return in.Avatar
	}
	return e.Avatar
}

// guilds lists the guilds in which an entity has a presence.
func (e *entry) guilds() []snowflake.ID {
	guilds := make([]snowflake.ID, 0, len(e.stays))
	for guild := range e.stays {
		guilds = append(guilds, guild)
	}
	slices.Sort(guilds)
	return guilds
}

func (s *roster) guild(id snowflake.ID) GuildRow {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.guilds[id]
	row.ID = id
	return row
}

// readRoster reads all that there is.
func (r *Registry) readRoster(ctx context.Context) error {
	db := r.db.reader.WithContext(ctx)
	entries, err := readEntries(db, nil)
	if err != nil {
		return err
	}
	var guilds []GuildRow
	if err := db.Find(&guilds).Error; err != nil {
		return fmt.Errorf("read the guilds: %w", err)
	}
	blocked, err := readBlocked(db)
	if err != nil {
		return err
	}
	stopped, err := readSwitch(db)
	if err != nil {
		return err
	}
	r.roster.mu.Lock()
	defer r.roster.mu.Unlock()
	for id, e := range entries {
		r.roster.replace(id, e)
	}
	for _, g := range guilds {
		r.roster.guilds[g.ID] = g
	}
	r.roster.blocked = blocked
	r.roster.stopped = stopped
	return nil
}

// readEntries reads entities with their presences: those named, or all when ids is nil.
func readEntries(db *gorm.DB, ids []ID) (map[ID]*entry, error) {
	some := func(column string) *gorm.DB {
		if ids == nil {
			return db
		}
		return db.Where(map[string]any{column: ids})
	}
	var (
		all       []Entity
		presences []Presence
	)
	if err := some("id").Omit("persona").Find(&all).Error; err != nil {
		return nil, fmt.Errorf("read the entities: %w", err)
	}
	if err := some("entity_id").Find(&presences).Error; err != nil {
		return nil, fmt.Errorf("read the presences: %w", err)
	}
	entries := make(map[ID]*entry, len(all))
	for _, e := range all {
		entries[e.ID] = &entry{Entity: e, stays: map[snowflake.ID]*stay{}}
	}
	for _, p := range presences {
		if e, ok := entries[p.EntityID]; ok {
			e.stays[p.GuildID] = &stay{Presence: p, rules: map[snowflake.ID]grant{}, capabilities: usualCapabilities()}
		}
	}
	if err := fillBlocked(entries, some("entity_id")); err != nil {
		return nil, err
	}
	return entries, fillStays(entries, func() *gorm.DB { return some("entity_id") })
}

// fillStays reads what belongs to presences. These rows are the most by far, so they are read
// one by one, which takes half the time that structs take.
func fillStays(entries map[ID]*entry, some func() *gorm.DB) error {
	var (
		id, word string
		guild    int64
		channel  int64
		since    int64
		allowed  bool
	)
	for _, rows := range []struct {
		what    string
		of      any
		columns []string
		into    []any
		take    func(*stay)
	}{
		{"channel rules", &ChannelRule{}, []string{"channel_id", "access", "since"}, []any{&channel, &word, &since}, func(in *stay) {
			in.rules[snowflake.ID(channel)] = grant{Access(word), since} //nolint:gosec // it was written as an id
		}},
		{"capabilities", &CapabilityRule{}, []string{"capability", "allowed"}, []any{&word, &allowed}, func(in *stay) {
			in.capabilities = in.capabilities.with(CapabilityRule{Capability: Capability(word), Allowed: allowed})
		}},
		{"mention words", &MentionWord{}, []string{"word"}, []any{&word}, func(in *stay) { in.words = append(in.words, word) }},
	} {
		query := some().Model(rows.of).Select(append([]string{"entity_id", "guild_id"}, rows.columns...))
		err := eachRow(query, append([]any{&id, &guild}, rows.into...), func() {
			if e, ok := entries[ID(id)]; ok {
				if in := e.stays[snowflake.ID(guild)]; in != nil { //nolint:gosec // it was written as an id
					rows.take(in)
				}
			}
		})
		if err != nil {
			return fmt.Errorf("read the %s: %w", rows.what, err)
		}
	}
	return nil
}

// eachRow scans one row after the other into the same variables.
func eachRow(query *gorm.DB, into []any, take func()) error {
	rows, err := query.Rows()
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below has what there is to know
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		take()
	}
	return rows.Err()
}
