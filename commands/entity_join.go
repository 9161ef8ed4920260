package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// entityJoin is /entity join: an owner brings an entity to this server, where its admins may
// have to let it in.
var entityJoin = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "join", Description: "Bring an entity of yours from another server to this one",
		Options: []discord.ApplicationCommandOption{entityOption("Which of your entities")},
	},
	routes: []route{
		{slash, "/entity/join", (*Commands).join},
		{autocomplete, "/entity/join", (*Commands).joinChoices},
		{button, "/join/approve/{entity}", (*Commands).approve},
		{button, "/join/decline/{entity}", (*Commands).reject},
		{menu, "/join/choose", (*Commands).chooseRequest},
	},
}

// joinChoices offers the person's entities that are not here.
func (c *Commands) joinChoices(i *interaction) error {
	in, ok := i.Interaction.(discord.AutocompleteInteraction)
	if !ok {
		return errOdd
	}
	here, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return err
	}
	own, err := c.registry.Mine(i.ctx, i.actor)
	if err != nil {
		return err
	}
	own = slices.DeleteFunc(own, func(e entities.Entity) bool {
		return slices.ContainsFunc(here, func(r entities.Resident) bool { return r.Entity.ID == e.ID })
	})
	return i.choices(offered(nil, own, in.Data.String("entity")))
}

func (c *Commands) join(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	joined, err := c.registry.Join(i.ctx, i.actor, e.ID, i.here())
	if err != nil {
		return err
	}
	if e = joined.Resident.Entity; joined.Resident.Presence.State == entities.PresenceRequested {
		return c.awaitApproval(i, e, joined.Places)
	}
	return i.replace(message{content: fmt.Sprintf("%s is on this server now. %s%s", bold(e.Name), whereabouts(joined.Places), silence(joined.Resident))})
}

// silence says what keeps an entity silent; nothing when it speaks.
func silence(r entities.Resident) string {
	if r.Speaks {
		return ""
	}
	return "\n⚠️ It is silent here for now. " + strings.Join(remedies(r), " ")
}

// awaitApproval tells the owner that their entity waits, and asks the admins.
func (c *Commands) awaitApproval(i *interaction, e entities.Entity, places []entities.Place) error {
	err := i.replace(message{content: fmt.Sprintf("%s waits until somebody with Manage Server lets it in. I ask them in this channel, and tell you there what they decide.", bold(e.Name))})
	if err != nil {
		return err
	}
	return c.askAdmins(i, e, places)
}

// askAdmins posts the request in the channel, after the answer.
func (c *Commands) askAdmins(i *interaction, e entities.Entity, places []entities.Place) error {
	if _, err := i.announced(request(e, places)); err != nil {
		return i.reply(message{content: fmt.Sprintf("I could not ask in this channel (ref %s). Tell an admin that %s waits: they find it with `/entities`.", c.fault(i, err), bold(e.Name))})
	}
	return nil
}

// request asks the admins to let an entity in. It pings nobody, and works for as long as it
// stands: its buttons hold all that they need.
func request(e entities.Entity, places []entities.Place) message {
	text := fmt.Sprintf("%s (owner %s) asks to join this server: an AI identity.", bold(e.Name), userMention(e.OwnerID))
	if len(places) > 0 {
		text = fmt.Sprintf("%s (owner %s) asks to join this server: an AI identity that would read and write in %s.", bold(e.Name), userMention(e.OwnerID), placeMentions(places))
	}
	if e.Description != "" {
		text += "\n> " + strings.ReplaceAll(plain(e.Description), "\n", "\n> ")
	}
	return message{
		content: text + "\nPeople with Manage Server decide. Until then it neither hears nor speaks here.",
		buttons: []discord.InteractiveComponent{
			discord.NewSuccessButton("Approve", "/join/approve/"+string(e.ID)),
			discord.NewDangerButton("Decline", "/join/decline/"+string(e.ID)),
		},
	}
}

func (c *Commands) approve(i *interaction) error {
	if err := i.prepare(); err != nil {
		return err
	}
	r, err := c.registry.Approve(i.ctx, i.actor, entities.ID(i.vars["entity"]))
	if err != nil {
		return err
	}
	e := r.Entity
	return c.decided(i, e,
		fmt.Sprintf("%s (owner %s) is on this server now: %s approved it.", bold(e.Name), userMention(e.OwnerID), userMention(i.actor.User())),
		fmt.Sprintf("%s, %s approved %s: it is on this server now.%s", userMention(e.OwnerID), userMention(i.actor.User()), bold(e.Name), silence(r)))
}

func (c *Commands) reject(i *interaction) error {
	if err := i.prepare(); err != nil {
		return err
	}
	r, err := c.registry.Reject(i.ctx, i.actor, entities.ID(i.vars["entity"]))
	if err != nil {
		return err
	}
	e := r.Entity
	return c.decided(i, e,
		fmt.Sprintf("%s (owner %s) is not let in: %s declined.", bold(e.Name), userMention(e.OwnerID), userMention(i.actor.User())),
		fmt.Sprintf("%s, %s declined: %s does not join this server.", userMention(e.OwnerID), userMention(i.actor.User()), bold(e.Name)))
}

// decided writes what was decided over the request, and tells the owner.
func (c *Commands) decided(i *interaction, e entities.Entity, outcome, news string) error {
	if !c.conclude(i, message{content: outcome}) {
		if err := i.reply(message{content: outcome}); err != nil {
			return err
		}
	}
	if e.OwnerID == i.actor.User() {
		return nil
	}
	if _, err := i.announced(message{content: news, pings: []snowflake.ID{e.OwnerID}}); err != nil {
		return i.reply(message{content: fmt.Sprintf("I could not tell %s in this channel (ref %s).", userMention(e.OwnerID), c.fault(i, err))})
	}
	return nil
}

// requestsMenu lets an admin decide on the entities that wait; nil when none does. The public
// request may be far up by then, or gone.
func requestsMenu(found []entities.Resident) []discord.SelectMenuComponent {
	var options []discord.StringSelectMenuOption
	for _, r := range found {
		if r.Presence.State == entities.PresenceRequested && len(options) < mostChoices {
			options = append(options, discord.NewStringSelectMenuOption(clip(r.Entity.Name, longestChoice), string(r.Entity.ID)))
		}
	}
	if len(options) == 0 {
		return nil
	}
	return []discord.SelectMenuComponent{discord.NewStringSelectMenu("/join/choose", "Choose who waits, to approve or decline", options...)}
}

func (c *Commands) chooseRequest(i *interaction) error {
	id, err := i.picked()
	if err != nil {
		return err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, entities.ID(id))
	if err != nil {
		return err
	}
	r := setup.Resident
	if r.Presence.State != entities.PresenceRequested {
		return entities.Refuse(entities.Conflict, "This was answered already: %s is on this server.", r.Entity.Name)
	}
	places := make([]entities.Place, 0, len(setup.Rooms))
	for _, room := range setup.Rooms {
		places = append(places, entities.Place{ID: room.ID})
	}
	return i.reply(request(r.Entity, places))
}
