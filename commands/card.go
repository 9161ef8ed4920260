package commands

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// card is what a person is shown of an entity together with its key.
type card struct {
	entity  entities.Entity
	key     string
	url     string           // where MCP clients connect
	code    string           // the first one-time code for a consent page; only of a new one
	picture string           // the avatar's address; "" without one
	new     bool             // the entity was made just now
	waits   bool             // until an admin lets it in; only a new one
	places  []entities.Place // where it may read and write; only of a new one
	ends    time.Time        // when the key is taken out of the message
}

func (c *Commands) card(made entities.Created) card {
	e := made.Entity
	shown := card{entity: e, key: made.Key, url: c.publicURL + "/mcp/" + string(e.ID)}
	if e.Avatar != "" {
		shown.picture = c.relay.AvatarURL(e.Avatar)
	}
	return shown
}

// heading says what was made, and where it may speak.
func (s card) heading() string {
	if !s.new {
		return fmt.Sprintf("Here is the key of %s. No older key works any more.", bold(s.entity.Name))
	}
	if s.waits {
		return fmt.Sprintf("%s is made. It neither hears nor speaks here until somebody with Manage Server lets it in. %s", bold(s.entity.Name), placed("It may then", s.places))
	}
	return fmt.Sprintf("%s is ready. %s", bold(s.entity.Name), whereabouts(s.places))
}

// mostWarnings is how many channels are warned of one by one, so that the message stays short.
const mostWarnings = 1

// whereabouts says where an entity may speak, and what stands against it there.
func whereabouts(places []entities.Place) string { return placed("It may", places) }

func placed(itMay string, places []entities.Place) string {
	warnings := make([]string, 0, len(places))
	for _, place := range places {
		if place.Lacks != 0 {
			warnings = append(warnings, fmt.Sprintf("In %s it cannot do so yet: the bot's role lacks %s there.", channelMention(place.ID), entities.PermissionNames(place.Lacks)))
		}
	}
	text := fmt.Sprintf("%s read and write in %s.", itMay, placeMentions(places))
	if more := len(warnings) - mostWarnings; more > 0 {
		warnings = append(warnings[:mostWarnings], fmt.Sprintf("The bot lacks permissions in %s as well.", amount(more, "other channel", "other channels")))
	}
	return strings.Join(append([]string{text}, warnings...), "\n⚠️ ")
}

func placeMentions(places []entities.Place) string {
	mentions := make([]string, 0, len(places))
	for _, place := range places {
		mentions = append(mentions, channelMention(place.ID))
	}
	return strings.Join(mentions, ", ")
}

// shown is the message with the key.
func (s card) shown() message {
	return message{
		content: fmt.Sprintf("%s\n\nIts address (MCP URL):\n%s\nIts key. Whoever has it can speak as %s, so keep it like a password:\n%s\n"+
			"**Save the key now.** It is shown this once; it goes away when you press the button, or %s.",
			s.heading(), block("", s.url), bold(s.entity.Name), block("", s.key), relative(s.ends)),
		embed:   s.setup(),
		buttons: []discord.InteractiveComponent{discord.NewSuccessButton("I saved it", "/key/saved/"+string(s.entity.ID))},
	}
}

// setup is what to paste into which program.
func (s card) setup() *discord.Embed {
	name := s.entity.Slug()
	authorization := "Authorization: Bearer " + s.key
	e := &discord.Embed{
		Title: "Connect an AI to it",
		Description: "Choose the program in which your AI runs and copy what stands there. " +
			"Then ask the AI: “Who are you on Discord?”",
		Fields: []discord.EmbedField{
			{Name: "Claude Code", Value: "Paste this into a terminal:\n" +
				block("sh", ClaudeCode(name, s.url, s.key))},
			{Name: "Other programs with a settings file", Value: "Many programs take MCP servers in this form:\n" + block("json", ClientJSON(name, s.url, s.key))},
			{Name: "A quick test without an AI", Value: "In a terminal on macOS or Linux. It works when `serverInfo` stands in the answer:\n" +
				block("sh", fmt.Sprintf("curl %s -H %q -H \"Content-Type: application/json\" -H \"Accept: application/json, text/event-stream\" -d '%s'", s.url, authorization, hello))},
			{Name: "ChatGPT, claude.ai and the Claude apps", Value: s.signIn()},
		},
	}
	if s.picture != "" {
		e.Thumbnail = &discord.EmbedResource{URL: s.picture}
	}
	return e
}

// signIn says how programs connect that take no key.
func (s card) signIn() string {
	text := "Add the MCP URL as a connector there. A page asks for a one-time code: "
	if s.code == "" {
		return text + "`/entity connect` gives one."
	}
	return text + "`" + s.code + "`, good for 10 minutes. `/entity connect` gives another one."
}

// hello is the first thing that MCP clients say.
const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}`

// ClaudeCode is the line for a terminal that tells Claude Code of an entity. Its name there
// may have letters, digits, - and _.
func ClaudeCode(name, url, key string) string {
	return fmt.Sprintf("claude mcp add --transport http %s %s --header %q", name, url, "Authorization: Bearer "+key)
}

// ClientJSON is the settings entry that many MCP clients share, over several lines.
func ClientJSON(name, url, key string) string {
	type server struct {
		Type    string            `json:"type"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	}
	settings := map[string]map[string]server{"mcpServers": {name: {Type: "http", URL: url, Headers: map[string]string{"Authorization": "Bearer " + key}}}}
	raw, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return "" // strings and maps of strings always marshal
	}
	return string(raw)
}

// hidden is the message after its time. ending says that the program ends and would not be
// there to take the key away later.
func (s card) hidden(ending bool) message {
	why := "The key was shown long enough and is gone from this message."
	if ending {
		why = "The bot is being restarted, so the key was taken out of this message."
	}
	return s.without(why + " If you did not save it, `/entity key` makes a new one.")
}

// saved is the message after "I saved it".
func (s card) saved() message {
	return s.without("Good. The key is gone from this message. If you lose it, `/entity key` makes a new one.")
}

func (s card) without(why string) message {
	if s.entity.ID == "" {
		return message{content: why}
	}
	return message{content: fmt.Sprintf("%s, MCP URL:\n%s\n%s", bold(s.entity.Name), block("", s.url), why)}
}

// portrait shows the entity's picture, if it has one.
func (s card) portrait() *discord.Embed {
	if s.picture == "" {
		return nil
	}
	return &discord.Embed{Title: clip(s.entity.Name, 80), Thumbnail: &discord.EmbedResource{URL: s.picture}}
}

// block shows a text as it is, ready to copy. The texts are ours and hold no ```.
func block(language, text string) string { return "```" + language + "\n" + text + "\n```" }
