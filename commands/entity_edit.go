package commands

import (
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityEdit is /entity edit: forms with today's values, for what belongs to the owner.
var entityEdit = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "edit", Description: "Change an entity of yours: name, description, picture, mention words",
		Options: []discord.ApplicationCommandOption{
			entityOption("Which of your entities"),
			discord.ApplicationCommandOptionBool{Name: "here", Description: "Change only how it looks on this server"},
		},
	},
	routes: []route{
		{slash, "/entity/edit", (*Commands).edit},
		{autocomplete, "/entity/edit", (*Commands).entityChoices},
		{form, "/edit/form/{form}", (*Commands).filled},
		{button, "/edit/fix/{form}", (*Commands).fix},
	},
}

var editing = purpose{
	name: "edit", unsaved: "Nothing was changed yet.",
	allowed: func(c *Commands, i *interaction, d draft) error {
		_, err := c.profile(i, d.entity.ID, d.local)
		return err
	},
	form: editForm, save: (*Commands).saveEdit,
}

// edit opens the form. A form must be the first answer, so nothing slow comes before it.
func (c *Commands) edit(i *interaction) error {
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	data, err := i.command()
	if err != nil {
		return err
	}
	d := draft{purpose: editing, entity: e}
	if _, err := option(data, "here", &d.local); err != nil {
		return err
	}
	profile, err := c.profile(i, e.ID, d.local)
	if err != nil {
		return err
	}
	d.profile, d.was = profile, asTyped(profile, d.local)
	d.typed = d.was
	if d.roleGone = d.local && c.roleGone(profile.Here); d.roleGone {
		d.role = 0 // Discord shows no form with it
	}
	return c.openForm(i, d)
}

// roleGone says whether the role that calls an entity on a server was deleted there.
func (c *Commands) roleGone(here *entities.Presence) bool {
	if here.RoleID == 0 || c.registry.World().Pending(here.GuildID) {
		return false
	}
	_, known := c.registry.World().RoleName(here.GuildID, here.RoleID)
	return !known
}

// profile is what the owner can change; local asks for a presence on this server too.
func (c *Commands) profile(i *interaction, id entities.ID, local bool) (entities.Profile, error) {
	profile, err := c.registry.Profile(i.ctx, i.actor, id)
	if err == nil && local && profile.Here == nil {
		_, err = c.registry.Setup(i.ctx, i.actor, id) // which says what to do about it
	}
	return profile, err
}

// asTyped is a profile as it stands in the form's fields.
func asTyped(p entities.Profile, local bool) typed {
	words := strings.Join(slices.Sorted(slices.Values(p.Words)), ", ")
	if local {
		return typed{name: p.Here.Name, words: words, role: p.Here.RoleID}
	}
	return typed{name: p.Entity.Name, description: p.Entity.Description, words: words}
}

func (c *Commands) saveEdit(i *interaction, d *draft, _ discord.ResolvedData) (answer func() error, err error) {
	picture, err := c.picture(i, d)
	if err != nil {
		return nil, err
	}
	if err := c.saveEdited(i, d, picture); err != nil {
		return nil, err
	}
	return func() error {
		after, err := c.profile(i, d.entity.ID, d.local)
		if err != nil {
			return err
		}
		return i.replace(edited{draft: *d, after: after, avatarURL: c.relay.AvatarURL}.message())
	}, nil
}

// saveEdited tells the registry what differs from what the form was opened with, so that it
// undoes nothing that was saved meanwhile.
func (c *Commands) saveEdited(i *interaction, d *draft, picture *entities.Avatar) error {
	differs := func(now, was string) *string {
		if now == was {
			return nil
		}
		return &now
	}
	var words *[]string
	if d.words != d.was.words {
		words = new(strings.Split(d.words, ","))
	}
	if d.local {
		change := entities.Adornment{Name: differs(d.name, d.was.name), Avatar: picture, OwnAvatar: d.ownPicture, Words: words}
		if d.role != d.was.role {
			change.Role = &d.role
		}
		if change == (entities.Adornment{}) {
			return nil
		}
		_, err := c.registry.EditHere(i.ctx, i.actor, d.entity.ID, change)
		return err
	}
	change := entities.Changes{
		Name: differs(d.name, d.was.name), Description: differs(d.description, d.was.description),
		Avatar: picture, Words: words,
	}
	if change == (entities.Changes{}) {
		return nil
	}
	_, err := c.registry.Edit(i.ctx, i.actor, d.entity.ID, change)
	return err
}
