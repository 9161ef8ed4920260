package entities

import (
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// cast is who is in a database and which keys open it, as every version of the tables tells.
type cast struct {
	people map[ID]person
	keys   map[ID][]string // public ids of the valid ones, by entity
}

type person struct {
	ID         ID
	Name       string
	State      State
	Generation int
}

func readCast(db *gorm.DB) (cast, error) {
	c := cast{people: map[ID]person{}, keys: map[ID][]string{}}
	var people []person
	if err := db.Table("entities").Select("id", "name", "state", "generation").Find(&people).Error; err != nil {
		return c, fmt.Errorf("read the entities: %w", err)
	}
	for _, p := range people {
		c.people[p.ID] = p
	}
	var keys []Credential
	if err := db.Table("credentials").Select("id", "entity_id", "generation").Find(&keys).Error; err != nil {
		return c, fmt.Errorf("read the credentials: %w", err)
	}
	for _, key := range keys {
		if p := c.people[key.EntityID]; c.lives(p.ID) && p.Generation == key.Generation {
			c.keys[p.ID] = append(c.keys[p.ID], key.ID)
		}
	}
	return c, nil
}

func (c cast) lives(id ID) bool {
	p, known := c.people[id]
	return known && p.State != Deleted
}

func (c cast) count() (people, keys int) {
	for id := range c.people {
		if c.lives(id) {
			people++
		}
		keys += len(c.keys[id])
	}
	return people, keys
}

// names gives the names of those for whom is is true, in order.
func (c cast) names(is func(ID) bool) []string {
	var names []string
	for id, p := range c.people {
		if is(id) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// opened says whether an entity has a valid key here that is none there.
func (c cast) opened(id ID, there cast) bool {
	return slices.ContainsFunc(c.keys[id], func(key string) bool { return !slices.Contains(there.keys[id], key) })
}
