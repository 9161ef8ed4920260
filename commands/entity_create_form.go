package commands

import (
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
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
	if d.owner.ID != 0 {
		title = clip("Create an entity for "+d.ownerName, longestTitle)
	}
	channels := discord.NewChannelSelectMenu(fieldChannels, "Choose up to 25 channels").WithRequired(false).
		WithMinValues(0).WithMaxValues(entities.MaxChannels).WithChannelTypes(channelTypes...)
	for _, id := range d.channels {
		channels.DefaultValues = append(channels.DefaultValues, discord.NewSelectMenuDefaultChannel(id))
	}
	return discord.NewModalCreate(customID, title,
		nameField(d.name), personaField(d.persona), pictureField(d.picture, "PNG, JPEG, GIF or WebP, at most 2 MB."),
		discord.NewLabel("Channels", channels).WithDescription("Where it may read and write. None chosen: the channel you are in."),
	)
}

func nameField(name string) discord.LabelComponent {
	input := discord.NewShortTextInput(fieldName).WithRequired(true).WithPlaceholder("Ada").
		WithMinLength(entities.MinName).WithMaxLength(entities.MaxName).WithValue(fitting(name, entities.MinName, entities.MaxName))
	return discord.NewLabel("Name", input).WithDescription("What people see over its messages.")
}

func personaField(persona string) discord.LabelComponent {
	input := discord.NewParagraphTextInput(fieldPersona).WithRequired(false).WithMaxLength(entities.MaxPersona).
		WithPlaceholder("You are Ada, a patient tutor for mathematics. You answer briefly and ask back.").
		WithValue(fitting(persona, 0, entities.MaxPersona))
	return discord.NewLabel("Persona", input).WithDescription("Who it is and how it behaves, told to the AI that speaks as it.")
}

// pictureField takes a picture; the hint stands there while none was given.
func pictureField(given upload, hint string) discord.LabelComponent {
	if given.name != "" {
		hint = clip("Leave empty to keep "+given.name+".", longestHint)
	}
	input := discord.NewFileUpload(fieldAvatar).WithRequired(false).WithMinValues(0).WithMaxValues(1)
	return discord.NewLabel("Picture", input).WithDescription(hint)
}

// fitting gives a text that a field of this size takes, since Discord refuses the whole form
// for one that does not fit.
func fitting(text string, least, most int) string {
	if utf8.RuneCountInString(text) < least {
		return ""
	}
	return clip(text, most)
}
