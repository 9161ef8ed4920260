package commands

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// edited is what became of an entity.
type edited struct {
	draft                      // what was wanted
	after     entities.Profile // what there is now
	avatarURL func(hash string) string
}

func (e edited) message() message {
	lines := e.lines()
	if len(lines) == 0 {
		return message{content: "Nothing was changed: everything stands as it was.", embed: e.portrait()}
	}
	where := "on every server it is on"
	if e.local {
		where = "on this server only"
	}
	lines = append([]string{fmt.Sprintf("Saved. %s is changed %s:", bold(e.after.Entity.Name), where)}, lines...)
	return message{content: strings.Join(append(lines, e.still()...), "\n"), embed: e.portrait()}
}

// lines say what differs from what there was.
func (e edited) lines() []string {
	now, was := asTyped(e.after, e.local), e.was
	var lines []string
	add := func(text string, args ...any) { lines = append(lines, "- "+fmt.Sprintf(text, args...)) }
	switch {
	case now.name == was.name:
	case now.name == "":
		add("Name: its own again")
	case e.local:
		add("Name: %s", bold(now.name))
	default:
		add("Name: %s, before %s", bold(now.name), bold(was.name))
	}
	switch now.description {
	case was.description:
	case "":
		add("Description: taken away")
	default:
		add("Description: the new one")
	}
	switch {
	case e.picture.url != "":
		add("Picture: the new one")
	case e.ownPicture:
		add("Picture: its own again")
	}
	if now.words != was.words {
		add("Mention words on this server: %s", cmp.Or(plain(now.words), "none"))
	}
	switch now.role {
	case was.role:
	case 0:
		if e.roleGone {
			add("Role that calls it: none, since it was deleted")
		} else {
			add("Role that calls it: none")
		}
	default:
		add("Role that calls it: <@&%s>", now.role)
	}
	return lines
}

// still says what an owner may wonder at after a change everywhere.
func (e edited) still() []string {
	here := e.after.Here
	if e.local || here == nil {
		return nil
	}
	var lines []string
	if here.Name != "" && e.name != e.was.name {
		lines = append(lines, fmt.Sprintf("On this server it is still shown as %s.", bold(here.Name)))
	}
	if here.Avatar != "" && e.picture.url != "" {
		lines = append(lines, "On this server it still has a picture of its own.")
	}
	if len(lines) > 0 {
		lines = append(lines, "`/entity edit` with `here` changes that.")
	}
	return lines
}

// portrait shows the entity as it looks now: here, or else everywhere.
func (e edited) portrait() *discord.Embed {
	name, picture := e.after.Entity.Name, e.after.Entity.Avatar
	if e.local {
		name, picture = cmp.Or(e.after.Here.Name, name), cmp.Or(e.after.Here.Avatar, picture)
	}
	embed := &discord.Embed{Title: plain(name), Description: plain(e.after.Entity.Description)}
	if picture != "" {
		embed.Thumbnail = &discord.EmbedResource{URL: e.avatarURL(picture)}
	}
	return embed
}
