package sandbox

import (
	"fmt"
	"maps"
	"slices"
)

// AddGuild makes a guild with its owner in it and a role @everyone that may do what
// Discord lets it by default. The bot is not in it yet: see [Discord.AddBot].
func (d *Discord) AddGuild(name string, owner ID) (ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.users[owner] == nil {
		return 0, fmt.Errorf("add guild %q: no user %s", name, owner)
	}
	g := &guild{id: d.newID(), name: name, ownerID: owner, roles: map[ID]*Role{}, members: map[ID]*Member{}}
	g.roles[g.id] = &Role{ID: g.id, Name: "@everyone", Permissions: everyonePermissions}
	d.state.guilds[g.id] = g
	d.join(g, owner, nil)
	return g.id, nil
}

// everyonePermissions is what Discord gives @everyone in a new guild, as far as the
// stand-in knows the permissions.
const everyonePermissions = CreateInvite | AddReactions | ViewChannel | SendMessages | EmbedLinks | AttachFiles |
	ReadMessageHistory | MentionEveryone | UseExternalEmojis | Connect | ChangeNickname | UseCommands |
	CreatePublicThread | CreatePrivateThread | SendInThreads | SendPolls

// ChangeGuild renames a guild or gives it to another owner; empty and 0 leave it as it is.
// Sends GUILD_UPDATE.
func (d *Discord) ChangeGuild(id ID, name string, owner ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[id]
	if g == nil {
		return fmt.Errorf("change guild %s: unknown", id)
	}
	if name != "" {
		g.name = name
	}
	if owner != 0 {
		g.ownerID = owner
	}
	d.dispatch(g.id, 0, IntentGuilds, "GUILD_UPDATE", d.showGuild(g))
	return nil
}

// DeleteGuild deletes a guild. Sends GUILD_DELETE without "unavailable".
func (d *Discord) DeleteGuild(id ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.guilds[id] == nil {
		return
	}
	d.dispatch(id, 0, IntentGuilds, "GUILD_DELETE", guildGone{ID: id})
	for _, ch := range d.channelsOf(id) {
		d.forgetChannel(ch)
	}
	delete(d.state.guilds, id)
}

type guildGone struct {
	ID          ID   `json:"id"`
	Unavailable bool `json:"unavailable,omitempty"`
}

// AddEmoji adds a custom emoji to a guild, which anybody there may use unless change says
// otherwise. Sends GUILD_EMOJIS_UPDATE.
func (d *Discord) AddEmoji(guild ID, name string, change ...func(*GuildEmoji)) (ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil {
		return 0, fmt.Errorf("add emoji %q: no guild %s", name, guild)
	}
	e := GuildEmoji{ID: d.newID(), Name: name, Roles: []ID{}, RequireColons: true, Available: true}
	for _, c := range change {
		c(&e)
	}
	g.emojis = append(g.emojis, e)
	d.dispatch(guild, 0, IntentGuildExpressions, "GUILD_EMOJIS_UPDATE", struct {
		GuildID ID           `json:"guild_id"`
		Emojis  []GuildEmoji `json:"emojis"`
	}{guild, g.emojis})
	return e.ID, nil
}

// SetOutage makes a guild unavailable (GUILD_DELETE with unavailable: true) or available
// again (GUILD_CREATE).
func (d *Discord) SetOutage(id ID, down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[id]
	if g == nil || g.unavailable == down {
		return
	}
	g.unavailable = down
	if down {
		d.dispatch(id, 0, IntentGuilds, "GUILD_DELETE", guildGone{id, true})
		return
	}
	d.dispatch(id, 0, IntentGuilds, "GUILD_CREATE", guildCreate{g})
}

// AddBot brings the bot into a guild with a managed role that has the given permissions,
// and gives that role's id. Sends GUILD_CREATE.
func (d *Discord) AddBot(guild ID, permissions Permissions) (ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || g.members[d.state.bot.ID] != nil {
		return 0, fmt.Errorf("add bot to guild %s: unknown, or it is there already", guild)
	}
	role := &Role{ID: d.newID(), Name: d.state.bot.Username, Permissions: permissions, Managed: true, Tags: &RoleTags{BotID: d.state.bot.ID}}
	g.place(role)
	d.join(g, d.state.bot.ID, []ID{role.ID})
	d.dispatch(g.id, 0, IntentGuilds, "GUILD_CREATE", guildCreate{g})
	return role.ID, nil
}

// RemoveBot takes the bot out of a guild. Sends GUILD_DELETE without "unavailable".
func (d *Discord) RemoveBot(guild ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || g.members[d.state.bot.ID] == nil {
		return
	}
	d.removeBot(g)
}

func (d *Discord) removeBot(g *guild) {
	bot := d.state.bot.ID
	d.dispatch(g.id, 0, IntentGuilds, "GUILD_DELETE", guildGone{ID: g.id})
	delete(g.members, bot)
	maps.DeleteFunc(g.roles, func(_ ID, r *Role) bool { return r.Managed && r.Tags != nil && r.Tags.BotID == bot })
	for _, w := range d.state.webhooks {
		if w.GuildID == g.id && w.ApplicationID == d.state.app.id {
			delete(d.state.webhooks, w.ID)
		}
	}
}

// place puts a role above all others but below the ones that stand at the top.
func (g *guild) place(r *Role) {
	r.Position = len(g.roles)
	g.roles[r.ID] = r
}

// AddRole adds a role to a guild: Name and Permissions count, Mentionable, Hoist and
// Color as given. Sends GUILD_ROLE_CREATE.
func (d *Discord) AddRole(guild ID, r Role) (ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil {
		return 0, fmt.Errorf("add role %q: no guild %s", r.Name, guild)
	}
	r.ID, r.Colors.Primary = d.newID(), r.Color
	g.place(&r)
	d.dispatch(guild, 0, IntentGuilds, "GUILD_ROLE_CREATE", roleEvent{guild, r})
	return r.ID, nil
}

type roleEvent struct {
	GuildID ID   `json:"guild_id"`
	Role    Role `json:"role"`
}

// ChangeRole lets change edit a copy of a role, which then becomes the role. Sends
// GUILD_ROLE_UPDATE.
func (d *Discord) ChangeRole(guild, role ID, change func(*Role)) error {
	d.mu.Lock()
	g := d.state.guilds[guild]
	if g == nil || g.roles[role] == nil {
		d.mu.Unlock()
		return fmt.Errorf("change role %s: unknown", role)
	}
	next := *g.roles[role]
	d.mu.Unlock()
	change(&next)
	next.ID, next.Colors.Primary = role, next.Color
	d.mu.Lock()
	defer d.mu.Unlock()
	g.roles[role] = &next
	d.dispatch(guild, 0, IntentGuilds, "GUILD_ROLE_UPDATE", roleEvent{guild, next})
	return nil
}

// DeleteRole deletes a role and takes it from its members. Sends GUILD_ROLE_DELETE.
func (d *Discord) DeleteRole(guild, role ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.state.guilds[guild]
	if g == nil || g.roles[role] == nil || role == guild {
		return fmt.Errorf("delete role %s: unknown", role)
	}
	delete(g.roles, role)
	for _, m := range g.members {
		m.Roles = slices.DeleteFunc(slices.Clone(m.Roles), func(id ID) bool { return id == role })
	}
	d.dispatch(guild, 0, IntentGuilds, "GUILD_ROLE_DELETE", struct {
		GuildID ID `json:"guild_id"`
		RoleID  ID `json:"role_id"`
	}{guild, role})
	return nil
}
