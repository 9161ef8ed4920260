package commands

import (
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Request renders what admins are asked when an entity wants to join.
func Request(e entities.Entity, places []entities.Place) Shown { return request(e, places).create(0) }

// Proposal renders the offer of an entity.
func Proposal(e entities.Entity, to snowflake.ID, ends time.Time) Shown {
	return proposal(e, to, relative(ends)).create(0)
}

// Resumed renders what is said after a pause.
func Resumed(done []string, r entities.Resident, ownerAway bool) string {
	return resumed(done, r, ownerAway)
}

// WaitingCard renders what the owner is shown of a new entity that waits for approval.
func WaitingCard(e entities.Entity, key string, places []entities.Place, ends time.Time) Shown {
	return card{entity: e, key: key, url: "https://troupe.example/mcp/" + string(e.ID), new: true, waits: true, places: places, ends: ends}.shown().create(0)
}
