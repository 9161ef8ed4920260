package entities

import (
	"math"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// whileTimedOut is what a timeout leaves of a member's permissions.
// Discord: topics/permissions, "Permissions for Timed Out Members".
const whileTimedOut = discord.PermissionViewChannel | discord.PermissionReadMessageHistory

// everything is every permission there is or will be; disgo's PermissionsAll lists those that
// it knows.
const everything discord.Permissions = math.MaxInt64

// Permissions computes what a member may do, by Discord's documented algorithm
// (topics/permissions, "Permission Overwrites"): the guild's owner and administrators may do
// everything; else @everyone and the member's roles give the base, on which the channel's
// overwrites for @everyone, then all roles together, then the member are laid. Without View
// Channel nothing remains. Overwrites are the channel's; a thread has those of its parent.
// Roles that the guild does not have count for nothing: a role that is deleted goes without a
// word about its members, or about the overwrites that name it.
func Permissions(guild Guild, roles map[snowflake.ID]Role, m Membership, overwrites []Overwrite, now time.Time) discord.Permissions {
	base, all := basePermissions(guild, roles, m)
	if all {
		return everything
	}
	permissions := overwritten(base, guild.ID, roles, m, overwrites)
	if m.TimeoutUntil.After(now) {
		permissions &= whileTimedOut
	}
	if !permissions.Has(discord.PermissionViewChannel) {
		return discord.PermissionsNone
	}
	return permissions
}

// basePermissions is what the roles alone give, and whether that is everything everywhere.
func basePermissions(guild Guild, roles map[snowflake.ID]Role, m Membership) (discord.Permissions, bool) {
	if m.UserID == guild.OwnerID {
		return everything, true
	}
	base := roles[guild.ID].Permissions
	for _, id := range m.Roles {
		base |= roles[id].Permissions
	}
	return base, base.Has(discord.PermissionAdministrator)
}

func overwritten(permissions discord.Permissions, everyone snowflake.ID, roles map[snowflake.ID]Role, m Membership, overwrites []Overwrite) discord.Permissions {
	var roleAllow, roleDeny, memberAllow, memberDeny discord.Permissions
	for _, o := range overwrites {
		_, exists := roles[o.ID]
		switch {
		case o.Member && o.ID == m.UserID:
			memberAllow, memberDeny = o.Allow, o.Deny
		case !o.Member && o.ID == everyone:
			permissions = permissions&^o.Deny | o.Allow
		case !o.Member && exists && slices.Contains(m.Roles, o.ID):
			roleAllow |= o.Allow
			roleDeny |= o.Deny
		}
	}
	permissions = permissions&^roleDeny | roleAllow
	return permissions&^memberDeny | memberAllow
}

// Manages says whether a member whose roles are given has Manage Server in a guild, by roles
// alone.
func (w *World) Manages(guild snowflake.ID, m Membership) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return false
	}
	base, all := basePermissions(facts.Guild, facts.roles, m)
	return all || base.Has(discord.PermissionManageGuild)
}
