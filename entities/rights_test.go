package entities_test

import (
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func TestAuthorize(t *testing.T) {
	for name, test := range map[string]struct {
		rules   []snowflake.ID
		channel snowflake.ID
		right   entities.Right
		world   func(*entities.World)
		reason  entities.Reason // 0 = allowed
	}{
		"a channel that was chosen":           {rules: []snowflake.ID{general}, channel: general, right: entities.Post},
		"a channel that was not chosen":       {rules: []snowflake.ID{general}, channel: lab, right: entities.Hear, reason: entities.NotFound},
		"a channel of a chosen category":      {rules: []snowflake.ID{category}, channel: lab, right: entities.Post},
		"a thread has its channel's rights":   {rules: []snowflake.ID{general}, channel: thread, right: entities.Post},
		"a thread through the category":       {rules: []snowflake.ID{category}, channel: thread, right: entities.Hear},
		"a private thread wants its own rule": {rules: []snowflake.ID{general, category}, channel: private, right: entities.Hear, reason: entities.NotFound},
		"a private thread that was named":     {rules: []snowflake.ID{private}, channel: private, right: entities.Hear},
		"a private thread the bot is not in": {rules: []snowflake.ID{private}, channel: private, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) {
			c, _ := w.Channel(private)
			c.Joined = false
			w.PutChannel(c)
		}},
		"age-restricted wants to be named":   {rules: []snowflake.ID{category}, channel: adult, right: entities.Hear, reason: entities.NotFound},
		"age-restricted and named":           {rules: []snowflake.ID{adult}, channel: adult, right: entities.Post},
		"a channel that the bot cannot see":  {rules: []snowflake.ID{staff}, channel: staff, right: entities.Hear, reason: entities.NotFound},
		"a channel that does not exist":      {rules: []snowflake.ID{general}, channel: 123456789012345678, right: entities.Hear, reason: entities.NotFound},
		"a channel of another guild":         {rules: []snowflake.ID{general}, channel: abroad, right: entities.Hear, reason: entities.NotFound},
		"moved out of the category":          {rules: []snowflake.ID{category}, channel: lab, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) { reparent(w, lab, 0) }},
		"a thread whose parent is not known": {rules: []snowflake.ID{thread}, channel: thread, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) { reparent(w, thread, 5) }},
		"an outage":                          {rules: []snowflake.ID{general}, channel: general, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) { w.SetAvailable(guild, false) }},
		"a doubt": {rules: []snowflake.ID{general}, channel: general, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) {
			w.Doubt(guild)
			w.UpdateGuild(entities.Guild{ID: guild, Name: "renamed", OwnerID: olivia}) // which tells nothing about its roles
		}},
		"a new session that has not told of it yet": {rules: []snowflake.ID{general}, channel: general, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) { w.Announce(0, 1, []snowflake.ID{guild, other}) }},
		"the bot was kicked":                        {rules: []snowflake.ID{general}, channel: general, right: entities.Hear, reason: entities.NotFound, world: func(w *entities.World) { w.RemoveGuild(guild) }},
		"the bot lacks Manage Webhooks":             {rules: []snowflake.ID{general}, channel: general, right: entities.Post, reason: entities.NotAllowed, world: deny(general, discord.PermissionManageWebhooks)},
		"the bot may not send":                      {rules: []snowflake.ID{general}, channel: general, right: entities.Post, reason: entities.NotAllowed, world: deny(general, discord.PermissionSendMessages)},
		"it hears without history":                  {rules: []snowflake.ID{general}, channel: general, right: entities.Hear, world: deny(general, discord.PermissionReadMessageHistory)},
		"no history without Discord's right":        {rules: []snowflake.ID{general}, channel: general, right: entities.ReadHistory, reason: entities.NotAllowed, world: deny(general, discord.PermissionReadMessageHistory)},
		"threads want their own send right":         {rules: []snowflake.ID{general}, channel: thread, right: entities.Post, reason: entities.NotAllowed, world: deny(general, discord.PermissionSendMessagesInThreads)},
		"threads do not want the channel's":         {rules: []snowflake.ID{general}, channel: thread, right: entities.Post, world: deny(general, discord.PermissionSendMessages)},
		"no reaction without Add Reactions":         {rules: []snowflake.ID{general}, channel: general, right: entities.React, reason: entities.NotAllowed, world: deny(general, discord.PermissionAddReactions)},
		"a locked thread":                           {rules: []snowflake.ID{general}, channel: thread, right: entities.Post, reason: entities.NotAllowed, world: lock(thread)},
		"an unknown right":                          {rules: []snowflake.ID{general}, channel: general, right: 99, reason: entities.NotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			reg := fresh(t)
			_, ada := create(t, reg, "Ada", test.rules...)
			if test.world != nil {
				test.world(reg.World())
			}
			permit, err := reg.Authorize(t.Context(), ada, test.right, test.channel)
			if test.reason != 0 {
				wantRefusal(t, err, test.reason)
				if permit.Right() != 0 {
					t.Errorf("a refused permit permits %v", permit.Right())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if permit.Channel().ID != test.channel || permit.Right() != test.right || permit.Entity().Name != "Ada" {
				t.Errorf("permit = %+v", permit)
			}
		})
	}
}

func TestNotFoundAndNotAllowedReadTheSame(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	_, hidden := reg.Authorize(t.Context(), ada, entities.Hear, staff)
	_, absent := reg.Authorize(t.Context(), ada, entities.Hear, 123456789012345678)
	if hidden.Error() != absent.Error() {
		t.Errorf("%q and %q tell them apart", hidden, absent)
	}
}

func TestChannels(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", category, stories)
	deny(lab, discord.PermissionManageWebhooks)(reg.World())
	views, err := reg.Channels(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range views {
		line := v.Category + "/" + v.Parent + "/" + v.Channel.Name
		if v.CanPost {
			line += " posts"
		}
		got = append(got, line)
	}
	want := "//stories posts | Lobby//general posts | Lobby/general/scene posts | Lobby//lab"
	if joined := strings.Join(got, " | "); joined != want {
		t.Errorf("got  %s\nwant %s", joined, want)
	}
}

func TestResolveChannel(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", category)
	for ref, want := range map[string]snowflake.ID{
		"#general": general, "general": general, " GENERAL ": general, "Demo/#lab": lab, "scene": thread, "<#700000000000000008>": lab,
		"700000000000000002": general, "https://discord.com/channels/800000000000000001/700000000000000002/600000000000000001": general,
		"https://ptb.discord.com/channels/800000000000000001/700000000000000008": lab,
	} {
		if got, _, err := reg.ResolveChannel(t.Context(), ada, ref); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", ref, got, err, want)
		}
	}
	for _, ref := range []string{"#staff", "stories", "Other/#general", "whispers", "https://discord.com/nonsense", "https://evil.example/channels/1/2"} {
		_, _, err := reg.ResolveChannel(t.Context(), ada, ref)
		wantRefusal(t, err, entities.NotFound)
	}
	_, _, err := reg.ResolveChannel(t.Context(), ada, "#")
	wantRefusal(t, err, entities.Invalid)

	reg.World().PutChannel(entities.Channel{ID: 700000000000000099, GuildID: guild, ParentID: category, Type: discord.ChannelTypeGuildText, Name: "lab"})
	_, _, err = reg.ResolveChannel(t.Context(), ada, "lab")
	wantRefusal(t, err, entities.Invalid)
	if strings.Contains(err.Error(), "Lobby") || !strings.Contains(err.Error(), lab.String()) || !strings.Contains(err.Error(), "700000000000000099") {
		t.Errorf("%q does not list the candidates", err)
	}
}

func deny(channel snowflake.ID, p discord.Permissions) func(*entities.World) {
	return func(w *entities.World) {
		c, _ := w.Channel(channel)
		c.Overwrites = append(c.Overwrites, entities.Overwrite{ID: botUser, Member: true, Deny: p})
		w.PutChannel(c)
	}
}

func lock(channel snowflake.ID) func(*entities.World) {
	return func(w *entities.World) {
		c, _ := w.Channel(channel)
		c.Locked = true
		w.PutChannel(c)
	}
}

func reparent(w *entities.World, channel, to snowflake.ID) {
	c, _ := w.Channel(channel)
	c.ParentID = to
	w.PutChannel(c)
}

func TestFactsOlderThanWhatIsKnownAreNotTaken(t *testing.T) {
	w := newWorld()
	asked := w.Changes(guild)
	w.Doubt(guild)
	stale := w.Changes(guild)
	w.PutRole(guild, entities.Role{ID: botRole})
	for _, mark := range []int{asked, stale} {
		if w.Settle(mark, entities.Guild{ID: guild}, nil, entities.Membership{UserID: botUser}) {
			t.Error("facts from before a change were taken")
		}
	}
	if !w.Pending(guild) {
		t.Error("the doubt is over")
	}
}

func TestArchivedThreadsAreBounded(t *testing.T) {
	w := newWorld()
	for i := range 6000 {
		w.PutChannel(entities.Channel{ID: snowflake.ID(i + 1), GuildID: guild, ParentID: general, Type: discord.ChannelTypeGuildPublicThread, Archived: true})
	}
	if n := len(w.Channels(guild)); n > 5100 {
		t.Errorf("%d channels are remembered", n)
	}
}
