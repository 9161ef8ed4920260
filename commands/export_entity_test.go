package commands

import (
	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// Allowance renders an entity's limits.
func Allowance(done string, setup entities.Setup) Shown { return allowance(done, setup).create(0) }

// PaceForm renders the form of /entity limits.
func PaceForm(setup entities.Setup) discord.ModalCreate { return paceForm(setup) }

// Offered are an autocomplete's choices.
func Offered(here []entities.Resident, own []entities.Entity, typed string) []discord.AutocompleteChoice {
	return offered(here, own, typed)
}

// Abilities renders what an entity may do.
func Abilities(done string, setup entities.Setup) Shown { return abilities(done, setup).create(0) }

// Haunts renders an entity's channels; tidy says that those that are gone can be taken out.
func Haunts(done string, setup entities.Setup, tidy bool) Shown {
	return haunts{setup: setup, rooms: setup.Rooms, tidy: tidy}.message(done).create(0)
}

// Moved says what has changed between two sets of rules.
func Moved(before, after []entities.Room) string { return moved(before, after) }
