package relay_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// allowAllMentions lets only these members ping everybody, and gives a role that nobody else may ping.
func (s *stage) allowAllMentions(members ...sandbox.ID) (role sandbox.ID) {
	s.t.Helper()
	done(s.t, s.disc.ChangeRole(s.guild, s.guild, func(r *sandbox.Role) { r.Permissions &^= sandbox.MentionEveryone }))
	everybody := must(s.disc.AddRole(s.guild, sandbox.Role{Name: "Herald", Permissions: sandbox.MentionEveryone}))(s.t)
	for _, id := range members {
		done(s.t, s.disc.ChangeMember(s.guild, id, func(m *sandbox.Member) { m.Roles = append(m.Roles, everybody) }))
	}
	return must(s.disc.AddRole(s.guild, sandbox.Role{Name: "Players"}))(s.t)
}

// grant makes an entity able to do exactly this.
func (s *stage) grant(id entities.ID, able ...entities.Capability) {
	s.t.Helper()
	done(s.t, s.reg.SetCapabilities(s.t.Context(), s.admin(), id, func([]entities.Capability) ([]entities.Capability, error) { return able, nil }))
}

// lastPing is whom the newest message of #general pings.
func (s *stage) lastPing() sandbox.Ping {
	all, pings := s.disc.Messages(s.general), s.disc.Pings()
	if len(pings) == 0 || pings[len(pings)-1].Message != all[len(all)-1].ID {
		return sandbox.Ping{}
	}
	return pings[len(pings)-1]
}

func isMemberSearch(r sandbox.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/members/search")
}

// A name that one member has becomes a mention; one that several have stays, and is told.
func TestNamesBecomeMentions(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	for _, u := range []sandbox.User{{Username: "sam.one", GlobalName: new("Sam")}, {Username: "sam"}} {
		done(t, s.disc.AddMember(s.guild, s.disc.AddUser(u)))
	}
	done(t, s.disc.ChangeMember(s.guild, s.mia, func(m *sandbox.Member) { m.Nick = new("Mia the Great") }))
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	for name, test := range map[string]struct {
		content, want string
		ambiguous     []string
	}{
		"a username":    {"Hi @mia!", "Hi <@" + s.mia.String() + ">!", nil},
		"a nickname":    {"@Mia the Great, hi", "<@" + s.mia.String() + ">, hi", nil},
		"two of a name": {"Hi @Sam", "Hi @Sam", []string{"@Sam"}},
		"nobody":        {"Hi @Zoe", "Hi @Zoe", nil},
		"in code":       {"Type `@mia`", "Type `@mia`", nil},
	} {
		sent := s.say(ada, s.general, test.content)
		if parts := s.parts(s.general); parts[len(parts)-1] != test.want || !slices.Equal(sent.Ambiguous, test.ambiguous) {
			t.Errorf("%s: %q, ambiguous %q", name, parts[len(parts)-1], sent.Ambiguous)
		}
		want := strings.Contains(test.want, "<@")
		if ping := s.lastPing(); slices.Equal(ping.Users, []sandbox.ID{s.mia}) != want {
			t.Errorf("%s pings %+v", name, ping)
		}
	}
	searches := 0
	for _, r := range s.disc.Requests() {
		if isMemberSearch(r) {
			searches++
		}
	}
	s.say(ada, s.general, "Once more: @mia, @sam, @zoe")
	for _, r := range s.disc.Requests() {
		if isMemberSearch(r) {
			searches--
		}
	}
	if searches != 0 {
		t.Errorf("what was found was looked for %d times again", -searches)
	}
}

// When Discord cannot tell who has a name, the line is said as it is.
func TestALineWithoutTheSearch(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	for _, fault := range []sandbox.Fault{{Kind: sandbox.Refuse, Status: 500}, {Kind: sandbox.Reset}, {Kind: sandbox.Refuse, Status: http.StatusForbidden, Code: 50001}} {
		cancel := s.disc.Fault(sandbox.On(http.MethodGet, "/members/search"), -1, fault)
		if sent := s.say(ada, s.general, "Hi @mia"); sent.Status != relay.StatusSent {
			t.Errorf("%v: %+v", fault.Kind, sent)
		}
		cancel()
	}
	s.say(ada, s.general, "Hi @mia")
	if got := s.parts(s.general); !slices.Equal(got, []string{"Hi @mia", "Hi @mia", "Hi @mia", "Hi <@" + s.mia.String() + ">"}) {
		t.Errorf("there stand %q", got)
	}
}

// A channel's name is a link only to a channel that the entity sees, so that nothing tells it
// whether there is another one.
func TestChannelNamesBecomeLinks(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	twins := []sandbox.ID{s.channel(sandbox.Channel{Name: "twice", Type: sandbox.TextChannel}), s.channel(sandbox.Channel{Name: "twice", Type: sandbox.TextChannel})}
	s.channel(sandbox.Channel{Name: "stories-2", Type: sandbox.TextChannel})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum, twins[0], twins[1])
	sent := s.say(ada, s.general, "See #stories, #scene, #lab, #hidden, #twice and #stories-2")
	want := "See <#" + s.forum.String() + ">, <#" + s.thread.String() + ">, #lab, #hidden, #twice and #stories-2"
	if got := s.parts(s.general)[0]; got != want || !slices.Equal(sent.Ambiguous, []string{"#twice"}) {
		t.Errorf("there stands %q, want %q; ambiguous %q", got, want, sent.Ambiguous)
	}
}

// Everybody is pinged only by an entity that may, whose owner may, through a bot that may.
func TestWhoPingsEverybody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ able, owner, bot, want bool }{
		"all three":       {true, true, true, true},
		"not the entity":  {false, true, true, false},
		"not its owner":   {true, false, true, false},
		"not the bot":     {true, true, false, false},
		"none of them":    {false, false, false, false},
		"only the entity": {true, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, sandbox.Config{NoRateLimits: true})
			var heralds []sandbox.ID
			if test.bot {
				heralds = append(heralds, s.botID)
			}
			if test.owner {
				heralds = append(heralds, s.mia)
			}
			role := s.allowAllMentions(heralds...)
			s.play()
			ada := s.miasEntity("Ada")
			who := ada.EntityID()
			able := []entities.Capability{entities.CanPost, entities.CanRead}
			if test.able {
				able = append(able, entities.CanMentionAll)
			}
			s.grant(who, able...)
			for _, content := range []string{"@everyone", "@here", "<@&" + role.String() + ">"} {
				s.say(ada, s.general, "Hear, "+content)
				ping := s.lastPing()
				if got := ping.Everyone || slices.Contains(ping.Roles, role); got != test.want || ping.Default {
					t.Errorf("%s pings %+v", content, ping)
				}
			}
			s.say(ada, s.general, "Hear, <@"+s.mia.String()+">")
			if ping := s.lastPing(); ping.Everyone || len(ping.Roles) != 0 || !slices.Equal(ping.Users, []sandbox.ID{s.mia}) {
				t.Errorf("a person's name pings %+v", ping)
			}
		})
	}
}
