package commands

import (
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// longestWords is how long all mention words are together, with what stands between them.
const longestWords = entities.MaxWords * (entities.MaxWord + 2)

// editForm is the form of /entity edit.
func editForm(customID string, d draft) discord.ModalCreate {
	if d.local {
		return localForm(customID, d)
	}
	name := nameField(d.name)
	if here := d.profile.Here; here != nil && here.Name != "" {
		name = name.WithDescription(clip("On this server it is shown as "+here.Name+".", longestHint))
	}
	description := discord.NewParagraphTextInput(fieldDescription).WithRequired(false).WithMaxLength(entities.MaxDescription).
		WithPlaceholder("Helps with mathematics, day and night.").WithValue(fitting(d.description, 0, entities.MaxDescription))
	fields := []discord.LayoutComponent{
		name,
		discord.NewLabel("Description", description).WithDescription("What people read about it."),
		pictureField(d.picture, pictureHint(d.profile.Entity.Avatar)),
	}
	if d.profile.Here != nil {
		fields = append(fields, wordsField(d.words))
	}
	return discord.NewModalCreate(customID, clip("Edit "+d.profile.Entity.Name, longestTitle), fields...)
}

// localForm is the form of /entity edit with here.
func localForm(customID string, d draft) discord.ModalCreate {
	name := discord.NewShortTextInput(fieldName).WithRequired(false).WithPlaceholder(clip(d.profile.Entity.Name, longestHint)).
		WithMinLength(entities.MinName).WithMaxLength(entities.MaxName).WithValue(fitting(d.name, entities.MinName, entities.MaxName))
	var own string // its picture for this server
	if d.profile.Here != nil {
		own = d.profile.Here.Avatar
	}
	fields := []discord.LayoutComponent{
		discord.NewLabel("Name on this server", name).WithDescription("Leave it empty to use its own name."),
		pictureField(d.picture, pictureHint(own)),
	}
	if own != "" {
		fields = append(fields, ownPictureField(d.ownPicture))
	}
	return discord.NewModalCreate(customID, clip(d.profile.Entity.Name+" on this server", longestTitle), append(fields, wordsField(d.words), roleField(d.role, d.roleGone))...)
}

// ownPictureField is one box in a group: disgo sends a value with a box that stands alone,
// which Discord takes for a text.
func ownPictureField(ticked bool) discord.LabelComponent {
	none := 0
	box := discord.NewCheckboxGroupOption(fieldOwnPicture, "Use its own picture again").WithDefault(ticked)
	return discord.NewLabel("The picture on this server", discord.CheckboxGroupComponent{
		CustomID: fieldOwnPicture, Options: []discord.CheckboxGroupOption{box}, MinValues: &none, MaxValues: 1,
	}).WithDescription("Tick this to take away the picture that it has on this server only.")
}

func pictureHint(now string) string {
	if now == "" {
		return "PNG, JPEG, GIF or WebP, at most 2 MB."
	}
	return "Leave it empty to keep the picture. PNG, JPEG, GIF or WebP, at most 2 MB."
}

func wordsField(words string) discord.LabelComponent {
	input := discord.NewShortTextInput(fieldWords).WithRequired(false).WithMaxLength(longestWords).
		WithPlaceholder("tutor, maths robot").WithValue(fitting(words, 0, longestWords))
	return discord.NewLabel("Mention words on this server", input).WithDescription("By which people call it, besides its name. Put commas between them.")
}

// roleField is for a role by whose mention people call the entity. Gone says that the one that
// did is deleted.
func roleField(role snowflake.ID, gone bool) discord.LabelComponent {
	menu := discord.NewRoleSelectMenu(fieldRole, "No role").WithRequired(false).WithMinValues(0).WithMaxValues(1)
	if role != 0 {
		menu = menu.SetDefaultValues(role)
	}
	hint := "Who mentions this role speaks to it."
	if gone {
		hint = "Its role was deleted on this server. Saving takes it away, unless you choose another one."
	}
	return discord.NewLabel("Role that calls it on this server", menu).WithDescription(hint)
}
