package entities

import (
	"fmt"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// Actor is who asks. Every method of the registry takes one, and decides from it.
// The zero Actor may do nothing.
type Actor struct {
	kind        actorKind
	user        snowflake.ID
	guild       snowflake.ID
	permissions discord.Permissions
	roles       []snowflake.ID
	entity      ID
	credential  string
	generation  int
	purpose     string
	resource    string
}

type actorKind int

const (
	nobody actorKind = iota
	member
	entity
	system
)

// Member is a person who acts in a guild, with the permissions and roles that Discord says
// they have there (an interaction carries them). Guild is 0 in a direct message.
func Member(user, guild snowflake.ID, permissions discord.Permissions, roles ...snowflake.ID) Actor {
	return Actor{kind: member, user: user, guild: guild, permissions: permissions, roles: roles}
}

// System is the program itself, acting for a purpose: "ingest", "retention".
func System(purpose string) Actor { return Actor{kind: system, purpose: purpose} }

// User is the person who acts, or 0.
func (a Actor) User() snowflake.ID { return a.user }

// Guild is the guild in which a person acts, or 0.
func (a Actor) Guild() snowflake.ID { return a.guild }

// EntityID is the entity that acts, or "".
func (a Actor) EntityID() ID { return a.entity }

// Credential is the public id of the credential with which an entity acts, or "".
func (a Actor) Credential() string { return a.credential }

// Resource is the address for which an OAuth client's token was given, as the client wrote it;
// "" for a key, which is good at all of its entity's.
func (a Actor) Resource() string { return a.resource }

// String names the actor for the audit: "member 123", "entity abc", "system retention".
func (a Actor) String() string {
	switch a.kind {
	case member:
		return fmt.Sprintf("member %d", a.user)
	case entity:
		return "entity " + string(a.entity)
	case system:
		return "system " + a.purpose
	default:
		return "nobody"
	}
}

// manages says whether a person administrates the guild where they act.
func (a Actor) manages() bool { return a.has(discord.PermissionManageGuild) }

// moderates says whether a person looks after the guild where they act, or manages it.
func (a Actor) moderates() bool {
	return a.manages() || a.has(discord.PermissionManageMessages) || a.has(discord.PermissionModerateMembers)
}

func (a Actor) has(p discord.Permissions) bool {
	return a.kind == member && a.guild != 0 && (a.permissions.Has(p) || a.permissions.Has(discord.PermissionAdministrator))
}
