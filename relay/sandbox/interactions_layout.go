package sandbox

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
)

// This file checks components as a whole and those that lay out and show.

// Limits of components (components/reference).
const (
	mostComponents  = 40
	mostRows        = 5
	mostDisplayText = 4000 // of all text displays of a message together
)

// componentCheck walks a tree of components and notes what Discord refuses.
type componentCheck struct {
	*form
	modal     bool
	customIDs map[string]bool
	ids       map[int]bool
	count     int
	text      int
}

// checkComponents notes what is wrong with a message's components, at path.
func checkComponents(f *form, path string, raw json.RawMessage, v2 bool) {
	var list []component
	if !decodeComponents(f, path, raw, &list) {
		return
	}
	w := componentCheck{form: f, customIDs: map[string]bool{}, ids: map[int]bool{}}
	top := []ComponentType{ActionRow}
	if v2 {
		top = v2TopLevel
	} else if len(list) > mostRows {
		f.add(path, "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
	}
	for i := range list {
		w.visit(path+"."+strconv.Itoa(i), &list[i], top)
	}
	if w.count > mostComponents {
		f.add(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "The total number of components cannot exceed 40")
	}
	if w.text > mostDisplayText {
		f.add(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "The total size of displayable text cannot exceed 4000")
	}
}

func decodeComponents(f *form, path string, raw json.RawMessage, into *[]component) bool {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return true
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field != "" {
			path += "." + wrong.Field
		}
		f.add(path, typeCode(wrong), "Could not convert \""+wrong.Value+"\"")
		return false
	}
	f.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
	return false
}

// visit checks one component that stands where only the allowed kinds may.
func (w *componentCheck) visit(at string, c *component, allowed []ComponentType) {
	w.count++
	if !slices.Contains(allowed, c.Type) {
		w.add(at, "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of "+numbers(allowed)+".")
		return
	}
	w.identity(at, c)
	switch c.Type {
	case ActionRow:
		w.row(at, c)
	case Button:
		w.button(at, c)
	case Section:
		w.section(at, c)
	case TextDisplay:
		w.textDisplay(at, c)
	case Container:
		w.container(at, c)
	case MediaGallery:
		w.gallery(at, c)
	case Thumbnail:
		w.media(at+".media", c.Media, "http", "https", "attachment")
		w.optionalText(at+".description", c.Description, 0, 1024)
	case FileDisplay:
		w.media(at+".file", c.File, "attachment")
	case Separator:
		if c.Spacing != nil && *c.Spacing != 1 && *c.Spacing != 2 {
			w.add(at+".spacing", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
		}
	case Label:
		w.label(at, c)
	case TextInput:
		w.textInput(at, c)
	default:
		w.choosing(at, c)
	}
}

func numbers(types []ComponentType) string {
	text := "("
	for i, t := range types {
		if i > 0 {
			text += ", "
		}
		text += strconv.Itoa(int(t))
	}
	if len(types) == 1 {
		text += ","
	}
	return text + ")"
}

// identity checks id and custom_id, which are unique in a message or modal.
func (w *componentCheck) identity(at string, c *component) {
	if c.ID != nil && *c.ID != 0 {
		if w.ids[*c.ID] {
			w.add(at+".id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
		}
		w.ids[*c.ID] = true
	}
	if c.CustomID == nil {
		return
	}
	w.length(at+".custom_id", *c.CustomID, 1, 100)
	if w.customIDs[*c.CustomID] {
		w.add(at+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	w.customIDs[*c.CustomID] = true
}

func (w *componentCheck) optionalText(path string, text *string, least, most int) {
	if text != nil {
		w.length(path, *text, least, most)
	}
}

func (w *componentCheck) row(at string, c *component) {
	if len(c.Components) == 0 || len(c.Components) > 5 {
		w.add(at+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
		return
	}
	allowed := rowChildren
	if w.modal {
		allowed = []ComponentType{TextInput}
	}
	for i := range c.Components {
		child, path := &c.Components[i], at+".components."+strconv.Itoa(i)
		w.visit(path, child, allowed)
		if i > 0 && (w.modal || child.isSelect() || c.Components[0].isSelect()) {
			w.add(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")
		}
	}
}

func (w *componentCheck) button(at string, c *component) {
	if c.Style == nil {
		w.required(at + ".style")
		return
	}
	switch {
	case *c.Style < 1 || *c.Style > premiumButton:
		w.add(at+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
	case *c.Style == linkButton && c.URL == nil:
		w.add(at, "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")
	case *c.Style == premiumButton && c.SKUID == nil:
		w.add(at, "BUTTON_COMPONENT_SKU_ID_REQUIRED", "A sku id is required")
	case *c.Style < linkButton && c.CustomID == nil:
		w.add(at, "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required")
	}
	if c.CustomID != nil && (c.URL != nil || *c.Style >= linkButton) {
		w.add(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified")
	}
	if *c.Style < linkButton && c.URL != nil && c.CustomID == nil {
		w.add(at, "BUTTON_COMPONENT_INVALID_STYLE", "Only link buttons can have a url")
	}
	w.optionalText(at+".label", c.Label, 0, 80)
	if *c.Style != premiumButton && (c.Label == nil || *c.Label == "") && c.Emoji == nil {
		w.add(at, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button must have a label or an emoji")
	}
	if c.URL != nil {
		w.length(at+".url", *c.URL, 1, 512)
		checkURL(w.form, at+".url", *c.URL, "http", "https", "discord")
	}
}

func (w *componentCheck) section(at string, c *component) {
	if len(c.Components) == 0 || len(c.Components) > 3 {
		w.add(at+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 3 in length.")
	}
	for i := range c.Components {
		w.visit(at+".components."+strconv.Itoa(i), &c.Components[i], []ComponentType{TextDisplay})
	}
	if c.Accessory == nil {
		w.required(at + ".accessory")
		return
	}
	w.visit(at+".accessory", c.Accessory, []ComponentType{Button, Thumbnail})
}

func (w *componentCheck) textDisplay(at string, c *component) {
	if c.Content == nil {
		w.required(at + ".content")
		return
	}
	w.length(at+".content", *c.Content, 1, mostDisplayText)
	w.text += len([]rune(*c.Content))
}

func (w *componentCheck) container(at string, c *component) {
	if len(c.Components) == 0 {
		w.add(at+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 40 in length.")
	}
	if c.AccentColor != nil {
		w.number(at+".accent_color", *c.AccentColor, 0, 0xFFFFFF)
	}
	for i := range c.Components {
		w.visit(at+".components."+strconv.Itoa(i), &c.Components[i], containerChildren)
	}
}

func (w *componentCheck) gallery(at string, c *component) {
	if len(c.Items) == 0 || len(c.Items) > 10 {
		w.add(at+".items", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 10 in length.")
	}
	for i := range c.Items {
		item := at + ".items." + strconv.Itoa(i)
		w.media(item+".media", &c.Items[i].Media, "http", "https", "attachment")
		w.optionalText(item+".description", c.Items[i].Description, 0, 1024)
	}
}

func (w *componentCheck) media(at string, m *mediaItem, schemes ...string) {
	if m == nil || m.URL == "" {
		w.required(at + ".url")
		return
	}
	checkURL(w.form, at+".url", m.URL, schemes...)
}
