package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
)

var interactionRoutes = []route{
	{pattern: "POST /interactions/{interaction}/{token}/callback", auth: tokenAuth, unlimited: true, serve: answerInteraction},
}

// callbackForm is the body of an answer to an interaction.
type callbackForm struct {
	Type ResponseType    `json:"type"`
	Data json.RawMessage `json:"data"`
}

// callbackResult is what with_response=true answers.
type callbackResult struct {
	Interaction callbackInteraction `json:"interaction"`
	Resource    *callbackResource   `json:"resource,omitempty"`
}

type callbackInteraction struct {
	ID        ID              `json:"id"`
	Type      InteractionType `json:"type"`
	MessageID ID              `json:"response_message_id,omitzero"`
	Loading   *bool           `json:"response_message_loading,omitempty"`
	Ephemeral *bool           `json:"response_message_ephemeral,omitempty"`
	ChannelID ID              `json:"channel_id,omitzero"`
	GuildID   ID              `json:"guild_id,omitzero"`
}

type callbackResource struct {
	Type    ResponseType `json:"type"`
	Message messageView  `json:"message"`
}

func answerInteraction(d *Discord, c *call) (any, error) {
	it, err := d.unanswered(c)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	withResponse := q.bool("with_response")
	var in callbackForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Type == 0 {
		q.required("type")
	} else if !slices.Contains(it.allowed(), in.Type) {
		q.add("type", "BASE_TYPE_CHOICES", "Value must be one of "+responseNumbers(it.allowed())+".")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := d.apply(it, &in, c); err != nil {
		return nil, err
	}
	it.answer = in.Type
	it.change()
	if !withResponse {
		return nil, nil
	}
	return d.callbackResult(it), nil
}

func responseNumbers(list []ResponseType) string {
	text := ""
	for i, t := range list {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(int(t))
	}
	return "{" + text + "}"
}

func (d *Discord) apply(it *Interaction, in *callbackForm, c *call) error {
	switch in.Type {
	case MessageResponse:
		return d.applyMessage(it, in.Data, c.files)
	case DeferredResponse:
		return d.applyDefer(it, in.Data)
	case UpdateResponse:
		return d.applyUpdate(it, in.Data, c.files)
	case AutocompleteResponse:
		return applyChoices(it, in.Data)
	case ModalResponse:
		return applyModal(it, in.Data)
	}
	it.original = it.source // a deferred update
	return nil
}

// given says whether a callback has data at all.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// within puts faults below a path.
func (f *form) within(path string) error {
	var moved form
	for at, faults := range f.faults {
		full := path
		if at != "" {
			full += "." + at
		}
		for _, fault := range faults {
			moved.add(full, fault.Code, fault.Message)
		}
	}
	return moved.err()
}

// decodeMessage reads and checks a message that an interaction is answered with.
func decodeMessage(raw json.RawMessage, path string, settable, kept int) (*messageForm, error) {
	in := &messageForm{}
	if given(raw) {
		if err := decodeJSON(raw, in); err != nil {
			return nil, err
		}
	}
	in.Flags.Value |= kept
	var f form
	in.check(&f, settable|kept)
	if path == "" {
		return in, f.err()
	}
	return in, f.within(path)
}

// answerFlags are those that an answer may set (receiving-and-responding, "Messages").
const answerFlags = flagSuppressEmbeds | flagEphemeral | flagComponentsV2 | flagSuppressNotifications

func (d *Discord) applyMessage(it *Interaction, raw json.RawMessage, files map[int]upload) error {
	if !given(raw) {
		return invalid("data", "BASE_TYPE_REQUIRED", "This field is required")
	}
	in, err := decodeMessage(raw, "data", answerFlags, 0)
	if err != nil {
		return err
	}
	dr := d.draftOf(it, in, files)
	m, err := d.post(dr)
	if err != nil {
		return err
	}
	d.keepEphemeral(m)
	it.original = m
	return nil
}

// draftOf is the message that the application's bot posts for an interaction.
func (d *Discord) draftOf(it *Interaction, in *messageForm, files map[int]upload) draft {
	dr := draft{
		channel: it.scene.channel, author: *d.state.bot, form: in, files: files, kind: it.messageType(),
		webhookID: d.state.app.id, applicationID: d.state.app.id, interaction: it.metadata,
		mayPingAll: d.permissions(d.state.bot.ID, it.scene.channel).Has(MentionEveryone),
	}
	if it.source != nil {
		dr.reference = &Reference{MessageID: it.source.ID, ChannelID: it.source.ChannelID, GuildID: it.source.GuildID}
	}
	if in.Flags.Value&flagEphemeral != 0 {
		dr.ephemeralTo = it.scene.user.ID
	}
	return dr
}

// messageType is the type of the message that answers.
func (it *Interaction) messageType() int {
	switch {
	case it.source != nil:
		return replyMessage
	case it.command == nil:
		return plainMessageType
	case it.command.Type == SlashCommand:
		return slashReply
	}
	return contextMenuReply
}

func (d *Discord) keepEphemeral(m *Message) {
	if m.EphemeralTo != 0 {
		d.state.interactions.ephemeral[m.ID] = m
	}
}

// applyDefer posts the message that says the application is thinking.
func (d *Discord) applyDefer(it *Interaction, raw json.RawMessage) error {
	in, err := decodeMessage(raw, "data", flagEphemeral, 0)
	if err != nil {
		return err
	}
	dr := d.draftOf(it, in, nil)
	m := &Message{
		ID: d.newID(), Type: dr.kind, ChannelID: dr.channel.ID, GuildID: dr.channel.GuildID, Author: dr.author,
		Timestamp: d.now(), Flags: in.Flags.Value | flagLoading, WebhookID: dr.webhookID, ApplicationID: dr.applicationID,
		Reference: dr.reference, InteractionMetadata: dr.interaction, EphemeralTo: dr.ephemeralTo,
	}
	it.original = m
	if m.EphemeralTo != 0 {
		d.keepEphemeral(m)
		return nil
	}
	d.place(dr.channel, m)
	d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_CREATE", messageEvent{m, true})
	return nil
}

func (d *Discord) applyUpdate(it *Interaction, raw json.RawMessage, files map[int]upload) error {
	in, err := decodeMessage(raw, "data", flagSuppressEmbeds|flagComponentsV2, it.source.Flags)
	if err != nil {
		return err
	}
	it.original = it.source
	if !given(raw) {
		return nil
	}
	return d.revise(it.source, in, files, d.permissions(d.state.bot.ID, it.scene.channel).Has(MentionEveryone))
}

func applyChoices(it *Interaction, raw json.RawMessage) error {
	var in struct {
		Choices *[]Choice `json:"choices"`
	}
	if given(raw) {
		if err := decodeJSON(raw, &in); err != nil {
			return err
		}
	}
	var f form
	if in.Choices == nil {
		f.required("choices")
		return f.within("data")
	}
	if len(*in.Choices) > mostOptions {
		f.add("choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
	}
	for i, choice := range *in.Choices {
		at := fmt.Sprintf("choices.%d", i)
		f.length(at+".name", choice.Name, 1, 100)
		checkChoiceValue(&f, at+".value", choice.Value, it.focused)
	}
	it.choices = *in.Choices
	return f.within("data")
}

func applyModal(it *Interaction, raw json.RawMessage) error {
	if !given(raw) {
		return invalid("data", "BASE_TYPE_REQUIRED", "This field is required")
	}
	in := &modalForm{}
	if err := decodeJSON(raw, in); err != nil {
		return err
	}
	var f form
	in.check(&f, "data")
	if err := f.err(); err != nil {
		return err
	}
	n := numbering{d: it.d, taken: map[int]bool{}}
	for _, c := range everyComponent(in.Components) {
		if c.ID != nil {
			n.taken[*c.ID] = true
		}
	}
	number(&n, in.Components)
	it.modal = in
	return nil
}

// number writes ids into components, in the order in which they stand.
func number(n *numbering, list []component) {
	for i := range list {
		list[i].ID = new(n.id(&list[i]))
		number(n, list[i].Components)
		if list[i].Component != nil {
			list[i].Component.ID = new(n.id(list[i].Component))
		}
	}
}

func (d *Discord) callbackResult(it *Interaction) callbackResult {
	result := callbackResult{Interaction: callbackInteraction{
		ID: it.ID, Type: it.kind, ChannelID: it.scene.channel.ID, GuildID: it.scene.guildID(),
	}}
	m := it.original
	if m == nil {
		return result
	}
	result.Interaction.MessageID = m.ID
	result.Interaction.Loading = new(m.Flags&flagLoading != 0)
	result.Interaction.Ephemeral = new(m.EphemeralTo != 0)
	if it.answer == MessageResponse || it.answer == UpdateResponse {
		result.Resource = &callbackResource{it.answer, d.viewMessage(m, true)}
	}
	return result
}
