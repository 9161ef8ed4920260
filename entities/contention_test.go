package entities_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"troupe/entities"
)

// TestContention has 16 writers read and then write in transactions, with 2,000 reads a second
// beside them and a backup. Nobody may be told that the database is busy, and no write may be
// lost. TEST_FULL=1 makes it 1,000 rounds a writer.
func TestContention(t *testing.T) {
	const writers, lookers = 16, 4
	rounds := 50
	if full {
		rounds = 1000
	}
	path := t.TempDir() + "/troupe.db"
	reg := open(t, path, newWorld())
	var ids [writers]entities.ID
	for w := range ids {
		made, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: fmt.Sprintf("E %d", w), Channels: chosen(general)})
		if err != nil {
			t.Fatal(err)
		}
		ids[w] = made.Entity.ID
	}
	ctx, stop := context.WithCancel(t.Context())
	var beside, writing sync.WaitGroup
	for range lookers {
		beside.Go(func() {
			again := time.NewTicker(2 * time.Millisecond)
			defer again.Stop()
			for {
				select {
				case <-again.C:
				case <-ctx.Done():
					return
				}
				var sum int64
				if err := reg.Reader().Model(&entities.Entity{}).Select("sum(generation)").Scan(&sum).Error; err != nil {
					t.Errorf("a reader: %v", err)
				}
			}
		})
	}
	took := make([][]time.Duration, writers)
	for w := range writers {
		writing.Go(func() {
			for n := range rounds {
				begin := time.Now()
				if err := bump(t.Context(), reg, ids[(w+n)%writers]); err != nil {
					t.Errorf("a writer: %v", err)
				}
				took[w] = append(took[w], time.Since(begin))
			}
		})
	}
	backUp(t, path)
	writing.Wait()
	stop()
	beside.Wait()
	var sum int
	if err := reg.Reader().Model(&entities.Entity{}).Select("sum(generation)").Scan(&sum).Error; err != nil || sum != writers*(rounds+1) {
		t.Errorf("%d of %d writes are there, %v", sum-writers, writers*rounds, err)
	}
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	t.Logf("%s: %d writers × %d transactions: p50 %s, p99 %s, longest %s", on.Name, writers, rounds, all[len(all)/2], all[len(all)*99/100], all[len(all)-1])
}

// bump reads and then writes what it read.
func bump(ctx context.Context, reg *entities.Registry, id entities.ID) error {
	return reg.Change(ctx, func(tx *gorm.DB) error {
		var e entities.Entity
		if err := tx.Take(&e, "id = ?", id).Error; err != nil {
			return err
		}
		return tx.Model(&entities.Entity{}).Where("id = ?", id).Update("generation", e.Generation+1).Error
	})
}
