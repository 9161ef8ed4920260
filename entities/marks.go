package entities

import (
	"context"
	"fmt"
	"maps"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// readMarks are how far a credential's client has read, by scope. They are replaced as a whole and
// never changed.
type readMarks map[Scope]Reading

// of is how far a scope is read as a whole.
func (m readMarks) of(scope Scope) Reading {
	reading := m[ScopeAll]
	if scope != ScopeAll {
		reading = reading.and(m[scope])
	}
	if scope == ScopeDM { // which is a part of what is addressed
		reading = reading.and(m[ScopeAddressed])
	}
	return reading
}

// without are the marks for a client that says itself how far it has read a scope.
func (m readMarks) without(scope Scope) readMarks {
	others := maps.Clone(m)
	delete(others, scope)
	return others
}

// tells says whether a change was told with its message, if that was given at this stage.
func (s Stage) tells(row told) bool {
	return row.said > s.From && row.Event.Seq <= s.Until
}

// tell says whether a change was told with its message wherever that has passed. Which scope gave
// it is not kept: what is read at the same time has one horizon, so that they differ only where one
// of them had passed the message before, and gave it as it was then.
func (m readMarks) tell(row told) bool {
	for _, scope := range scopesOf(row.Event, row.Reason) {
		if stage := m[scope].of(row.Event.GuildID); row.said <= stage.Seq && !stage.tells(row) {
			return false
		}
	}
	return true
}

// given says whether an event was given in any scope that has it.
func (m readMarks) given(e Event, reason AddressReason) bool {
	for _, scope := range scopesOf(e, reason) {
		if e.Seq <= m[scope].of(e.GuildID).Seq {
			return true
		}
	}
	return false
}

// scopesOf lists the scopes that have an event.
func scopesOf(e Event, reason AddressReason) []Scope {
	scopes := append(make([]Scope, 0, 4), ScopeAll, ScopeOf(e.ChannelID))
	if reason != "" {
		scopes = append(scopes, ScopeAddressed)
	}
	if reason == ByDM {
		scopes = append(scopes, ScopeDM)
	}
	return scopes
}

// with are the marks after a scope was read further. Where everything was read, what was read of a
// part says nothing any more.
func (m readMarks) with(scope Scope, reading Reading) readMarks {
	next := maps.Clone(m)
	next[scope] = m[scope].and(reading)
	if all := next[ScopeAll]; scope == ScopeAll && len(all.Behind) == 0 && all.Until == 0 {
		maps.DeleteFunc(next, func(of Scope, part Reading) bool { return of != ScopeAll && part.Seq <= all.Seq })
	}
	return next
}

// readMarksOf reads how far a credential's client has read.
func readMarksOf(db *gorm.DB, credential string) (readMarks, error) {
	var of Credential
	if err := db.Select("read").Take(&of, "id = ?", credential).Error; err != nil {
		return nil, fmt.Errorf("read the read mark: %w", err)
	}
	var rows []ReadMark
	if err := db.Where("credential_id = ?", credential).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the read marks: %w", err)
	}
	marks := marksFrom(rows)
	marks[ScopeAll] = marks[ScopeAll].and(ReadTo(of.Read))
	return marks, nil
}

func marksFrom(rows []ReadMark) readMarks {
	marks := readMarks{}
	for _, behind := range []bool{false, true} { // a guild's stage is one that differs from the scope's
		for _, row := range rows {
			if (row.GuildID != 0) != behind {
				continue
			}
			stage, reading := Stage{Seq: row.Position, From: row.ChangedFrom, Until: row.ChangedUntil}, marks[row.Scope]
			if behind {
				reading.Behind = maps.Clone(reading.Behind)
				if reading.Behind == nil {
					reading.Behind = map[snowflake.ID]Stage{}
				}
				reading.put(row.GuildID, stage)
			} else {
				reading.Stage = stage
			}
			marks[row.Scope] = reading
		}
	}
	return marks
}

// rowsOf words marks as the database has them.
func (m readMarks) rowsOf(credential string) []ReadMark {
	var rows []ReadMark
	for scope, reading := range m {
		row := func(guild snowflake.ID, s Stage) ReadMark {
			return ReadMark{CredentialID: credential, Scope: scope, GuildID: guild, Position: s.Seq, ChangedFrom: s.From, ChangedUntil: s.Until}
		}
		rows = append(rows, row(0, reading.Stage))
		for guild, stage := range reading.Behind {
			rows = append(rows, row(guild, stage))
		}
	}
	return rows
}

// saveMarks writes the scopes of a credential that have changed. By hand, as everything that
// happens with each message.
func saveMarks(tx *gorm.DB, changed map[string]markChange) error {
	var values []any
	count := 0
	for credential, c := range changed {
		for scope, reading := range c.before {
			_, kept := c.after[scope]
			if (!kept || len(reading.Behind) > 0) && !reading.same(c.after[scope]) {
				if err := tx.Exec("DELETE FROM read_marks WHERE credential_id = ? AND scope = ?", credential, scope).Error; err != nil {
					return fmt.Errorf("delete read marks: %w", err)
				}
			}
		}
		fresh := maps.Clone(c.after)
		maps.DeleteFunc(fresh, func(scope Scope, reading Reading) bool {
			before, known := c.before[scope]
			return known && before.same(reading)
		})
		for _, row := range fresh.rowsOf(credential) {
			values = append(values, row.CredentialID, row.Scope, row.GuildID, row.Position, row.ChangedFrom, row.ChangedUntil)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	err := tx.Exec("INSERT INTO read_marks (credential_id, scope, guild_id, position, changed_from, changed_until) VALUES "+rows("(?, ?, ?, ?, ?, ?)", count)+
		" ON CONFLICT (credential_id, scope, guild_id) DO UPDATE SET position = excluded.position, changed_from = excluded.changed_from, changed_until = excluded.changed_until",
		values...).Error
	if err != nil {
		return fmt.Errorf("save the read marks: %w", err)
	}
	return nil
}

// ReadMark is up to where the actor's credential has read a scope as a whole.
func (r *Registry) ReadMark(ctx context.Context, actor Actor, scope Scope) (int64, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return 0, err
	}
	marks, err := r.marksOf(ctx, actor)
	if err != nil {
		return 0, err
	}
	return marks.of(scope).lowest(nil), nil
}

// Latest is the event log's last position.
func (r *Registry) Latest(ctx context.Context, actor Actor) (int64, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return 0, err
	}
	return r.latest.Load(), nil
}
