package commands

import (
	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

var settingsStop = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "stop", Description: "Kill switch: silence every entity on this server at once"},
	routes:     []route{{slash, "/settings/stop", (*Commands).askToStop}},
}

var settingsStart = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "start", Description: "Let the entities on this server go on after a stop"},
	routes:     []route{{slash, "/settings/start", (*Commands).start}},
}

func (c *Commands) askToStop(i *interaction) error {
	settings, err := c.registry.Settings(i.ctx, i.actor)
	if err != nil {
		return err
	}
	if settings.Stopped {
		return i.reply(message{content: "The kill switch is on already: no entity hears or speaks on this server. `/settings start` lets them go on."})
	}
	m, err := c.ask(i,
		"Stop every entity on this server? From that moment none of them hears or speaks here. Nothing is deleted; `/settings start` lets them go on.",
		"Stop them all", "Leave them be",
		decision{do: stopHere, kept: "Nothing was changed. The entities go on."})
	if err != nil {
		return err
	}
	return i.reply(m)
}

func stopHere(c *Commands, i *interaction) (message, error) {
	if _, err := c.throw(i, true); err != nil {
		return message{}, err
	}
	return message{content: "Stopped: no entity hears or speaks on this server any more. `/settings start` lets them go on."}, nil
}

func (c *Commands) start(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	if _, err := c.throw(i, false); err != nil {
		return err
	}
	stopped, err := c.registry.Stopped(i.ctx, i.actor)
	if err != nil {
		return err
	}
	text := "The entities on this server hear and speak again."
	if stopped.Everywhere {
		text = "This server's kill switch is off. Whoever runs this bot has stopped all entities on every server, though; only they can let them go on."
	}
	return i.replace(message{content: text})
}

// throw throws the server's kill switch.
func (c *Commands) throw(i *interaction, stopped bool) (entities.Settings, error) {
	return c.registry.SetSettings(i.ctx, i.actor, func(s *entities.Settings) error {
		s.Stopped = stopped
		return nil
	})
}
