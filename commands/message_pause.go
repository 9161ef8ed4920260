package commands

import (
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// pauseHereMenu is "Pause here" in the menu of a message: it pauses for a while, on this server, the
// entity that said it.
var pauseHereMenu = messageMenu{
	name:   "Pause here",
	routes: []route{{picking, "/Pause here", (*Commands).askForPause}},
}

// shortSpans are for how long somebody pauses an entity that is a bother just now.
var shortSpans = []span{{"10 minutes", "10m", 10 * time.Minute}, {"1 hour", "1h", time.Hour}, {"24 hours", "24h", 24 * time.Hour}}

func (c *Commands) askForPause(i *interaction) error {
	target, err := i.target()
	if err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.registry.SpokenBy(i.ctx, i.actor, i.here().ID, target)
	if err != nil {
		return err
	}
	if err := c.registry.MaySuspend(i.ctx, i.actor, e.ID); err != nil {
		return err
	}
	options := make([]discord.StringSelectMenuOption, 0, len(shortSpans))
	for _, s := range shortSpans {
		options = append(options, discord.NewStringSelectMenuOption(s.name, s.value))
	}
	question := fmt.Sprintf("Pause %s on this server? It neither hears nor speaks here meanwhile, and then goes on by itself. `/entity resume` ends the pause sooner.", bold(e.Name))
	m, err := c.askWhich(i, question, "For how long", "Do not pause it", options,
		decision{pick: pauseFor(e.ID), kept: fmt.Sprintf("Nothing was changed. %s is not paused.", bold(e.Name))})
	if err != nil {
		return err
	}
	return i.replace(m)
}

func pauseFor(id entities.ID) func(*Commands, *interaction, string) (message, error) {
	return func(c *Commands, i *interaction, chosen string) (message, error) {
		at := slices.IndexFunc(shortSpans, func(s span) bool { return s.value == chosen })
		if at < 0 {
			return message{}, errOdd
		}
		r, err := c.registry.Suspend(i.ctx, i.actor, id, shortSpans[at].length)
		if err != nil {
			return message{}, err
		}
		return message{content: suspended(r)}, nil
	}
}
