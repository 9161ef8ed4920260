package commands

import (
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// Edited renders what became of an entity.
func Edited(local bool, before, after entities.Profile, picture string, ownPicture bool) Shown {
	d := draft{local: local, profile: before, was: asTyped(before, local)}
	d.typed = asTyped(after, local)
	d.ownPicture = ownPicture
	if picture != "" {
		d.picture = upload{url: "https://cdn.example/" + picture, name: picture}
	}
	return edited{draft: d, after: after, avatarURL: func(hash string) string { return "https://troupe.example/avatars/" + hash + ".png" }}.message().create(0)
}

// EditForm is the form of /entity edit.
func EditForm(local bool, p entities.Profile, picture string) discord.ModalCreate {
	return editForm("/edit/form/token", draft{purpose: editing, local: local, profile: p, was: asTyped(p, local), typed: func() typed {
		now := asTyped(p, local)
		now.picture.name = picture
		return now
	}()})
}

// Introduction renders what people are shown of an entity.
func Introduction(info entities.Info, picture string, faceless time.Time, publicURL string) Shown {
	return introduction{info: info, picture: picture, faceless: faceless, url: publicURL + "/mcp/" + string(info.Resident.Entity.ID)}.message().create(0)
}
