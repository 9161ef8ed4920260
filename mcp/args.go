package mcp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// channelArg is an argument that names a channel. It is resolved before the tool runs.
type channelArg struct {
	ref string
	ID  snowflake.ID // 0 when it was not given
}

// messageArg is an argument that names a message, by its id or by a link, which names the
// channel too.
type messageArg struct {
	ID      snowflake.ID // 0 when it was not given
	link    string
	channel snowflake.ID // of a link, else 0
}

// field is one argument of a tool: a field of its input struct.
type field struct {
	name, doc          string
	index              int
	kind               reflect.Type
	required           bool
	min, max, fallback int // of a number; no bounds when max is 0
}

var (
	textType    = reflect.TypeFor[string]()
	flagType    = reflect.TypeFor[bool]()
	numberType  = reflect.TypeFor[int]()
	textsType   = reflect.TypeFor[[]string]()
	channelType = reflect.TypeFor[channelArg]()
	messageType = reflect.TypeFor[messageArg]()
	embedsType  = reflect.TypeFor[[]embedArg]()
)

// fieldsOf reads a tool's arguments from its input struct: `json` gives the name and, by
// omitempty, whether it may be absent; `doc` tells the model what it is; `range` gives a
// number's bounds and default as "1,100,30".
func fieldsOf(input reflect.Type) ([]field, error) {
	var fields []field
	for i := range input.NumField() {
		f := input.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		parsed := field{name: name, doc: f.Tag.Get("doc"), index: i, kind: f.Type, required: option != "omitempty"}
		if name == "" || parsed.doc == "" {
			return nil, fmt.Errorf("%s.%s needs the tags json and doc", input, f.Name)
		}
		if !slices.Contains([]reflect.Type{textType, flagType, numberType, textsType, channelType, messageType, embedsType}, f.Type) {
			return nil, fmt.Errorf("%s.%s: arguments of type %s cannot be read", input, f.Name, f.Type)
		}
		if bounds, ok := f.Tag.Lookup("range"); ok {
			if _, err := fmt.Sscanf(bounds, "%d,%d,%d", &parsed.min, &parsed.max, &parsed.fallback); err != nil {
				return nil, fmt.Errorf("%s.%s: read the tag range: %w", input, f.Name, err)
			}
		}
		fields = append(fields, parsed)
	}
	return fields, nil
}

// decode reads a call's arguments into a tool's input, forgiving what models get wrong
// without changing what they mean.
func decode(tool string, fields []field, raw json.RawMessage, into reflect.Value) error {
	given, err := argumentsOf(raw)
	if err != nil {
		return err
	}
	if err := onlyKnown(tool, fields, given); err != nil {
		return err
	}
	for _, f := range fields {
		value := given[f.name]
		target := into.Field(f.index)
		if !present(value) || f.void(value) {
			if f.required {
				return entities.Refuse(entities.Invalid, "%s needs %s: %s", tool, f.name, f.doc)
			}
			if f.kind == numberType {
				target.SetInt(int64(f.fallback))
			}
			continue
		}
		if err := f.set(target, value); err != nil {
			return err
		}
	}
	return nil
}

// present says whether an argument was given: models send null and "" for what they leave out.
func present(value json.RawMessage) bool {
	return len(value) > 0 && string(value) != "null" && string(value) != `""`
}

// void says whether a text stands for nothing where it cannot be meant as one: some models write
// blanks, or null in quotes.
func (f field) void(value json.RawMessage) bool {
	text, ok := stringOf(value)
	if !ok {
		return false
	}
	text = strings.ToLower(strings.TrimSpace(text))
	switch f.kind {
	case channelType:
		return text == "" // a channel can be called null
	case flagType, numberType, messageType:
		return slices.Contains([]string{"", "null", "none", "undefined"}, text)
	default:
		return false
	}
}

// argumentsOf takes the arguments apart. Some clients send them as a string of JSON.
func argumentsOf(raw json.RawMessage) (map[string]json.RawMessage, error) {
	bad := entities.Refuse(entities.Invalid, "The arguments are not a JSON object.")
	if !present(raw) {
		return nil, nil
	}
	if text, ok := stringOf(raw); ok {
		raw = json.RawMessage(text)
		if !json.Valid(raw) || checkStrictly(raw, nil) != nil {
			return nil, bad
		}
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, bad
	}
	return given, nil
}

func onlyKnown(tool string, fields []field, given map[string]json.RawMessage) error {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	var unknown []string
	for name := range given {
		if !slices.Contains(names, name) {
			unknown = append(unknown, strconv.Quote(clip(name, 40)))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	unknown = unknown[:min(len(unknown), 5)]
	if len(names) == 0 {
		return entities.Refuse(entities.Invalid, "%s takes no arguments, so not %s.", tool, strings.Join(unknown, ", "))
	}
	return entities.Refuse(entities.Invalid, "%s does not know %s. It takes: %s.", tool, strings.Join(unknown, ", "), strings.Join(names, ", "))
}

// set reads one argument that is present.
func (f field) set(target reflect.Value, value json.RawMessage) error {
	switch f.kind {
	case textType:
		text, err := f.text(value)
		target.SetString(text)
		return err
	case flagType:
		flag, err := f.flag(value)
		target.SetBool(flag)
		return err
	case numberType:
		number, err := f.number(value)
		target.SetInt(int64(number))
		return err
	case textsType:
		texts, err := f.texts(value)
		target.Set(reflect.ValueOf(texts))
		return err
	case channelType:
		ref, err := f.reference(value)
		target.Set(reflect.ValueOf(channelArg{ref: ref}))
		return err
	case embedsType:
		embeds, err := f.embeds(value)
		target.Set(reflect.ValueOf(embeds))
		return err
	default:
		message, err := f.message(value)
		target.Set(reflect.ValueOf(message))
		return err
	}
}

func stringOf(value json.RawMessage) (string, bool) {
	var text string
	if value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return "", false
	}
	return text, true
}

// text takes a string, and a number or true and false as what they look like.
func (f field) text(value json.RawMessage) (string, error) {
	if text, ok := stringOf(value); ok {
		return text, nil
	}
	if value[0] == '{' || value[0] == '[' {
		return "", f.wrong("a text", value)
	}
	if number, err := strconv.ParseUint(string(value), 10, 64); err == nil && number >= exact {
		return "", f.inexact() // of a user or a server
	}
	return string(value), nil
}

func (f field) flag(value json.RawMessage) (bool, error) {
	word := string(value)
	if text, ok := stringOf(value); ok {
		word = strings.ToLower(strings.TrimSpace(text))
	}
	switch word {
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, f.wrong("true or false", value)
	}
}

func (f field) number(value json.RawMessage) (int, error) {
	digits := string(value)
	if text, ok := stringOf(value); ok {
		digits = strings.TrimSpace(text)
	}
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil || number != float64(int(number)) || number < float64(f.min) || number > float64(f.max) {
		return 0, f.wrong(fmt.Sprintf("a whole number from %d to %d", f.min, f.max), value)
	}
	return int(number), nil
}

// texts takes a list, a list in a string, and a single text as a list of one.
func (f field) texts(value json.RawMessage) ([]string, error) {
	if text, ok := stringOf(value); ok {
		if !strings.HasPrefix(strings.TrimSpace(text), "[") || !json.Valid([]byte(text)) {
			return []string{text}, nil
		}
		value = json.RawMessage(strings.TrimSpace(text))
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(value, &elements); err != nil {
		return nil, f.wrong("a list of texts", value)
	}
	texts := make([]string, 0, len(elements))
	for _, element := range elements {
		text, err := f.text(element)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func (f field) wrong(want string, got json.RawMessage) error {
	return entities.Refuse(entities.Invalid, "%s must be %s, not %s.", f.name, want, clip(string(got), 60))
}
