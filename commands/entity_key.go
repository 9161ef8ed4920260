package commands

import (
	"context"
	"fmt"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// entityKey is /entity key: it asks, and then replaces the key.
var entityKey = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "key", Description: "Get a new key for an entity of yours; the old one ends",
		Options: []discord.ApplicationCommandOption{entityOption("Which of your entities")},
	},
	routes: []route{
		{slash, "/entity/key", (*Commands).askForKey},
		{autocomplete, "/entity/key", (*Commands).entityChoices},
		{button, "/key/saved/{entity}", (*Commands).savedKey},
	},
}

func (c *Commands) askForKey(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	if err := c.registry.MayRotate(i.ctx, i.actor, e.ID); err != nil {
		return err
	}
	return c.askToReplace(i, e)
}

// askToReplace asks, this person alone, before a key ends.
func (c *Commands) askToReplace(i *interaction, e entities.Entity) error {
	m, err := c.ask(i,
		fmt.Sprintf("Replace the key of %s? The old key, and everything that is connected with it, end at once. The new key is shown to you, once.", bold(e.Name)),
		"Replace the key", "Keep it", decision{answer: replaceKey(e.ID), kept: "Nothing was changed. The key that you have goes on working."})
	if err != nil {
		return err
	}
	return i.reply(m)
}

func replaceKey(id entities.ID) func(*Commands, *interaction) error {
	return func(c *Commands, i *interaction) error {
		made, err := c.registry.RotateKey(i.ctx, i.actor, id)
		if err != nil {
			return err
		}
		return c.showKey(i, c.card(made))
	}
}

// showKey shows a key to this person alone, and sees to it that it does not stay.
func (c *Commands) showKey(i *interaction, made card) error {
	made.ends = c.now().Add(c.shownFor)
	app, token, discord := i.ApplicationID(), i.Token(), i.client.Rest
	write, change := i.replaced, func(ctx context.Context, _ snowflake.ID, m message) error {
		_, err := discord.UpdateInteractionResponse(app, token, m.update(), rest.WithCtx(ctx))
		return err
	}
	if i.stage == updating && !i.isPrivate() {
		write, change = i.whispered, func(ctx context.Context, id snowflake.ID, m message) error {
			_, err := discord.UpdateFollowupMessage(app, token, id, m.update(), rest.WithCtx(ctx))
			return err
		}
	}
	id, err := write(made.shown())
	if err != nil {
		return i.reply(message{content: fmt.Sprintf("%s has a new key, but it could not be shown (ref %s). `/entity key` makes another one.", bold(made.entity.Name), c.fault(i, err))})
	}
	c.keys.add(id, c.shownFor, func(ctx context.Context, ending bool) error {
		err := change(ctx, id, made.hidden(ending))
		if rest.IsJSONErrorCode(err, rest.JSONErrorCodeUnknownMessage) {
			return nil // and the key with it
		}
		return err
	})
	return nil
}

// savedKey takes a key out of its message. It works after a restart too, when only the
// message itself knows what it is about.
func (c *Commands) savedKey(i *interaction) error {
	source := i.source()
	if source == nil || !i.isPrivate() {
		return errOdd
	}
	var about card
	if e, err := c.registry.Find(i.ctx, i.actor, i.vars["entity"]); err == nil {
		about = c.card(entities.Created{Entity: e})
	}
	if err := i.replace(about.saved()); err != nil {
		return err
	}
	c.keys.forget(source.ID)
	return nil
}
