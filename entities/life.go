package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Sleep is how long what is set in a guild is kept after the bot was removed from it.
const Sleep = 30 * 24 * time.Hour

// auditLife is how long the audit is kept.
const auditLife = 365 * 24 * time.Hour

// Roll takes the guilds with which the session of a shard (of so many shards) begins. A guild of
// that shard that is not among them has removed the bot meanwhile: it departs as by
// [Registry.Depart]. Discord: a guild's shard is (its id >> 22) % shards.
func (r *Registry) Roll(ctx context.Context, actor Actor, shard, shards int, guilds []snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actKeep, ""); err != nil {
		return err
	}
	for _, guild := range r.roster.awake() {
		if shardOf(guild, shards) != shard || slices.Contains(guilds, guild) {
			continue
		}
		if err := r.Depart(ctx, actor, guild); err != nil {
			return err
		}
	}
	return nil
}

// Depart notes that the bot was removed from a guild, or that it was deleted. Its event log is
// deleted; its entities' presences sleep, and all that is set there is kept for [Sleep].
func (r *Registry) Depart(ctx context.Context, actor Actor, guild snowflake.ID) error {
	m, err := r.pass(ctx, actor, actDepart, "")
	if err != nil {
		return err
	}
	row := r.roster.guild(guild)
	if row.LeftAt != nil || (row == (GuildRow{ID: guild}) && len(r.roster.in(guild)) == 0 && r.roster.blockedIn(guild) == nil) {
		return nil // a stranger who invites and removes the bot leaves no trace
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	err = r.alterGuildLocked(ctx, m, guild, func(tx *gorm.DB, row *GuildRow) (string, error) {
		if err := forgetHeard(tx, guild); err != nil {
			return "", err
		}
		now := r.now().UTC()
		row.LeftAt = &now
		return "", nil
	}, nil)
	if err == nil {
		r.unhear(heardIn(guild))
	}
	return err
}

// Arrive notes that the bot is in a guild: what slept there wakes.
func (r *Registry) Arrive(ctx context.Context, actor Actor, guild snowflake.ID) error {
	m, err := r.pass(ctx, actor, actArrive, "")
	if err != nil {
		return err
	}
	if r.roster.guild(guild).LeftAt == nil {
		return nil
	}
	return r.alterGuild(ctx, m, guild, func(_ *gorm.DB, row *GuildRow) (string, error) {
		row.LeftAt = nil
		return "", nil
	})
}

// OwnerLeft suspends the presences of a person's entities in a guild that they left, until an
// admin there resumes them, and says where its admins are told. With an error comes the notice of
// those that are suspended all the same.
func (r *Registry) OwnerLeft(ctx context.Context, actor Actor, guild, owner snowflake.ID) (Notice, error) {
	m, err := r.pass(ctx, actor, actOwnerLeft, "")
	if err != nil {
		return Notice{}, err
	}
	m.guild = guild
	notice := Notice{Guild: guild, Channel: r.noticeChannel(guild)}
	for _, e := range r.roster.of(owner) {
		err := r.alter(ctx, m, e.ID, func(tx *gorm.DB, _ matter) (string, error) {
			// Again, now that nothing else changes: it may have been given away meanwhile.
			now := r.roster.entry(e.ID)
			in := now.stays[guild]
			if now.OwnerID != owner || in == nil || in.State == PresenceRequested || in.Cause == OwnerLeft {
				return "", errNothingToDo
			}
			columns := map[string]any{"state": PresenceSuspended, "cause": OwnerLeft, "until": nil}
			return "", updatePresence(tx, e.ID, guild, columns)
		})
		switch {
		case err == nil:
			notice.Left = append(notice.Left, e.shownIn(guild))
		case !errors.Is(err, errNothingToDo):
			return notice, err
		}
	}
	return notice, nil
}

var errNothingToDo = errors.New("there is nothing to do")

// Retain deletes what has been kept long enough: what was set in guilds that removed the bot
// more than [Sleep] ago, old events, and old audits, offers and reactions.
func (r *Registry) Retain(ctx context.Context, actor Actor) error {
	m, err := r.pass(ctx, actor, actKeep, "")
	if err != nil {
		return err
	}
	now := r.now().UTC()
	for _, server := range r.asleep(now.Add(-Sleep)) {
		if err := r.forgetGuild(ctx, m, server); err != nil {
			return err
		}
	}
	if err := r.forgetOldEvents(ctx, now.Add(-r.eventLife)); err != nil {
		return err
	}
	r.pace.forget(now)
	r.uses.forget(now)
	r.guard.tidy(now)
	return r.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("at < ?", now.Add(-auditLife)).Delete(&Audit{}).Error; err != nil {
			return fmt.Errorf("forget old audits: %w", err)
		}
		if err := tx.Where("at < ?", now.Add(-OfferLife)).Delete(&Transfer{}).Error; err != nil {
			return fmt.Errorf("forget old offers: %w", err)
		}
		if err := dropLines(tx, "at < ? AND state NOT IN ?", now.Add(-KeyLife), []LineState{LineQueued, LineSending}); err != nil {
			return err
		}
		if err := tx.Where("at < ?", now.Add(-reactionLife)).Delete(&Reaction{}).Error; err != nil {
			return fmt.Errorf("forget old reactions: %w", err)
		}
		if err := tx.Where("at < ?", now.Add(-WaitingLife)).Delete(&WaitingDM{}).Error; err != nil {
			return fmt.Errorf("forget direct messages that nobody chose for: %w", err)
		}
		if err := tx.Exec("DELETE FROM read_marks WHERE credential_id NOT IN (SELECT id FROM credentials)").Error; err != nil {
			return fmt.Errorf("forget the read marks of ended credentials: %w", err)
		}
		if err := forgetOAuth(tx, now); err != nil {
			return err
		}
		return forgetTalks(tx, now)
	}, nil)
}

// awake lists the guilds in which something is set or present, and that the bot has not left as
// far as is known.
func (s *roster) awake() []snowflake.ID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known := map[snowflake.ID]bool{}
	for id, row := range s.guilds {
		known[id] = row.Settings != (Settings{})
	}
	for id := range s.present {
		known[id] = true
	}
	for id := range s.blocked {
		known[id] = true
	}
	var guilds []snowflake.ID
	for id, used := range known {
		if used && s.guilds[id].LeftAt == nil {
			guilds = append(guilds, id)
		}
	}
	return guilds
}

// asleep lists the guilds that removed the bot before a time.
func (r *Registry) asleep(before time.Time) []snowflake.ID {
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	var guilds []snowflake.ID
	for id, row := range r.roster.guilds {
		// What Discord tells of, or has not told of yet, is not gone.
		if _, there := r.world.Guild(id); there || r.world.Pending(id) {
			continue
		}
		if row.LeftAt != nil && row.LeftAt.Before(before) {
			guilds = append(guilds, id)
		}
	}
	return guilds
}

// forgetGuild deletes everything about a guild but the operator's decision.
func (r *Registry) forgetGuild(ctx context.Context, m matter, guild snowflake.ID) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	m.act = actForget
	var (
		ids      []ID
		pictures []string
		next     map[ID]*entry
	)
	for _, e := range r.roster.in(guild) {
		ids, pictures = append(ids, e.ID), append(pictures, e.stays[guild].Avatar)
	}
	err := r.alterGuildLocked(ctx, m, guild, func(tx *gorm.DB, row *GuildRow) (string, error) {
		if err := dropLines(tx, "guild_id = ?", guild); err != nil {
			return "", err
		}
		if err := forgetHeard(tx, guild); err != nil {
			return "", err
		}
		for _, rows := range []any{
			&Presence{}, &ChannelRule{}, &CapabilityRule{}, &MentionWord{}, &Departure{}, &Ownership{}, &Count{},
			&Reaction{}, &FilterTerm{}, &Talk{},
		} {
			if err := tx.Where("guild_id = ?", guild).Delete(rows).Error; err != nil {
				return "", fmt.Errorf("forget a guild: %w", err)
			}
		}
		if err := dropUnusedPictures(tx, pictures...); err != nil {
			return "", err
		}
		*row = GuildRow{ID: guild, Admitted: row.Admitted, DecidedBy: row.DecidedBy, DecidedAt: row.DecidedAt}
		var err error
		next, err = readEntries(tx, ids)
		return "", err
	}, func(s *roster) {
		for _, id := range ids {
			s.replace(id, next[id])
		}
		delete(s.blocked, guild)
	})
	if err == nil {
		r.unhear(heardIn(guild))
		r.guard.leave(guild)
	}
	return err
}

const applicationSetting = "application"

// Adopt notes to which Discord application this database belongs. Another one than before is
// refused unless it is adopted on purpose: with another bot's token, the entities' old lines
// and webhooks are not this bot's.
func (r *Registry) Adopt(ctx context.Context, actor Actor, application snowflake.ID, purpose bool) error {
	m, err := r.pass(ctx, actor, actKeep, "")
	if err != nil {
		return err
	}
	value, _, err := readSetting(r.db.reader.WithContext(ctx), applicationSetting)
	if err != nil {
		return err
	}
	known := string(value)
	if known == application.String() {
		return nil
	}
	if known != "" && !purpose {
		return Refuse(Conflict, "This database belongs to the Discord application %s, and the token is of application %s. "+
			"Use the token that belongs to it, or another database. To go on with the new application on purpose, start once with -adopt-application: "+
			"the entities and their keys stay, but what they said under the old bot can no longer be edited or deleted by them.", known, application)
	}
	return r.change(ctx, func(tx *gorm.DB) error {
		if err := writeSetting(tx, applicationSetting, []byte(application.String())); err != nil {
			return err
		}
		if err := deleteSettings(tx, loginsSetting); err != nil { // they were the other application's
			return err
		}
		return r.audit(tx, actor, m.act, "", 0, "application "+application.String())
	}, nil)
}
