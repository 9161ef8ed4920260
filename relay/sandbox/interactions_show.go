package sandbox

import (
	"encoding/json"
	"strings"
)

// The components of messages as Discord shows them: with ids and with every default
// written out.

type rowView struct {
	Type       ComponentType `json:"type"`
	ID         int           `json:"id"`
	Components []any         `json:"components"`
}

type buttonView struct {
	Type     ComponentType `json:"type"`
	ID       int           `json:"id"`
	Style    int           `json:"style"`
	CustomID string        `json:"custom_id,omitempty"`
	Label    string        `json:"label,omitempty"`
	Emoji    *emojiView    `json:"emoji,omitempty"`
	URL      string        `json:"url,omitempty"`
	SKUID    ID            `json:"sku_id,omitzero"`
	Disabled bool          `json:"disabled,omitempty"`
}

type emojiView struct {
	ID       ID     `json:"id,omitzero"`
	Name     string `json:"name"`
	Animated bool   `json:"animated,omitempty"`
}

type selectView struct {
	Type          ComponentType  `json:"type"`
	ID            int            `json:"id"`
	CustomID      string         `json:"custom_id"`
	Placeholder   string         `json:"placeholder,omitempty"`
	MinValues     int            `json:"min_values"`
	MaxValues     int            `json:"max_values"`
	Disabled      bool           `json:"disabled,omitempty"`
	Options       []optionView   `json:"options,omitempty"`
	ChannelTypes  []ChannelType  `json:"channel_types,omitempty"`
	DefaultValues []defaultValue `json:"default_values,omitempty"`
}

type optionView struct {
	Label       string     `json:"label"`
	Value       string     `json:"value"`
	Description string     `json:"description,omitempty"`
	Emoji       *emojiView `json:"emoji,omitempty"`
	Default     bool       `json:"default,omitempty"`
}

type textView struct {
	Type    ComponentType `json:"type"`
	ID      int           `json:"id"`
	Content string        `json:"content"`
}

type sectionView struct {
	Type       ComponentType `json:"type"`
	ID         int           `json:"id"`
	Components []any         `json:"components"`
	Accessory  any           `json:"accessory"`
}

type containerView struct {
	Type        ComponentType `json:"type"`
	ID          int           `json:"id"`
	AccentColor *int          `json:"accent_color"`
	Components  []any         `json:"components"`
	Spoiler     bool          `json:"spoiler"`
}

type separatorView struct {
	Type    ComponentType `json:"type"`
	ID      int           `json:"id"`
	Spacing int           `json:"spacing"`
	Divider bool          `json:"divider"`
}

type mediaView struct {
	ID           ID      `json:"id"`
	URL          string  `json:"url"`
	ProxyURL     string  `json:"proxy_url"`
	Width        *int    `json:"width"`
	Height       *int    `json:"height"`
	ContentType  *string `json:"content_type"`
	AttachmentID ID      `json:"attachment_id,omitzero"`
}

type thumbnailView struct {
	Type        ComponentType `json:"type"`
	ID          int           `json:"id"`
	Media       mediaView     `json:"media"`
	Description *string       `json:"description"`
	Spoiler     bool          `json:"spoiler"`
}

type galleryView struct {
	Type  ComponentType     `json:"type"`
	ID    int               `json:"id"`
	Items []galleryItemView `json:"items"`
}

type galleryItemView struct {
	Media       mediaView `json:"media"`
	Description *string   `json:"description"`
	Spoiler     bool      `json:"spoiler"`
}

type fileView struct {
	Type    ComponentType `json:"type"`
	ID      int           `json:"id"`
	File    mediaView     `json:"file"`
	Name    *string       `json:"name"`
	Size    *int          `json:"size"`
	Spoiler bool          `json:"spoiler"`
}

// numbering gives ids to the components that have none, in the order in which they stand.
type numbering struct {
	d     *Discord
	files []Attachment
	taken map[int]bool
	last  int
}

// numberComponents gives a checked list of components the form in which a message shows
// them: numbered, with defaults, and with the files of the message in place of
// attachment:// references.
func (d *Discord) numberComponents(raw json.RawMessage, files []Attachment) json.RawMessage {
	var list []component
	if err := json.Unmarshal(raw, &list); err != nil {
		return raw // checkComponents has refused this
	}
	n := numbering{d: d, files: files, taken: map[int]bool{}}
	for _, c := range everyComponent(list) {
		if c.ID != nil {
			n.taken[*c.ID] = true
		}
	}
	shown, err := json.Marshal(n.list(list))
	if err != nil {
		return raw
	}
	return shown
}

func (n *numbering) id(c *component) int {
	if c.ID != nil && *c.ID != 0 {
		return *c.ID
	}
	for n.last++; n.taken[n.last]; n.last++ {
	}
	return n.last
}

func (n *numbering) list(list []component) []any {
	shown := make([]any, 0, len(list))
	for i := range list {
		shown = append(shown, n.show(&list[i]))
	}
	return shown
}

func (n *numbering) show(c *component) any {
	id := n.id(c)
	switch c.Type {
	case ActionRow:
		return rowView{c.Type, id, n.list(c.Components)}
	case Button:
		return buttonView{
			Type: c.Type, ID: id, Style: or(c.Style, 1), CustomID: c.customID(), Label: or(c.Label, ""),
			Emoji: showEmoji(c.Emoji), URL: or(c.URL, ""), SKUID: or(c.SKUID, 0), Disabled: c.Disabled,
		}
	case Section:
		children := n.list(c.Components)
		return sectionView{c.Type, id, children, n.show(c.Accessory)}
	case TextDisplay:
		return textView{c.Type, id, or(c.Content, "")}
	case Container:
		return containerView{c.Type, id, c.AccentColor, n.list(c.Components), c.Spoiler}
	case Separator:
		return separatorView{c.Type, id, or(c.Spacing, 1), or(c.Divider, true)}
	case Thumbnail:
		media, _ := n.media(c.Media)
		return thumbnailView{c.Type, id, media, c.Description, c.Spoiler}
	case MediaGallery:
		view := galleryView{Type: c.Type, ID: id}
		for _, item := range c.Items {
			media, _ := n.media(&item.Media)
			view.Items = append(view.Items, galleryItemView{media, item.Description, item.Spoiler})
		}
		return view
	case FileDisplay:
		media, file := n.media(c.File)
		view := fileView{Type: c.Type, ID: id, File: media, Spoiler: c.Spoiler}
		if file != nil {
			view.Name, view.Size = &file.Filename, &file.Size
		}
		return view
	}
	return showSelect(c, id)
}

func showSelect(c *component, id int) selectView {
	least, most := c.bounds()
	view := selectView{
		Type: c.Type, ID: id, CustomID: c.customID(), Placeholder: or(c.Placeholder, ""), MinValues: least,
		MaxValues: most, Disabled: c.Disabled, ChannelTypes: c.ChannelTypes, DefaultValues: c.DefaultValues,
	}
	for _, o := range c.Options {
		view.Options = append(view.Options, optionView{o.Label, o.Value, or(o.Description, ""), showEmoji(o.Emoji), o.Default})
	}
	return view
}

func showEmoji(e *Emoji) *emojiView {
	if e == nil {
		return nil
	}
	return &emojiView{or(e.ID, 0), e.Name, e.Animated}
}

// media resolves attachment://NAME to the message's file of that name.
func (n *numbering) media(m *mediaItem) (mediaView, *Attachment) {
	view := mediaView{ID: n.d.newID(), URL: m.URL, ProxyURL: m.URL}
	name, ok := strings.CutPrefix(m.URL, "attachment://")
	if !ok {
		return view, nil
	}
	for i := range n.files {
		if a := &n.files[i]; a.Filename == name {
			view.URL, view.ProxyURL, view.Width, view.Height = a.URL, a.ProxyURL, a.Width, a.Height
			view.ContentType, view.AttachmentID = &a.ContentType, a.ID
			return view, a
		}
	}
	return view, nil
}

// or gives what p points to, or preset.
func or[T any](p *T, preset T) T {
	if p == nil {
		return preset
	}
	return *p
}
