package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Profile is what an entity's owner can change of it.
type Profile struct {
	Entity Entity // its own name, description, persona and picture
	// Here is what replaces them in the guild where the owner acts; nil when it is not there.
	Here *Presence
	// Words are those by which people call it there, besides its name.
	Words []string
}

// Profile gives an entity's owner what there is to change.
func (r *Registry) Profile(ctx context.Context, actor Actor, id ID) (Profile, error) {
	m, err := r.pass(ctx, actor, actEdit, id)
	if err != nil {
		return Profile{}, err
	}
	profile := Profile{}
	if in := m.stay(); in != nil {
		here := in.copied()
		profile.Here, profile.Words = &here, slices.Clone(in.words)
	}
	err = r.db.reader.WithContext(ctx).Take(&profile.Entity, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Profile{}, errNoEntity
	}
	if err != nil {
		return Profile{}, fmt.Errorf("read the entity: %w", err)
	}
	return profile, nil
}

// Changes is what becomes of an entity; what is nil stays as it is.
type Changes struct {
	Name        *string
	Description *string // "" takes it away
	Avatar      *Avatar
	// Words replace all mention words where the owner acts, which takes a presence there.
	Words *[]string
}

// Edit changes an entity everywhere.
func (r *Registry) Edit(ctx context.Context, actor Actor, id ID, c Changes) (Entity, error) {
	m, err := r.pass(ctx, actor, actEdit, id)
	if err != nil {
		return Entity{}, err
	}
	if c.Name != nil && *c.Name == m.entry.Name {
		c.Name = nil // it has it already, whatever is asked of names today
	}
	columns, err := c.columns()
	if err != nil {
		return Entity{}, err
	}
	words, err := c.words()
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) { return "", r.edit(tx, m, c, columns, words) })
	if err != nil {
		return Entity{}, err
	}
	return r.roster.entry(id).shownIn(actor.guild), nil
}

func (r *Registry) edit(tx *gorm.DB, m matter, c Changes, columns map[string]any, words []string) error {
	id := m.entry.ID
	if name, ok := columns["name"].(string); ok {
		if err := r.freeEverywhere(name, m.entry, m.actor.guild); err != nil {
			return err
		}
	}
	if c.Avatar != nil {
		if err := savePicture(tx, *c.Avatar); err != nil {
			return err
		}
	}
	if c.Words != nil {
		if m.stay() == nil {
			return errNotHere(m)
		}
		if err := replaceWords(tx, id, m.actor.guild, words); err != nil {
			return err
		}
	}
	if len(columns) > 0 {
		if err := tx.Model(&Entity{}).Where("id = ?", id).Updates(columns).Error; err != nil {
			return fmt.Errorf("save the entity: %w", err)
		}
	}
	return dropUnusedPictures(tx, m.entry.Avatar)
}

// columns checks the changes and gives them by column.
func (c Changes) columns() (map[string]any, error) {
	columns := map[string]any{}
	for _, text := range []struct {
		column string
		given  *string
		clean  func(string) (string, error)
	}{{"name", c.Name, cleanName}, {"description", c.Description, cleanDescription}} {
		if text.given == nil {
			continue
		}
		clean, err := text.clean(*text.given)
		if err != nil {
			return nil, err
		}
		columns[text.column] = clean
	}
	if c.Avatar != nil {
		columns["avatar"] = c.Avatar.Hash
	}
	return columns, nil
}

func (c Changes) words() ([]string, error) {
	if c.Words == nil {
		return nil, nil
	}
	return cleanWords(*c.Words)
}

// Adornment is what an owner sets for an entity in one guild; what is nil stays as it is.
type Adornment struct {
	Name *string // "" = its own name
	// Avatar replaces its picture; OwnAvatar goes back to its own.
	Avatar    *Avatar
	OwnAvatar bool
	// Words replace all mention words.
	Words *[]string
	// Role is one by whose mention people call it; 0 = none.
	Role *snowflake.ID
}

// EditHere changes how an entity is shown and called in the guild where its owner acts.
func (r *Registry) EditHere(ctx context.Context, actor Actor, id ID, a Adornment) (Entity, error) {
	m, err := r.pass(ctx, actor, actAdorn, id)
	if err != nil {
		return Entity{}, err
	}
	columns := map[string]any{}
	if a.Name != nil && *a.Name != m.stay().Name {
		if columns["name"], err = cleanNickname(*a.Name); err != nil {
			return Entity{}, err
		}
	}
	switch {
	case a.Avatar != nil:
		columns["avatar"] = a.Avatar.Hash
	case a.OwnAvatar:
		columns["avatar"] = ""
	}
	if a.Role != nil {
		if err := r.checkRole(actor.guild, *a.Role); err != nil {
			return Entity{}, err
		}
		columns["role_id"] = *a.Role
	}
	var words []string
	if a.Words != nil {
		if words, err = cleanWords(*a.Words); err != nil {
			return Entity{}, err
		}
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		return "", r.adorn(tx, m, a, columns, words)
	})
	if err != nil {
		return Entity{}, err
	}
	return r.roster.entry(id).shownIn(actor.guild), nil
}

// checkRole refuses roles by which an entity cannot be called. That of a guild's own id is
// everyone's.
func (r *Registry) checkRole(guild, role snowflake.ID) error {
	if role == 0 {
		return nil
	}
	if role == guild {
		return Refuse(Invalid, "Nobody is called by @everyone. Choose a role of its own.")
	}
	if _, known := r.world.RoleName(guild, role); !known {
		return Refuse(NotFound, "This role is not on this server any more. Choose another one.")
	}
	return nil
}

func (r *Registry) adorn(tx *gorm.DB, m matter, a Adornment, columns map[string]any, words []string) error {
	id, guild := m.entry.ID, m.actor.guild
	if name, ok := columns["name"].(string); ok {
		if name == "" {
			name = m.entry.Name
		}
		if name != m.entry.nameIn(guild) {
			if err := r.nameIsFree(name, guild, id); err != nil {
				return err
			}
		}
	}
	if a.Avatar != nil {
		if err := savePicture(tx, *a.Avatar); err != nil {
			return err
		}
	}
	if err := updatePresence(tx, id, guild, columns); err != nil {
		return err
	}
	if a.Words != nil {
		if err := replaceWords(tx, id, guild, words); err != nil {
			return err
		}
	}
	return dropUnusedPictures(tx, m.stay().Avatar)
}

func updatePresence(tx *gorm.DB, id ID, guild snowflake.ID, columns map[string]any) error {
	if len(columns) == 0 {
		return nil
	}
	if err := tx.Model(&Presence{}).Where("entity_id = ? AND guild_id = ?", id, guild).Updates(columns).Error; err != nil {
		return fmt.Errorf("save the presence: %w", err)
	}
	return nil
}

func replaceWords(tx *gorm.DB, id ID, guild snowflake.ID, words []string) error {
	if err := tx.Where("entity_id = ? AND guild_id = ?", id, guild).Delete(&MentionWord{}).Error; err != nil {
		return fmt.Errorf("forget the mention words: %w", err)
	}
	for _, word := range words {
		if err := tx.Create(&MentionWord{EntityID: id, GuildID: guild, Word: word}).Error; err != nil {
			return fmt.Errorf("save a mention word: %w", err)
		}
	}
	return nil
}
