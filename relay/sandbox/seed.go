package sandbox

import "fmt"

// Demo is the demo server with the ids of all that is in it.
type Demo struct {
	Guild                        ID
	Olivia, Sam, Mia, Noah       ID // owner, moderator and two members
	Stranger                     ID // in no server
	ModeratorRole, BotRole       ID
	Lobby, Workshop              ID // categories
	General, Introductions       ID
	Ideas, Lab                   ID
	StaffRoom, GreenRoom         ID // private; the bot sees the green room alone
	Stories, Story               ID // forum and its post
	TagPlay, TagIdea             ID
	Scene                        ID // public thread in #general
	OtherGuild, Oscar, OtherRoom ID // see Discord.SeedOther; 0 before
}

// BotPermissions is what the demo server gives the bot's role.
const BotPermissions = ViewChannel | SendMessages | SendInThreads | ManageWebhooks | ReadMessageHistory | AddReactions |
	ManageMessages | PinMessages | EmbedLinks | AttachFiles | CreatePublicThread | UseExternalEmojis | ManageThreads

// demoEveryone is what @everyone may do in the demo server: Discord's default without
// pinging everyone and without private threads.
const demoEveryone = everyonePermissions &^ (MentionEveryone | CreatePrivateThread)

// seeding builds a world and keeps the first error.
type seeding struct {
	d   *Discord
	err error
}

func (s *seeding) id(id ID, err error) ID {
	if s.err == nil {
		s.err = err
	}
	return id
}

func (s *seeding) do(err error) { s.id(0, err) }

func (s *seeding) user(username, name string) ID {
	return s.d.AddUser(User{Username: username, GlobalName: &name})
}

func (s *seeding) channel(guild, parent ID, kind ChannelType, name string, overwrites ...Overwrite) ID {
	return s.id(s.d.AddChannel(Channel{GuildID: guild, ParentID: parent, Type: kind, Name: name, Overwrites: overwrites}))
}

// Seed builds the demo server "Demo Troupe". Its owner is the application's owner.
func (d *Discord) Seed() (Demo, error) {
	s := &seeding{d: d}
	demo := Demo{Olivia: d.OwnerID()}
	demo.Sam, demo.Mia, demo.Noah = s.user("sam", "Sam"), s.user("mia", "Mia"), s.user("noah", "Noah")
	demo.Stranger = s.user("stranger", "Stranger")
	g := s.id(d.AddGuild("Demo Troupe", demo.Olivia))
	demo.Guild = g
	s.do(d.ChangeRole(g, g, func(r *Role) { r.Permissions = demoEveryone }))
	demo.BotRole = s.id(d.AddBot(g, BotPermissions))
	demo.ModeratorRole = s.id(d.AddRole(g, Role{Name: "Moderator", Permissions: ManageMessages | ModerateMembers, Hoist: true, Color: 0x3498DB}))
	s.do(d.AddMember(g, demo.Sam, demo.ModeratorRole))
	s.do(d.AddMember(g, demo.Mia))
	s.do(d.AddMember(g, demo.Noah))
	s.demoChannels(&demo)
	if s.err != nil {
		return Demo{}, fmt.Errorf("seed the demo server: %w", s.err)
	}
	return demo, nil
}

func (s *seeding) demoChannels(demo *Demo) {
	d, g := s.d, demo.Guild
	demo.Lobby = s.channel(g, 0, CategoryChannel, "Lobby")
	demo.General = s.channel(g, demo.Lobby, TextChannel, "general")
	demo.Introductions = s.channel(g, demo.Lobby, TextChannel, "introductions")
	demo.Workshop = s.channel(g, 0, CategoryChannel, "Workshop")
	demo.Ideas = s.channel(g, demo.Workshop, TextChannel, "ideas")
	demo.Lab = s.channel(g, demo.Workshop, TextChannel, "lab")
	hidden := Overwrite{ID: g, Deny: ViewChannel}
	moderators := Overwrite{ID: demo.ModeratorRole, Allow: ViewChannel}
	demo.StaffRoom = s.channel(g, 0, TextChannel, "staff-room", hidden, moderators)
	demo.GreenRoom = s.channel(g, 0, TextChannel, "green-room", hidden, moderators, Overwrite{ID: demo.BotRole, Allow: ViewChannel})
	play, idea := "🎭", "💡"
	demo.Stories = s.id(d.AddChannel(Channel{
		GuildID: g, ParentID: demo.Workshop, Type: ForumChannel, Name: "stories", Topic: "One post is one story.",
		AvailableTags: []Tag{{Name: "play", EmojiName: &play}, {Name: "idea", EmojiName: &idea}},
	}))
	if forum, ok := d.Channel(demo.Stories); ok {
		demo.TagPlay, demo.TagIdea = forum.AvailableTags[0].ID, forum.AvailableTags[1].ID
	}
	demo.Story = s.id(d.AddThread(Channel{
		ParentID: demo.Stories, Name: "The lantern keeper", OwnerID: demo.Mia, AppliedTags: []ID{demo.TagPlay},
	}, "Every evening she lit the same lantern for somebody who never came."))
	demo.Scene = s.id(d.AddThread(Channel{ParentID: demo.General, Name: "Tonight's scene", OwnerID: demo.Noah}, ""))
	for _, line := range []struct {
		who, where ID
		text       string
	}{
		{demo.Olivia, demo.General, "Welcome to the Demo Troupe!"},
		{demo.Mia, demo.General, "Hello everybody."},
		{demo.Noah, demo.Scene, "A harbour at night. Who is there?"},
	} {
		_, err := d.Say(line.who, line.where, line.text)
		s.do(err)
	}
}

// SeedOther adds a second server, "Other House", to a demo: its owner Oscar is nobody in
// the first, and the bot is in it.
func (d *Discord) SeedOther(demo *Demo) error {
	s := &seeding{d: d}
	demo.Oscar = s.user("oscar", "Oscar")
	g := s.id(d.AddGuild("Other House", demo.Oscar))
	demo.OtherGuild = g
	s.do(d.ChangeRole(g, g, func(r *Role) { r.Permissions = demoEveryone }))
	s.id(d.AddBot(g, BotPermissions))
	demo.OtherRoom = s.channel(g, 0, TextChannel, "parlour")
	if s.err != nil {
		return fmt.Errorf("seed the other server: %w", s.err)
	}
	return nil
}
