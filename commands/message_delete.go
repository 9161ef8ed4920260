package commands

import (
	"fmt"

	"github.com/disgoorg/snowflake/v2"
)

// deleteThisMenu is "Delete this" in the menu of a message: it asks, and then deletes what an
// entity said there.
var deleteThisMenu = messageMenu{
	name:   "Delete this",
	routes: []route{{picking, "/Delete this", (*Commands).askToDeleteLine}},
}

func (c *Commands) askToDeleteLine(i *interaction) error {
	target, err := i.target()
	if err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	line, err := c.registry.MayDeleteLine(i.ctx, i.actor, i.here().ID, target)
	if err != nil {
		return err
	}
	name := bold(line.Entity().Name)
	m, err := c.ask(i, fmt.Sprintf("Delete this message of %s, for everybody and for good? %s itself stays as it is.", name, name),
		"Delete it", "Keep it", decision{do: deleteLine(target, name), kept: "Nothing was changed. The message stays."})
	if err != nil {
		return err
	}
	return i.replace(m)
}

// deleteLine deletes a message in the channel where the yes is given, which must be the
// message's own.
func deleteLine(target snowflake.ID, name string) func(*Commands, *interaction) (message, error) {
	return func(c *Commands, i *interaction) (message, error) {
		if err := c.relay.DeleteLine(i.ctx, i.actor, i.here().ID, target); err != nil {
			return message{}, err
		}
		return message{content: fmt.Sprintf("The message of %s is deleted.", name)}, nil
	}
}
