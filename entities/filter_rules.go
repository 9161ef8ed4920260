package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Rules are all that one level, an entity's owner or a guild's admins, decides about what is
// said.
type Rules struct {
	Filter
	// Words are blocked words and phrases: at most [MaxBlockedWords] of [MaxBlockedWord]
	// characters. Case, accents and look-alike letters do not matter.
	Words []string
	// Patterns are blocked too: regular expressions as Go has them (RE2), at most
	// [MaxBlockedPatterns] of [MaxBlockedPattern] characters.
	Patterns []string
}

func rulesOf(f Filter, l *blocklist) Rules {
	return Rules{Filter: f, Words: l.of(WordTerm), Patterns: l.of(PatternTerm)}
}

func (r Rules) clean() (Rules, error) {
	if err := r.check(); err != nil {
		return r, err
	}
	var err error
	r.Words, r.Patterns, err = cleanBlocked(r.Words, r.Patterns)
	slices.Sort(r.Words)
	slices.Sort(r.Patterns)
	return r, err
}

// terms are the rows that the rules' words and patterns stand in.
func (r Rules) terms(id ID, guild snowflake.ID) []FilterTerm {
	var rows []FilterTerm
	for _, word := range r.Words {
		rows = append(rows, FilterTerm{EntityID: id, GuildID: guild, Kind: WordTerm, Term: word})
	}
	for _, pattern := range r.Patterns {
		rows = append(rows, FilterTerm{EntityID: id, GuildID: guild, Kind: PatternTerm, Term: pattern})
	}
	return rows
}

// changedRules names what differs, for the audit.
func changedRules(before, after Rules) []string {
	var names []string
	for _, part := range []struct {
		differs bool
		name    string
	}{
		{!slices.Equal(before.Words, after.Words), "blocked words"},
		{!slices.Equal(before.Patterns, after.Patterns), "blocked patterns"},
		{before.Links != after.Links, "links"},
		{before.Mentions != after.Mentions, "pings"},
		{before.Length != after.Length, "length"},
	} {
		if part.differs {
			names = append(names, part.name)
		}
	}
	return names
}

// Rules gives an entity's owner its persona, and what they let it say.
func (r *Registry) Rules(ctx context.Context, actor Actor, id ID) (persona string, rules Rules, err error) {
	m, err := r.pass(ctx, actor, actRules, id)
	if err != nil {
		return "", Rules{}, err
	}
	persona, err = readPersona(r.db.reader.WithContext(ctx), id)
	return persona, rulesOf(m.entry.Filter, m.entry.blocked), err
}

func readPersona(db *gorm.DB, id ID) (string, error) {
	var e Entity
	err := db.Select("persona").Take(&e, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", errNoEntity
	}
	if err != nil {
		return "", fmt.Errorf("read the persona: %w", err)
	}
	return e.Persona, nil
}

// SetRules changes an entity's persona and what its owner lets it say. change is handed what
// they are at that moment; when it returns an error, nothing changes. It must not call the
// registry.
func (r *Registry) SetRules(ctx context.Context, actor Actor, id ID, change func(persona *string, rules *Rules) error) error {
	m, err := r.pass(ctx, actor, actRules, id)
	if err != nil {
		return err
	}
	return r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) { return saveRules(tx, m.entry, change) })
}

func saveRules(tx *gorm.DB, e *entry, change func(*string, *Rules) error) (target string, err error) {
	before, err := readPersona(tx, e.ID)
	if err != nil {
		return "", err
	}
	was := rulesOf(e.Filter, e.blocked)
	persona, now := before, rulesOf(e.Filter, e.blocked)
	if err := change(&persona, &now); err != nil {
		return "", err
	}
	if persona, err = cleanPersona(persona); err != nil {
		return "", err
	}
	if now, err = now.clean(); err != nil {
		return "", err
	}
	names := changedRules(was, now)
	if persona != before {
		names = append([]string{"persona"}, names...)
	}
	columns := map[string]any{"persona": persona, "filter_links": now.Links, "filter_mentions": now.Mentions, "filter_length": now.Length}
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Updates(columns).Error; err != nil {
		return "", fmt.Errorf("save the entity: %w", err)
	}
	return strings.Join(names, ", "), replaceTerms(tx, e.ID, 0, now)
}

// ServerRules are what the admins of the guild where an admin acts let entities say there.
func (r *Registry) ServerRules(ctx context.Context, actor Actor) (Rules, error) {
	m, err := r.pass(ctx, actor, actSettings, "")
	if err != nil {
		return Rules{}, err
	}
	return rulesOf(m.settings.Filter, r.roster.blockedIn(actor.guild)), nil
}

// SetServerRules changes what entities may say in the guild where an admin acts, and gives the
// rules that hold then; change is as that of [Registry.SetSettings] is.
func (r *Registry) SetServerRules(ctx context.Context, actor Actor, change func(*Rules) error) (Rules, error) {
	m, err := r.pass(ctx, actor, actSettings, "")
	if err != nil {
		return Rules{}, err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	var after Rules
	err = r.alterGuildLocked(ctx, m, actor.guild, func(tx *gorm.DB, row *GuildRow) (string, error) {
		blocked := r.roster.blockedIn(actor.guild)
		after = rulesOf(row.Filter, blocked)
		if err := change(&after); err != nil {
			return "", err
		}
		var err error
		if after, err = after.clean(); err != nil {
			return "", err
		}
		names := changedRules(rulesOf(row.Filter, blocked), after)
		row.Filter = after.Filter
		return strings.Join(names, ", "), replaceTerms(tx, "", actor.guild, after)
	}, func(s *roster) { s.block(actor.guild, newBlocklist(after.terms("", actor.guild))) })
	if err != nil {
		return Rules{}, err
	}
	return after, nil
}

func replaceTerms(tx *gorm.DB, id ID, guild snowflake.ID, rules Rules) error {
	if err := tx.Where("entity_id = ? AND guild_id = ?", id, guild).Delete(&FilterTerm{}).Error; err != nil {
		return fmt.Errorf("forget what was blocked: %w", err)
	}
	rows := rules.terms(id, guild)
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Create(&rows).Error; err != nil {
		return fmt.Errorf("save what is blocked: %w", err)
	}
	return nil
}

// fillBlocked reads what the entities' owners block.
func fillBlocked(entries map[ID]*entry, some *gorm.DB) error {
	var rows []FilterTerm
	if err := some.Where("guild_id = 0").Find(&rows).Error; err != nil {
		return fmt.Errorf("read what owners block: %w", err)
	}
	terms := map[ID][]FilterTerm{}
	for _, row := range rows {
		terms[row.EntityID] = append(terms[row.EntityID], row)
	}
	for id, e := range entries {
		e.blocked = newBlocklist(terms[id])
	}
	return nil
}

// readBlocked reads what guilds block.
func readBlocked(db *gorm.DB) (map[snowflake.ID]*blocklist, error) {
	var rows []FilterTerm
	if err := db.Where("entity_id = ''").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what servers block: %w", err)
	}
	terms := map[snowflake.ID][]FilterTerm{}
	for _, row := range rows {
		terms[row.GuildID] = append(terms[row.GuildID], row)
	}
	blocked := make(map[snowflake.ID]*blocklist, len(terms))
	for guild, rows := range terms {
		blocked[guild] = newBlocklist(rows)
	}
	return blocked, nil
}

// block puts what a guild blocks in the place of what it blocked.
func (s *roster) block(guild snowflake.ID, l *blocklist) {
	if s.blocked[guild] = l; l == nil {
		delete(s.blocked, guild)
	}
}

// blockedIn is what a guild blocks; nil for nothing.
func (s *roster) blockedIn(guild snowflake.ID) *blocklist {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.blocked[guild]
}

// ruleError is a refusal by a rule. Its audit does not show the rule's own words: an owner's are
// not for a server's admins.
type ruleError struct {
	*Refusal
	audited string
}

func (e *ruleError) Unwrap() error { return e.Refusal }

// reasonOf is what the audit says of a refusal.
func reasonOf(refusal error) string {
	if rule, ok := errors.AsType[*ruleError](refusal); ok {
		return rule.audited
	}
	return refusal.Error()
}

// screen says which rule of its guild or its owner an entity would break with what it wants to
// say. It writes no audit.
func (r *Registry) screen(e *entry, guild snowflake.ID, said Said) error {
	read := &reading{text: said.Text}
	for _, level := range []struct {
		filter
		whose, mend, audited string
	}{
		{filter{r.roster.guild(guild).Filter, r.roster.blockedIn(guild)}, "A rule of this server", "The server's admins can change the rule with /settings filter.", "a rule of the server: "},
		{filter{e.Filter, e.blocked}, "A rule of your owner", "Your owner can change the rule with /entity rules.", "a rule of its owner: "},
	} {
		if b := level.judge(said, read); b != nil {
			return &ruleError{
				Refusal: &Refusal{Reason: NotAllowed, Text: level.whose + " " + b.rule + ". Nothing was sent or changed; say it differently. " + level.mend},
				audited: level.audited + b.kind,
			}
		}
	}
	return nil
}

// Screen says whether the rules of its owner and of its guild let an entity say something: an
// edited line, a thread's name. It is asked with a permit of the entity's own.
func (r *Registry) Screen(ctx context.Context, actor Actor, permit Permit, said Said) error {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return err
	}
	if permit.entity.ID != m.entry.ID {
		return Refuse(NotAllowed, "What may be said follows from a permit of one's own, which this is not.")
	}
	if err := r.screen(m.entry, permit.guild.ID, said); err != nil {
		return r.refused(ctx, actor, act{name: "speak"}, "", permit.guild.ID, err)
	}
	return nil
}
