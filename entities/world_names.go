package entities

import (
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities/lookalike"
)

// mostStaff bounds how many people's names are remembered of a guild.
const mostStaff = 200

// staffed are the powers of people whose name makes others obey.
const staffed = discord.PermissionAdministrator | discord.PermissionManageGuild | discord.PermissionManageRoles | discord.PermissionManageChannels |
	discord.PermissionManageMessages | discord.PermissionModerateMembers | discord.PermissionKickMembers | discord.PermissionBanMembers

// figure is somebody of a guild under the names by which people there know them.
type figure struct {
	Membership
	names []string
}

// bearer is whose name nobody else is to look like.
type bearer struct {
	name  string
	whose string // "the name of a role of"
}

// Names are those by which people know a member: the username, and what is shown in its place.
func Names(user discord.User, nick *string) []string {
	names := []string{user.Username}
	if user.GlobalName != nil {
		names = append(names, *user.GlobalName)
	}
	if nick != nil {
		names = append(names, *nick)
	}
	return names
}

// SetApplication says what the bot's application is called.
func (w *World) SetApplication(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.application = name
}

// Notice takes the names that Discord tells of a member by the way, and keeps them when the
// member runs or moderates the guild, or is the bot. Of others nothing is kept. Who was
// noticed first is forgotten first when there are too many.
func (w *World) Notice(guild snowflake.ID, m Membership, names ...string) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
	if !w.news(guild, m, names) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return
	}
	facts.staff = slices.DeleteFunc(facts.staff, func(p figure) bool { return p.UserID == m.UserID })
	if !w.runs(facts, m) || len(names) == 0 {
		return
	}
	if len(facts.staff) >= mostStaff {
		facts.staff = facts.staff[1:]
	}
	facts.staff = append(facts.staff, figure{Membership: m, names: names})
}

// Overlook forgets the names of somebody who left a guild.
func (w *World) Overlook(guild, user snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if facts, ok := w.guilds[guild]; ok {
		facts.staff = slices.DeleteFunc(facts.staff, func(p figure) bool { return p.UserID == user })
	}
}

// news says whether what was told of a member changes what is kept. Mostly it does not, and
// nobody has to wait.
func (w *World) news(guild snowflake.ID, m Membership, names []string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	facts, ok := w.guilds[guild]
	if !ok {
		return false
	}
	i := slices.IndexFunc(facts.staff, func(p figure) bool { return p.UserID == m.UserID })
	if i < 0 {
		return w.runs(facts, m)
	}
	known := facts.staff[i]
	return !slices.Equal(known.names, names) || !slices.Equal(known.Roles, m.Roles) || !w.runs(facts, m)
}

// runs says whether a member is the bot, or somebody who may do more than everybody in a guild.
func (w *World) runs(facts *guildFacts, m Membership) bool {
	if m.UserID == w.bot {
		return true
	}
	base, all := basePermissions(facts.Guild, facts.roles, m)
	return all || base&staffed&^facts.roles[facts.ID].Permissions != 0
}

// Taken says whether a name looks like the bot's in a guild, a role's, or that of somebody
// who looks after it.
func (w *World) Taken(guild snowflake.ID, name string) bool {
	_, taken := w.bearer(guild, lookalike.ShapeOf(name))
	return taken
}

func (w *World) bearer(guild snowflake.ID, shape lookalike.Shape) (bearer, bool) {
	for _, b := range w.bearers(guild) {
		if shape.Like(lookalike.ShapeOf(b.name)) {
			return b, true
		}
	}
	return bearer{}, false
}

// bearers lists whose names are known in a guild: the bot's, its roles' and those of the
// people who run it.
func (w *World) bearers(guild snowflake.ID) []bearer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []bearer
	for _, name := range append([]string{w.application}, w.names...) {
		all = append(all, bearer{name, "the name of the bot on"})
	}
	facts, ok := w.guilds[guild]
	if !ok {
		return all
	}
	for _, p := range facts.staff {
		if !w.runs(facts, p.Membership) {
			continue
		}
		whose := "the name of somebody who looks after"
		if p.UserID == w.bot {
			whose = "the name of the bot on"
		}
		for _, name := range p.names {
			all = append(all, bearer{name, whose})
		}
	}
	for id, role := range facts.roles {
		if id != facts.ID {
			all = append(all, bearer{role.Name, "the name of a role of"})
		}
	}
	return all
}
