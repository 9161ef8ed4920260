package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// modalData is what an application gets of a modal that was filled in.
type modalData struct {
	CustomID   string    `json:"custom_id"`
	Components []any     `json:"components"`
	Resolved   *resolved `json:"resolved,omitempty"`
}

type labelAnswer struct {
	Type      ComponentType `json:"type"`
	ID        int           `json:"id"`
	Component any           `json:"component"`
}

type rowAnswer struct {
	Type       ComponentType `json:"type"`
	ID         int           `json:"id"`
	Components []any         `json:"components"`
}

type displayAnswer struct {
	Type ComponentType `json:"type"`
	ID   int           `json:"id"`
}

type textAnswer struct {
	Type     ComponentType `json:"type"`
	ID       int           `json:"id"`
	CustomID string        `json:"custom_id"`
	Value    string        `json:"value"`
}

type singleAnswer struct {
	Type     ComponentType `json:"type"`
	ID       int           `json:"id"`
	CustomID string        `json:"custom_id"`
	Value    any           `json:"value"` // a radio group's, null when nothing is chosen; a checkbox's
}

type valuesAnswer struct {
	Type     ComponentType `json:"type"`
	ID       int           `json:"id"`
	CustomID string        `json:"custom_id"`
	Values   []any         `json:"values"`
}

// SubmitModal lets the user to whom a modal was shown fill it in and send it. values are
// by custom id or by label: a string for a text, bool for a checkbox, [File] or []File for
// an upload, one value or a slice ([]string, []ID, []any) for what can be picked from. What
// is left out keeps what the modal was opened with. It refuses what the client does not
// let people send: required fields that are empty, texts too long or too short, too many
// or too few picks, files of the wrong kind.
func (d *Discord) SubmitModal(user ID, modal Reply, values map[string]any) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := modal.from
	switch {
	case from == nil || from.modal == nil:
		return nil, errors.New("that reply is no modal")
	case from.scene.user.ID != user:
		return nil, fmt.Errorf("the modal was shown to %s only", from.scene.user.Username)
	}
	s, err := d.enter(user, from.scene.guildID(), from.scene.channel.ID)
	if err != nil {
		return nil, err
	}
	it := &Interaction{kind: ModalInteraction, scene: s, source: from.source, command: from.command, metadata: from.metadata}
	fill := filling{picker: picker{d: d, scene: &it.scene}, values: maps.Clone(values)}
	data := modalData{CustomID: from.modal.CustomID, Components: []any{}}
	for i := range from.modal.Components {
		answer, err := fill.answer(&from.modal.Components[i])
		if err != nil {
			return nil, fmt.Errorf("modal %q: %w", from.modal.Title, err)
		}
		data.Components = append(data.Components, answer)
	}
	if len(fill.values) > 0 {
		return nil, fmt.Errorf("modal %q has no field %q", from.modal.Title, slices.Sorted(maps.Keys(fill.values))[0])
	}
	data.Resolved = fill.shown()
	return d.interact(it, data), nil
}

// filling takes values for the fields of a modal; what is left over names no field.
type filling struct {
	picker
	values map[string]any
}

func (f *filling) answer(c *component) (any, error) {
	id := or(c.ID, 0)
	switch c.Type {
	case TextDisplay:
		return displayAnswer{c.Type, id}, nil
	case Label:
		inner, err := f.field(c.Component, or(c.Label, ""))
		return labelAnswer{c.Type, id, inner}, err
	}
	row := rowAnswer{Type: c.Type, ID: id}
	for i := range c.Components {
		inner, err := f.field(&c.Components[i], or(c.Components[i].Label, ""))
		if err != nil {
			return nil, err
		}
		row.Components = append(row.Components, inner)
	}
	return row, nil
}

// field answers one field, whose value is given by its custom id or its label.
func (f *filling) field(c *component, label string) (any, error) {
	key := c.customID()
	value, given := f.values[key]
	if !given {
		key = label
		value, given = f.values[key]
	}
	delete(f.values, key)
	var answer any
	var err error
	switch c.Type {
	case TextInput:
		answer, err = fillText(c, value, given)
	case Checkbox:
		answer, err = fillCheckbox(c, value, given)
	case RadioGroup:
		answer, err = f.fillRadio(c, value, given)
	default:
		answer, err = f.fillValues(c, value, given)
	}
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", cmp.Or(label, c.customID()), err)
	}
	return answer, nil
}

func fillText(c *component, value any, given bool) (any, error) {
	text := or(c.Value, "")
	if given {
		var ok bool
		if text, ok = value.(string); !ok {
			return nil, fmt.Errorf("%T is no string", value)
		}
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0 && c.required():
		return nil, errors.New("is required")
	case n > 0 && n < or(c.MinLength, 0), n > or(c.MaxLength, 4000):
		return nil, fmt.Errorf("%d characters are too many or too few", n)
	}
	return textAnswer{c.Type, or(c.ID, 0), c.customID(), text}, nil
}

func fillCheckbox(c *component, value any, given bool) (any, error) {
	if !given {
		value = string(c.Default) == "true"
	}
	on, err := strconv.ParseBool(fmt.Sprint(value))
	if err != nil {
		return nil, fmt.Errorf("%v is neither true nor false", value)
	}
	return singleAnswer{c.Type, or(c.ID, 0), c.customID(), on}, nil
}

func (f *filling) fillRadio(c *component, value any, given bool) (any, error) {
	answer := singleAnswer{Type: c.Type, ID: or(c.ID, 0), CustomID: c.customID()}
	if !given {
		for _, o := range c.Options {
			if o.Default {
				value, given = o.Value, true
			}
		}
	}
	if !given {
		if c.required() {
			return nil, errors.New("is required")
		}
		return answer, nil
	}
	picked, err := f.pickOne(c, value)
	answer.Value = picked
	return answer, err
}

func (f *filling) fillValues(c *component, value any, given bool) (any, error) {
	picked := several(value)
	if !given {
		picked = preset(c)
	}
	least, most := c.bounds()
	switch n := len(picked); {
	case n == 0 && c.required() && least > 0:
		return nil, errors.New("is required")
	case n > 0 && n < least, n > most:
		return nil, fmt.Errorf("%d values where %d to %d are taken", n, least, most)
	}
	sent, err := f.pick(c, picked)
	return valuesAnswer{c.Type, or(c.ID, 0), c.customID(), sent}, err
}

// preset is what a field holds when the modal opens.
func preset(c *component) []any {
	var all []any
	for _, o := range c.Options {
		if o.Default {
			all = append(all, o.Value)
		}
	}
	for _, v := range c.DefaultValues {
		all = append(all, v.ID)
	}
	return all
}

// several makes a list of what is given for a field of many values.
func several(value any) []any {
	var all []any
	switch v := value.(type) {
	case nil:
	case []any:
		all = v
	case []string:
		for _, one := range v {
			all = append(all, one)
		}
	case []ID:
		for _, one := range v {
			all = append(all, one)
		}
	case []File:
		for _, one := range v {
			all = append(all, one)
		}
	default:
		all = []any{v}
	}
	return all
}
