package mcp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// embedArg is a box under a message, with the part of Discord's embeds that tells something.
type embedArg struct {
	Title       string       `json:"title,omitempty" doc:"at most 256 characters"`
	Description string       `json:"description,omitempty" doc:"markdown; at most 4096 characters"`
	URL         string       `json:"url,omitempty" doc:"where the title leads"`
	Color       string       `json:"color,omitempty" doc:"of the box's edge, like #ff8800"`
	Image       string       `json:"image,omitempty" doc:"a picture's https address"`
	Footer      string       `json:"footer,omitempty" doc:"at most 2048 characters"`
	Fields      []embedField `json:"fields,omitempty" doc:"at most 25"`
}

type embedField struct {
	Name   string `json:"name" doc:"at most 256 characters"`
	Value  string `json:"value" doc:"at most 1024 characters"`
	Inline bool   `json:"inline,omitempty" doc:"beside its neighbours"`
}

// embeds takes a list of embeds, a list in a string, and a single one as a list of one.
func (f field) embeds(value json.RawMessage) ([]embedArg, error) {
	if text, ok := stringOf(value); ok {
		value = json.RawMessage(strings.TrimSpace(text))
		if !json.Valid(value) || checkStrictly(value, nil) != nil {
			return nil, f.wrong("a list of embeds", value)
		}
	}
	if value[0] == '{' {
		value = append(append([]byte{'['}, value...), ']')
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.DisallowUnknownFields()
	var embeds []embedArg
	if err := decoder.Decode(&embeds); err != nil {
		return nil, entities.Refuse(entities.Invalid, "embeds is a list of objects with title, description, url, color, image, footer and fields (name, value, inline), all texts but inline. This one cannot be read.")
	}
	return embeds, nil
}

// embedsOf words embeds as Discord takes them.
func embedsOf(args []embedArg) ([]discord.Embed, error) {
	var embeds []discord.Embed
	for _, arg := range args {
		embed := discord.Embed{Title: arg.Title, Description: arg.Description, URL: arg.URL}
		if arg.Color != "" {
			color, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimPrefix(arg.Color, "#"), "0x"), 16, 32)
			if err != nil || color < 0 || color > 0xFFFFFF {
				return nil, entities.Refuse(entities.Invalid, "The color of an embed is written like #ff8800, not %q.", clip(arg.Color, 20))
			}
			embed.Color = int(color)
		}
		if arg.Image != "" {
			embed.Image = &discord.EmbedResource{URL: arg.Image}
		}
		if arg.Footer != "" {
			embed.Footer = &discord.EmbedFooter{Text: arg.Footer}
		}
		for _, f := range arg.Fields {
			embed.Fields = append(embed.Fields, discord.EmbedField{Name: f.Name, Value: f.Value, Inline: &f.Inline})
		}
		embeds = append(embeds, embed)
	}
	return embeds, nil
}
