package entities

import (
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// readSetting reads what the instance keeps under a name, and whether there is anything.
func readSetting(db *gorm.DB, name string) (value []byte, known bool, err error) {
	var row setting
	err = db.Take(&row, "name = ?", name).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the setting %q: %w", name, err)
	}
	return row.Value, true, nil
}

// writeSetting keeps a value under a name, in the place of what was there.
func writeSetting(db *gorm.DB, name string, value []byte) error {
	row := setting{Name: name, Value: value}
	if err := db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("save the setting %q: %w", name, err)
	}
	return nil
}

func deleteSettings(db *gorm.DB, names ...string) error {
	if err := db.Delete(&setting{}, "name IN ?", names).Error; err != nil {
		return fmt.Errorf("delete settings: %w", err)
	}
	return nil
}
