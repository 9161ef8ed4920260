package sandbox_test

import (
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// TestPermissions follows topics/permissions step by step.
func TestPermissions(t *testing.T) {
	const view, send, history = sandbox.ViewChannel, sandbox.SendMessages, sandbox.ReadMessageHistory
	type setting struct {
		everyone, role, second sandbox.Permissions // guild level
		overwrites             func(s *house, role, second sandbox.ID) []sandbox.Overwrite
	}
	none := func(*house, sandbox.ID, sandbox.ID) []sandbox.Overwrite { return nil }
	for _, c := range []struct {
		name string
		set  setting
		want sandbox.Permissions
	}{
		{"everyone alone", setting{view | send, 0, 0, none}, view | send},
		{"roles add", setting{view, send, history, none}, view | send | history},
		{"everyone denied", setting{view | send, 0, 0, func(s *house, _, _ sandbox.ID) []sandbox.Overwrite {
			return []sandbox.Overwrite{{ID: s.Guild, Deny: send}}
		}}, view},
		{"role allows what everyone is denied", setting{view | send, 0, 0, func(s *house, role, _ sandbox.ID) []sandbox.Overwrite {
			return []sandbox.Overwrite{{ID: role, Allow: send}, {ID: s.Guild, Deny: send}}
		}}, view | send},
		{"one role allows what another denies", setting{view, 0, 0, func(_ *house, role, second sandbox.ID) []sandbox.Overwrite {
			return []sandbox.Overwrite{{ID: role, Allow: send}, {ID: second, Deny: send}}
		}}, view | send},
		{"member denied what a role allows", setting{view, 0, 0, func(s *house, role, _ sandbox.ID) []sandbox.Overwrite {
			return []sandbox.Overwrite{{ID: s.Mia, Type: 1, Deny: send}, {ID: role, Allow: send}}
		}}, view},
		{"member allowed what a role denies", setting{view, 0, 0, func(s *house, role, _ sandbox.ID) []sandbox.Overwrite {
			return []sandbox.Overwrite{{ID: s.Mia, Type: 1, Allow: send}, {ID: role, Deny: send}}
		}}, view | send},
		{"nothing without view", setting{send | history, 0, 0, none}, 0},
		{"no embeds without send", setting{view | sandbox.EmbedLinks | sandbox.AttachFiles | sandbox.MentionEveryone | history, 0, 0, none}, view | history},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := raise(t)
			role, err := s.AddRole(s.Guild, sandbox.Role{Name: "role", Permissions: c.set.role})
			s.ok(err)
			second, err := s.AddRole(s.Guild, sandbox.Role{Name: "second", Permissions: c.set.second})
			s.ok(err)
			s.ok(s.ChangeRole(s.Guild, s.Guild, func(r *sandbox.Role) { r.Permissions = c.set.everyone }))
			s.ok(s.ChangeMember(s.Guild, s.Mia, func(m *sandbox.Member) { m.Roles = []sandbox.ID{role, second} }))
			s.ok(s.ChangeChannel(s.General, func(ch *sandbox.Channel) { ch.Overwrites = c.set.overwrites(s, role, second) }))
			if got := s.Permissions(s.Mia, s.General); got != c.want {
				t.Errorf("permissions %b, want %b", got, c.want)
			}
		})
	}
}

func TestWhoMayDoAll(t *testing.T) {
	s := raise(t)
	all := s.Permissions(s.Olivia, s.StaffRoom)
	if !all.Has(sandbox.Administrator | sandbox.ManageWebhooks | sandbox.ViewChannel) {
		t.Errorf("owner: %b", all)
	}
	admin, err := s.AddRole(s.Guild, sandbox.Role{Name: "admin", Permissions: sandbox.Administrator})
	s.ok(err)
	s.ok(s.ChangeMember(s.Guild, s.Mia, func(m *sandbox.Member) { m.Roles = []sandbox.ID{admin} }))
	s.ok(s.TimeOut(s.Guild, s.Mia, time.Now().Add(time.Hour)))
	if got := s.Permissions(s.Mia, s.StaffRoom); got != all {
		t.Errorf("administrator: %b, want %b", got, all)
	}
	if got := s.Permissions(s.Stranger, s.General); got != 0 {
		t.Errorf("stranger: %b", got)
	}
	s.ok(s.TimeOut(s.Guild, s.Noah, time.Now().Add(time.Hour)))
	if got := s.Permissions(s.Noah, s.General); got != sandbox.ViewChannel|sandbox.ReadMessageHistory {
		t.Errorf("timed out: %b", got)
	}
	s.ok(s.TimeOut(s.Guild, s.Noah, time.Now().Add(-time.Hour)))
	if !s.Permissions(s.Noah, s.General).Has(sandbox.SendMessages) {
		t.Error("a past timeout still counts")
	}
}

func TestThreadPermissions(t *testing.T) {
	s := raise(t)
	private, err := s.AddThread(sandbox.Channel{ParentID: s.General, Type: sandbox.PrivateThread, Name: "whisper", OwnerID: s.Olivia}, "")
	s.ok(err)
	if s.Permissions(s.Mia, private) != 0 {
		t.Error("a private thread is seen by who is not in it")
	}
	s.ok(s.JoinThread(s.Mia, private))
	if !s.Permissions(s.Mia, private).Has(sandbox.ViewChannel | sandbox.SendInThreads) {
		t.Error("a private thread is not seen by its member")
	}
	if !s.Permissions(s.BotID(), private).Has(sandbox.ViewChannel) {
		t.Error("who manages threads does not see a private one")
	}
	s.ok(s.ChangeRole(s.Guild, s.BotRole, func(r *sandbox.Role) { r.Permissions &^= sandbox.ManageThreads }))
	s.refused(403, 50001, "GET", "/channels/%s", "", private)
	s.ok(s.ChangeChannel(s.General, func(c *sandbox.Channel) {
		c.Overwrites = []sandbox.Overwrite{{ID: s.BotID(), Type: 1, Deny: sandbox.SendInThreads}}
	}))
	s.refused(403, 50013, "POST", "/channels/%s/messages", `{"content":"a"}`, s.Scene)
	s.must(200, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
	s.ok(s.ChangeChannel(s.General, func(c *sandbox.Channel) {
		c.Overwrites = []sandbox.Overwrite{{ID: s.BotID(), Type: 1, Deny: sandbox.SendMessages}}
	}))
	s.must(200, "POST", "/channels/%s/messages", `{"content":"a"}`, s.Scene)
	s.refused(403, 50013, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
	s.ok(s.ChangeChannel(s.Scene, func(c *sandbox.Channel) { c.Locked = true }))
	s.refused(400, 160005, "POST", "/channels/%s/messages", `{"content":"a"}`, s.Scene)
}

// TestWhatTheBotNeeds takes one permission away and does what needs it.
func TestWhatTheBotNeeds(t *testing.T) {
	for _, c := range []struct {
		name    string
		without sandbox.Permissions
		do      func(s *house)
	}{
		{"send", sandbox.SendMessages, func(s *house) {
			s.refused(403, 50013, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
			s.refused(403, 50013, "POST", "/channels/%s/typing", "", s.General)
			s.refused(403, 50013, "POST", "/channels/%s/threads", `{"name":"t","message":{"content":"a"}}`, s.Stories)
		}},
		{"embed", sandbox.EmbedLinks, func(s *house) {
			s.refused(403, 50013, "POST", "/channels/%s/messages", `{"embeds":[{"title":"a"}]}`, s.General)
		}},
		{"delete", sandbox.ManageMessages, func(s *house) {
			m := s.Messages(s.General)
			s.refused(403, 50013, "DELETE", "/channels/%s/messages/%s", "", s.General, m[0].ID)
			s.refused(403, 50013, "POST", "/channels/%s/messages/bulk-delete", `{"messages":["1","2"]}`, s.General)
			s.refused(403, 50013, "DELETE", "/channels/%s/messages/%s/reactions", "", s.General, m[0].ID)
		}},
		{"pin", sandbox.PinMessages, func(s *house) {
			s.refused(403, 50013, "PUT", "/channels/%s/messages/pins/%s", "", s.General, s.Messages(s.General)[0].ID)
		}},
		{"react first", sandbox.AddReactions, func(s *house) {
			m := s.Messages(s.General)[0].ID
			s.refused(403, 50013, "PUT", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m)
			s.ok(s.React(s.Olivia, s.General, m, "👍"))
			s.must(204, "PUT", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m)
		}},
		{"history", sandbox.ReadMessageHistory, func(s *house) {
			m := s.Messages(s.General)[0].ID
			s.refused(403, 50013, "PUT", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m)
			s.refused(400, 160002, "POST", "/channels/%s/messages", `{"content":"a","message_reference":{"message_id":"`+m.String()+`"}}`, s.General)
			s.refused(403, 50013, "GET", "/channels/%s/threads/archived/public", "", s.General)
			s.refused(403, 50013, "GET", "/guilds/%s/messages/search", "", s.Guild)
		}},
		{"threads", sandbox.CreatePublicThread, func(s *house) {
			s.refused(403, 50013, "POST", "/channels/%s/threads", `{"name":"t","type":11}`, s.General)
			s.refused(403, 50013, "POST", "/channels/%s/messages/%s/threads", `{"name":"t"}`, s.General, s.Messages(s.General)[0].ID)
		}},
		{"manage threads", sandbox.ManageThreads, func(s *house) {
			s.refused(403, 50013, "PATCH", "/channels/%s", `{"name":"t"}`, s.Scene)
			s.refused(403, 50013, "PATCH", "/channels/%s", `{"locked":true}`, s.Scene)
			s.refused(403, 50013, "DELETE", "/channels/%s", "", s.Scene)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := raise(t)
			for _, role := range []sandbox.ID{s.Guild, s.BotRole} {
				s.ok(s.ChangeRole(s.Guild, role, func(r *sandbox.Role) { r.Permissions &^= c.without }))
			}
			c.do(s)
		})
	}
}
