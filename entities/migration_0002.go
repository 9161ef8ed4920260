package entities

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// What step 0002 added, as it was then.
type (
	secondEntity struct {
		Description string `gorm:"not null;default:''"`
		Stopped     bool   `gorm:"not null;default:false"`
	}
	secondPresence struct {
		Cause       string `gorm:"not null;default:''"`
		Until       *time.Time
		Name        string `gorm:"not null;default:''"`
		Avatar      string `gorm:"not null;default:''"`
		LimitMinute int    `gorm:"not null;default:0"`
		LimitHour   int    `gorm:"not null;default:0"`
		LimitDay    int    `gorm:"not null;default:0"`
	}
	secondGuild struct {
		Creators    string `gorm:"not null;default:''"`
		CreatorRole int64  `gorm:"not null;default:0"`
		Quota       int    `gorm:"not null;default:0"`
		Approval    bool   `gorm:"not null;default:false"`
		HouseRules  string `gorm:"not null;default:''"`
		LimitMinute int    `gorm:"not null;default:0"`
		LimitHour   int    `gorm:"not null;default:0"`
		LimitDay    int    `gorm:"not null;default:0"`
		LogChannel  int64  `gorm:"not null;default:0"`
		Stopped     bool   `gorm:"not null;default:false"`
		LeftAt      *time.Time
	}
	secondMentionWord struct {
		EntityID string `gorm:"primaryKey"`
		GuildID  int64  `gorm:"primaryKey;autoIncrement:false"`
		Word     string `gorm:"primaryKey"`
	}
	secondCapabilityRule struct {
		EntityID   string `gorm:"primaryKey"`
		GuildID    int64  `gorm:"primaryKey;autoIncrement:false"`
		Capability string `gorm:"primaryKey"`
		Allowed    bool   `gorm:"not null"`
	}
	secondChannelRule struct {
		Since int64 `gorm:"not null;default:0"`
	}
	secondDeparture struct {
		EntityID    string `gorm:"primaryKey"`
		GuildID     int64  `gorm:"primaryKey;autoIncrement:false"`
		At          time.Time
		NotBefore   *time.Time
		LimitMinute int `gorm:"not null"`
		LimitHour   int `gorm:"not null"`
		LimitDay    int `gorm:"not null"`
	}
	secondTransfer struct {
		EntityID string `gorm:"primaryKey"`
		FromID   int64  `gorm:"not null"`
		ToID     int64  `gorm:"not null"`
		GuildID  int64  `gorm:"not null"`
		At       time.Time
	}
	secondCount struct {
		Day       string `gorm:"primaryKey"`
		EntityID  string `gorm:"primaryKey"`
		GuildID   int64  `gorm:"primaryKey;autoIncrement:false;index:idx_counts_guild_day,priority:1"`
		ChannelID int64  `gorm:"primaryKey;autoIncrement:false"`
		Lines     int    `gorm:"not null"`
	}
	secondOwnership struct {
		EntityID string    `gorm:"index:idx_ownerships_entity_at,priority:1"`
		At       time.Time `gorm:"index:idx_ownerships_entity_at,priority:2"`
	}
	secondAudit struct {
		GuildID int64 `gorm:"index:idx_audit_guild_id"`
	}
)

// addGuildLife adds what entities in several guilds need: settings, limits, capabilities,
// transfers and daily counts.
func addGuildLife(tx *gorm.DB) error {
	for _, added := range []struct {
		table   string
		model   any
		columns []string
	}{
		{"entities", &secondEntity{}, []string{"Description", "Stopped"}},
		{"presences", &secondPresence{}, []string{"Cause", "Until", "Name", "Avatar", "LimitMinute", "LimitHour", "LimitDay"}},
		{"channel_rules", &secondChannelRule{}, []string{"Since"}},
		{"guilds", &secondGuild{}, []string{"Creators", "CreatorRole", "Quota", "Approval", "HouseRules", "LimitMinute", "LimitHour", "LimitDay", "LogChannel", "Stopped", "LeftAt"}},
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
		{"mention_words", &secondMentionWord{}},
		{"capability_rules", &secondCapabilityRule{}},
		{"departures", &secondDeparture{}},
		{"transfers", &secondTransfer{}},
		{"counts", &secondCount{}},
	} {
		if err := tx.Table(created.table).Migrator().CreateTable(created.model); err != nil {
			return fmt.Errorf("create table %s: %w", created.table, err)
		}
	}
	if err := tx.Table("ownerships").Migrator().CreateIndex(&secondOwnership{}, "idx_ownerships_entity_at"); err != nil {
		return fmt.Errorf("index the ownerships: %w", err)
	}
	if err := tx.Table("audit").Migrator().CreateIndex(&secondAudit{}, "idx_audit_guild_id"); err != nil {
		return fmt.Errorf("index the audit: %w", err)
	}
	return nil
}
