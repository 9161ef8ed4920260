package text

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/disgoorg/disgo/discord"
)

// Discord's limits of embeds (resources/message, embed limits; its OpenAPI for the URLs).
const (
	MaxEmbeds      = 10   // in one message
	MaxEmbedLength = 6000 // characters of all embeds of a message together
	maxFields      = 25
	maxURL         = 2048
)

// EmbedError says what is wrong with a message's embeds.
type EmbedError struct {
	Field   string // such as "embeds[0].fields[2].value"
	Have    int    // what it has, where there is a limit
	Most    int    // what Discord takes; 0 where no limit is the matter
	Problem string // in words, without the field
}

func (e *EmbedError) Error() string { return e.Field + " " + e.Problem }

// Embeds checks a message's embeds against Discord's limits: how many there are, how long each
// text is and all together, that each shows something, and that URLs are http or https. The
// error is an [*EmbedError].
func Embeds(embeds []discord.Embed) error {
	if len(embeds) > MaxEmbeds {
		return tooMany("embeds", len(embeds), MaxEmbeds, "entries")
	}
	total := 0
	for i, embed := range embeds {
		n, err := checkEmbed(fmt.Sprintf("embeds[%d]", i), embed)
		if err != nil {
			return err
		}
		total += n
	}
	if total > MaxEmbedLength {
		return tooMany("embeds", total, MaxEmbedLength, "characters together")
	}
	return nil
}

func tooMany(field string, have, most int, what string) *EmbedError {
	return &EmbedError{Field: field, Have: have, Most: most, Problem: fmt.Sprintf("has %d %s, %d more than the %d that Discord takes", have, what, have-most, most)}
}

// embedPart is a piece of an embed: a text with its limit, or a URL.
type embedPart struct {
	field    string
	value    string
	most     int
	needed   bool
	uncounts bool // not part of the 6,000
}

// checkEmbed checks one embed and counts its characters.
func checkEmbed(name string, e discord.Embed) (int, error) {
	if len(e.Fields) > maxFields {
		return 0, tooMany(name+".fields", len(e.Fields), maxFields, "entries")
	}
	if e.Color < 0 || e.Color > 0xFFFFFF {
		return 0, &EmbedError{Field: name + ".color", Have: e.Color, Most: 0xFFFFFF, Problem: fmt.Sprintf("is %d; a colour is 0 to 16777215 (0xFFFFFF)", e.Color)}
	}
	texts, urls := embedParts(e)
	total := 0
	for _, part := range texts {
		n := Length(strings.TrimSpace(part.value))
		if n > part.most {
			return 0, tooMany(name+"."+part.field, n, part.most, "characters")
		}
		if n == 0 && part.needed {
			return 0, &EmbedError{Field: name + "." + part.field, Problem: "is empty"}
		}
		if !part.uncounts {
			total += n
		}
	}
	for _, part := range urls {
		if err := checkURL(name+"."+part.field, part.value); err != nil {
			return 0, err
		}
	}
	if total == 0 && e.Image == nil && e.Thumbnail == nil && e.Video == nil {
		return 0, &EmbedError{Field: name, Problem: "is empty: give it a title, description, field or image"}
	}
	return total, nil
}

// embedParts lists an embed's texts and its URLs.
func embedParts(e discord.Embed) (texts, urls []embedPart) {
	texts = []embedPart{
		{field: "title", value: e.Title, most: 256},
		{field: "description", value: e.Description, most: 4096},
	}
	for i, f := range e.Fields {
		texts = append(texts,
			embedPart{field: fmt.Sprintf("fields[%d].name", i), value: f.Name, most: 256, needed: true},
			embedPart{field: fmt.Sprintf("fields[%d].value", i), value: f.Value, most: 1024, needed: true})
	}
	if e.URL != "" {
		urls = append(urls, embedPart{field: "url", value: e.URL})
	}
	if e.Footer != nil {
		texts = append(texts, embedPart{field: "footer.text", value: e.Footer.Text, most: 2048})
		urls = addURL(urls, "footer.icon_url", e.Footer.IconURL)
	}
	if e.Author != nil {
		texts = append(texts, embedPart{field: "author.name", value: e.Author.Name, most: 256})
		urls = addURL(addURL(urls, "author.url", e.Author.URL), "author.icon_url", e.Author.IconURL)
	}
	if e.Provider != nil {
		texts = append(texts, embedPart{field: "provider.name", value: e.Provider.Name, most: 256, uncounts: true})
		urls = addURL(urls, "provider.url", e.Provider.URL)
	}
	for i, shown := range []*discord.EmbedResource{e.Image, e.Thumbnail, e.Video} {
		if shown != nil {
			urls = append(urls, embedPart{field: []string{"image.url", "thumbnail.url", "video.url"}[i], value: shown.URL})
		}
	}
	return texts, urls
}

func addURL(urls []embedPart, field, value string) []embedPart {
	if value == "" {
		return urls
	}
	return append(urls, embedPart{field: field, value: value})
}

func checkURL(field, value string) error {
	if n := Length(value); n > maxURL {
		return tooMany(field, n, maxURL, "characters")
	}
	parsed, err := url.Parse(value)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" {
		return &EmbedError{Field: field, Problem: "is no http or https address"}
	}
	return nil
}
