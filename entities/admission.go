package entities

import (
	"context"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// AdmissionMode is how new servers are met.
type AdmissionMode int

// The ways to meet a new server.
const (
	// AdmitAsk leaves a new server dormant until the operator admits it. One where an
	// operator has Manage Server is admitted.
	AdmitAsk AdmissionMode = iota
	// AdmitAll serves every server.
	AdmitAll
	// AdmitListed serves the listed servers only.
	AdmitListed
)

// Admission is which servers are served. What an operator has decided about a server stands
// over the mode, but for servers that are not listed when only listed ones are served.
type Admission struct {
	Mode   AdmissionMode
	Guilds []snowflake.ID // for AdmitListed
}

func (a Admission) admits(guild GuildRow) bool {
	decided := guild.DecidedBy != ""
	switch a.Mode {
	case AdmitAll:
		return !decided || guild.Admitted
	case AdmitListed:
		return slices.Contains(a.Guilds, guild.ID) && (!decided || guild.Admitted)
	default:
		return decided && guild.Admitted
	}
}

// serves says whether a guild is admitted.
func (r *Registry) serves(guild snowflake.ID) bool {
	return r.admission.admits(r.roster.guild(guild))
}

// dormant says whether a guild waits for an operator's first decision.
func (r *Registry) dormant(guild snowflake.ID) bool {
	return r.admission.Mode == AdmitAsk && r.roster.guild(guild).DecidedBy == ""
}

// Dormant says whether a guild waits for an operator's first decision.
func (r *Registry) Dormant(ctx context.Context, actor Actor, guild snowflake.ID) (bool, error) {
	if _, err := r.pass(ctx, actor, actServers, ""); err != nil {
		return false, err
	}
	return r.dormant(guild), nil
}

// Admit serves a guild from now on. An operator may, and the program itself when it has found
// one who manages the server.
func (r *Registry) Admit(ctx context.Context, actor Actor, guild snowflake.ID) error {
	m, err := r.pass(ctx, actor, actAdmit, "")
	if err != nil {
		return err
	}
	if r.admission.Mode == AdmitListed && !slices.Contains(r.admission.Guilds, guild) {
		return Refuse(Conflict, "Only the servers that are listed in the configuration are served. Whoever runs this bot adds this one to discord.admit.")
	}
	return r.admit(ctx, m, guild)
}

func (r *Registry) admit(ctx context.Context, m matter, guild snowflake.ID) error {
	if r.serves(guild) {
		return nil
	}
	return r.decideOn(ctx, m, guild, true)
}

// Dismiss serves a guild no more: its entities neither hear nor speak there, and its people
// cannot use the commands. What is set there is kept.
func (r *Registry) Dismiss(ctx context.Context, actor Actor, guild snowflake.ID) error {
	m, err := r.pass(ctx, actor, actDismiss, "")
	if err != nil {
		return err
	}
	return r.decideOn(ctx, m, guild, false)
}

func (r *Registry) decideOn(ctx context.Context, m matter, guild snowflake.ID, admitted bool) error {
	return r.alterGuild(ctx, m, guild, func(_ *gorm.DB, row *GuildRow) (string, error) {
		row.Admitted, row.DecidedBy, row.DecidedAt = admitted, m.actor.String(), r.now().UTC()
		return "", nil
	})
}

var errDormant = &Refusal{Reason: NotAllowed, Text: "This server is not served. Whoever runs this bot can admit it: with /operator servers, by having Manage Server here and using any of its commands, or with discord.admit in its configuration."}
