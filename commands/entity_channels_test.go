package commands_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// The placeholders of the two menus.
const (
	writeMenu = "May read and write in …"
	readMenu  = "May only read in …"
)

// rules are the channel rules of the one entity on the server.
func (w *world) rules() map[sandbox.ID]entities.Access {
	w.t.Helper()
	rules := map[sandbox.ID]entities.Access{}
	for _, room := range w.setup().Rooms {
		rules[sandbox.ID(room.ID)] = room.Access
	}
	return rules
}

// ruled checks the channel rules.
func (w *world) ruled(want map[sandbox.ID]entities.Access) {
	w.t.Helper()
	if got := w.rules(); !maps.Equal(got, want) {
		w.t.Errorf("the rules are %v, want %v", got, want)
	}
}

// channel adds a channel that the bot knows.
func (w *world) channel(c sandbox.Channel) sandbox.ID {
	w.t.Helper()
	c.GuildID = w.guild
	id := must(w.discord.AddChannel(c))(w.t)
	w.until("the bot knows #"+c.Name, func() bool { _, ok := w.registry.World().Channel(snowflake.ID(id)); return ok })
	return id
}

func (w *world) pick(user sandbox.ID, on sandbox.Reply, menu string, channels ...any) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Select(user, on, menu, channels...))
}

func TestChannelsOfAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.tell(w.mona, true)
	category := w.channel(sandbox.Channel{Type: sandbox.CategoryChannel, Name: "talk"})
	thread := must(w.discord.AddThread(sandbox.Channel{Type: sandbox.PublicThread, ParentID: w.general, Name: "plans", OwnerID: w.mona}, ""))(t)
	w.until("the bot knows the thread", func() bool { _, ok := w.registry.World().Channel(snowflake.ID(thread)); return ok })

	shown := w.slash(w.mona, "/entity channels", named("Ada"))
	whispers(t, shown, "<#"+w.general.String()+"> · reads and writes")
	shown = w.pick(w.mona, shown, writeMenu, w.general, category, thread)
	has(t, shown, fmt.Sprintf("Saved.\nIt may read and write in <#%s>, <#%s>.", category, thread), fmt.Sprintf("<#%s> · reads and writes in all its channels", category))
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Write, category: entities.Write, thread: entities.Write})

	// What is chosen to be read only is written in no more, and stays in one menu.
	shown = w.pick(w.mona, shown, readMenu, w.general, w.post)
	has(t, shown, fmt.Sprintf("It may only read in <#%s>, <#%s>.", w.general, w.post))
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Read, w.post: entities.Read, category: entities.Write, thread: entities.Write})
	shown = w.pick(w.mona, shown, writeMenu)
	has(t, shown, fmt.Sprintf("It is taken out of <#%s>, <#%s>.", category, thread))
	shown = w.pick(w.mona, shown, writeMenu, w.general)
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Write, w.post: entities.Read})
	shown = w.pick(w.mona, w.pick(w.mona, shown, writeMenu), readMenu)
	has(t, shown, "No channel at all")
	w.ruled(map[sandbox.ID]entities.Access{})
}

func TestWhatStandsAgainstAChannel(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	w.tell(w.sam, true)
	deaf := w.channel(sandbox.Channel{Type: sandbox.TextChannel, Name: "deaf", Overwrites: []sandbox.Overwrite{{ID: w.discord.BotID(), Type: 1, Deny: sandbox.ManageWebhooks}}})
	secret := w.channel(sandbox.Channel{Type: sandbox.TextChannel, Name: "secret", Overwrites: []sandbox.Overwrite{{ID: w.sam, Type: 1, Deny: sandbox.ViewChannel}}})
	mute := w.channel(sandbox.Channel{Type: sandbox.TextChannel, Name: "mute", Overwrites: []sandbox.Overwrite{{ID: w.sam, Type: 1, Deny: sandbox.SendMessages}}})
	lost := w.channel(sandbox.Channel{Type: sandbox.TextChannel, Name: "lost"})
	shown := w.pick(w.gus, w.slash(w.gus, "/entity channels", named("Ada")), writeMenu, w.general, deaf, secret, mute, lost)
	has(t, shown, fmt.Sprintf("<#%s> · reads and writes\n⚠️ The bot lacks Manage Webhooks here: grant it to the bot's role.", deaf),
		fmt.Sprintf("<#%s> · reads and writes\n⚠️ Its owner cannot see this channel", secret), fmt.Sprintf("<#%s> · reads and writes\n⚠️ Its owner lacks Send Messages here", mute))
	if len(shown.Buttons) != 0 {
		t.Errorf("buttons are %+v", shown.Buttons)
	}

	noError(t, w.discord.DeleteChannel(lost))
	w.until("the bot knows that the channel is gone", func() bool { _, ok := w.registry.World().Channel(snowflake.ID(lost)); return !ok })
	whispers(t, w.pick(w.gus, shown, readMenu, w.post), "Somebody else changed this")
	shown = w.slash(w.gus, "/entity channels", named("Ada"))
	has(t, shown, fmt.Sprintf("<#%s> · reads and writes\n⚠️ It is deleted or archived, or the bot cannot see it", lost))
	asked := w.click(w.gus, shown, "Take out what is gone")
	has(t, asked, "Take the channels that are gone out of the list of **Ada**?")
	whispers(t, w.forge(w.mona, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: asked.Buttons[0].CustomID, Message: asked.Message.ID}), "used up")
	shown = w.click(w.gus, w.slash(w.gus, "/entity channels", named("Ada")), "Take out what is gone")
	tidied := w.click(w.gus, shown, "Take them out")
	has(t, tidied, fmt.Sprintf("It is taken out of <#%s>.", lost))
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Write, deaf: entities.Write, secret: entities.Write, mute: entities.Write})

	w.tell(w.sam, false)
	has(t, w.slash(w.mona, "/entity channels", named("Ada")), "Its owner <@"+w.sam.String()+"> is not on this server any more")
}

func TestWhatStandsInNoMenuStays(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	want := map[sandbox.ID]entities.Access{}
	var chosen []entities.ChosenRule
	for n := range entities.MaxChannels + 2 {
		id := w.channel(sandbox.Channel{Type: sandbox.TextChannel, Name: fmt.Sprintf("room-%d", n)})
		want[id] = entities.Read
		chosen = append(chosen, entities.ChosenRule{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(id), Permissions: discord.PermissionViewChannel}, Access: entities.Read})
	}
	noError(t, w.registry.SetChannels(t.Context(), w.admin(), w.list()[0].ID, func([]entities.Room) ([]entities.ChosenRule, error) { return chosen, nil }))
	shown := w.slash(w.mona, "/entity channels", named("Ada"))
	has(t, shown, "so 2 channels are not in them")
	kept := slices.Sorted(maps.Keys(want))[entities.MaxChannels:]
	shown = w.pick(w.mona, shown, readMenu, w.general)
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Read, kept[0]: entities.Read, kept[1]: entities.Read})
	if strings.Contains(shown.Text(), "not in them") {
		t.Errorf("shown is %s", shown.Text())
	}
}

func TestWhoMaySetChannels(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	bob := w.elsewhere("Bob")
	shown := w.slash(w.mona, "/entity channels", named("Ada"))
	id, ada := shown.Selects[0].CustomID, string(w.list()[0].ID)
	forged := func(user sandbox.ID, id string, values ...any) sandbox.Reply {
		return w.forge(user, sandbox.Forgery{
			Type: sandbox.ComponentInteraction, ComponentType: sandbox.ChannelSelect, CustomID: id, Values: values, Message: shown.Message.ID,
		})
	}
	const admins, insiders = "Only people with Manage Server decide in which channels Ada is.", "Only Ada's owner and this server's admins and moderators can see this."
	seen := w.slash(w.sam, "/entity channels", named("Ada"))
	whispers(t, seen, "People with Manage Server can change this")
	if len(seen.Selects) != 0 {
		t.Errorf("an owner is offered %+v", seen.Selects)
	}
	whispers(t, forged(w.sam, id), admins)
	tidy := strings.Replace(strings.Replace(id, "/set/", "/tidy/", 1), "/write/", "/", 1)
	for _, user := range []sandbox.ID{w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity channels", named("Ada")), insiders)
		whispers(t, forged(user, id), admins)
		whispers(t, w.forge(user, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: tidy, Message: shown.Message.ID}), insiders)
	}
	w.moderate(w.eve)
	has(t, w.slash(w.eve, "/entity channels", named("Ada")), "People with Manage Server can change this")
	whispers(t, forged(w.eve, id), admins)
	asked := w.forge(w.eve, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: tidy, Message: shown.Message.ID})
	yes := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: asked.Buttons[0].CustomID, Message: asked.Message.ID}
	whispers(t, w.forge(w.mona, yes), "used up")
	whispers(t, w.forge(w.eve, yes), admins)
	whispers(t, forged(w.mona, strings.ReplaceAll(id, ada, string(bob.ID))), "There is no such entity here.")
	whispers(t, forged(w.mona, strings.Replace(id, "/write/", "/own/", 1), w.general), "to be read, or to be read and written in")
	// Eve's own server's channel, and one that mona cannot see: nothing says what she may do there.
	whispers(t, forged(w.mona, id, w.lobby), "not on this server")
	whispers(t, forged(w.mona, id, w.staff), "or you or the bot cannot see it")

	public := w.forSam("Cyd")
	whispers(t, w.forge(w.mona, sandbox.Forgery{Type: sandbox.ComponentInteraction, ComponentType: sandbox.ChannelSelect, CustomID: id, Message: public.ID}), "does not understand")
	last := w.slash(w.mona, "/entity channels", named("Ada"))
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.pick(w.mona, last, writeMenu), admins)
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Write})
}

// A rule that another admin made stays although this one does not see its channel.
func TestAChannelThatAnAdminDoesNotSeeStays(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.pick(w.gus, w.slash(w.gus, "/entity channels", named("Ada")), writeMenu, w.general, w.staff)
	shown := w.slash(w.mona, "/entity channels", named("Ada"))
	has(t, shown, "<#"+w.staff.String()+"> · reads and writes", "Your Discord cannot show 1 of these channels in the menus")
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Write, w.staff: entities.Write})
	menu := w.presets(shown, writeMenu)
	if !slices.Equal(menu, []string{w.general.String()}) {
		t.Errorf("the menu is opened with %v", menu)
	}
	saved := w.forge(w.mona, sandbox.Forgery{
		Type: sandbox.ComponentInteraction, ComponentType: sandbox.ChannelSelect, CustomID: shown.Selects[0].CustomID, Values: []any{w.staff}, Message: shown.Message.ID,
	})
	has(t, saved, fmt.Sprintf("It is taken out of <#%s>.", w.general))
	w.ruled(map[sandbox.ID]entities.Access{w.staff: entities.Write})
	// Nothing that she can see is left, and what she cannot see stays.
	shown = w.pick(w.mona, saved, writeMenu)
	w.ruled(map[sandbox.ID]entities.Access{w.staff: entities.Write})
	if gus := w.presets(w.slash(w.gus, "/entity channels", named("Ada")), writeMenu); !slices.Equal(gus, []string{w.staff.String()}) {
		t.Errorf("gus, who sees it, is offered %v; mona %v", gus, w.presets(shown, writeMenu))
	}
}

// An admin who comes to see a channel while the menu without it is open does not take it out.
func TestAMenuFromBeforeAnAdminSawMore(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.pick(w.gus, w.slash(w.gus, "/entity channels", named("Ada")), writeMenu, w.general, w.staff)
	shown := w.slash(w.mona, "/entity channels", named("Ada"))
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "all", Permissions: sandbox.Administrator}))(t)
	w.until("the bot knows the role", func() bool {
		_, ok := w.registry.World().RoleName(snowflake.ID(w.guild), snowflake.ID(role))
		return ok
	})
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = append(m.Roles, role) }))
	whispers(t, w.pick(w.mona, shown, writeMenu), "so nothing was saved")
	w.ruled(map[sandbox.ID]entities.Access{w.general: entities.Write, w.staff: entities.Write})
}

// presets are the channels with which a menu is opened.
func (w *world) presets(reply sandbox.Reply, placeholder string) []string {
	w.t.Helper()
	var rows []struct {
		Components []struct {
			Placeholder string
			Defaults    []struct{ ID string } `json:"default_values"`
		}
	}
	noError(w.t, json.Unmarshal(reply.Components, &rows))
	var ids []string
	for _, row := range rows {
		for _, menu := range row.Components {
			for _, preset := range menu.Defaults {
				if menu.Placeholder == placeholder {
					ids = append(ids, preset.ID)
				}
			}
		}
	}
	return ids
}

func TestHaunts(t *testing.T) {
	setup := func(changes bool, rooms ...entities.Room) entities.Setup {
		s := aSetup("**Ada**", entities.Limits{}, changes)
		s.Rooms = rooms
		return s
	}
	known := func(id snowflake.ID, access entities.Access) entities.Room {
		return entities.Room{ID: id, Access: access, Known: true, Seen: true}
	}
	troubled := []entities.Room{
		known(1, entities.Write),
		{ID: 2, Access: entities.Read, Known: true, Seen: true, Category: true},
		{ID: 3, Access: entities.Read},
		{ID: 4, Access: entities.Write, Known: true, Seen: true, BotLacks: discord.PermissionManageWebhooks | discord.PermissionSendMessages, OwnerLacks: discord.PermissionSendMessages},
		{ID: 5, Access: entities.Write, Known: true, Seen: true, OwnerLacks: discord.PermissionViewChannel},
		{ID: 6, Access: entities.Write, Known: true, Seen: true, OwnerUnknown: true},
		{ID: 7, Access: entities.Write, Known: true, Seen: true, OwnerOutside: true},
		{ID: 9, Access: entities.Write, Known: true},
		{ID: 10, Access: entities.Write, Known: true, Seen: true, Type: discord.ChannelTypeGuildMedia, OwnerLacks: discord.PermissionSendMessages, OwnerTimedOut: true},
		{ID: 8, Access: entities.Read, Known: true, Seen: true, OwnerAway: true},
	}
	var many []entities.Room
	for n := range 100 {
		many = append(many, entities.Room{ID: snowflake.ID(math.MaxUint64 - uint64(n)), Access: entities.Write, Known: true, Seen: true, BotLacks: relay.Permissions, OwnerLacks: relay.Permissions, OwnerAway: true})
	}
	var b strings.Builder
	for _, part := range []struct {
		title string
		m     commands.Shown
	}{
		{"none", commands.Haunts("", setup(true), true)},
		{"all kinds", commands.Haunts("Saved.", setup(true, troubled...), true)},
		{"all kinds, to the owner", commands.Haunts("", setup(false, troubled...), false)},
		{"many", commands.Haunts("", setup(true, many...), true)},
	} {
		fits(t, part.m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(part.m))
	}
	golden(t, "channels.txt", b.String())
	golden(t, "channels_menus.json", jsonOf(t, commands.Haunts("", setup(true, troubled...), true).Components))
	if got, want := commands.Moved([]entities.Room{known(1, "read"), known(2, "write")}, []entities.Room{known(1, "write"), known(3, "read")}),
		"Saved.\nIt may read and write in <#1>.\nIt may only read in <#3>.\nIt is taken out of <#2>."; got != want {
		t.Errorf("moved: %s", got)
	}
	if n := utf8.RuneCountInString(commands.Moved(many, troubled)); n > 2000 {
		t.Errorf("%d characters say what has changed", n)
	}
}
