package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
)

// rows WHO N waits until so many events in the database's file are of somebody.
func (s *stage) rows(ctx context.Context, args []string) error {
	user, _, _, err := s.person(args[0])
	if err != nil {
		return err
	}
	want, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return within(ctx, func() error {
		db, err := sql.Open("sqlite", filepath.Join(s.folder, "troupe.db"))
		if err != nil {
			return err
		}
		var n int
		err = db.QueryRowContext(ctx, "SELECT count(*) FROM events WHERE author_id = CAST(? AS INTEGER)", user.String()).Scan(&n)
		if err = errors.Join(err, db.Close()); err == nil && n != want {
			err = fmt.Errorf("%d rows are of %s", n, args[0])
		}
		return err
	})
}
