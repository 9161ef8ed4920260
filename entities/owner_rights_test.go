package entities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// members is the role of ordinary members in these tests: it gives what speaking takes, but
// for the webhook that the bot speaks through.
const members snowflake.ID = 800000000000000020

// play is an entity of mia's, who is an ordinary member, and what the tests do to her world.
type play struct {
	*entities.Registry
	id  entities.ID
	ada entities.Actor
	now time.Time

	begun int // how often
}

func newPlay(t *testing.T, change ...func(*entities.Config)) *play {
	t.Helper()
	p := &play{now: at(0)}
	p.Registry = fresh(t, append(change, func(c *entities.Config) { c.Now = func() time.Time { return p.now } })...)
	return p
}

// begin puts the world back and makes another entity.
func (p *play) begin(t *testing.T, name string, rules ...snowflake.ID) {
	t.Helper()
	p.now = at(0)
	p.begun++
	w, roles := p.World(), []entities.Role{
		{ID: guild}, {ID: botRole, Permissions: needed}, {ID: members, Permissions: needed &^ discord.PermissionManageWebhooks},
	}
	w.HoldMembers(0)
	w.PutGuild(entities.Guild{ID: guild, Name: "Demo", OwnerID: olivia, Available: true}, roles, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}}, newWorld().Channels(guild))
	w.Expect(guild, mia, at(0))
	w.Expect(guild, olivia, at(0))
	w.SetMember(guild, entities.Membership{UserID: olivia}, true, p.now)
	p.mia(true, members)
	made, err := p.Create(t.Context(), admin(olivia), entities.NewEntity{Name: name, Owner: entities.Person{ID: mia}, Channels: chosen(rules...)})
	require(t, err)
	p.id = made.Entity.ID
	keyed, err := p.FirstKey(t.Context(), entities.Member(mia, guild, 0), p.id)
	require(t, err)
	p.ada, err = p.Authenticate(t.Context(), keyed.Key, p.id)
	require(t, err)
}

// mia has these roles from now on, or is gone.
func (p *play) mia(here bool, roles ...snowflake.ID) {
	p.World().SetMember(guild, entities.Membership{UserID: mia, Roles: roles}, here, p.now)
}

// overwrite lays one over a channel's others.
func (p *play) overwrite(channel snowflake.ID, o entities.Overwrite) {
	c, _ := p.World().Channel(channel)
	c.Overwrites = append(c.Overwrites, o)
	p.World().PutChannel(c)
}

// alter changes a channel.
func (p *play) alter(channel snowflake.ID, change func(*entities.Channel)) {
	c, _ := p.World().Channel(channel)
	change(&c)
	p.World().PutChannel(c)
}

type rightCase struct {
	rules   []snowflake.ID // none = general
	channel snowflake.ID   // 0 = general
	right   entities.Right
	change  func(*testing.T, *play)
	reason  entities.Reason // 0 = allowed
	lacks   entities.Gap
}

// run plays a case in a play that has begun.
func (test rightCase) run(t *testing.T, p *play) {
	t.Helper()
	if test.rules == nil {
		test.rules = []snowflake.ID{general}
	}
	if test.channel == 0 {
		test.channel = general
	}
	p.begin(t, fmt.Sprint("Ada ", p.begun), test.rules...)
	if test.change != nil {
		test.change(t, p)
	}
	_, err := p.Authorize(t.Context(), p.ada, test.right, test.channel)
	if test.reason == 0 && err != nil || test.reason != 0 && !entities.IsRefusal(err, test.reason) {
		t.Errorf("got %v, want a refusal for reason %d", err, test.reason)
	}
	if test.reason == 0 && !hears(t, p.Registry, test.channel) {
		t.Error("nobody listens there")
	}
	if gap, _ := entities.Lacks(err); gap != test.lacks {
		t.Errorf("lacks %+v, want %+v", gap, test.lacks)
	}
}

// An entity may no more than its owner may where Discord decides.
func TestTheOwnersRights(t *testing.T) {
	p, unknown := newPlay(t), entities.Gap{Guild: guild, User: mia}
	role := func(channel snowflake.ID, allow, deny discord.Permissions) func(*testing.T, *play) {
		return func(_ *testing.T, p *play) {
			p.overwrite(channel, entities.Overwrite{ID: members, Allow: allow, Deny: deny})
		}
	}
	hers := func(channel snowflake.ID, allow, deny discord.Permissions) func(*testing.T, *play) {
		return func(_ *testing.T, p *play) {
			p.overwrite(channel, entities.Overwrite{ID: mia, Member: true, Allow: allow, Deny: deny})
		}
	}
	both := func(changes ...func(*testing.T, *play)) func(*testing.T, *play) {
		return func(t *testing.T, p *play) {
			for _, change := range changes {
				change(t, p)
			}
		}
	}
	timeout := func(_ *testing.T, p *play) {
		p.World().SetMember(guild, entities.Membership{UserID: mia, Roles: []snowflake.ID{members}, TimeoutUntil: p.now.Add(time.Hour)}, true, p.now)
	}
	for name, test := range map[string]rightCase{
		"an ordinary member posts":               {right: entities.Post},
		"an ordinary member reads":               {right: entities.ReadHistory},
		"an ordinary member reacts":              {right: entities.React},
		"she has no role":                        {right: entities.Hear, change: func(_ *testing.T, p *play) { p.mia(true) }, reason: entities.NotFound},
		"her role does not see the channel":      {right: entities.Hear, change: role(general, 0, view), reason: entities.NotFound},
		"she does not see the channel":           {right: entities.Hear, change: hers(general, 0, view), reason: entities.NotFound},
		"she alone sees what her role does not":  {right: entities.Post, change: both(role(general, 0, view), hers(general, view, 0))},
		"her role is denied what everyone may":   {right: entities.Post, change: role(general, 0, send), reason: entities.NotAllowed},
		"she is allowed what her role is denied": {right: entities.Post, change: both(hers(general, send, 0), role(general, 0, send))},
		"she may not send":                       {right: entities.Post, change: hers(general, 0, send), reason: entities.NotAllowed},
		"she may not send, and still hears":      {right: entities.Hear, change: hers(general, 0, send)},
		"she sees no history":                    {right: entities.ReadHistory, change: hers(general, 0, read), reason: entities.NotAllowed},
		"she sees no history, and hears":         {right: entities.Hear, change: hers(general, 0, read)},
		"without history there is no reaction":   {right: entities.React, change: hers(general, 0, read), reason: entities.NotAllowed},
		"she may not react":                      {right: entities.React, change: hers(general, 0, discord.PermissionAddReactions), reason: entities.NotAllowed},
		"she needs no Manage Webhooks":           {right: entities.Post, change: hers(general, 0, discord.PermissionManageWebhooks)},
		"threads want their own right of her":    {channel: thread, right: entities.Post, change: hers(general, 0, discord.PermissionSendMessagesInThreads), reason: entities.NotAllowed},
		"threads do not want the channel's":      {channel: thread, right: entities.Post, change: hers(general, 0, send)},
		"a thread hides with its channel":        {channel: thread, right: entities.Hear, change: hers(general, 0, view), reason: entities.NotFound},
		"she may not open threads":               {right: entities.StartThread, change: hers(general, 0, discord.PermissionCreatePublicThreads), reason: entities.NotAllowed},
		"she may open threads and not speak":     {right: entities.StartThread, change: hers(general, 0, discord.PermissionSendMessagesInThreads)},
		"so nothing is said in them":             {right: entities.StartTalk, change: hers(general, 0, discord.PermissionSendMessagesInThreads), reason: entities.NotAllowed},
		"a thread and a line want no Send there": {right: entities.StartTalk, change: hers(general, 0, send)},
		"a timeout opens no threads":             {right: entities.StartThread, change: timeout, reason: entities.NotAllowed},
		"a timeout leaves deleting own lines":    {right: entities.Retract, change: timeout},
		"a timeout leaves taking reactions back": {right: entities.Unreact, change: timeout},
		"she may not send, and it deletes":       {right: entities.Retract, change: hers(general, 0, send|read)},
		"what she does not see stays":            {right: entities.Retract, change: hers(general, 0, view), reason: entities.NotFound},
		"a timeout silences":                     {right: entities.Post, change: timeout, reason: entities.NotAllowed},
		"a timeout stops reactions":              {right: entities.React, change: timeout, reason: entities.NotAllowed},
		"a timeout leaves hearing":               {right: entities.Hear, change: timeout},
		"a timeout leaves history":               {right: entities.ReadHistory, change: timeout},
		"a timeout ends":                         {right: entities.Post, change: both(timeout, func(_ *testing.T, p *play) { p.now = p.now.Add(time.Hour) })},
		"a timeout does not hold an administrator": {right: entities.Post, change: both(timeout, func(_ *testing.T, p *play) {
			p.World().PutRole(guild, entities.Role{ID: members, Permissions: admi})
		})},
		"she left":         {right: entities.Hear, change: func(_ *testing.T, p *play) { p.mia(false) }, reason: entities.NotFound},
		"she came back":    {right: entities.Post, change: func(_ *testing.T, p *play) { p.mia(false); p.mia(true, members) }},
		"her role is gone": {right: entities.Hear, change: func(_ *testing.T, p *play) { p.World().RemoveRole(guild, members) }, reason: entities.NotFound},
		"an older word loses": {right: entities.Post, change: func(_ *testing.T, p *play) {
			p.World().SetMember(guild, entities.Membership{UserID: mia}, false, p.now.Add(-time.Second))
		}},
		"Discord told nothing yet": {right: entities.Post, reason: entities.Unavailable, lacks: unknown, change: func(_ *testing.T, p *play) {
			roles, bot := []entities.Role{{ID: botRole, Permissions: needed}}, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}}
			p.World().PutGuild(entities.Guild{ID: guild, OwnerID: olivia, Available: true}, roles, bot, newWorld().Channels(guild))
		}},
		"what is known is too old": {right: entities.Post, reason: entities.Unavailable, lacks: unknown, change: func(_ *testing.T, p *play) {
			p.World().HoldMembers(time.Minute)
			p.now = p.now.Add(time.Minute)
		}},
		"what is known is fresh still": {right: entities.Post, change: func(_ *testing.T, p *play) {
			p.World().HoldMembers(time.Minute)
			p.now = p.now.Add(time.Minute - time.Nanosecond)
		}},
		"what is known holds without a life": {right: entities.Post, change: func(_ *testing.T, p *play) { p.now = p.now.Add(1000 * time.Hour) }},
		"it has another owner": {right: entities.Post, reason: entities.Unavailable, lacks: entities.Gap{Guild: guild, User: zoe}, change: func(t *testing.T, p *play) {
			require(t, errOf(p.Offer(t.Context(), entities.Member(mia, guild, 0), p.id, entities.Person{ID: zoe})))
			require(t, errOf(p.Take(t.Context(), entities.Member(zoe, guild, 0), p.id)))
			keyed, err := p.FirstKey(t.Context(), entities.Member(zoe, guild, 0), p.id)
			require(t, err)
			p.ada, err = p.Authenticate(t.Context(), keyed.Key, "")
			require(t, err)
		}},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, p) })
	}
}
