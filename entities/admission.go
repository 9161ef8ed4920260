package entities

import (
	"context"
	"fmt"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
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

// Admission is which servers are served.
type Admission struct {
	Mode   AdmissionMode
	Guilds []snowflake.ID // for AdmitListed
}

// admits says whether a guild is served.
func (r *Registry) admits(guild snowflake.ID) bool {
	switch r.admission.Mode {
	case AdmitAll:
		return true
	case AdmitListed:
		return slices.Contains(r.admission.Guilds, guild)
	default:
		r.roster.mu.RLock()
		defer r.roster.mu.RUnlock()
		return r.roster.admitted[guild]
	}
}

// Dormant says whether a guild waits for an operator: it is not served, and admitting it
// would change that.
func (r *Registry) Dormant(guild snowflake.ID) bool {
	return r.admission.Mode == AdmitAsk && !r.admits(guild)
}

// Admit serves a guild from now on. An operator who has Manage Server there may, and the
// program itself when it has found such an operator.
func (r *Registry) Admit(ctx context.Context, actor Actor, guild snowflake.ID) error {
	allowed := actor.kind == system || (r.operates(actor) && actor.guild == guild && actor.manages())
	if !allowed {
		return r.refused(ctx, actor, "admit", "", guild, errDormant)
	}
	if r.admission.Mode != AdmitAsk || r.admits(guild) {
		return nil
	}
	row := GuildRow{ID: guild, Admitted: true, DecidedBy: actor.String(), DecidedAt: r.now().UTC()}
	err := r.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("save the guild's admission: %w", err)
		}
		return r.audit(tx, actor, "admit", "", guild, "")
	}, func(s *roster) { s.admitted[guild] = true })
	return err
}

var errDormant = &Refusal{Reason: NotAllowed, Text: "This server is not served yet. Whoever runs this bot can admit it: by having Manage Server here and using any of its commands, or with discord.admit in its configuration."}

// operates says whether a person runs this instance.
func (r *Registry) operates(a Actor) bool {
	return a.kind == member && slices.Contains(r.Operators(), a.user)
}

// enter lets a person act in a guild: the bot must be there and the guild served. An operator
// with Manage Server admits a dormant guild by acting in it.
func (r *Registry) enter(ctx context.Context, a Actor) error {
	if a.kind != member {
		return Refuse(NotAllowed, "Only a person on a server can do this. Use the bot's commands in Discord.")
	}
	if a.guild == 0 {
		return Refuse(NotAllowed, "This works on a server only. Use it in one of the server's channels.")
	}
	if r.admits(a.guild) {
		return nil
	}
	if !r.operates(a) || !a.manages() {
		return errDormant
	}
	return r.Admit(ctx, a, a.guild)
}
