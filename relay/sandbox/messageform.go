package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Types of messages.
const (
	plainMessageType = 0
	pinnedNotice     = 6
	threadCreated    = 18
	replyMessage     = 19
	threadStarter    = 21
)

// Flags of messages.
const (
	flagSuppressEmbeds        = 1 << 2
	flagHasThread             = 1 << 5
	flagEphemeral             = 1 << 6
	flagLoading               = 1 << 7
	flagSuppressNotifications = 1 << 12
	flagComponentsV2          = 1 << 15
)

// messageForm is the body that makes or edits a message: the union of what bots,
// webhooks and interaction answers may send. Which fields count depends on the route.
type messageForm struct {
	Content         field[string]           `json:"content"`
	Nonce           json.RawMessage         `json:"nonce"`
	EnforceNonce    bool                    `json:"enforce_nonce"`
	TTS             bool                    `json:"tts"`
	Embeds          field[[]Embed]          `json:"embeds"`
	AllowedMentions *allowedMentions        `json:"allowed_mentions"`
	Reference       *referenceForm          `json:"message_reference"`
	Components      field[json.RawMessage]  `json:"components"`
	StickerIDs      []ID                    `json:"sticker_ids"`
	Attachments     field[[]attachmentForm] `json:"attachments"`
	Flags           field[int]              `json:"flags"`
	Username        *string                 `json:"username"`
	AvatarURL       *string                 `json:"avatar_url"`
	ThreadName      *string                 `json:"thread_name"`
	AppliedTags     []ID                    `json:"applied_tags"`
	Poll            field[*pollForm]        `json:"poll"`
}

type referenceForm struct {
	Type            int   `json:"type"`
	MessageID       ID    `json:"message_id"`
	ChannelID       ID    `json:"channel_id"`
	GuildID         ID    `json:"guild_id"`
	FailIfNotExists *bool `json:"fail_if_not_exists"`
}

func (m *messageForm) hasComponents() bool {
	raw := strings.TrimSpace(string(m.Components.Value))
	return m.Components.given() && raw != "" && raw != "[]"
}

// check notes what is wrong with the fields themselves, whatever the route. settable are
// the flags that the route lets its caller set.
func (m *messageForm) check(f *form, settable int) {
	f.length("content", m.Content.Value, 0, 2000)
	m.AllowedMentions.check(f)
	checkEmbeds(f, m.Embeds.Value)
	v2 := m.Flags.Value&flagComponentsV2 != 0
	if m.hasComponents() {
		checkComponents(f, "components", m.Components.Value, v2)
	}
	m.checkNonce(f)
	if m.Poll.given() {
		m.Poll.Value.check(f)
	}
	if v2 {
		m.checkV2(f)
	}
	if m.Flags.Value&^settable != 0 {
		f.add("flags", "INVALID_FLAGS", "One or more of the flags cannot be set.")
	}
	if len(m.Attachments.Value) > 10 {
		f.add("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
	}
}

// checkV2 notes what a message of components alone must not have.
func (m *messageForm) checkV2(f *form) {
	if m.Content.Value != "" {
		f.add("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
	}
	if len(m.Embeds.Value) > 0 {
		f.add("embeds", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The 'embeds' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
	}
	if m.Poll.given() {
		f.add("poll", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The 'poll' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
	}
}

// checkNonce: a whole number or up to 25 characters.
func (m *messageForm) checkNonce(f *form) {
	if len(m.Nonce) == 0 || string(m.Nonce) == "null" {
		m.Nonce = nil
		return
	}
	var text string
	if json.Unmarshal(m.Nonce, &text) == nil {
		f.length("nonce", text, 0, 25)
		return
	}
	var n int64
	if json.Unmarshal(m.Nonce, &n) != nil {
		f.add("nonce", "NONCE_TYPE_INVALID", "Nonce must be a string or an integer.")
	}
}

// empty says whether there is nothing that a message could show.
func (m *messageForm) empty(files int) bool {
	return strings.TrimSpace(m.Content.Value) == "" && len(m.Embeds.Value) == 0 && !m.hasComponents() && !m.Poll.given() && files == 0
}

// checkEmbeds notes embeds beyond Discord's limits (resources/message, "Embed Limits").
func checkEmbeds(f *form, embeds []Embed) {
	if len(embeds) > 10 {
		f.add("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
	}
	total := 0
	for i := range embeds {
		if reflect.ValueOf(embeds[i]).IsZero() { // discord-api-docs #1765
			f.add(fmt.Sprintf("embeds.%d", i), "LIST_ITEM_VALUE_REQUIRED", "List item values of ModelType are required")
		}
		total += checkEmbed(f, fmt.Sprintf("embeds.%d", i), &embeds[i])
	}
	if total > 6000 {
		f.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
	}
}

// checkEmbed gives the number of characters that count for the sum of all embeds.
func checkEmbed(f *form, at string, e *Embed) int {
	f.length(at+".title", e.Title, 0, 256)
	f.length(at+".description", e.Description, 0, 4096)
	size := len([]rune(e.Title)) + len([]rune(e.Description))
	if e.Color != nil {
		f.number(at+".color", *e.Color, 0, 0xFFFFFF)
	}
	if e.Timestamp != "" {
		if _, err := time.Parse(time.RFC3339Nano, e.Timestamp); err != nil {
			f.add(at+".timestamp", "DATE_TIME_TYPE_PARSE", "Could not parse "+e.Timestamp+". Should be ISO8601.")
		}
	}
	checkURL(f, at+".url", e.URL, "http", "https")
	if e.Footer != nil {
		f.length(at+".footer.text", e.Footer.Text, 0, 2048)
		size += len([]rune(e.Footer.Text))
		checkURL(f, at+".footer.icon_url", e.Footer.IconURL, "http", "https", "attachment")
	}
	if e.Author != nil {
		f.length(at+".author.name", e.Author.Name, 1, 256)
		size += len([]rune(e.Author.Name))
		checkURL(f, at+".author.url", e.Author.URL, "http", "https")
		checkURL(f, at+".author.icon_url", e.Author.IconURL, "http", "https", "attachment")
	}
	for name, media := range map[string]*EmbedMedia{"image": e.Image, "thumbnail": e.Thumbnail} {
		if media != nil {
			checkURL(f, at+"."+name+".url", media.URL, "http", "https", "attachment")
		}
	}
	return size + checkEmbedFields(f, at+".fields", e.Fields)
}

func checkEmbedFields(f *form, at string, fields []EmbedField) (size int) {
	if len(fields) > 25 {
		f.add(at, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
	}
	for i, field := range fields {
		f.length(fmt.Sprintf("%s.%d.name", at, i), field.Name, 1, 256)
		f.length(fmt.Sprintf("%s.%d.value", at, i), field.Value, 1, 1024)
		size += len([]rune(field.Name)) + len([]rune(field.Value))
	}
	return size
}

// checkURL notes a text that is no URL of one of the schemes. Empty is fine.
func checkURL(f *form, at, text string, schemes ...string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		f.add(at, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
	case !slices.Contains(schemes, u.Scheme):
		f.add(at, "URL_TYPE_INVALID_SCHEME", fmt.Sprintf("Scheme %q is not supported. Scheme must be one of ('%s').", u.Scheme, strings.Join(schemes, "', '")))
	case len(text) > 2048:
		f.add(at, "BASE_TYPE_MAX_LENGTH", "Must be 2048 or fewer in length.")
	}
}
