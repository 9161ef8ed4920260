package sandbox

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Permissions is a set of Discord's permission bits: a string of digits in JSON.
type Permissions uint64

// Discord's permissions by name (topics/permissions, "Bitwise Permission Flags").
const (
	CreateInvite        Permissions = 1 << 0
	KickMembers         Permissions = 1 << 1
	BanMembers          Permissions = 1 << 2
	Administrator       Permissions = 1 << 3
	ManageChannels      Permissions = 1 << 4
	ManageGuild         Permissions = 1 << 5
	AddReactions        Permissions = 1 << 6
	ViewAuditLog        Permissions = 1 << 7
	ViewChannel         Permissions = 1 << 10
	SendMessages        Permissions = 1 << 11
	SendTTS             Permissions = 1 << 12
	ManageMessages      Permissions = 1 << 13
	EmbedLinks          Permissions = 1 << 14
	AttachFiles         Permissions = 1 << 15
	ReadMessageHistory  Permissions = 1 << 16
	MentionEveryone     Permissions = 1 << 17
	UseExternalEmojis   Permissions = 1 << 18
	Connect             Permissions = 1 << 20
	ChangeNickname      Permissions = 1 << 26
	ManageNicknames     Permissions = 1 << 27
	ManageRoles         Permissions = 1 << 28
	ManageWebhooks      Permissions = 1 << 29
	ManageExpressions   Permissions = 1 << 30
	UseCommands         Permissions = 1 << 31
	ManageThreads       Permissions = 1 << 34
	CreatePublicThread  Permissions = 1 << 35
	CreatePrivateThread Permissions = 1 << 36
	SendInThreads       Permissions = 1 << 38
	ModerateMembers     Permissions = 1 << 40
	SendPolls           Permissions = 1 << 49
	PinMessages         Permissions = 1 << 51
	BypassSlowmode      Permissions = 1 << 52
)

// MarshalJSON writes the bits as Discord does, as a string.
func (p Permissions) MarshalJSON() ([]byte, error) {
	return []byte(`"` + p.String() + `"`), nil
}

func (p Permissions) String() string { return strconv.FormatUint(uint64(p), 10) }

var errNotPermissions = errors.New("not a permission set")

// UnmarshalJSON reads a string of digits or a number.
func (p *Permissions) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return errNotPermissions
	}
	*p = Permissions(n)
	return nil
}

// Has says whether every bit of all is set.
func (p Permissions) Has(all Permissions) bool { return p&all == all }

// allPermissions is what owners and administrators have.
const allPermissions Permissions = 1<<53 - 1

// timedOut is what is left to a member in a timeout.
const timedOut = ViewChannel | ReadMessageHistory

// basePermissions is what a member may do in the guild, before any channel's overwrites
// (topics/permissions, compute_base_permissions).
func (g *guild) basePermissions(m *Member) Permissions {
	if m.User.ID == g.ownerID {
		return allPermissions
	}
	p := g.roles[g.id].Permissions
	for _, id := range m.Roles {
		if role := g.roles[id]; role != nil {
			p |= role.Permissions
		}
	}
	if p.Has(Administrator) {
		return allPermissions
	}
	return p
}

// overwritten applies a channel's overwrites (compute_overwrites).
func (g *guild) overwritten(base Permissions, m *Member, ch *Channel) Permissions {
	if base.Has(Administrator) {
		return allPermissions
	}
	find := func(id ID) Overwrite {
		for _, o := range ch.Overwrites {
			if o.ID == id {
				return o
			}
		}
		return Overwrite{}
	}
	everyone := find(g.id)
	p := base&^everyone.Deny | everyone.Allow
	var allow, deny Permissions
	for _, id := range m.Roles {
		o := find(id)
		allow, deny = allow|o.Allow, deny|o.Deny
	}
	p = p&^deny | allow
	own := find(m.User.ID)
	return p&^own.Deny | own.Allow
}

// permissions is what a user may do in a channel: Discord's algorithm, then timeouts and
// what is denied implicitly. A thread has its parent's, and a private one is seen by its
// members and by those who manage threads. Nothing for who is no member.
func (d *Discord) permissions(user ID, ch *Channel) Permissions {
	if ch.isDM() {
		return d.dmPermissions(user, ch)
	}
	g := d.state.guilds[ch.GuildID]
	if g == nil || g.members[user] == nil {
		return 0
	}
	m := g.members[user]
	home := ch
	if ch.isThread() {
		home = d.state.channels[ch.ParentID]
	}
	p := g.overwritten(g.basePermissions(m), m, home)
	if p.Has(Administrator) {
		return allPermissions
	}
	if m.TimedOutUntil != nil && m.TimedOutUntil.After(d.now()) {
		p &= timedOut
	}
	return implied(p, ch, ch.member(user) != nil)
}

// dmPermissions are the same for both in a DM: nobody moderates there.
func (d *Discord) dmPermissions(user ID, ch *Channel) Permissions {
	if user == d.state.bot.ID || slices.Contains(ch.Recipients, user) {
		return allPermissions &^ (ManageMessages | Administrator)
	}
	return 0
}

// implied takes away what is denied implicitly (topics/permissions, "Implicit Permissions").
func implied(p Permissions, ch *Channel, joined bool) Permissions {
	if !p.Has(ViewChannel) || (ch.Type == PrivateThread && !joined && !p.Has(ManageThreads)) {
		return 0
	}
	if (ch.Type == VoiceChannel || ch.Type == StageChannel) && !p.Has(Connect) {
		return p & ViewChannel
	}
	if !p.Has(sendPermission(ch)) {
		p &^= MentionEveryone | SendTTS | AttachFiles | EmbedLinks
	}
	return p
}

// sendPermission is the one that posting in a channel needs.
func sendPermission(ch *Channel) Permissions {
	if ch.isThread() {
		return SendInThreads
	}
	return SendMessages
}

// need refuses when the bot lacks a permission in a channel: 50001 when it cannot even
// see the channel, else 50013.
func (d *Discord) need(ch *Channel, wanted Permissions) error {
	p := d.permissions(d.state.bot.ID, ch)
	switch {
	case !p.Has(ViewChannel):
		return refuse(50001)
	case !p.Has(wanted):
		return refuse(50013)
	}
	return nil
}

// needInGuild refuses when the bot lacks a permission in the guild as a whole.
func (d *Discord) needInGuild(g *guild, wanted Permissions) error {
	if !g.basePermissions(g.members[d.state.bot.ID]).Has(wanted) {
		return refuse(50013)
	}
	return nil
}

// channel is the channel that a path names, when the bot can see it.
func (d *Discord) channel(c *call) (*Channel, error) {
	ch := d.state.channels[c.id("channel")]
	if ch == nil {
		return nil, refuse(10003)
	}
	return ch, d.need(ch, ViewChannel)
}

// guild is the guild that a path names, when the bot is in it.
func (d *Discord) guild(c *call) (*guild, error) {
	g := d.state.guilds[c.id("guild")]
	switch {
	case g == nil:
		return nil, refuse(10004)
	case g.members[d.state.bot.ID] == nil:
		return nil, refuse(50001)
	}
	return g, nil
}

// Permissions is what a user may do in a channel by Discord's documented algorithm.
// Nothing when the user is no member or there is no such channel.
func (d *Discord) Permissions(user, channel ID) Permissions {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[channel]
	if ch == nil {
		return 0
	}
	return d.permissions(user, ch)
}
