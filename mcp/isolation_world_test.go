package mcp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// Every name and text of the matrix has one of these in it.
const (
	ownCanary     = "kanariown"
	foreignCanary = "kanariforeign"
)

// target is something that a call names.
type target struct {
	whose, kind string // "own" is what the caller may reach
	guild       sandbox.ID
	channel     sandbox.ID
	message     sandbox.ID
	user        sandbox.ID
	home        target2
}

// target2 is the caller's own channel and message, for calls that name things of both.
type target2 struct{ channel, message sandbox.ID }

func (p target) link() string {
	return fmt.Sprintf("https://discord.com/channels/%s/%s/%s", p.guild, p.channel, p.message)
}

// kinds makes a channel of every kind, with a message in each, and says what was made.
func (s *stage) kinds(t *testing.T, whose, canary string, guild, category, speaker sandbox.ID) []target {
	t.Helper()
	var all []target
	owner := s.owner
	if guild != s.guild {
		owner = s.sam
	}
	add := func(kind string, id sandbox.ID) {
		said, err := s.discord.Say(speaker, id, canary+" text "+whose+kind)
		must(t, err)
		must(t, s.discord.Pin(owner, id, said.ID))
		all = append(all, target{whose: whose, kind: kind, guild: guild, channel: id, message: said.ID, user: speaker})
	}
	channel := func(kind string, form sandbox.ChannelType) sandbox.ID {
		id, err := s.discord.AddChannel(sandbox.Channel{GuildID: guild, ParentID: category, Type: form, Name: canary + "-" + whose + "-" + kind, Topic: canary})
		must(t, err)
		return id
	}
	thread := func(kind string, parent sandbox.ID, form sandbox.ChannelType) sandbox.ID {
		first := ""
		if above, _ := s.discord.Channel(parent); above.Type == sandbox.ForumChannel || above.Type == sandbox.MediaChannel {
			first = canary + " begins"
		}
		id, err := s.discord.AddThread(sandbox.Channel{ParentID: parent, Type: form, Name: canary + "-" + whose + "-" + kind, OwnerID: speaker}, first)
		must(t, err)
		return id
	}
	text, news := channel("text", sandbox.TextChannel), channel("news", sandbox.AnnouncementChannel)
	add("text", text)
	add("news", news)
	add("voice", channel("voice", sandbox.VoiceChannel))
	add("stage", channel("stage", sandbox.StageChannel))
	add("forum post", thread("post", channel("forum", sandbox.ForumChannel), sandbox.PublicThread))
	add("media post", thread("medium", channel("media", sandbox.MediaChannel), sandbox.PublicThread))
	add("public thread", thread("public", text, sandbox.PublicThread))
	add("private thread", thread("private", text, sandbox.PrivateThread))
	add("news thread", thread("newsthread", news, sandbox.AnnouncementThread))
	add("archived thread", thread("archived", text, sandbox.PublicThread))
	must(t, s.discord.ChangeChannel(all[len(all)-1].channel, func(c *sandbox.Channel) { c.Archived = true }))
	return all
}

func (s *stage) category(t *testing.T, guild sandbox.ID, name string) sandbox.ID {
	t.Helper()
	id, err := s.discord.AddChannel(sandbox.Channel{GuildID: guild, Type: sandbox.CategoryChannel, Name: name})
	must(t, err)
	return id
}

func (s *stage) known(t *testing.T, channel sandbox.ID) {
	t.Helper()
	await(t, "a channel to be known", func() bool {
		_, ok := s.registry.World().Channel(snowflake.ID(channel))
		return ok
	})
}

// matrix is a world in which Ada has channels of every kind, and so has everybody else.
type matrix struct {
	*stage
	now     clock
	callers map[string]entities.Created
	tokens  map[string][2]entities.Tokens // by entity: for its own address, and for plain /mcp
	own     []target
	foreign []target
	cursor  string     // of another entity
	lost    sandbox.ID // the owner who has no access any more
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{callers: map[string]entities.Created{}, tokens: map[string][2]entities.Tokens{}}
	m.stage = newStage(t, m.now.set)
	person := func(guild sandbox.ID, name string) sandbox.ID {
		id := m.discord.AddUser(sandbox.User{Username: name})
		must(t, m.discord.AddMember(guild, id))
		return id
	}
	away, err := m.discord.AddGuild(foreignCanary+" server", m.sam)
	must(t, err)
	_, err = m.discord.AddBot(away, sandbox.Permissions(discord.PermissionAdministrator))
	must(t, err)
	_, err = m.discord.AddEmoji(away, foreignCanary)
	must(t, err)
	must(t, m.discord.ChangeRole(m.guild, m.bot, func(r *sandbox.Role) { r.Permissions |= sandbox.PinMessages }))
	friend, stranger := person(m.guild, "friend"), person(away, foreignCanary)
	adas, bobs, nobodys, aways := m.category(t, m.guild, ownCanary), m.category(t, m.guild, foreignCanary+" b"), m.category(t, m.guild, foreignCanary+" n"), m.category(t, away, foreignCanary+" a")
	m.known(t, adas)
	m.known(t, bobs)
	m.callers["Ada"] = m.entity(t, "Ada", ownCanary, adas)
	m.callers["suspended"], m.callers["deleted"] = m.entity(t, "Cleo", "", adas), m.entity(t, "Dora", "", adas)
	m.callers["owner lost access"] = m.ownedBy(t, person(m.guild, "liz"), adas)
	bob := m.entity(t, "Bob", foreignCanary, bobs)
	for _, who := range m.callers {
		m.able(t, who.Entity.ID, entities.Capabilities()...)
	}
	m.own = m.kinds(t, "own", ownCanary, m.guild, adas, friend)
	m.foreign = slices.Concat(
		m.kinds(t, "bob", foreignCanary, m.guild, bobs, friend),
		m.kinds(t, "nobody", foreignCanary, m.guild, nobodys, friend),
		m.kinds(t, "away", foreignCanary, away, aways, stranger),
		m.moved(t, adas, bobs, friend),
	)
	m.known(t, m.foreign[len(m.foreign)-1].channel)
	m.foreign = append(m.foreign, m.letter(t, bob.Entity.ID))
	m.cursor = m.cursorOf(t, bob)
	for _, who := range m.callers {
		id := string(who.Entity.ID)
		m.tokens[id] = [2]entities.Tokens{m.grant(t, who, publicURL+"/mcp/"+id), m.grant(t, who, publicURL+"/mcp")}
	}
	m.shutOut(t)
	owner := entities.Member(snowflake.ID(m.owner), snowflake.ID(m.guild), 0)
	_, err = m.registry.Suspend(t.Context(), m.actor(), m.callers["suspended"].Entity.ID, time.Hour)
	must(t, err)
	_, err = m.registry.Delete(t.Context(), owner, m.callers["deleted"].Entity.ID)
	must(t, err)
	return m
}

// ownedBy makes an entity that belongs to a member without rights of their own.
func (m *matrix) ownedBy(t *testing.T, owner sandbox.ID, category sandbox.ID) entities.Created {
	t.Helper()
	created, err := m.registry.Create(t.Context(), m.actor(), entities.NewEntity{
		Name: "Edda", Owner: entities.Person{ID: snowflake.ID(owner)}, Channels: []entities.ChosenChannel{{ID: snowflake.ID(category), Permissions: discord.PermissionAdministrator}},
	})
	must(t, err)
	made, err := m.registry.FirstKey(t.Context(), entities.Member(snowflake.ID(owner), snowflake.ID(m.guild), 0), created.Entity.ID)
	must(t, err)
	m.lost = owner
	return made
}

// shutOut takes one owner's access to all that is the callers' own.
func (m *matrix) shutOut(t *testing.T) {
	t.Helper()
	for _, p := range m.own {
		id := p.channel
		for c, _ := m.discord.Channel(id); c.Type == sandbox.PublicThread || c.Type == sandbox.PrivateThread || c.Type == sandbox.AnnouncementThread; c, _ = m.discord.Channel(id) {
			id = c.ParentID
		}
		must(t, m.discord.ChangeChannel(id, func(c *sandbox.Channel) {
			c.Overwrites = []sandbox.Overwrite{{ID: m.lost, Type: 1, Deny: sandbox.Permissions(discord.PermissionViewChannel)}}
		}))
		await(t, "the overwrite to be known", func() bool {
			c, ok := m.registry.World().Channel(snowflake.ID(id))
			return ok && len(c.Overwrites) > 0
		})
	}
}

// letter has a person write to another entity.
func (m *matrix) letter(t *testing.T, to entities.ID) target {
	t.Helper()
	channel := m.discord.DM(m.sam)
	said, err := m.discord.Say(m.sam, channel, foreignCanary+" in private")
	must(t, err)
	await(t, "the bot to ask for whom it is", func() bool { return len(m.discord.Messages(channel)) == 2 })
	_, err = m.registry.Append(t.Context(), entities.System("ingest"), []entities.Heard{{Person: true, Event: entities.Event{
		Kind: entities.EventDM, ChannelID: snowflake.ID(channel), MessageID: snowflake.ID(said.ID), AuthorID: snowflake.ID(m.sam), EntityID: to, At: time.Now().UTC(),
	}}})
	must(t, err)
	return target{whose: "bob", kind: "DM", channel: channel, message: said.ID, user: m.sam}
}

// moved makes a channel that the caller had, and has no more.
func (m *matrix) moved(t *testing.T, from, to, speaker sandbox.ID) []target {
	t.Helper()
	id, err := m.discord.AddChannel(sandbox.Channel{GuildID: m.guild, ParentID: from, Type: sandbox.TextChannel, Name: foreignCanary + "-moved"})
	must(t, err)
	must(t, m.discord.ChangeChannel(id, func(c *sandbox.Channel) { c.ParentID = to }))
	await(t, "the move to be known", func() bool {
		c, ok := m.registry.World().Channel(snowflake.ID(id))
		return ok && c.ParentID == snowflake.ID(to)
	})
	said, err := m.discord.Say(speaker, id, foreignCanary+" said there")
	must(t, err)
	return []target{{whose: "moved", kind: "text", guild: m.guild, channel: id, message: said.ID, user: speaker}}
}

func (m *matrix) cursorOf(t *testing.T, who entities.Created) string {
	t.Helper()
	_, _, body := m.post(t, who, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_inbox"}}`)
	_, rest, ok := strings.Cut(body, "next_cursor: ")
	if !ok {
		t.Fatal(body)
	}
	return rest[:strings.IndexAny(rest, `\"`)]
}
