package entities

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// The tables of step 0001, as they were then.
type (
	firstEntity struct {
		ID         string `gorm:"primaryKey"`
		Name       string `gorm:"not null"`
		Persona    string `gorm:"not null"`
		Avatar     string `gorm:"not null"`
		OwnerID    int64  `gorm:"not null;index"`
		State      string `gorm:"not null"`
		Generation int    `gorm:"not null"`
		CreatedAt  time.Time
	}
	firstPresence struct {
		EntityID  string `gorm:"primaryKey"`
		GuildID   int64  `gorm:"primaryKey;autoIncrement:false;index"`
		State     string `gorm:"not null"`
		Since     int64  `gorm:"not null"`
		CreatedAt time.Time
	}
	firstChannelRule struct {
		EntityID  string `gorm:"primaryKey"`
		GuildID   int64  `gorm:"primaryKey;autoIncrement:false"`
		ChannelID int64  `gorm:"primaryKey;autoIncrement:false"`
		Access    string `gorm:"not null"`
	}
	firstCredential struct {
		ID         string `gorm:"primaryKey"`
		EntityID   string `gorm:"not null;index"`
		Hash       []byte `gorm:"not null"`
		Generation int    `gorm:"not null"`
		Read       int64  `gorm:"not null"`
		CreatedAt  time.Time
		LastUsedAt *time.Time
	}
	firstGuild struct {
		ID        int64  `gorm:"primaryKey;autoIncrement:false"`
		Admitted  bool   `gorm:"not null"`
		DecidedBy string `gorm:"not null"`
		DecidedAt time.Time
	}
	firstPicture struct {
		Hash string `gorm:"primaryKey"`
		PNG  []byte `gorm:"not null"`
	}
	firstEvent struct {
		Seq          int64  `gorm:"primaryKey;autoIncrement"`
		Kind         string `gorm:"not null"`
		GuildID      int64  `gorm:"not null"`
		ChannelID    int64  `gorm:"not null;index"`
		MessageID    int64  `gorm:"not null;uniqueIndex:idx_events_message_once,where:kind = 'message'"`
		AuthorID     int64  `gorm:"not null"`
		AuthorEntity string `gorm:"not null"`
		At           time.Time
	}
	firstOwnership struct {
		MessageID int64  `gorm:"primaryKey;autoIncrement:false"`
		EntityID  string `gorm:"not null;index"`
		GuildID   int64  `gorm:"not null"`
		ChannelID int64  `gorm:"not null"`
		At        time.Time
	}
	firstAudit struct {
		ID       int64     `gorm:"primaryKey;autoIncrement"`
		At       time.Time `gorm:"index"`
		Actor    string    `gorm:"not null"`
		Act      string    `gorm:"not null"`
		EntityID string    `gorm:"not null;index"`
		GuildID  int64     `gorm:"not null"`
		Target   string    `gorm:"not null"`
		Outcome  string    `gorm:"not null"`
		Reason   string    `gorm:"not null"`
	}
	firstSetting struct {
		Name  string `gorm:"primaryKey"`
		Value []byte `gorm:"not null"`
	}
)

func createFirstTables(tx *gorm.DB) error {
	for name, table := range map[string]any{
		"entities": &firstEntity{}, "presences": &firstPresence{}, "channel_rules": &firstChannelRule{}, "credentials": &firstCredential{},
		"guilds": &firstGuild{}, "pictures": &firstPicture{}, "events": &firstEvent{}, "ownerships": &firstOwnership{}, "audit": &firstAudit{},
		"settings": &firstSetting{},
	} {
		if err := tx.Table(name).Migrator().CreateTable(table); err != nil {
			return fmt.Errorf("create table %s: %w", name, err)
		}
	}
	return nil
}
