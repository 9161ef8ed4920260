package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNoAnswer means that the application did not answer within three seconds: people then
// read "The application did not respond".
var ErrNoAnswer = errors.New("the application did not respond")

// Reply is what the person who acted sees of the application's answer.
type Reply struct {
	Type ResponseType
	// Message is the message of the answer: new, still loading, or the component's own.
	// Empty for a modal.
	Message Message
	// Content, Embeds and Components are the message's.
	Content    string
	Embeds     []Embed
	Components json.RawMessage
	// Buttons, Selects and Texts are what the components hold, wherever it stands.
	Buttons []ReplyButton
	Selects []ReplySelect
	Texts   []string
	// Ephemeral says that only this person sees it.
	Ephemeral bool
	// Loading says that the application "is thinking" and the answer is yet to come.
	Loading bool
	Modal   *Modal

	from *Interaction
}

// ReplyButton is a button of a message.
type ReplyButton struct {
	CustomID, Label, URL string
	Style                int
	Disabled             bool
}

// ReplySelect is a select menu of a message.
type ReplySelect struct {
	Type                  ComponentType
	CustomID, Placeholder string
	Options               []ReplyOption
	MinValues, MaxValues  int
	Disabled              bool
}

// ReplyOption is one option of a select menu, radio or checkbox group.
type ReplyOption struct {
	Label, Value, Description string
	Default                   bool
}

// Modal is a form that the application opened.
type Modal struct {
	Title, CustomID string
	Fields          []ModalField
	Texts           []string // of its text displays
}

// ModalField is one field of a modal.
type ModalField struct {
	Type                         ComponentType
	CustomID, Label, Description string
	Placeholder                  string
	Value                        string // prefilled text
	Preset                       []any  // preselected values
	Options                      []ReplyOption
	Required                     bool
	MinLength, MaxLength         int // of a text
	MinValues, MaxValues         int // of what can be picked or uploaded
	ChannelTypes                 []ChannelType
}

// Text is all that there is to read: content, text displays and embeds, a line each; of a
// modal its title and text displays.
func (r Reply) Text() string {
	var lines []string
	add := func(texts ...string) {
		for _, text := range texts {
			if text != "" {
				lines = append(lines, text)
			}
		}
	}
	add(r.Content)
	add(r.Texts...)
	for _, e := range r.Embeds {
		add(e.Title, e.Description)
		for _, field := range e.Fields {
			add(field.Name, field.Value)
		}
		if e.Footer != nil {
			add(e.Footer.Text)
		}
	}
	if r.Modal != nil {
		add(r.Modal.Title)
		add(r.Modal.Texts...)
	}
	return strings.Join(lines, "\n")
}

// Wait gives the first that the person sees of the answer: a message, a modal, or for a
// deferred one that the application is thinking. Its error is [ErrNoAnswer] when three
// seconds went by, and says so when ctx ended before.
func (it *Interaction) Wait(ctx context.Context) (Reply, error) {
	if err := it.await(ctx, func() bool { return it.answer != 0 }); err != nil {
		return Reply{}, err
	}
	return it.Reply(), nil
}

// WaitFinal is Wait for an answer that is there: after a deferred one it waits for the
// edit that follows, after a deferred update for an edit or a followup message.
func (it *Interaction) WaitFinal(ctx context.Context) (Reply, error) {
	err := it.await(ctx, func() bool {
		switch it.answer {
		case 0:
			return false
		case DeferredResponse:
			return it.original == nil || it.original.Flags&flagLoading == 0
		case DeferredUpdate:
			return it.edits > 0 || len(it.followups) > 0
		}
		return true
	})
	if err != nil {
		return Reply{}, err
	}
	return it.Reply(), nil
}

// WaitFollowup waits until there are at least n followup messages and gives the nth, from 1.
func (it *Interaction) WaitFollowup(ctx context.Context, n int) (Reply, error) {
	if err := it.await(ctx, func() bool { return len(it.followups) >= n }); err != nil {
		return Reply{}, err
	}
	it.d.mu.Lock()
	defer it.d.mu.Unlock()
	return it.seenAs(MessageResponse, it.followups[n-1]), nil
}

// Reply is what the person sees right now. Its Type is 0 when there is no answer yet.
func (it *Interaction) Reply() Reply {
	it.d.mu.Lock()
	defer it.d.mu.Unlock()
	if it.modal != nil {
		return Reply{Type: ModalResponse, Modal: it.modal.seen(), Texts: nil, from: it}
	}
	return it.seenAs(it.answer, it.original)
}

// await waits until done, which runs with Discord.mu held, says so.
func (it *Interaction) await(ctx context.Context, done func() bool) error {
	deadline := time.NewTimer(answerTime)
	defer deadline.Stop()
	for {
		it.d.mu.Lock()
		ready, changed, silent := done(), it.changed, it.answer == 0
		late := silent && it.late()
		it.d.mu.Unlock()
		switch {
		case ready:
			return nil
		case late:
			return fmt.Errorf("interaction %s: %w", it.ID, ErrNoAnswer)
		}
		select {
		case <-changed:
		case <-deadline.C: // looks at the clock again, which may be another one
		case <-ctx.Done():
			if silent {
				return fmt.Errorf("wait for an answer to interaction %s: %w", it.ID, ctx.Err())
			}
			return fmt.Errorf("wait for more of the answer to interaction %s: %w", it.ID, ctx.Err())
		}
	}
}

// seenAs is a message as a reply. Callers hold Discord.mu.
func (it *Interaction) seenAs(kind ResponseType, m *Message) Reply {
	r := Reply{Type: kind, from: it}
	if m == nil {
		return r
	}
	r.Message, r.Content, r.Embeds, r.Components = m.snapshot(), m.Content, slices.Clone(m.Embeds), m.Components
	r.Ephemeral, r.Loading = m.EphemeralTo != 0, m.Flags&flagLoading != 0
	var list []component
	if len(m.Components) == 0 || json.Unmarshal(m.Components, &list) != nil {
		return r
	}
	for _, c := range everyComponent(list) {
		switch {
		case c.Type == Button:
			r.Buttons = append(r.Buttons, ReplyButton{c.customID(), or(c.Label, ""), or(c.URL, ""), or(c.Style, 1), c.Disabled})
		case c.Type == TextDisplay:
			r.Texts = append(r.Texts, or(c.Content, ""))
		case c.isSelect():
			least, most := c.bounds()
			r.Selects = append(r.Selects, ReplySelect{
				c.Type, c.customID(), or(c.Placeholder, ""), replyOptions(c.Options), least, most, c.Disabled,
			})
		}
	}
	return r
}

func replyOptions(list []selectOption) []ReplyOption {
	var options []ReplyOption
	for _, o := range list {
		options = append(options, ReplyOption{o.Label, o.Value, or(o.Description, ""), o.Default})
	}
	return options
}

func (m *modalForm) seen() *Modal {
	modal := &Modal{Title: m.Title, CustomID: m.CustomID}
	for i := range m.Components {
		c := &m.Components[i]
		switch c.Type {
		case TextDisplay:
			modal.Texts = append(modal.Texts, or(c.Content, ""))
		case Label:
			modal.Fields = append(modal.Fields, c.Component.field(or(c.Label, ""), or(c.Description, "")))
		default:
			for j := range c.Components {
				modal.Fields = append(modal.Fields, c.Components[j].field(or(c.Components[j].Label, ""), ""))
			}
		}
	}
	return modal
}

func (c *component) field(label, description string) ModalField {
	least, most := c.bounds()
	return ModalField{
		Type: c.Type, CustomID: c.customID(), Label: label, Description: description,
		Placeholder: or(c.Placeholder, ""), Value: or(c.Value, ""), Preset: preset(c), Options: replyOptions(c.Options),
		Required: c.required() && c.Type != Checkbox, MinLength: or(c.MinLength, 0), MaxLength: cmp.Or(or(c.MaxLength, 0), 4000),
		MinValues: least, MaxValues: most, ChannelTypes: c.ChannelTypes,
	}
}
