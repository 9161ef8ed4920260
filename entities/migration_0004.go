package entities

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// What step 0004 added, as it was then.
type (
	fourthEvent struct {
		Seq       int64  `gorm:"primaryKey;autoIncrement;index:idx_events_channel,priority:2"`
		ChannelID int64  `gorm:"not null;index:idx_events_channel,priority:1"`
		MessageID int64  `gorm:"not null;uniqueIndex:idx_events_dm_once,where:kind = 'dm';uniqueIndex:idx_events_reaction_once,priority:1,where:kind = 'reaction';index:idx_events_changes,where:kind = 'edit' OR kind = 'delete'"`
		AuthorID  int64  `gorm:"not null;index:idx_events_author;uniqueIndex:idx_events_reaction_once,priority:2,where:kind = 'reaction'"`
		EntityID  string `gorm:"not null;default:''"`
		Emoji     string `gorm:"not null;default:'';uniqueIndex:idx_events_reaction_once,priority:3,where:kind = 'reaction'"`
		UntilID   int64  `gorm:"not null;default:0"`
	}
	fourthAddress struct {
		EntityID string `gorm:"primaryKey"`
		Seq      int64  `gorm:"primaryKey;autoIncrement:false;index:idx_addresses_seq"`
		Reason   string `gorm:"not null"`
	}
	fourthReadMark struct {
		CredentialID string `gorm:"primaryKey"`
		Scope        int64  `gorm:"primaryKey;autoIncrement:false"`
		GuildID      int64  `gorm:"primaryKey;autoIncrement:false"`
		Position     int64  `gorm:"not null"`
		ChangedFrom  int64  `gorm:"not null;default:0"`
		ChangedUntil int64  `gorm:"not null;default:0"`
	}
	fourthWatermark struct {
		ChannelID int64 `gorm:"primaryKey;autoIncrement:false"`
		GuildID   int64 `gorm:"not null;index:idx_watermarks_guild"`
		MessageID int64 `gorm:"not null"`
	}
	fourthPresence struct {
		RoleID int64 `gorm:"not null;default:0"`
	}
	fourthGuild struct {
		OpenDM bool `gorm:"not null;default:false"`
	}
	fourthPrivacy struct {
		UserID     int64 `gorm:"primaryKey;autoIncrement:false"`
		Hidden     bool  `gorm:"not null"`
		NoDM       bool  `gorm:"not null"`
		NoMentions bool  `gorm:"not null"`
	}
	fourthDM struct {
		UserID    int64  `gorm:"primaryKey;autoIncrement:false"`
		ChannelID int64  `gorm:"not null;uniqueIndex:idx_dms_channel"`
		MessageID int64  `gorm:"not null"`
		PartnerID string `gorm:"not null;default:''"`
		PartnerAt *time.Time
	}
	fourthAcquaintance struct {
		UserID     int64  `gorm:"primaryKey;autoIncrement:false"`
		EntityID   string `gorm:"primaryKey;index:idx_acquaintances_entity"`
		MetAt      *time.Time
		Introduced bool `gorm:"not null"`
		Blocked    bool `gorm:"not null"`
	}
	fourthWaitingDM struct {
		MessageID int64     `gorm:"primaryKey;autoIncrement:false"`
		UserID    int64     `gorm:"not null;index:idx_waiting_dms_user"`
		MenuID    int64     `gorm:"not null"`
		At        time.Time `gorm:"not null"`
	}
)

// addHearing adds what the inbox needs beside the event log, direct messages, and what people
// decided about themselves.
func addHearing(tx *gorm.DB) error {
	for _, added := range []struct {
		table   string
		model   any
		columns []string
		indexes []string
	}{
		{"events", &fourthEvent{}, []string{"EntityID", "Emoji", "UntilID"}, []string{"idx_events_channel", "idx_events_dm_once", "idx_events_reaction_once", "idx_events_changes", "idx_events_author"}},
		{"presences", &fourthPresence{}, []string{"RoleID"}, nil},
		{"guilds", &fourthGuild{}, []string{"OpenDM"}, nil},
	} {
		for _, column := range added.columns {
			if err := tx.Table(added.table).Migrator().AddColumn(added.model, column); err != nil {
				return fmt.Errorf("add %s to table %s: %w", column, added.table, err)
			}
		}
		for _, index := range added.indexes {
			if err := tx.Table(added.table).Migrator().CreateIndex(added.model, index); err != nil {
				return fmt.Errorf("add %s to table %s: %w", index, added.table, err)
			}
		}
	}
	for _, created := range []struct {
		table string
		model any
	}{
		{"addresses", &fourthAddress{}},
		{"read_marks", &fourthReadMark{}},
		{"watermarks", &fourthWatermark{}},
		{"privacies", &fourthPrivacy{}},
		{"dms", &fourthDM{}},
		{"acquaintances", &fourthAcquaintance{}},
		{"waiting_dms", &fourthWaitingDM{}},
	} {
		if err := tx.Table(created.table).Migrator().CreateTable(created.model); err != nil {
			return fmt.Errorf("create table %s: %w", created.table, err)
		}
	}
	return nil
}
