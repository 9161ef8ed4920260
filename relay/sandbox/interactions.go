package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// InteractionType is Discord's number for a kind of interaction.
type InteractionType int

// The kinds of interactions that people cause.
const (
	CommandInteraction      InteractionType = 2
	ComponentInteraction    InteractionType = 3
	AutocompleteInteraction InteractionType = 4
	ModalInteraction        InteractionType = 5
)

// ResponseType is Discord's number for a kind of answer to an interaction.
type ResponseType int

// The kinds of answers.
const (
	MessageResponse      ResponseType = 4 // a message
	DeferredResponse     ResponseType = 5 // "… is thinking", a message follows
	DeferredUpdate       ResponseType = 6 // nothing to see, the component's message may be edited later
	UpdateResponse       ResponseType = 7 // edits the component's message
	AutocompleteResponse ResponseType = 8
	ModalResponse        ResponseType = 9
)

const (
	// answerTime is how long an application has for its first answer.
	answerTime = 3 * time.Second
	// tokenLife is how long an interaction's token works once it was answered.
	tokenLife = 15 * time.Minute
)

// Types of messages that answer commands.
const (
	slashReply       = 20
	contextMenuReply = 23
)

// interactionState is what the stand-in keeps of commands, interactions and uploads.
type interactionState struct {
	commands  map[ID][]*Command // by guild, 0 for global ones
	byID      map[ID]*Interaction
	byToken   map[string]*Interaction
	ephemeral map[ID]*Message // those that are not deleted
	cdn       cdnState
}

func newInteractionState() interactionState {
	return interactionState{
		commands: map[ID][]*Command{}, byID: map[ID]*Interaction{}, byToken: map[string]*Interaction{},
		ephemeral: map[ID]*Message{}, cdn: newCDNState(),
	}
}

// Interaction is one thing that a person did and what the application made of it.
type Interaction struct {
	// ID and Token are what the application got with the interaction.
	ID    ID
	Token string

	d        *Discord
	kind     InteractionType
	made     time.Time
	scene    scene
	command  *Command
	focused  OptionType // of the option that autocomplete is asked for
	source   *Message   // the message of the component, or from which the modal was opened
	target   ID         // of a context menu
	metadata json.RawMessage

	// Discord.mu guards what follows.
	answer    ResponseType // 0 until the application answered
	original  *Message     // @original: nil when there is none, or it was deleted
	followups []*Message
	modal     *modalForm
	choices   []Choice
	edits     int           // of @original since the first answer
	changed   chan struct{} // closed and made anew at every change
}

// interact gives the interaction its id and token and sends it to the application. Callers
// hold Discord.mu.
func (d *Discord) interact(it *Interaction, data any) *Interaction {
	it.d, it.ID, it.made, it.changed = d, d.newID(), d.now(), make(chan struct{})
	it.Token = base64.RawURLEncoding.EncodeToString([]byte("interaction:" + it.ID.String() + ":" + randomText(64)))
	it.metadata = d.interactionMetadata(it, it.metadata)
	d.state.interactions.byID[it.ID] = it
	d.state.interactions.byToken[it.Token] = it
	d.dispatch(it.scene.guildID(), 0, 0, "INTERACTION_CREATE", d.showInteraction(it, data))
	return it
}

// change tells those who wait for the application that there is something new. Callers
// hold Discord.mu.
func (it *Interaction) change() {
	close(it.changed)
	it.changed = make(chan struct{})
}

// late says whether the time for the first answer is over.
func (it *Interaction) late() bool { return it.d.now().Sub(it.made) > answerTime }

// allowed are the answers that Discord takes to this interaction.
func (it *Interaction) allowed() []ResponseType {
	switch it.kind {
	case CommandInteraction:
		return []ResponseType{MessageResponse, DeferredResponse, ModalResponse}
	case ComponentInteraction:
		return []ResponseType{MessageResponse, DeferredResponse, DeferredUpdate, UpdateResponse, ModalResponse}
	case AutocompleteInteraction:
		return []ResponseType{AutocompleteResponse}
	}
	if it.source != nil {
		return []ResponseType{MessageResponse, DeferredResponse, DeferredUpdate, UpdateResponse}
	}
	return []ResponseType{MessageResponse, DeferredResponse}
}

// unanswered finds the interaction that a callback is for. Callers hold Discord.mu.
func (d *Discord) unanswered(c *call) (*Interaction, error) {
	it := d.state.interactions.byID[c.id("interaction")]
	switch {
	case it == nil || it.Token != c.PathValue("token") || d.now().Sub(it.made) > tokenLife:
		return nil, fail(http.StatusNotFound, 10062, "Unknown interaction")
	case it.answer != 0:
		return nil, fail(http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
	case it.late():
		return nil, fail(http.StatusNotFound, 10062, "Unknown interaction")
	}
	return it, nil
}

// answered finds the interaction whose token a webhook path has. Without an answer there
// is no webhook yet, after 15 minutes no token any more (discord-api-docs #6851 shows both).
func (d *Discord) answered(c *call) (*Interaction, error) {
	it := d.state.interactions.byToken[c.PathValue("token")]
	switch {
	case it == nil || d.now().Sub(it.made) > tokenLife:
		return nil, fail(http.StatusUnauthorized, 50027, "Invalid Webhook Token")
	case it.answer == 0 || it.answer == AutocompleteResponse:
		return nil, fail(http.StatusNotFound, 10015, "Unknown Webhook")
	}
	return it, nil
}
