package entities_test

import (
	"bytes"
	"image/png"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// More of the little world, for a stage.
const (
	zoe    snowflake.ID = 900000000000000005 // has left the guild
	gone   snowflake.ID = 800000000000000005 // a guild that removed the bot long ago
	closed snowflake.ID = 800000000000000006 // a guild that is not served
	lost   snowflake.ID = 700000000000000010 // in the guild that is gone
)

// stage is a registry with an entity for each of its methods to work on.
type stage struct {
	*entities.Registry
	ada       entities.Actor // active, with a picture; in the guild that is gone too
	ids       map[string]entities.ID
	permit    entities.Permit
	elsewhere entities.Permit // to speak in lab, where nobody rests
	starts    entities.Permit // to open a thread there
	reads     entities.Permit // to read there
	// reacts and unreacts are Ada's permits to react; removal is the admin's leave to delete
	// what she said.
	reacts, unreacts entities.Permit
	removal          entities.Removal
	writes           entities.DMPermit // to her owner
	picture          entities.Avatar
	cursor           string
	key              string
	line             entities.Line // begun by Ada
	rests            time.Time     // until when entities rest in the thread

	client   string            // an OAuth client
	consent  entities.Consent  // with a code that is good
	exchange entities.Exchange // the same
	tokens   entities.Tokens   // of a grant
}

func require(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	now := at(0)
	s := &stage{Registry: fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } }), ids: map[string]entities.ID{}}
	w := s.World()
	w.Expect(guild, zoe, at(0))
	w.SetMember(guild, entities.Membership{UserID: zoe}, false, at(0))
	w.PutGuild(entities.Guild{ID: gone, Name: "Gone", Available: true}, nil, entities.Membership{UserID: botUser}, []entities.Channel{{ID: lost, GuildID: gone, Name: "lost"}})
	s.picture = picture(t, 1)
	var eve string // her key
	for name, make := range map[string]entities.NewEntity{
		"Ada": {Avatar: &s.picture}, "Cat": {}, "Dee": {}, "Eve": {}, "Fay": {Owner: entities.Person{ID: zoe}},
	} {
		make.Name, make.Here = name, chosen(general)[0]
		made, err := s.Create(t.Context(), admin(olivia), make)
		require(t, err)
		s.ids[name] = made.Entity.ID
		switch name {
		case "Ada":
			s.key = made.Key
		case "Eve":
			eve = made.Key
		}
	}
	s.wait(t)
	now = now.Add(entities.Sleep + time.Hour)
	s.act(t)
	s.talk(t, eve)
	s.connect(t)
	return s
}

// wait is what happened long ago: one guild removed the bot.
func (s *stage) wait(t *testing.T) {
	t.Helper()
	_, err := s.Join(t.Context(), entities.Member(olivia, gone, discord.PermissionManageGuild), s.ids["Ada"], chosen(lost)[0])
	require(t, err)
	s.World().RemoveGuild(gone)
	require(t, s.Depart(t.Context(), program, gone))
}

// act is what happened of late.
func (s *stage) act(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	require(t, s.Dismiss(ctx, entities.Member(operator, guild, 0), closed))
	require(t, errOf(s.SetSettings(ctx, admin(olivia), becoming(entities.Settings{Creators: entities.EveryoneCreate, Approval: true, Quota: 2}))))
	made, err := s.Create(ctx, entities.Member(mia, guild, 0), entities.NewEntity{Name: "Bob", Here: chosen(general)[0]})
	require(t, err)
	s.ids["Bob"] = made.Entity.ID
	_, err = s.Suspend(ctx, entities.Member(mia, guild, discord.PermissionModerateMembers), s.ids["Cat"], time.Hour)
	require(t, err)
	_, err = s.Pause(ctx, admin(olivia), s.ids["Dee"])
	require(t, err)
	_, err = s.Offer(ctx, admin(olivia), s.ids["Eve"], entities.Person{ID: mia})
	require(t, err)
	s.ada, err = s.Authenticate(ctx, s.key, "")
	require(t, err)
	say(t, s.Registry, message(1, general), message(2, lab))
	require(t, s.SetChannels(ctx, admin(mia), s.ids["Ada"], rules([]entities.ChosenRule{
		{ChosenChannel: chosen(lab)[0], Access: entities.Write}, {ChosenChannel: chosen(general)[0], Access: entities.Write},
	})))
	require(t, s.SetCapabilities(ctx, admin(mia), s.ids["Ada"], just(usual(entities.CanSeeLeaderboard, entities.CanLeave))))
	s.permit, err = s.Authorize(ctx, s.ada, entities.Post, general)
	require(t, err)
	s.elsewhere, err = s.Authorize(ctx, s.ada, entities.Post, lab)
	require(t, err)
	s.reads, err = s.Authorize(ctx, s.ada, entities.ReadHistory, lab)
	require(t, err)
	s.starts, err = s.Authorize(ctx, s.ada, entities.StartThread, lab)
	require(t, err)
	require(t, own(t, s.Registry, s.permit, 1, at(0)))
	said, err := s.Begin(ctx, s.ada, s.permit, entities.Draft{Body: "a", Parts: []string{"hello"}, Waits: true})
	require(t, err)
	s.line = said.Line
	s.reacts, err = s.Authorize(ctx, s.ada, entities.React, general)
	require(t, err)
	s.unreacts, err = s.Authorize(ctx, s.ada, entities.Unreact, general)
	require(t, err)
	require(t, errOf(s.Claim(ctx, s.ada, s.reacts, 1, "👍")))
	s.removal, err = s.MayDeleteLine(ctx, admin(mia), general, 1)
	require(t, err)
	s.writes, err = s.MayWrite(ctx, s.ada, olivia)
	require(t, err)
	s.cursor, err = s.Cursor(ctx, s.ada, 0, entities.ReadTo(1))
	require(t, err)
}

// talk has Ada and Eve talk in the thread until they rest.
func (s *stage) talk(t *testing.T, key string) {
	t.Helper()
	actor, err := s.Authenticate(t.Context(), key, "")
	require(t, err)
	eve, err := s.Authorize(t.Context(), actor, entities.Post, thread)
	require(t, err)
	ada, err := s.Authorize(t.Context(), s.ada, entities.Post, thread)
	require(t, err)
	s.OnRest(func(rest entities.Rest) { s.rests = rest.Until })
	for turn := range 9 {
		if turn%2 == 0 {
			_, err = s.Begin(t.Context(), s.ada, ada, entities.Draft{Parts: []string{"tick"}})
		} else {
			_, err = s.Begin(t.Context(), actor, eve, entities.Draft{Parts: []string{"tock"}})
		}
	}
	wantRefusal(t, err, entities.Unavailable)
}

// becoming changes settings to what is given.
func becoming(next entities.Settings) func(*entities.Settings) error {
	return func(s *entities.Settings) error { *s = next; return nil }
}

func picture(t testing.TB, shade int) entities.Avatar {
	t.Helper()
	avatar, err := entities.NewAvatar(encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(8, 8+shade)) }))
	if err != nil {
		t.Fatal(err)
	}
	return avatar
}

// just changes a setting to what is given.
func just[T any](next T) func(T) (T, error) {
	return func(T) (T, error) { return next, nil }
}

// rules changes channel rules to what is given.
func rules(next []entities.ChosenRule) func([]entities.Room) ([]entities.ChosenRule, error) {
	return func([]entities.Room) ([]entities.ChosenRule, error) { return next, nil }
}

// connect has an OAuth client come as Ada.
func (s *stage) connect(t *testing.T) {
	t.Helper()
	client, _, err := s.RegisterClient(t.Context(), program, entities.NewClient{Name: "n", AuthMethod: "none", Redirects: []string{callback}})
	require(t, err)
	s.client = client.ID
	s.tokens, err = s.Exchange(t.Context(), program, consented(t, s.Registry, s.ids["Ada"], client.ID))
	require(t, err)
	s.exchange = consented(t, s.Registry, s.ids["Ada"], client.ID)
	s.consent = asked(t, s.Registry, s.ids["Ada"], client.ID)
}
