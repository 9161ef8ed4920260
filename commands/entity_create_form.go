package commands

import (
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// The custom ids of the form's fields are a contract with whoever fills it in by program.
const (
	fieldName     = "name"
	fieldPersona  = "persona"
	fieldAvatar   = "avatar"
	fieldChannels = "channels"
)

// longestTitle is Discord's for a modal; longestHint for what stands under a label.
const (
	longestTitle = 45
	longestHint  = 100
)

// channelTypes are where an entity can speak and listen. Media channels are left out: Discord's
// description of its API does not list their type here, and one wrong type fails the form.
var channelTypes = []discord.ChannelType{
	discord.ChannelTypeGuildText, discord.ChannelTypeGuildNews, discord.ChannelTypeGuildVoice,
	discord.ChannelTypeGuildStageVoice, discord.ChannelTypeGuildForum,
}

// createForm is the form of /entity create, filled in with what the draft has.
func createForm(customID string, d draft) discord.ModalCreate {
	title := "Create an entity"
	if d.owner != 0 {
		title = clip("Create an entity for "+d.ownerName, longestTitle)
	}
	pictureHint := "PNG, JPEG, GIF or WebP, at most 2 MB."
	if d.picture.name != "" {
		pictureHint = clip("Leave empty to keep "+d.picture.name+".", longestHint)
	}
	name := discord.NewShortTextInput(fieldName).WithRequired(true).WithPlaceholder("Ada").
		WithMinLength(entities.MinName).WithMaxLength(entities.MaxName).WithValue(fitting(d.name, entities.MinName, entities.MaxName))
	persona := discord.NewParagraphTextInput(fieldPersona).WithRequired(false).WithMaxLength(entities.MaxPersona).
		WithPlaceholder("You are Ada, a patient tutor for mathematics. You answer briefly and ask back.").
		WithValue(fitting(d.persona, 0, entities.MaxPersona))
	avatar := discord.NewFileUpload(fieldAvatar).WithRequired(false).WithMinValues(0).WithMaxValues(1)
	channels := discord.NewChannelSelectMenu(fieldChannels, "Choose up to 25 channels").WithRequired(false).
		WithMinValues(0).WithMaxValues(entities.MaxChannels).WithChannelTypes(channelTypes...)
	for _, id := range d.channels {
		channels.DefaultValues = append(channels.DefaultValues, discord.NewSelectMenuDefaultChannel(id))
	}
	return discord.NewModalCreate(customID, title,
		discord.NewLabel("Name", name).WithDescription("What people see over its messages."),
		discord.NewLabel("Persona", persona).WithDescription("Who it is and how it behaves, told to the AI that speaks as it."),
		discord.NewLabel("Picture", avatar).WithDescription(pictureHint),
		discord.NewLabel("Channels", channels).WithDescription("Where it may read and write. None chosen: the channel you are in."),
	)
}

// fitting gives a text that a field of this size takes, since Discord refuses the whole form
// for one that does not fit.
func fitting(text string, least, most int) string {
	if utf8.RuneCountInString(text) < least {
		return ""
	}
	return clip(text, most)
}

// read takes over what was filled in. The picture that was given before stays when no new one
// was chosen.
func (d *draft) read(data discord.ModalSubmitInteractionData) {
	d.name, d.persona = data.Text(fieldName), data.Text(fieldPersona)
	d.channels = nil
	if menu, ok := data.ChannelSelectMenu(fieldChannels); ok {
		d.channels = append([]snowflake.ID(nil), menu.Values[:min(len(menu.Values), entities.MaxChannels)]...)
	}
	if files := data.Attachments(fieldAvatar); len(files) > 0 {
		d.picture = upload{url: files[0].URL, name: files[0].Filename}
	}
}
