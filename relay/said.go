package relay

import (
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// judged is a composed line as its entity's rules judge it: everything in it that people would
// read, as the entity gave it, and whom its messages would ping.
func (s *speech) judged(line Line) entities.Said {
	texts := []string{line.Content, line.ThreadName}
	for _, e := range line.Embeds {
		texts = append(texts, embedded(e)...)
	}
	texts = append(texts, line.Poll.read()...)
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	said := entities.Said{Text: strings.Join(texts, "\n")}
	var people, roles []snowflake.ID
	everyone := false
	for _, part := range s.parts {
		if part.AllowedMentions == nil {
			continue
		}
		people, roles = append(people, part.AllowedMentions.Users...), append(roles, part.AllowedMentions.Roles...)
		everyone = everyone || len(part.AllowedMentions.Parse) > 0
	}
	said.Pings = entities.Pings{People: distinct(people), Groups: distinct(roles)}
	if everyone {
		said.Pings.Groups++
	}
	return said
}

func distinct(ids []snowflake.ID) int {
	slices.Sort(ids)
	return len(slices.Compact(ids))
}

// embedded is what people read in an embed, and where its links lead.
func embedded(e discord.Embed) []string {
	texts := []string{e.Title, e.Description, e.URL}
	for _, picture := range []*discord.EmbedResource{e.Image, e.Thumbnail, e.Video} {
		if picture != nil {
			texts = append(texts, picture.URL)
		}
	}
	if e.Author != nil {
		texts = append(texts, e.Author.Name, e.Author.URL, e.Author.IconURL)
	}
	for _, field := range e.Fields {
		texts = append(texts, field.Name, field.Value)
	}
	if e.Footer != nil {
		texts = append(texts, e.Footer.Text, e.Footer.IconURL)
	}
	return texts
}
