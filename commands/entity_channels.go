package commands

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// entityChannels is /entity channels: where on this server an entity may read and write, and
// what stands against it there.
var entityChannels = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "channels", Description: "Decide in which channels an entity may read and write, and see what stands against it",
		Options: []discord.ApplicationCommandOption{entityOption("Which entity")},
	},
	routes: []route{
		{slash, "/entity/channels", (*Commands).showChannels},
		{autocomplete, "/entity/channels", (*Commands).entityChoices},
		{menu, "/channels/set/{entity}/{access}/{before}", (*Commands).setChannels},
		{button, "/channels/tidy/{entity}/{before}", (*Commands).askToTidy},
	},
}

func (c *Commands) showChannels(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	return i.replace(c.haunts(setup).message(""))
}

// haunts are the channel rules of an entity as people see them.
type haunts struct {
	setup entities.Setup
	rooms []entities.Room // those that are known first, the oldest first
	tidy  bool            // rules of channels that are gone can be taken out
}

func (c *Commands) haunts(setup entities.Setup) haunts {
	h := haunts{setup: setup, rooms: slices.Clone(setup.Rooms)}
	slices.SortFunc(h.rooms, func(a, b entities.Room) int {
		if a.Known != b.Known {
			return map[bool]int{true: -1, false: 1}[a.Known]
		}
		return cmp.Compare(a.ID, b.ID)
	})
	// While Discord has not told of the server, every channel looks gone.
	h.tidy = setup.Changes && !c.registry.World().Pending(setup.Resident.Presence.GuildID)
	return h
}

// mark is the [mark] of the rules and of what is shown of them.
func (h haunts) mark() string {
	var state []string
	for _, room := range h.rooms {
		state = append(state, fmt.Sprint(room.ID, room.Access, room.Known, reachable(room)))
	}
	return mark(state)
}

// preset are the channels that stand in the menu for an access.
func (h haunts) preset(access entities.Access) []snowflake.ID {
	var ids []snowflake.ID
	for _, room := range h.rooms {
		if room.Access == access && reachable(room) && len(ids) < entities.MaxChannels {
			ids = append(ids, room.ID)
		}
	}
	return ids
}

// reachable says whether a channel can stand in the menus of the one who looks. What their
// client cannot show there would be lost with the next choice.
func reachable(room entities.Room) bool {
	return room.Known && room.Seen && slices.Contains(ruleTypes, room.Type)
}

// with are the rules when these are chosen in the menu for an access. What stands in no menu
// stays as it is.
func (h haunts) with(access entities.Access, chosen []entities.ChosenChannel) []entities.ChosenRule {
	var rules []entities.ChosenRule
	for _, channel := range chosen {
		rules = append(rules, entities.ChosenRule{ChosenChannel: channel, Access: access})
	}
	preset := h.preset(access)
	for _, room := range h.rooms {
		again := slices.ContainsFunc(chosen, func(c entities.ChosenChannel) bool { return c.ID == room.ID })
		if !again && !slices.Contains(preset, room.ID) {
			rules = append(rules, kept(room))
		}
	}
	return rules
}

// kept is the rule that is there already.
func kept(room entities.Room) entities.ChosenRule {
	return entities.ChosenRule{ChosenChannel: entities.ChosenChannel{ID: room.ID}, Access: room.Access}
}

func (c *Commands) setChannels(i *interaction) error {
	in, ok := i.Interaction.(discord.ComponentInteraction)
	if !ok || !i.isPrivate() {
		return errOdd
	}
	data, ok := in.Data.(discord.ChannelSelectMenuInteractionData)
	if !ok {
		return errOdd
	}
	var chosen []entities.ChosenChannel
	for _, id := range data.Values {
		chosen = append(chosen, entities.ChosenChannel{ID: id, Permissions: data.Resolved.Channels[id].Permissions})
	}
	if err := i.prepare(); err != nil {
		return err
	}
	m, err := c.changeChannels(i, entities.ID(i.vars["entity"]), i.vars["before"], func(h haunts) []entities.ChosenRule {
		return h.with(entities.Access(i.vars["access"]), chosen)
	})
	if err != nil {
		return err
	}
	return i.replace(m)
}

// changeChannels replaces the rules that were shown with others.
func (c *Commands) changeChannels(i *interaction, id entities.ID, before string, next func(haunts) []entities.ChosenRule) (message, error) {
	var old haunts
	err := c.registry.SetChannels(i.ctx, i.actor, id, func(now []entities.Room) ([]entities.ChosenRule, error) {
		old = c.haunts(entities.Setup{Rooms: now})
		if old.mark() != before {
			return nil, errOvertaken
		}
		return next(old), nil
	})
	if err != nil {
		return message{}, err
	}
	setup, err := c.registry.Setup(i.ctx, i.actor, id)
	if err != nil {
		return message{}, err
	}
	return c.haunts(setup).message(moved(old.rooms, setup.Rooms)), nil
}

// askToTidy asks before the rules of channels that are gone are taken out: they may come back.
func (c *Commands) askToTidy(i *interaction) error {
	if !i.isPrivate() {
		return errOdd
	}
	id, before := entities.ID(i.vars["entity"]), i.vars["before"]
	setup, err := c.registry.Setup(i.ctx, i.actor, id)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Take the channels that are gone out of the list of %s? If one is only archived, or hidden from the bot, it has to be chosen anew once it is back.", bold(setup.Resident.Entity.Name))
	m, err := c.ask(i, question, "Take them out", "Leave them", decision{
		kept: "Nothing was changed.",
		do: func(c *Commands, i *interaction) (message, error) {
			return c.changeChannels(i, id, before, func(h haunts) []entities.ChosenRule {
				var rules []entities.ChosenRule
				for _, room := range h.rooms {
					if room.Known {
						rules = append(rules, kept(room))
					}
				}
				return rules
			})
		},
	})
	if err != nil {
		return err
	}
	return i.replace(m)
}
