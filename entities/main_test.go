package entities_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	template "troupe/entities/fresh"
)

// The little world of these tests.
const (
	botUser  snowflake.ID = 900000000000000001
	olivia   snowflake.ID = 900000000000000002 // owns the guild
	mia      snowflake.ID = 900000000000000003
	operator snowflake.ID = 900000000000000004

	guild    snowflake.ID = 800000000000000001
	botRole  snowflake.ID = 800000000000000002
	other    snowflake.ID = 800000000000000003 // another guild
	category snowflake.ID = 700000000000000001
	general  snowflake.ID = 700000000000000002 // in category
	staff    snowflake.ID = 700000000000000003 // the bot cannot see it
	stories  snowflake.ID = 700000000000000004 // a forum
	thread   snowflake.ID = 700000000000000005 // in general
	private  snowflake.ID = 700000000000000006 // private thread in general
	adult    snowflake.ID = 700000000000000007 // age-restricted, in category
	lab      snowflake.ID = 700000000000000008 // in category
	abroad   snowflake.ID = 700000000000000009 // in the other guild
)

const needed = discord.PermissionViewChannel | discord.PermissionSendMessages | discord.PermissionSendMessagesInThreads |
	discord.PermissionManageWebhooks | discord.PermissionReadMessageHistory | discord.PermissionAddReactions |
	discord.PermissionCreatePublicThreads

func newWorld() *entities.World {
	w := entities.NewWorld()
	w.SetBot(botUser)
	roles := func(g snowflake.ID) []entities.Role {
		return []entities.Role{{ID: g, Name: "@everyone"}, {ID: botRole, Name: "troupe", Permissions: needed}}
	}
	bot := entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}}
	w.PutGuild(entities.Guild{ID: guild, Name: "Demo", OwnerID: olivia, Available: true}, roles(guild), bot, []entities.Channel{
		{ID: category, GuildID: guild, Type: discord.ChannelTypeGuildCategory, Name: "Lobby"},
		{ID: general, GuildID: guild, ParentID: category, Type: discord.ChannelTypeGuildText, Name: "general", Position: 1},
		{ID: lab, GuildID: guild, ParentID: category, Type: discord.ChannelTypeGuildText, Name: "lab", Position: 2},
		{ID: adult, GuildID: guild, ParentID: category, Type: discord.ChannelTypeGuildText, Name: "adult", NSFW: true, Position: 3},
		{ID: staff, GuildID: guild, Type: discord.ChannelTypeGuildText, Name: "staff", Overwrites: []entities.Overwrite{{ID: guild, Deny: discord.PermissionViewChannel}, {ID: botRole, Deny: discord.PermissionViewChannel}}},
		{ID: stories, GuildID: guild, Type: discord.ChannelTypeGuildForum, Name: "stories"},
		{ID: thread, GuildID: guild, ParentID: general, Type: discord.ChannelTypeGuildPublicThread, Name: "scene"},
		{ID: private, GuildID: guild, ParentID: general, Type: discord.ChannelTypeGuildPrivateThread, Name: "whispers", Joined: true},
	})
	w.PutGuild(entities.Guild{ID: other, Name: "Other", OwnerID: mia, Available: true}, roles(other), bot, []entities.Channel{
		{ID: abroad, GuildID: other, Type: discord.ChannelTypeGuildText, Name: "general"},
	})
	// Olivia owns entities: what her rights are has to be known.
	for _, g := range []snowflake.ID{guild, other} {
		w.Expect(g, olivia, at(0))
		w.SetMember(g, entities.Membership{UserID: olivia}, g == guild, at(0))
	}
	w.SetThreadMember(private, olivia, true, at(0))
	return w
}

// open opens the database at a path, which is made when it is missing. Whatever has it open in
// this test is closed first: one process has a database at a time. On PostgreSQL each path
// means a database of its own.
func open(t testing.TB, path string, world *entities.World, change ...func(*entities.Config)) *entities.Registry {
	t.Helper()
	reg, err := tryOpen(t, path, world, change...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func tryOpen(t testing.TB, path string, world *entities.World, change ...func(*entities.Config)) (*entities.Registry, error) {
	t.Helper()
	shut(t, path)
	cfg := entities.Config{
		Database: on.URL(t, path), Admission: entities.Admission{Mode: entities.AdmitAll}, World: world, Log: slog.New(slog.DiscardHandler),
		Operators: []snowflake.ID{operator},
	}
	for _, c := range change {
		c(&cfg)
	}
	reg, err := entities.Open(t.Context(), cfg)
	if err != nil {
		return nil, err
	}
	on.opened(path, reg)
	t.Cleanup(func() { shut(t, path) })
	return reg, nil
}

// shut closes the registry at a path, if one is open.
func shut(t testing.TB, path string) {
	t.Helper()
	if reg := on.closing(path); reg != nil {
		if err := reg.Close(); err != nil {
			t.Error(err)
		}
	}
}

// fresh opens a new database.
func fresh(t testing.TB, change ...func(*entities.Config)) *entities.Registry {
	t.Helper()
	path := filepath.Join(t.TempDir(), "troupe.db")
	if on.Server == "" {
		template.SQLite(t, path)
	}
	return open(t, path, newWorld(), change...)
}

func admin(user snowflake.ID) entities.Actor {
	return entities.Member(user, guild, discord.PermissionManageGuild)
}

func chosen(ids ...snowflake.ID) []entities.ChosenChannel {
	var out []entities.ChosenChannel
	for _, id := range ids {
		out = append(out, entities.ChosenChannel{ID: id, Permissions: discord.PermissionViewChannel})
	}
	return out
}

// create makes an entity of olivia's and gives it with its actor.
func create(t testing.TB, reg *entities.Registry, name string, channels ...snowflake.ID) (entities.Created, entities.Actor) {
	t.Helper()
	made, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: name, Channels: chosen(channels...)})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := reg.Authenticate(t.Context(), made.Key, made.Entity.ID)
	if err != nil {
		t.Fatal(err)
	}
	return made, actor
}

func wantRefusal(t *testing.T, err error, reason entities.Reason) {
	t.Helper()
	if !entities.IsRefusal(err, reason) {
		t.Errorf("got %v, want a refusal for reason %d", err, reason)
	}
}

// program is the program itself, which acts for no person and no entity.
var program = entities.System("test")

func at(seconds int) time.Time { return time.Unix(1_800_000_000+int64(seconds), 0) }
