package commands

import (
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// entityCreate is /entity create: a form, and what comes of it.
var entityCreate = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "create", Description: "Create an AI identity on this server",
		Options: []discord.ApplicationCommandOption{
			discord.ApplicationCommandOptionUser{Name: "owner", Description: "Whose it will be, when not yours. Only they get its key"},
			discord.ApplicationCommandOptionAttachment{Name: "avatar", Description: "Its picture: PNG, JPEG, GIF or WebP, at most 2 MB"},
		},
	},
	routes: []route{
		{slash, "/entity/create", (*Commands).create},
		{form, "/create/form/{form}", (*Commands).filled},
		{button, "/create/fix/{form}", (*Commands).fix},
		{button, "/key/get/{entity}", (*Commands).getKey},
	},
}

var creating = purpose{
	name: "create", unsaved: "Nothing was created yet.",
	allowed: func(c *Commands, i *interaction, _ draft) error { return c.registry.MayCreate(i.ctx, i.actor) },
	form:    createForm, save: (*Commands).saveNew,
}

// create opens the form. A form must be the first answer, so nothing slow comes before it.
func (c *Commands) create(i *interaction) error {
	if err := c.registry.MayCreate(i.ctx, i.actor); err != nil {
		return err
	}
	data, err := i.command()
	if err != nil {
		return err
	}
	d := draft{purpose: creating}
	if err := d.readOwner(data, i.actor); err != nil {
		return err
	}
	if err := d.readPicture(data); err != nil {
		return err
	}
	return c.openForm(i, d)
}

func (d *draft) readOwner(data discord.SlashCommandInteractionData, actor entities.Actor) error {
	var id snowflake.ID
	given, err := option(data, "owner", &id)
	if err != nil || !given || id == actor.User() {
		return err
	}
	user, member := data.Resolved.Users[id], data.Resolved.Members[id]
	if user.ID != id || member.User.ID != id {
		return entities.Refuse(entities.Invalid, "The owner must be a member of this server. Ask them to join first.")
	}
	d.owner, d.ownerName = entities.Person{ID: id, Bot: user.Bot}, user.EffectiveName()
	return d.owner.MayOwn()
}

func (d *draft) readPicture(data discord.SlashCommandInteractionData) error {
	var id snowflake.ID
	given, err := option(data, "avatar", &id)
	if err != nil || !given {
		return err
	}
	file, ok := data.Resolved.Attachments[id]
	if !ok {
		return errOdd
	}
	d.picture = upload{url: file.URL, name: file.Filename}
	return nil
}

func (c *Commands) saveNew(i *interaction, d *draft, resolved discord.ResolvedData) (answer func() error, err error) {
	picture, err := c.picture(i, d)
	if err != nil {
		return nil, err
	}
	n := entities.NewEntity{Name: d.name, Persona: d.persona, Owner: d.owner, Avatar: picture, Here: i.here()}
	for _, id := range d.channels {
		n.Channels = append(n.Channels, entities.ChosenChannel{ID: id, Permissions: resolved.Channels[id].Permissions})
	}
	made, err := c.registry.Create(i.ctx, i.actor, n)
	if err != nil {
		return nil, err
	}
	shown := c.card(made)
	if d.owner.ID == 0 {
		if shown.code, err = c.registry.ConnectCode(i.ctx, i.actor, made.Entity.ID); err != nil {
			c.log.Error("make the first one-time code", "err", err) // the key is there, and must be shown
		}
	}
	shown.new, shown.waits, shown.places = true, made.Requested, made.Places
	return func() error {
		if d.owner.ID != 0 {
			return c.announce(i, shown, *d)
		}
		if err := c.showKey(i, shown); err != nil || !shown.waits {
			return err
		}
		return c.askAdmins(i, made.Entity, made.Places)
	}, nil
}
