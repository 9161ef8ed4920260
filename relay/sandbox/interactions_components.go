package sandbox

import "encoding/json"

// ComponentType is Discord's number for a kind of component.
type ComponentType int

// The kinds of components (components/reference).
const (
	ActionRow         ComponentType = 1
	Button            ComponentType = 2
	StringSelect      ComponentType = 3
	TextInput         ComponentType = 4
	UserSelect        ComponentType = 5
	RoleSelect        ComponentType = 6
	MentionableSelect ComponentType = 7
	ChannelSelect     ComponentType = 8
	Section           ComponentType = 9
	TextDisplay       ComponentType = 10
	Thumbnail         ComponentType = 11
	MediaGallery      ComponentType = 12
	FileDisplay       ComponentType = 13
	Separator         ComponentType = 14
	Container         ComponentType = 17
	Label             ComponentType = 18
	FileUpload        ComponentType = 19
	RadioGroup        ComponentType = 21
	CheckboxGroup     ComponentType = 22
	Checkbox          ComponentType = 23
)

// Styles of buttons with a meaning of their own.
const (
	linkButton    = 5
	premiumButton = 6
)

// component is any component as clients send it.
type component struct {
	Type          ComponentType   `json:"type"`
	ID            *int            `json:"id"`
	CustomID      *string         `json:"custom_id"`
	Style         *int            `json:"style"`
	Label         *string         `json:"label"`
	Emoji         *Emoji          `json:"emoji"`
	URL           *string         `json:"url"`
	SKUID         *ID             `json:"sku_id"`
	Disabled      bool            `json:"disabled"`
	Options       []selectOption  `json:"options"`
	Placeholder   *string         `json:"placeholder"`
	MinValues     *int            `json:"min_values"`
	MaxValues     *int            `json:"max_values"`
	Required      *bool           `json:"required"`
	ChannelTypes  []ChannelType   `json:"channel_types"`
	DefaultValues []defaultValue  `json:"default_values"`
	Components    []component     `json:"components"`
	Accessory     *component      `json:"accessory"`
	Component     *component      `json:"component"`
	Content       *string         `json:"content"`
	Media         *mediaItem      `json:"media"`
	File          *mediaItem      `json:"file"`
	Items         []galleryItem   `json:"items"`
	Description   *string         `json:"description"`
	Spoiler       bool            `json:"spoiler"`
	Divider       *bool           `json:"divider"`
	Spacing       *int            `json:"spacing"`
	AccentColor   *int            `json:"accent_color"`
	Value         *string         `json:"value"`
	MinLength     *int            `json:"min_length"`
	MaxLength     *int            `json:"max_length"`
	FileTypes     []string        `json:"file_types"`
	Default       json.RawMessage `json:"default"`
}

type selectOption struct {
	Label       string  `json:"label"`
	Value       string  `json:"value"`
	Description *string `json:"description,omitempty"`
	Emoji       *Emoji  `json:"emoji,omitempty"`
	Default     bool    `json:"default,omitempty"`
}

type defaultValue struct {
	ID   ID     `json:"id"`
	Type string `json:"type"`
}

type mediaItem struct {
	URL string `json:"url"`
}

type galleryItem struct {
	Media       mediaItem `json:"media"`
	Description *string   `json:"description"`
	Spoiler     bool      `json:"spoiler"`
}

func (c *component) isSelect() bool { return isSelect(c.Type) }

func isSelect(t ComponentType) bool {
	return t == StringSelect || (t >= UserSelect && t <= ChannelSelect)
}

// required is true unless the modal's author said otherwise.
func (c *component) required() bool { return c.Required == nil || *c.Required }

// bounds are how many values may be picked.
func (c *component) bounds() (least, most int) {
	least, most = 1, 1
	if c.Type == CheckboxGroup {
		most = len(c.Options)
	}
	if c.MinValues != nil {
		least = *c.MinValues
	}
	if c.MaxValues != nil {
		most = *c.MaxValues
	}
	return least, most
}

func (c *component) customID() string {
	if c.CustomID == nil {
		return ""
	}
	return *c.CustomID
}

// children are the components right inside this one.
func (c *component) children() []*component {
	var list []*component
	for i := range c.Components {
		list = append(list, &c.Components[i])
	}
	for _, one := range []*component{c.Accessory, c.Component} {
		if one != nil {
			list = append(list, one)
		}
	}
	return list
}

// everyComponent gives all components of a tree, each before its children.
func everyComponent(list []component) []*component {
	var all []*component
	for i := range list {
		all = append(all, &list[i])
		for _, child := range list[i].children() {
			all = append(all, everyComponent([]component{*child})...)
		}
	}
	return all
}

// Where a component may stand: what may be in what.
var (
	rowChildren       = []ComponentType{Button, StringSelect, UserSelect, RoleSelect, MentionableSelect, ChannelSelect}
	v2TopLevel        = []ComponentType{ActionRow, Section, TextDisplay, MediaGallery, FileDisplay, Separator, Container}
	containerChildren = []ComponentType{ActionRow, Section, TextDisplay, MediaGallery, FileDisplay, Separator}
	labelChildren     = []ComponentType{
		StringSelect, TextInput, UserSelect, RoleSelect, MentionableSelect, ChannelSelect,
		FileUpload, RadioGroup, CheckboxGroup, Checkbox,
	}
	modalTopLevel = []ComponentType{ActionRow, TextDisplay, Label}
)
