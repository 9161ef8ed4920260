package entities

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// What step 0003 added, as it was then.
type (
	thirdEntity struct {
		FilterLinks    string `gorm:"not null;default:''"`
		FilterMentions string `gorm:"not null;default:''"`
		FilterLength   int    `gorm:"not null;default:0"`
	}
	thirdGuild struct {
		FilterLinks    string `gorm:"not null;default:''"`
		FilterMentions string `gorm:"not null;default:''"`
		FilterLength   int    `gorm:"not null;default:0"`
		LoopPair       int    `gorm:"not null;default:0"`
		LoopAlone      int    `gorm:"not null;default:0"`
	}
	thirdLine struct {
		ID        int64     `gorm:"primaryKey;autoIncrement"`
		EntityID  string    `gorm:"not null;uniqueIndex:idx_lines_entity_key,priority:1,where:key IS NOT NULL"`
		GuildID   int64     `gorm:"not null"`
		ChannelID int64     `gorm:"not null"`
		Key       *string   `gorm:"uniqueIndex:idx_lines_entity_key,priority:2,where:key IS NOT NULL"`
		Body      []byte    `gorm:"not null"`
		State     string    `gorm:"not null"`
		At        time.Time `gorm:"not null"`
		Answered  bool      `gorm:"not null"`
		Hash      []byte    `gorm:"not null"`
		MessageID int64     `gorm:"not null"`
	}
	thirdLinePart struct {
		LineID    int64  `gorm:"primaryKey;autoIncrement:false"`
		Part      int    `gorm:"primaryKey;autoIncrement:false"`
		Hash      []byte `gorm:"not null"`
		MessageID int64  `gorm:"not null"`
	}
	thirdReaction struct {
		MessageID int64     `gorm:"primaryKey;autoIncrement:false"`
		EntityID  string    `gorm:"primaryKey"`
		Emoji     string    `gorm:"primaryKey"`
		GuildID   int64     `gorm:"not null;index:idx_reactions_guild"`
		ChannelID int64     `gorm:"not null"`
		At        time.Time `gorm:"not null"`
	}
	thirdFilterTerm struct {
		EntityID string `gorm:"primaryKey"`
		GuildID  int64  `gorm:"primaryKey;autoIncrement:false"`
		Kind     string `gorm:"primaryKey"`
		Term     string `gorm:"primaryKey"`
	}
	thirdTalk struct {
		ChannelID  int64     `gorm:"primaryKey;autoIncrement:false"`
		GuildID    int64     `gorm:"not null;index:idx_talks_guild"`
		Hourly     int       `gorm:"not null"`
		Since      time.Time `gorm:"not null"`
		RestsUntil *time.Time
	}
)

// addSpeaking adds the outbox, what filters and the loop guard need, and whose reactions are.
// Indexes are few: every line pays for them, and lines are kept for a day. What was said is counted
// from them now, so that the ownerships need no order by time.
func addSpeaking(tx *gorm.DB) error {
	for _, added := range []struct {
		table   string
		model   any
		columns []string
	}{
		{"entities", &thirdEntity{}, []string{"FilterLinks", "FilterMentions", "FilterLength"}},
		{"guilds", &thirdGuild{}, []string{"FilterLinks", "FilterMentions", "FilterLength", "LoopPair", "LoopAlone"}},
	} {
		for _, column := range added.columns {
			if err := tx.Table(added.table).Migrator().AddColumn(added.model, column); err != nil {
				return fmt.Errorf("add %s to table %s: %w", column, added.table, err)
			}
		}
	}
	for _, created := range []struct {
		table string
		model any
	}{
		{"lines", &thirdLine{}},
		{"line_parts", &thirdLinePart{}},
		{"reactions", &thirdReaction{}},
		{"filter_terms", &thirdFilterTerm{}},
		{"talks", &thirdTalk{}},
	} {
		if err := tx.Table(created.table).Migrator().CreateTable(created.model); err != nil {
			return fmt.Errorf("create table %s: %w", created.table, err)
		}
	}
	if err := tx.Migrator().DropIndex("ownerships", "idx_ownerships_entity_at"); err != nil {
		return fmt.Errorf("drop an index of the ownerships: %w", err)
	}
	return nil
}
