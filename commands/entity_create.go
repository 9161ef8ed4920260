package commands

import (
	"fmt"

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
		{form, "/create/form/{form}", (*Commands).created},
		{button, "/create/fix/{form}", (*Commands).fix},
		{button, "/key/get/{entity}", (*Commands).getKey},
	},
}

// draft is what is known of an entity that is not made yet.
type draft struct {
	owner     snowflake.ID // 0 = whoever fills the form in
	ownerName string
	name      string
	persona   string
	channels  []snowflake.ID
	picture   upload
	// fix is the token of the "Fix it" button from which this form was opened.
	fix string
}

// upload is a picture on Discord; the zero upload is none.
type upload struct {
	url  string
	name string
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
	var d draft
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
	switch {
	case user.ID != id || member.User.ID != id:
		return entities.Refuse(entities.Invalid, "The owner must be a member of this server. Ask them to join first.")
	case user.Bot:
		return entities.Refuse(entities.Invalid, "A bot cannot own an entity. Choose a person, or leave the option out to own it yourself.")
	}
	d.owner, d.ownerName = id, user.EffectiveName()
	return nil
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

// openForm shows the form with what the draft has in it already.
func (c *Commands) openForm(i *interaction, d draft) error {
	token, err := c.drafts.put(i.actor, d)
	if err != nil {
		return err
	}
	return i.open(createForm("/create/form/"+token, d))
}

// created takes the filled-in form.
func (c *Commands) created(i *interaction) error {
	in, ok := i.Interaction.(discord.ModalSubmitInteraction)
	if !ok {
		return errOdd
	}
	d, err := c.drafts.take(i.actor, i.vars["form"])
	if err != nil {
		return err
	}
	// The result takes the place of the message whose button opened the form.
	wait := i.think
	if i.isPrivate() {
		wait = i.prepare
	}
	if err := wait(); err != nil {
		return err
	}
	if err := c.registry.MayCreate(i.ctx, i.actor); err != nil {
		return err
	}
	d.read(in.Data)
	made, err := c.make(i, &d, in.Data.Resolved)
	if err != nil {
		return c.offerFix(i, d, err)
	}
	c.drafts.drop(d.fix)
	if d.owner != 0 {
		return c.announce(i, made, d)
	}
	return c.showKey(i, made)
}

// make creates the entity. A picture that is refused is taken out of the draft.
func (c *Commands) make(i *interaction, d *draft, resolved discord.ResolvedData) (card, error) {
	picture, err := c.picture(i, d.picture)
	if err != nil {
		if _, refused := entities.AsRefusal(err); refused {
			d.picture = upload{}
		}
		return card{}, err
	}
	n := entities.NewEntity{Name: d.name, Persona: d.persona, Owner: d.owner, Avatar: picture, Here: i.here()}
	for _, id := range d.channels {
		n.Channels = append(n.Channels, entities.ChosenChannel{ID: id, Permissions: resolved.Channels[id].Permissions})
	}
	made, err := c.registry.Create(i.ctx, i.actor, n)
	if err != nil {
		return card{}, err
	}
	shown := c.card(made)
	shown.new, shown.places = true, made.Places
	return shown, nil
}

func (c *Commands) picture(i *interaction, from upload) (*entities.Avatar, error) {
	if from.url == "" {
		return nil, nil
	}
	data, err := c.relay.FetchUpload(i.ctx, from.url)
	if err != nil {
		return nil, err
	}
	avatar, err := c.registry.DecodeAvatar(i.ctx, i.actor, data)
	if err != nil {
		return nil, err
	}
	return &avatar, nil
}

// offerFix says what is wrong and keeps what was typed: Discord lets no form be opened from a
// form, but from a button.
func (c *Commands) offerFix(i *interaction, d draft, reason error) error {
	text := c.words(i, reason)
	c.drafts.drop(d.fix)
	d.fix = ""
	token, err := c.drafts.put(i.actor, d)
	if err != nil {
		return err
	}
	return i.replace(message{
		content: fmt.Sprintf("Nothing was created yet. %s\n\nWhat you typed is kept for 15 minutes.", text),
		buttons: []discord.InteractiveComponent{discord.NewPrimaryButton("Fix it", "/create/fix/"+token)},
	})
}

// fix opens the form again, with what was typed.
func (c *Commands) fix(i *interaction) error {
	if err := c.registry.MayCreate(i.ctx, i.actor); err != nil {
		return err
	}
	token := i.vars["form"]
	d, err := c.drafts.look(i.actor, token)
	if err != nil {
		return err
	}
	d.fix = token
	return c.openForm(i, d)
}
