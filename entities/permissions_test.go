package entities_test

import (
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

const (
	view  = discord.PermissionViewChannel
	send  = discord.PermissionSendMessages
	read  = discord.PermissionReadMessageHistory
	admi  = discord.PermissionAdministrator
	roleA = snowflake.ID(11)
	roleB = snowflake.ID(12)
	user  = snowflake.ID(21)
)

// The cases of Discord's topics/permissions.
func TestPermissions(t *testing.T) {
	now := at(0)
	for name, test := range map[string]struct {
		everyone, a, b discord.Permissions
		owner          bool
		gone           bool // roleA is
		timeout        time.Time
		overwrites     []entities.Overwrite
		want           discord.Permissions
		everything     bool
	}{
		"roles add up":                             {everyone: view, a: send, b: read, want: view | send | read},
		"without view nothing remains":             {everyone: send, a: read, want: 0},
		"administrator may everything":             {a: admi, overwrites: []entities.Overwrite{{ID: 1, Deny: view}}, everything: true},
		"the owner may everything":                 {owner: true, overwrites: []entities.Overwrite{{ID: user, Member: true, Deny: view}}, everything: true},
		"everyone's overwrite denies":              {everyone: view | send, overwrites: []entities.Overwrite{{ID: 1, Deny: send}}, want: view},
		"a role's allow beats everyone's deny":     {everyone: view | send, overwrites: []entities.Overwrite{{ID: roleA, Allow: send}, {ID: 1, Deny: send}}, want: view | send},
		"one role's allow beats another's deny":    {everyone: view | send, overwrites: []entities.Overwrite{{ID: roleA, Deny: send}, {ID: roleB, Allow: send}}, want: view | send},
		"a member's deny beats a role's allow":     {everyone: view, overwrites: []entities.Overwrite{{ID: user, Member: true, Deny: send}, {ID: roleA, Allow: send}}, want: view},
		"a member's allow beats a role's deny":     {everyone: view, overwrites: []entities.Overwrite{{ID: user, Member: true, Allow: send}, {ID: roleA, Deny: send}}, want: view | send},
		"overwrites of others do not count":        {everyone: view, overwrites: []entities.Overwrite{{ID: 99, Deny: view}, {ID: 98, Member: true, Deny: view}}, want: view},
		"a role with the member's id is no member": {everyone: view, overwrites: []entities.Overwrite{{ID: user, Deny: view}}, want: view},
		"a role that is deleted lets nobody in":    {everyone: view, gone: true, overwrites: []entities.Overwrite{{ID: 1, Deny: view}, {ID: roleA, Allow: view}}, want: 0},
		"a role that is deleted keeps nobody out":  {everyone: view, gone: true, overwrites: []entities.Overwrite{{ID: roleA, Deny: view}}, want: view},
		"a timeout leaves view and history":        {everyone: view | read | send, timeout: now.Add(time.Minute), want: view | read},
		"a past timeout counts no more":            {everyone: view | send, timeout: now.Add(-time.Minute), want: view | send},
		"a timeout does not hold an administrator": {a: admi, timeout: now.Add(time.Minute), everything: true},
		"view denied takes all else away":          {everyone: view | send | read, overwrites: []entities.Overwrite{{ID: 1, Deny: view}}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := entities.Guild{ID: 1, OwnerID: 99}
			if test.owner {
				g.OwnerID = user
			}
			roles := map[snowflake.ID]entities.Role{1: {ID: 1, Permissions: test.everyone}, roleA: {ID: roleA, Permissions: test.a}, roleB: {ID: roleB, Permissions: test.b}}
			if test.gone {
				delete(roles, roleA)
			}
			m := entities.Membership{UserID: user, Roles: []snowflake.ID{roleA, roleB}, TimeoutUntil: test.timeout}
			got := entities.Permissions(g, roles, m, test.overwrites, now)
			if test.everything {
				if got.Missing(discord.PermissionsAll) {
					t.Errorf("got %v, want everything", got)
				}
				return
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// slowPermissions asks for one permission at a time, in the words of the documentation.
func slowPermissions(everyone snowflake.ID, roles map[snowflake.ID]entities.Role, m entities.Membership, overwrites []entities.Overwrite, bit discord.Permissions) bool {
	has := roles[everyone].Permissions&bit != 0
	for _, id := range m.Roles {
		if roles[id].Permissions&bit != 0 {
			has = true
		}
	}
	layers := []func(o entities.Overwrite) bool{
		func(o entities.Overwrite) bool { return !o.Member && o.ID == everyone },
		func(o entities.Overwrite) bool {
			for _, id := range m.Roles {
				if _, exists := roles[id]; exists && !o.Member && o.ID == id && id != everyone {
					return true
				}
			}
			return false
		},
		func(o entities.Overwrite) bool { return o.Member && o.ID == m.UserID },
	}
	for _, layer := range layers {
		denied, allowed := false, false
		for _, o := range overwrites {
			if layer(o) {
				denied = denied || o.Deny&bit != 0
				allowed = allowed || o.Allow&bit != 0
			}
		}
		if denied {
			has = false
		}
		if allowed {
			has = true
		}
	}
	return has
}

func TestPermissionsAgreeWithTheSlowModel(t *testing.T) {
	bits := []discord.Permissions{view, send, read, discord.PermissionManageWebhooks}
	mask := rapid.Custom(func(t *rapid.T) discord.Permissions {
		var p discord.Permissions
		for _, bit := range bits {
			if rapid.Bool().Draw(t, "bit") {
				p |= bit
			}
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		roles := map[snowflake.ID]entities.Role{}
		for _, id := range []snowflake.ID{1, roleA, roleB} {
			roles[id] = entities.Role{ID: id, Permissions: mask.Draw(t, "role")}
		}
		m := entities.Membership{UserID: user, Roles: rapid.SliceOfDistinct(rapid.SampledFrom([]snowflake.ID{roleA, roleB}), rapid.ID).Draw(t, "roles")}
		var overwrites []entities.Overwrite
		for _, id := range rapid.Permutation([]snowflake.ID{1, roleA, roleB, user, 99}).Draw(t, "order") {
			overwrites = append(overwrites, entities.Overwrite{ID: id, Member: id == user || id == 99, Allow: mask.Draw(t, "allow"), Deny: mask.Draw(t, "deny")})
		}
		got := entities.Permissions(entities.Guild{ID: 1, OwnerID: 77}, roles, m, overwrites, at(0))
		var want discord.Permissions
		for _, bit := range bits {
			if slowPermissions(1, roles, m, overwrites, bit) {
				want |= bit
			}
		}
		if want&view == 0 {
			want = 0
		}
		if got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
