package entities_test

import (
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// What a channel is decides which rules count there, and what a right takes.
func TestRightsByPlace(t *testing.T) {
	const inAdult snowflake.ID = 700000000000000020
	put := func(c entities.Channel) func(*testing.T, *play) {
		return func(_ *testing.T, p *play) { c.GuildID = guild; p.World().PutChannel(c) }
	}
	joined := func(yes bool) func(*testing.T, *play) {
		return func(_ *testing.T, p *play) { p.World().SetThreadMember(private, mia, yes, p.now) }
	}
	p, inPrivate := newPlay(t), entities.Gap{Guild: guild, User: mia, Thread: private}
	for name, test := range map[string]rightCase{
		"a forum post is opened":   {rules: []snowflake.ID{stories}, channel: stories, right: entities.Post},
		"a forum post is answered": {rules: []snowflake.ID{stories}, channel: thread, right: entities.Post, change: func(_ *testing.T, p *play) { reparent(p.World(), thread, stories) }},
		"opening a post takes Send Messages": {rules: []snowflake.ID{stories}, channel: stories, right: entities.Post, reason: entities.NotAllowed, change: func(_ *testing.T, p *play) {
			p.overwrite(stories, entities.Overwrite{ID: mia, Member: true, Deny: send})
		}},
		"answering one does not": {rules: []snowflake.ID{stories}, channel: thread, right: entities.Post, change: func(_ *testing.T, p *play) {
			reparent(p.World(), thread, stories)
			p.overwrite(stories, entities.Overwrite{ID: mia, Member: true, Deny: send})
		}},
		"moved into the category":                    {rules: []snowflake.ID{category}, channel: stories, right: entities.Hear, change: func(_ *testing.T, p *play) { reparent(p.World(), stories, category) }},
		"moved out of the category":                  {rules: []snowflake.ID{category}, right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { reparent(p.World(), general, 0) }},
		"moved to another category":                  {rules: []snowflake.ID{category}, right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { reparent(p.World(), general, 700000000000000021) }},
		"moved, and named itself":                    {rules: []snowflake.ID{general, category}, right: entities.Hear, change: func(_ *testing.T, p *play) { reparent(p.World(), general, 0) }},
		"its thread moves along":                     {rules: []snowflake.ID{category}, channel: thread, right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { reparent(p.World(), general, 0) }},
		"age-restricted is not in its category":      {rules: []snowflake.ID{category}, channel: adult, right: entities.Hear, reason: entities.NotFound},
		"a thread in it is not either":               {rules: []snowflake.ID{category}, channel: inAdult, right: entities.Hear, reason: entities.NotFound, change: put(entities.Channel{ID: inAdult, ParentID: adult, Type: discord.ChannelTypeGuildPublicThread})},
		"a thread in it has its rule":                {rules: []snowflake.ID{adult}, channel: inAdult, right: entities.Hear, change: put(entities.Channel{ID: inAdult, ParentID: adult, Type: discord.ChannelTypeGuildPublicThread})},
		"a thread in it may be named":                {rules: []snowflake.ID{adult}, channel: inAdult, right: entities.Post, change: put(entities.Channel{ID: inAdult, ParentID: adult, Type: discord.ChannelTypeGuildPublicThread})},
		"it became age-restricted":                   {rules: []snowflake.ID{category}, right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { p.alter(general, func(c *entities.Channel) { c.NSFW = true }) }},
		"it is age-restricted no more":               {rules: []snowflake.ID{category}, channel: adult, right: entities.Hear, change: func(_ *testing.T, p *play) { p.alter(adult, func(c *entities.Channel) { c.NSFW = false }) }},
		"a private thread, asked for the owner":      {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, reason: entities.Unavailable, lacks: inPrivate},
		"a private thread that the owner is in":      {rules: []snowflake.ID{private}, channel: private, right: entities.Post, change: joined(true)},
		"a private thread that the owner is not in":  {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, reason: entities.NotFound, change: joined(false)},
		"a private thread that the owner left":       {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, reason: entities.NotFound, change: func(t *testing.T, p *play) { joined(true)(t, p); joined(false)(t, p) }},
		"a private thread without a rule of its own": {rules: []snowflake.ID{general, category}, channel: private, right: entities.Hear, reason: entities.NotFound, change: joined(true)},
		"a private thread whose channel is unseen": {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, reason: entities.NotFound, change: func(t *testing.T, p *play) {
			joined(true)(t, p)
			p.overwrite(general, entities.Overwrite{ID: mia, Member: true, Deny: view})
		}},
		"a private thread the bot manages unjoined": {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, change: func(t *testing.T, p *play) {
			joined(true)(t, p)
			p.alter(private, func(c *entities.Channel) { c.Joined = false })
			p.World().PutRole(guild, entities.Role{ID: botRole, Permissions: needed | discord.PermissionManageThreads})
		}},
		"a private thread with old knowledge": {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, reason: entities.Unavailable, lacks: inPrivate, change: func(t *testing.T, p *play) {
			joined(true)(t, p)
			p.World().HoldMembers(time.Minute)
			p.now = p.now.Add(time.Hour)
			p.mia(true, members)
		}},
		"a thread that is locked": {channel: thread, right: entities.Post, reason: entities.NotAllowed, change: func(_ *testing.T, p *play) { lock(thread)(p.World()) }},
		"a locked thread is read": {channel: thread, right: entities.ReadHistory, change: func(_ *testing.T, p *play) { lock(thread)(p.World()) }},
		"locked, and only the owner manages threads": {channel: thread, right: entities.Post, reason: entities.NotAllowed, change: func(_ *testing.T, p *play) {
			lock(thread)(p.World())
			p.overwrite(general, entities.Overwrite{ID: mia, Member: true, Allow: discord.PermissionManageThreads})
		}},
		"locked, and only the bot manages threads": {channel: thread, right: entities.Post, reason: entities.NotAllowed, change: func(_ *testing.T, p *play) {
			lock(thread)(p.World())
			p.overwrite(general, entities.Overwrite{ID: botRole, Allow: discord.PermissionManageThreads})
		}},
		"locked, and both manage threads": {channel: thread, right: entities.Post, change: func(_ *testing.T, p *play) {
			lock(thread)(p.World())
			p.overwrite(general, entities.Overwrite{ID: guild, Allow: discord.PermissionManageThreads})
		}},
		"the bot is timed out": {right: entities.Post, reason: entities.NotAllowed, change: func(_ *testing.T, p *play) {
			p.World().PutBotMembership(guild, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}, TimeoutUntil: p.now.Add(time.Hour)})
		}},
		"the bot is timed out, and hears": {right: entities.Hear, change: func(_ *testing.T, p *play) {
			p.World().PutBotMembership(guild, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}, TimeoutUntil: p.now.Add(time.Hour)})
		}},
		"the bot's role was taken away":        {right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { p.World().PutBotMembership(guild, entities.Membership{UserID: botUser}) }},
		"the bot is a member of nothing known": {right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { p.World().PutBotMembership(guild, entities.Membership{}) }},
		"the channel is gone":                  {right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { p.World().RemoveChannel(general) }},
		"its threads are gone with it":         {channel: thread, right: entities.Hear, reason: entities.NotFound, change: func(_ *testing.T, p *play) { p.World().RemoveChannel(general) }},
		"a category is no channel to speak in": {rules: []snowflake.ID{category}, channel: category, right: entities.Post, reason: entities.NotFound},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, p) })
	}
}
