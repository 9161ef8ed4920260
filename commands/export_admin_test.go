package commands

import (
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Regime renders a server's settings.
func Regime(done string, s entities.Settings, rules entities.Rules, stopped entities.Switches, roleGone bool, lacks discord.Permissions, talks ...entities.Talk) Shown {
	return regime{settings: s, rules: rules, talks: talks, stopped: stopped, roleGone: roleGone, lacks: lacks}.message(done).create(0)
}

// Chronicle renders the audit.
func Chronicle(rows []entities.Audit, names map[entities.ID]string) Shown {
	return chronicle(rows, names).create(0)
}

// SettingsForms are those of the house rules and of the limits.
func SettingsForms(rules string, limits entities.Limits) []discord.ModalCreate {
	return []discord.ModalCreate{rulesForm(rules), limitsForm(limits)}
}

// Census renders a page of servers, and Orphanage one of orphans.
func Census(servers []entities.Server, page int, chosen snowflake.ID, done string) Shown {
	return census(servers, page, chosen, done).create(0)
}
func Orphanage(found []entities.Entity, page int) Shown { return orphanage(found, page).create(0) }

// Podium renders the leaderboard over one of the periods that can be chosen.
func Podium(ranks []entities.Rank, n int) Shown { return podium(ranks, periods[n]).create(0) }

// Told is how an entity stands in the choices of the operator.
var Told = told
