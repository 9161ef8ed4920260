package entities_test

import (
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// What owners, admins and operators decide about an entity holds for each of its rights.
func TestRightsByDecision(t *testing.T) {
	var (
		boss, own, runner = admin(olivia), entities.Member(mia, guild, 0), entities.Member(operator, 0, 0)
		mod               = entities.Member(zoe, guild, discord.PermissionModerateMembers)
	)
	suspend := func(by entities.Actor, length time.Duration) func(*testing.T, *play) {
		return func(t *testing.T, p *play) { require(t, errOf(p.Suspend(t.Context(), by, p.id, length))) }
	}
	able := func(all ...entities.Capability) func(*testing.T, *play) {
		return func(t *testing.T, p *play) { require(t, p.SetCapabilities(t.Context(), boss, p.id, just(all))) }
	}
	access := func(channel snowflake.ID, access entities.Access) entities.ChosenRule {
		return entities.ChosenRule{ChosenChannel: chosen(channel)[0], Access: access}
	}
	rules := func(all ...entities.ChosenRule) func(*testing.T, *play) {
		return func(t *testing.T, p *play) { require(t, p.SetChannels(t.Context(), boss, p.id, rules(all))) }
	}
	settings := func(s entities.Settings) func(*testing.T, *play) {
		return func(t *testing.T, p *play) { require(t, errOf(p.SetSettings(t.Context(), boss, becoming(s)))) }
	}
	then := func(changes ...func(*testing.T, *play)) func(*testing.T, *play) {
		return func(t *testing.T, p *play) {
			for _, change := range changes {
				change(t, p)
			}
		}
	}
	pause := func(t *testing.T, p *play) { require(t, errOf(p.Pause(t.Context(), own, p.id))) }
	stop := func(yes bool) func(*testing.T, *play) {
		return func(t *testing.T, p *play) { require(t, errOf(p.Stop(t.Context(), runner, p.id, yes))) }
	}
	stopAll := func(yes bool) func(*testing.T, *play) {
		return func(t *testing.T, p *play) { require(t, p.StopAll(t.Context(), runner, yes)) }
	}
	later := func(by time.Duration) func(*testing.T, *play) {
		return func(_ *testing.T, p *play) { p.now = p.now.Add(by) }
	}
	pinning := able(entities.CanRead, entities.CanPin)
	allow := func(who snowflake.ID, member bool) func(*testing.T, *play) {
		return func(_ *testing.T, p *play) {
			p.overwrite(general, entities.Overwrite{ID: who, Member: member, Allow: discord.PermissionPinMessages})
		}
	}
	dismiss := func(t *testing.T, p *play) { require(t, p.Dismiss(t.Context(), runner, guild)) }
	for name, test := range map[string]rightCase{
		"paused by its owner":           {right: entities.Hear, change: pause, reason: entities.NotFound},
		"resumed by its owner":          {right: entities.Post, change: then(pause, func(t *testing.T, p *play) { require(t, errOf(p.Resume(t.Context(), own, p.id))) })},
		"suspended without an end":      {right: entities.Hear, change: then(suspend(boss, 0), later(10000*time.Hour)), reason: entities.NotFound},
		"suspended for an hour":         {right: entities.Hear, change: then(suspend(mod, time.Hour), later(time.Hour-1)), reason: entities.NotFound},
		"suspended until now":           {right: entities.Post, change: then(suspend(mod, time.Hour), later(time.Hour))},
		"reinstated":                    {right: entities.Post, change: then(suspend(boss, 0), func(t *testing.T, p *play) { require(t, errOf(p.Reinstate(t.Context(), boss, p.id))) })},
		"its owner left":                {right: entities.Hear, change: func(t *testing.T, p *play) { require(t, errOf(p.OwnerLeft(t.Context(), program, guild, mia))) }, reason: entities.NotFound},
		"stopped by the operator":       {right: entities.Hear, change: stop(true), reason: entities.NotFound},
		"let go on by the operator":     {right: entities.Post, change: then(stop(true), stop(false))},
		"everything is stopped":         {right: entities.Hear, change: stopAll(true), reason: entities.NotFound},
		"everything goes on":            {right: entities.Post, change: then(stopAll(true), stopAll(false))},
		"the server's kill switch":      {right: entities.Hear, change: settings(entities.Settings{Stopped: true}), reason: entities.NotFound},
		"the server goes on":            {right: entities.Post, change: then(settings(entities.Settings{Stopped: true}), settings(entities.Settings{}))},
		"the server is served no more":  {right: entities.Hear, change: dismiss, reason: entities.NotFound},
		"the server is served again":    {right: entities.Post, change: then(dismiss, func(t *testing.T, p *play) { require(t, p.Admit(t.Context(), runner, guild)) })},
		"taken out of the server":       {right: entities.Hear, change: func(t *testing.T, p *play) { require(t, errOf(p.Leave(t.Context(), boss, p.id))) }, reason: entities.NotFound},
		"deleted":                       {right: entities.Hear, change: func(t *testing.T, p *play) { require(t, errOf(p.Delete(t.Context(), own, p.id))) }, reason: entities.Unauthenticated},
		"it may only read":              {right: entities.Post, change: able(entities.CanRead), reason: entities.NotAllowed},
		"it may only read, and reads":   {right: entities.ReadHistory, change: able(entities.CanRead)},
		"it may only speak":             {right: entities.Hear, change: able(entities.CanPost), reason: entities.NotAllowed},
		"it may only speak, and speaks": {right: entities.Post, change: able(entities.CanPost)},
		"it may not react":              {right: entities.React, change: able(entities.CanRead, entities.CanPost), reason: entities.NotAllowed},
		"a post takes the thread right": {rules: []snowflake.ID{stories}, channel: stories, right: entities.Post, change: able(entities.CanRead, entities.CanPost), reason: entities.NotAllowed},
		"and no more than that":         {rules: []snowflake.ID{stories}, channel: stories, right: entities.Post, change: able(entities.CanThread)},
		"a thread takes the post right": {channel: thread, right: entities.Post, change: able(entities.CanThread), reason: entities.NotAllowed},
		"it may read there":             {right: entities.Post, change: rules(access(general, entities.Read)), reason: entities.NotAllowed},
		"it may read there, and reads":  {right: entities.ReadHistory, change: rules(access(general, entities.Read))},
		"and deletes what it said":      {right: entities.Retract, change: rules(access(general, entities.Read))},
		"and opens no threads":          {right: entities.StartThread, change: rules(access(general, entities.Read)), reason: entities.NotAllowed},
		"threads take the thread right": {right: entities.StartThread, change: able(entities.CanRead, entities.CanPost), reason: entities.NotAllowed},
		"and no more":                   {right: entities.StartThread, change: able(entities.CanThread)},
		"a line in them takes more":     {right: entities.StartTalk, change: able(entities.CanThread), reason: entities.NotAllowed},
		"that is, speaking":             {right: entities.StartTalk, change: able(entities.CanThread, entities.CanPost)},
		"who may not speak deletes not": {right: entities.Retract, change: able(entities.CanRead, entities.CanReact), reason: entities.NotAllowed},
		"a pause leaves nothing":        {right: entities.Retract, change: suspend(boss, time.Hour), reason: entities.NotFound},
		"who may not react takes none":  {right: entities.Unreact, change: able(entities.CanRead, entities.CanPost), reason: entities.NotAllowed},
		"and reacts":                    {right: entities.React, change: rules(access(general, entities.Read))},
		"pins are off":                  {right: entities.ListPins, reason: entities.NotAllowed},
		"and so is pinning":             {right: entities.Pin, change: allow(guild, false), reason: entities.NotAllowed},
		"pins take the right to read":   {right: entities.ListPins, change: able(entities.CanPin), reason: entities.NotAllowed},
		"and none to write":             {right: entities.ListPins, change: pinning},
		"pinning takes Discord's right": {right: entities.Pin, change: pinning, reason: entities.NotAllowed},
		"of the bot":                    {right: entities.Pin, change: then(pinning, allow(mia, true)), reason: entities.NotAllowed},
		"and of the owner":              {right: entities.Pin, change: then(pinning, allow(botRole, false)), reason: entities.NotAllowed},
		"and both have it":              {right: entities.Pin, change: then(pinning, allow(guild, false))},
		"who may read there pins not":   {right: entities.Pin, change: then(pinning, allow(guild, false), rules(access(general, entities.Read))), reason: entities.NotAllowed},
		"and sees what is pinned":       {right: entities.ListPins, change: then(pinning, rules(access(general, entities.Read)))},
		"a thread is pinned in":         {channel: thread, right: entities.Pin, change: then(pinning, allow(guild, false))},
		"but not when it is locked":     {channel: thread, right: entities.Pin, change: then(pinning, allow(guild, false), func(_ *testing.T, p *play) { lock(thread)(p.World()) }), reason: entities.NotAllowed},
		"listing threads is off":        {right: entities.ListThreads, reason: entities.NotAllowed},
		"listing takes reading":         {right: entities.ListThreads, change: able(entities.CanListThreads), reason: entities.NotAllowed},
		"and it lists":                  {right: entities.ListThreads, change: able(entities.CanRead, entities.CanListThreads)},
		"also in a forum":               {rules: []snowflake.ID{stories}, channel: stories, right: entities.ListThreads, change: able(entities.CanRead, entities.CanListThreads)},
		"it has no channel":             {right: entities.Hear, change: rules(), reason: entities.NotFound},
		"the nearest rule counts":       {right: entities.Post, change: rules(access(category, entities.Write), access(general, entities.Read)), reason: entities.NotAllowed},
		"also when it gives more":       {right: entities.Post, change: rules(access(category, entities.Read), access(general, entities.Write))},
		"a thread's own rule is nearer": {channel: thread, right: entities.Post, change: rules(access(general, entities.Read), access(thread, entities.Write))},
		"a channel's is nearer to it":   {channel: thread, right: entities.Post, change: rules(access(category, entities.Read), access(general, entities.Write))},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, newPlay(t)) })
	}
}

// An entity that waits for the admins neither hears nor speaks.
func TestARequestedEntityWaits(t *testing.T) {
	p := newPlay(t)
	p.begin(t, "Ada", general)
	p.World().Expect(other, mia, at(0))
	p.World().SetMember(other, entities.Membership{UserID: mia}, true, p.now)
	p.World().UpdateGuild(entities.Guild{ID: other, Name: "Other", OwnerID: olivia, Available: true})
	p.World().PutRole(other, entities.Role{ID: other, Permissions: needed})
	there := entities.Member(mia, other, 0)
	joined, err := p.Join(t.Context(), there, p.id, chosen(abroad)[0])
	if err != nil || joined.Resident.Presence.State != entities.PresenceRequested {
		t.Fatalf("joined as %+v, %v", joined, err)
	}
	_, err = p.Authorize(t.Context(), p.ada, entities.Hear, abroad)
	wantRefusal(t, err, entities.NotFound)
	if hears(t, p.Registry, abroad) {
		t.Error("a channel is listened to for one that waits")
	}
	if _, err := p.Approve(t.Context(), entities.Member(olivia, other, discord.PermissionManageGuild), p.id); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, abroad); err != nil {
		t.Error(err)
	}
}
