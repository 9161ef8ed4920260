package sandbox

import (
	"strconv"
	"strings"
)

// This file checks the components that people fill in or pick from.

func (w *componentCheck) label(at string, c *component) {
	if c.Label == nil {
		w.required(at + ".label")
	} else {
		w.length(at+".label", *c.Label, 1, 45)
	}
	w.optionalText(at+".description", c.Description, 1, 100)
	if c.Component == nil {
		w.required(at + ".component")
		return
	}
	w.visit(at+".component", c.Component, labelChildren)
}

func (w *componentCheck) needCustomID(at string, c *component) {
	if c.CustomID == nil {
		w.required(at + ".custom_id")
	}
}

func (w *componentCheck) textInput(at string, c *component) {
	w.needCustomID(at, c)
	switch {
	case c.Style == nil:
		w.required(at + ".style")
	case *c.Style != 1 && *c.Style != 2:
		w.add(at+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
	}
	if c.Label == nil && !strings.HasSuffix(at, ".component") {
		w.required(at + ".label") // in a Label, that one has the words
	}
	w.optionalText(at+".label", c.Label, 1, 45)
	least, most := 0, 4000
	if c.MinLength != nil {
		least = *c.MinLength
		w.number(at+".min_length", least, 0, 4000)
	}
	if c.MaxLength != nil {
		most = *c.MaxLength
		w.number(at+".max_length", most, 1, 4000)
	}
	if least > most {
		w.add(at+".min_length", "TEXT_INPUT_COMPONENT_MIN_LENGTH_GREATER_THAN_MAX", "min_length cannot be greater than max_length")
	}
	w.optionalText(at+".placeholder", c.Placeholder, 0, 100)
	if c.Value != nil && *c.Value != "" {
		w.length(at+".value", *c.Value, max(least, 1), most)
	}
}

// choosing checks selects, file uploads, radio groups and checkboxes.
func (w *componentCheck) choosing(at string, c *component) {
	w.needCustomID(at, c)
	w.optionalText(at+".placeholder", c.Placeholder, 0, 150)
	if w.modal && c.Disabled {
		w.add(at+".disabled", "COMPONENT_DISABLED_IN_MODAL", "Components in a modal cannot be disabled")
	}
	limit := 25
	switch c.Type {
	case StringSelect:
		w.options(at, c, 1, 25)
	case RadioGroup:
		w.options(at, c, 2, 10)
		return
	case CheckboxGroup:
		w.options(at, c, 1, 10)
		limit = 10
	case FileUpload:
		limit = 10
	case Checkbox:
		return
	}
	w.countRange(at, c, limit)
}

func (w *componentCheck) options(at string, c *component, least, most int) {
	if len(c.Options) < least || len(c.Options) > most {
		w.add(at+".options", "BASE_TYPE_BAD_LENGTH", "Must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+" in length.")
	}
	seen, defaults := map[string]bool{}, 0
	for i, o := range c.Options {
		path := at + ".options." + strconv.Itoa(i)
		w.length(path+".label", o.Label, 1, 100)
		w.length(path+".value", o.Value, 1, 100)
		w.optionalText(path+".description", o.Description, 0, 100)
		if seen[o.Value] {
			w.add(path+".value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
		}
		seen[o.Value] = true
		if o.Default {
			defaults++
		}
	}
	if _, upTo := c.bounds(); c.Type != RadioGroup && defaults > upTo {
		w.add(at+".options", "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "More options are selected by default than can be chosen")
	}
}

// countRange checks how many values may be picked.
func (w *componentCheck) countRange(at string, c *component, limit int) {
	least, most := c.bounds()
	w.number(at+".min_values", least, 0, limit)
	w.number(at+".max_values", most, 1, limit)
	switch {
	case least > most:
		w.add(at+".min_values", "SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX", "min_values cannot be greater than max_values")
	case (c.Type == StringSelect || c.Type == CheckboxGroup) && (most > len(c.Options) || least > len(c.Options)):
		w.add(at+".max_values", "SELECT_COMPONENT_MAX_VALUES_TOO_LARGE", "There are fewer options than must or may be chosen")
	}
	if w.modal && c.required() && c.MinValues != nil && least == 0 {
		w.add(at+".min_values", "COMPONENT_REQUIRED_MIN_VALUES", "min_values must be at least 1 when the component is required")
	}
	w.defaults(at, c, least, most)
}

func (w *componentCheck) defaults(at string, c *component, least, most int) {
	if c.DefaultValues == nil {
		return
	}
	if n := len(c.DefaultValues); n > 0 && (n < least || n > most) {
		w.add(at+".default_values", "SELECT_COMPONENT_DEFAULT_VALUES_COUNT", "The number of default values must be between min_values and max_values")
	}
	kinds := map[ComponentType]string{
		UserSelect: " user ", RoleSelect: " role ", MentionableSelect: " user role ", ChannelSelect: " channel ",
	}[c.Type]
	for i, v := range c.DefaultValues {
		if !strings.Contains(kinds, " "+v.Type+" ") {
			w.add(at+".default_values."+strconv.Itoa(i)+".type", "BASE_TYPE_CHOICES", "Value must be one of {"+strings.Join(strings.Fields(kinds), ", ")+"}.")
		}
	}
}

// modalForm is the data of an interaction answer that opens a modal.
type modalForm struct {
	CustomID   string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []component `json:"components"`
}

// check notes what is wrong with a modal, at path.
func (m *modalForm) check(f *form, path string) {
	f.length(path+".custom_id", m.CustomID, 1, 100)
	f.length(path+".title", m.Title, 1, 45)
	if len(m.Components) < 1 || len(m.Components) > mostRows {
		f.add(path+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
	}
	w := componentCheck{form: f, modal: true, customIDs: map[string]bool{}, ids: map[int]bool{}}
	for i := range m.Components {
		w.visit(path+".components."+strconv.Itoa(i), &m.Components[i], modalTopLevel)
	}
}
