package entities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// Deny makes the gate refuse everything, with the refusal that it gives.
func (r *Registry) Deny() error {
	refusal := Refuse(NotAllowed, "The gate denies everything.")
	r.judge = func(matter) error { return refusal }
	return refusal
}

// DenyLater lets the gate decide once and then refuse everything, as when somebody's power ends
// while they wait for their turn.
func (r *Registry) DenyLater() error {
	refusal, asked := Refuse(NotAllowed, "The gate denies everything now."), 0
	r.judge = func(m matter) error {
		if asked++; asked > 1 {
			return refusal
		}
		return judge(m)
	}
	return refusal
}

// Pass asks the gate about an act, which is named by its variable.
func (r *Registry) Pass(ctx context.Context, actor Actor, variable string, id ID) error {
	_, err := r.pass(ctx, actor, ActVariables()[variable], id)
	return err
}

// Dump gives all rows of all tables but those of the audit that tell of a refusal.
func (r *Registry) Dump(ctx context.Context) (string, error) {
	db := r.db.reader.WithContext(ctx)
	tables, err := db.Migrator().GetTables()
	if err != nil {
		return "", err
	}
	slices.Sort(tables)
	var all strings.Builder
	for _, table := range tables {
		if strings.HasPrefix(table, "sqlite_") {
			continue
		}
		query := db.Table(table)
		if table == (Audit{}).TableName() {
			query = query.Where("outcome <> ?", Refused)
		}
		var rows []map[string]any
		if err := query.Find(&rows).Error; err != nil {
			return "", err
		}
		lines := make([]string, 0, len(rows))
		for _, row := range rows {
			lines = append(lines, fmt.Sprint(table, row))
		}
		slices.Sort(lines)
		all.WriteString(strings.Join(append(lines, ""), "\n"))
	}
	return all.String(), nil
}

// Memory words what is in memory of the rows.
func (r *Registry) Memory() string {
	s := &r.roster
	s.mu.RLock()
	defer s.mu.RUnlock()
	var b strings.Builder
	stamp := func(t time.Time) int64 { return t.UnixMicro() }
	for _, id := range slices.Sorted(maps.Keys(s.entities)) {
		e := s.entities[id]
		shown := e.Entity
		shown.CreatedAt = time.Time{}
		fmt.Fprintln(&b, id, shown, stamp(e.CreatedAt), rulesOf(e.Filter, e.blocked))
		for _, guild := range e.guilds() {
			in := e.stays[guild]
			shown, until := in.Presence, int64(0)
			if in.Until != nil {
				until = stamp(*in.Until)
			}
			shown.CreatedAt, shown.Until = time.Time{}, nil
			fmt.Fprintln(&b, " ", shown, stamp(in.CreatedAt), until, in.rules, in.capabilities, slices.Sorted(slices.Values(in.words)), in.mark)
		}
	}
	for _, guild := range slices.Sorted(maps.Keys(s.guilds)) {
		row, left := s.guilds[guild], int64(0)
		if row.LeftAt != nil {
			left = stamp(*row.LeftAt)
		}
		decided := stamp(row.DecidedAt)
		row.LeftAt, row.DecidedAt = nil, time.Time{}
		fmt.Fprintln(&b, row, decided, left)
	}
	for _, guild := range slices.Sorted(maps.Keys(s.blocked)) {
		fmt.Fprintln(&b, guild, rulesOf(Filter{}, s.blocked[guild]))
	}
	fmt.Fprintln(&b, s.heard, s.stopped)
	for _, index := range []any{s.present, s.owned} {
		fmt.Fprintln(&b, named(index))
	}
	return b.String() + r.Guarded() + fmt.Sprintln(r.choices.by)
}

// named words an index by the ids in it.
func named(index any) string {
	words := strings.Fields(fmt.Sprint(index))
	for i, word := range words {
		if key, _, ok := strings.Cut(word, ":0x"); ok {
			words[i] = key
		}
	}
	return strings.Join(words, " ")
}

// Afresh words what a registry would have in memory that was opened now.
func (r *Registry) Afresh(ctx context.Context) (string, error) {
	again := &Registry{db: r.db, now: r.now, roster: newRoster(), outbox: newOutbox(), guard: newGuard()}
	if err := again.readRoster(ctx); err != nil {
		return "", err
	}
	if err := again.readGuard(ctx); err != nil {
		return "", err
	}
	if err := again.readChoices(ctx); err != nil {
		return "", err
	}
	return again.Memory(), nil
}

// LogEnd is the last position of the event log, in memory and in the database.
func (r *Registry) LogEnd(ctx context.Context) (memory, rows int64, err error) {
	rows, err = latestSeq(r.db.reader.WithContext(ctx))
	return r.latest.Load(), rows, err
}

// errInjected is what an injected fault answers.
var errInjected = errors.New("the disk is on fire")

// Faults lets statements of a registry fail.
type Faults struct {
	left atomic.Int64
}

// NewFaults hooks into a registry. There can be one.
func NewFaults(r *Registry) (*Faults, error) {
	f := &Faults{}
	for _, db := range []*gorm.DB{r.db.writer, r.db.reader} {
		c := db.Callback()
		for _, err := range []error{
			c.Create().Before("gorm:create").Register("test:fault", f.strike), c.Query().Before("gorm:query").Register("test:fault", f.strike),
			c.Update().Before("gorm:update").Register("test:fault", f.strike), c.Delete().Before("gorm:delete").Register("test:fault", f.strike),
			c.Row().Before("gorm:row").Register("test:fault", f.strike), c.Raw().Before("gorm:raw").Register("test:fault", f.strike),
		} {
			if err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

func (f *Faults) strike(db *gorm.DB) {
	if f.left.Add(-1) == 0 {
		_ = db.AddError(errInjected) // it is the statement's own now
	}
}

// Arm lets the n-th statement from now on fail.
func (f *Faults) Arm(n int) { f.left.Store(int64(n)) }

// Struck ends it, and says whether a statement has failed.
func (f *Faults) Struck() bool { return f.left.Swap(0) <= 0 }

// Injected says whether an error is an injected one.
func Injected(err error) bool { return errors.Is(err, errInjected) }
