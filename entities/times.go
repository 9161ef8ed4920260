package entities

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"troupe/entities/measure"
)

// Times are how long the database took, since the start.
type Times struct {
	Read  measure.Times // of one question
	Write measure.Times // of one transaction, with the wait for its turn on the disk
}

// Times are how long the database took. They go on changing.
func (r *Registry) Times() *Times { return &r.times }

// askedAt is under which name gorm keeps when a question began.
const askedAt = "troupe:asked"

// timed notes how long each question to a database takes.
func timed(db *gorm.DB, times *measure.Times) error {
	begin := func(tx *gorm.DB) { tx.InstanceSet(askedAt, time.Now()) }
	end := func(tx *gorm.DB) {
		if at, ok := tx.InstanceGet(askedAt); ok {
			if begun, is := at.(time.Time); is {
				times.Since(begun)
			}
		}
	}
	on := db.Callback()
	for _, register := range []func() error{
		func() error { return on.Query().Before("gorm:query").Register("troupe:before_query", begin) },
		func() error { return on.Query().After("gorm:query").Register("troupe:after_query", end) },
		func() error { return on.Row().Before("gorm:row").Register("troupe:before_row", begin) },
		func() error { return on.Row().After("gorm:row").Register("troupe:after_row", end) },
	} {
		if err := register(); err != nil {
			return fmt.Errorf("time the database: %w", err)
		}
	}
	return nil
}
