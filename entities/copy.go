package entities

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// rowsAtOnce are how many rows travel in one statement between two engines.
const rowsAtOnce = 100

// table is one table as a SQLite database at the same step describes it: the steps are the one
// list of what there is.
type table struct {
	name    string
	columns []string
	// counted is the column that numbers the rows, or "".
	counted string
}

// tablesOf lists the tables of a SQLite database, but for the list of its steps.
func tablesOf(db *gorm.DB) ([]table, error) {
	var made []struct{ Name, SQL string }
	err := db.Raw("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> ? ORDER BY name", stepsTable).Scan(&made).Error
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	tables := make([]table, 0, len(made))
	for _, m := range made {
		var columns []struct {
			Name string
			PK   int
		}
		if err := db.Raw("SELECT name, pk FROM pragma_table_info(?)", m.Name).Scan(&columns).Error; err != nil {
			return nil, fmt.Errorf("list the columns of %s: %w", m.Name, err)
		}
		t := table{name: m.Name}
		for _, column := range columns {
			t.columns = append(t.columns, column.Name)
			if column.PK == 1 && strings.Contains(strings.ToUpper(m.SQL), "AUTOINCREMENT") {
				t.counted = column.Name
			}
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// copyRows copies a table's rows. Fit changes a value for the other engine.
func copyRows(from, to *gorm.DB, t table, fit func(column string, value any) any) error {
	rows, err := from.Table(t.name).Select(t.columns).Rows()
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	batch := make([]map[string]any, 0, rowsAtOnce)
	for err == nil && rows.Next() {
		var row map[string]any
		if row, err = readRow(rows, t, fit); err != nil {
			break
		}
		if batch = append(batch, row); len(batch) == rowsAtOnce {
			err = writeRows(to, t, batch)
			batch = batch[:0]
		}
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", t.name, err)
	}
	return writeRows(to, t, batch)
}

func readRow(rows *sql.Rows, t table, fit func(string, any) any) (map[string]any, error) {
	values := make([]any, len(t.columns))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	row := make(map[string]any, len(values))
	for i, column := range t.columns {
		row[column] = fit(column, values[i])
	}
	return row, nil
}

func writeRows(to *gorm.DB, t table, rows []map[string]any) error {
	if len(rows) == 0 {
		return nil
	}
	if err := to.Table(t.name).Create(rows).Error; err != nil {
		return fmt.Errorf("write %s: %w", t.name, err)
	}
	return nil
}

// asItIs fits what needs no change: SQLite takes every value that PostgreSQL gives.
func asItIs(_ string, value any) any { return value }

// backup copies all tables in one view of them, to a SQLite file that has taken the same steps.
func (p postgresDatabase) backup(ctx context.Context, steps []step, path string) (err error) {
	db, err := p.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	return db.WithContext(ctx).Transaction(func(from *gorm.DB) error {
		taken, err := stepsTaken(from)
		if err != nil {
			return err
		}
		if len(taken) == 0 {
			return errNothingThere
		}
		if _, err := stepsMissing(steps, taken); err != nil {
			return err
		}
		if err := makeFile(path); err != nil {
			return err
		}
		return sqliteFile{path}.within(ctx, func(to *gorm.DB) error {
			if err := migrate(to, stepsAmong(steps, taken)); err != nil {
				return fmt.Errorf("make the backup's tables: %w", err)
			}
			return to.Transaction(func(to *gorm.DB) error { return fillFile(from, to) })
		})
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// fillFile copies the rows of PostgreSQL to a SQLite file.
func fillFile(from, to *gorm.DB) error {
	tables, err := tablesOf(to)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := copyRows(from, to, t, asItIs); err != nil {
			return err
		}
		if t.counted == "" {
			continue
		}
		// Numbers of rows that are deleted must not be given again.
		var last int64
		if err := from.Raw("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?, ?)), 0)", t.name, t.counted).Scan(&last).Error; err != nil {
			return fmt.Errorf("read the last number of %s: %w", t.name, err)
		}
		if err := to.Exec("DELETE FROM sqlite_sequence WHERE name = ?", t.name).Error; err != nil {
			return fmt.Errorf("set the last number of %s: %w", t.name, err)
		}
		if err := to.Exec("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", t.name, last).Error; err != nil {
			return fmt.Errorf("set the last number of %s: %w", t.name, err)
		}
	}
	return nil
}

// fillPostgres replaces the rows of PostgreSQL by those of a SQLite file that has taken all
// steps.
func fillPostgres(from, to *gorm.DB) error {
	tables, err := tablesOf(from)
	if err != nil {
		return err
	}
	truths, err := booleans(to)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := to.Exec("TRUNCATE TABLE " + to.Statement.Quote(t.name)).Error; err != nil {
			return fmt.Errorf("empty %s: %w", t.name, err)
		}
		err := copyRows(from, to, t, func(column string, value any) any {
			if number, ok := value.(int64); ok && truths[t.name+"."+column] {
				return number != 0
			}
			return value
		})
		if err != nil {
			return err
		}
		if t.counted == "" {
			continue
		}
		var last int64
		if err := from.Raw("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", t.name).Scan(&last).Error; err != nil {
			return fmt.Errorf("read the last number of %s: %w", t.name, err)
		}
		// A sequence begins at 1, and counts on from there when it was not called yet.
		if err := to.Exec("SELECT setval(pg_get_serial_sequence(?, ?), ?, ?)", t.name, t.counted, max(last, 1), last > 0).Error; err != nil {
			return fmt.Errorf("set the last number of %s: %w", t.name, err)
		}
	}
	return nil
}

// booleans are the columns that PostgreSQL takes only true and false for: SQLite has 1 and 0.
func booleans(db *gorm.DB) (map[string]bool, error) {
	var names []string
	err := db.Raw("SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'boolean'").Scan(&names).Error
	if err != nil {
		return nil, fmt.Errorf("list the columns: %w", err)
	}
	found := make(map[string]bool, len(names))
	for _, name := range names {
		found[name] = true
	}
	return found, nil
}
