package mcp

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// exact is the first whole number that JSON's usual readers cannot tell from its neighbour.
const exact = 1 << 53

// reference takes what names something. An id as a number has lost its last digits on the way
// through the client, so it would name something else.
func (f field) reference(value json.RawMessage) (string, error) {
	if text, ok := stringOf(value); ok {
		return bare(text), nil
	}
	number, err := strconv.ParseUint(string(value), 10, 64)
	switch {
	case err != nil && !strings.ContainsAny(string(value[:1]), "-0123456789"):
		return "", f.wrong("a text", value)
	case err != nil || number >= exact:
		return "", f.inexact()
	}
	return string(value), nil
}

func (f field) inexact() error {
	return entities.Refuse(entities.Invalid, "%s must be a string: as a JSON number an id loses its last digits. Put it into quotes.", f.name)
}

// bare takes off what stands around a link that shows no preview.
func bare(ref string) string {
	ref = strings.TrimSpace(ref)
	if inside, ok := strings.CutPrefix(ref, "<http"); ok {
		return "http" + strings.TrimSuffix(inside, ">")
	}
	return ref
}

// messageOf reads what names a message and its channel: a link, CHANNEL:MESSAGE as search gives it,
// or CHANNEL-MESSAGE as people copy it from Discord.
func messageOf(ref string) (channel, message snowflake.ID, ok bool) {
	if _, channel, message, ok = entities.ParseLink(bare(ref)); ok {
		return channel, message, message != 0
	}
	found := channelAndMessage.FindStringSubmatch(strings.TrimSpace(ref))
	if found == nil {
		return 0, 0, false
	}
	channel, wrong := snowflake.Parse(found[1])
	message, also := snowflake.Parse(found[2])
	return channel, message, wrong == nil && also == nil && channel != 0 && message != 0
}

var channelAndMessage = regexp.MustCompile(`^(\d{15,20})[:-](\d{15,20})$`)

func (f field) message(value json.RawMessage) (messageArg, error) {
	ref, err := f.reference(value)
	if err != nil {
		return messageArg{}, err
	}
	if channel, message, ok := messageOf(ref); ok {
		return messageArg{ID: message, link: ref, channel: channel}, nil
	}
	id, err := snowflake.Parse(ref)
	if err != nil || id == 0 {
		return messageArg{}, f.wrong("a message's id or its link", value)
	}
	return messageArg{ID: id}, nil
}
