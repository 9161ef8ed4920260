package entities

import (
	"context"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// UsualQuota is how many entities a member may have in a guild whose admins let members create
// some and say no number.
const UsualQuota = 1

// MaxQuota is how many entities of one member can be allowed.
const MaxQuota = 25

func (s Settings) quota() int {
	if s.Quota == 0 {
		return UsualQuota
	}
	return s.Quota
}

// Settings are those of the guild where an admin acts.
func (r *Registry) Settings(ctx context.Context, actor Actor) (Settings, error) {
	m, err := r.pass(ctx, actor, actSettings, "")
	return m.settings, err
}

// SetSettings changes the settings of the guild where an admin acts, and gives what they are
// then. change is handed what they are at that moment, so that two admins at once undo nothing
// of each other's; when it returns an error, nothing changes. It must not call the registry.
func (r *Registry) SetSettings(ctx context.Context, actor Actor, change func(*Settings) error) (Settings, error) {
	m, err := r.pass(ctx, actor, actSettings, "")
	if err != nil {
		return Settings{}, err
	}
	var after Settings
	err = r.alterGuild(ctx, m, actor.guild, func(_ *gorm.DB, row *GuildRow) (string, error) {
		before := row.Settings
		after = before
		if err := change(&after); err != nil {
			return "", err
		}
		var err error
		if after, err = r.cleanSettings(actor.guild, before, after); err != nil {
			return "", err
		}
		row.Settings = after
		return strings.Join(changed(before, after), ", "), nil
	})
	if err != nil {
		return Settings{}, err
	}
	return after, nil
}

// changed names what differs, for the audit.
func changed(before, after Settings) []string {
	var names []string
	for _, part := range []struct {
		differs bool
		name    string
	}{
		{before.Stopped != after.Stopped && after.Stopped, "stopped all entities"},
		{before.Stopped != after.Stopped && !after.Stopped, "let entities go on"},
		{before.Creators != after.Creators || before.CreatorRole != after.CreatorRole, "who may create"},
		{before.Quota != after.Quota, "entities per member"},
		{before.Approval != after.Approval, "approval"},
		{before.HouseRules != after.HouseRules, "house rules"},
		{before.Limits != after.Limits, "limits"},
		{before.LogChannel != after.LogChannel, "log channel"},
		{before.Filter != after.Filter, "what may be said"},
		{before.Loop != after.Loop, "loop guard"},
		{before.OpenDM != after.OpenDM, "direct messages to members"},
	} {
		if part.differs {
			names = append(names, part.name)
		}
	}
	return names
}

// cleanSettings says what is wrong with settings. What stays as it was is taken: a role or
// channel that has gone since must not keep the admins from changing something else.
func (r *Registry) cleanSettings(guild snowflake.ID, before, s Settings) (Settings, error) {
	switch s.Creators {
	case AdminsCreate, EveryoneCreate:
		s.CreatorRole = 0
	case RoleCreates:
		_, ok := r.world.RoleName(guild, s.CreatorRole)
		same := before.Creators == RoleCreates && before.CreatorRole == s.CreatorRole
		if !same && (!ok || s.CreatorRole == guild) {
			return s, Refuse(Invalid, "Choose the role whose members may create entities.")
		}
	default:
		return s, Refuse(Invalid, "Entities are created by admins, by a role, or by everyone.")
	}
	if s.Quota < 0 || s.Quota > MaxQuota {
		return s, Refuse(Invalid, "Entities per member: write a number from 1 to %d.", MaxQuota)
	}
	if err := s.Limits.check(); err != nil {
		return s, err
	}
	if err := s.Filter.check(); err != nil {
		return s, err
	}
	if err := s.Loop.check(); err != nil {
		return s, err
	}
	if s.LogChannel != 0 && s.LogChannel != before.LogChannel {
		channel, ok := r.world.Channel(s.LogChannel)
		if !ok || channel.GuildID != guild || !channel.HoldsMessages() {
			return s, Refuse(Invalid, "Choose a channel of this server in which the bot can write.")
		}
	}
	var err error
	s.HouseRules, err = cleanHouseRules(s.HouseRules)
	return s, err
}

// Notice is where the admins of a guild are told something, and what.
type Notice struct {
	Guild   snowflake.ID
	Channel snowflake.ID // 0 when there is no channel in which the bot could tell them
	// Left are the entities whose presence there was suspended because their owner left.
	Left []Entity
	// Gone is an entity that left by itself; without an id when none did.
	Gone Entity
}

// noticeChannel finds where a guild's admins are told: the channel that they chose, else where
// Discord itself tells them.
func (r *Registry) noticeChannel(guild snowflake.ID) snowflake.ID {
	const needed = discord.PermissionViewChannel | discord.PermissionSendMessages
	known, _ := r.world.Guild(guild)
	for _, channel := range []snowflake.ID{r.roster.guild(guild).LogChannel, known.UpdatesChannel, known.SystemChannel} {
		if channel != 0 && r.world.BotPermissions(channel, r.now()).Has(needed) {
			return channel
		}
	}
	return 0
}
