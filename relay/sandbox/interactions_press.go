package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Target is a message whose components can be used: a [Reply], a [Message] or the [ID] of one.
type Target interface{ messageID() ID }

func (id ID) messageID() ID      { return id }
func (m *Message) messageID() ID { return m.ID }
func (r Reply) messageID() ID    { return r.Message.ID }

// componentData is what an application gets of a component that was used.
type componentData struct {
	CustomID string        `json:"custom_id"`
	Type     ComponentType `json:"component_type"`
	ID       int           `json:"id,omitempty"`
	Values   *[]any        `json:"values,omitempty"`
	Resolved *resolved     `json:"resolved,omitempty"`
}

// Click lets a user press a button of a message, however old the message is. The button
// is named by its custom id or by its label. It refuses what Discord does not let happen:
// a message that the user cannot see, a button that is not there or is disabled.
func (d *Discord) Click(user ID, on Target, button string) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	it, c, err := d.use(user, on, button, func(t ComponentType) bool { return t == Button })
	if err != nil {
		return nil, err
	}
	if c.CustomID == nil {
		return nil, fmt.Errorf("button %q sends nothing to the application", button)
	}
	return d.interact(it, componentData{CustomID: *c.CustomID, Type: Button, ID: or(c.ID, 0)}), nil
}

// Select lets a user pick values in a select menu, which is named by its custom id or its
// placeholder. Values are those of the options (or their labels), or what [Discord.Slash]
// takes for users, roles and channels.
func (d *Discord) Select(user ID, on Target, menu string, values ...any) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	it, c, err := d.use(user, on, menu, isSelect)
	if err != nil {
		return nil, err
	}
	least, most := c.bounds()
	if len(values) < least || len(values) > most {
		return nil, fmt.Errorf("%d values for menu %q, which takes %d to %d", len(values), menu, least, most)
	}
	p := picker{d: d, scene: &it.scene}
	sent, err := p.pick(c, values)
	if err != nil {
		return nil, fmt.Errorf("menu %q: %w", menu, err)
	}
	return d.interact(it, componentData{
		CustomID: c.customID(), Type: c.Type, ID: or(c.ID, 0), Values: &sent, Resolved: p.shown(),
	}), nil
}

// pick turns the values of a menu or upload field into what the client sends.
func (p *picker) pick(c *component, values []any) ([]any, error) {
	sent := []any{}
	for _, value := range values {
		one, err := p.pickOne(c, value)
		if err != nil {
			return nil, err
		}
		if slices.Contains(sent, one) {
			return nil, fmt.Errorf("%v is picked twice", value)
		}
		sent = append(sent, one)
	}
	return sent, nil
}

func (p *picker) pickOne(c *component, value any) (any, error) {
	switch c.Type {
	case UserSelect:
		return p.user(value)
	case RoleSelect:
		return p.role(value)
	case MentionableSelect:
		return p.mentionable(value)
	case ChannelSelect:
		return p.channel(value, c.ChannelTypes)
	case FileUpload:
		return p.file(value, c.FileTypes)
	}
	for _, o := range c.Options {
		if o.Value == value || o.Label == value {
			return o.Value, nil
		}
	}
	return nil, fmt.Errorf("no option %v", value)
}

// use finds a component that a user is about to use. Callers hold Discord.mu.
func (d *Discord) use(user ID, on Target, name string, fits func(ComponentType) bool) (*Interaction, *component, error) {
	m, s, err := d.reach(user, on.messageID())
	if err != nil {
		return nil, nil, err
	}
	if m.ApplicationID != d.state.app.id && m.Author.ID != d.state.bot.ID {
		return nil, nil, fmt.Errorf("message %s is not the application's", m.ID)
	}
	var list []component
	if len(m.Components) > 0 {
		if err := json.Unmarshal(m.Components, &list); err != nil {
			return nil, nil, fmt.Errorf("read components of message %s: %w", m.ID, err)
		}
	}
	for _, c := range everyComponent(list) {
		if !fits(c.Type) || (c.customID() != name && or(c.Label, "") != name && or(c.Placeholder, "") != name) {
			continue
		}
		if c.Disabled {
			return nil, nil, fmt.Errorf("component %q is disabled", name)
		}
		return &Interaction{kind: ComponentInteraction, scene: s, source: m}, c, nil
	}
	return nil, nil, fmt.Errorf("message %s has no component %q", m.ID, name)
}

// reach finds a message that a user can see, and puts the user beside it. Callers hold Discord.mu.
func (d *Discord) reach(user, id ID) (*Message, scene, error) {
	m := d.anyMessage(id)
	if m == nil {
		return nil, scene{}, fmt.Errorf("no message %s", id)
	}
	s, err := d.enter(user, m.GuildID, m.ChannelID)
	if err != nil {
		return nil, s, err
	}
	if d.visibleMessage(&s, id) == nil {
		return nil, s, fmt.Errorf("%s cannot see message %s", s.user.Username, id)
	}
	return m, s, nil
}

// anyMessage finds a message by its id alone, ephemeral ones too. Callers hold Discord.mu.
func (d *Discord) anyMessage(id ID) *Message {
	if m := d.state.interactions.ephemeral[id]; m != nil {
		return m
	}
	for channel := range d.state.messages {
		if m := d.message(channel, id); m != nil {
			return m
		}
	}
	return nil
}

// visibleMessage is a message that who is in the scene can see there; nil if not.
func (d *Discord) visibleMessage(s *scene, id ID) *Message {
	m := d.anyMessage(id)
	if m == nil || m.ChannelID != s.channel.ID || (m.EphemeralTo != 0 && m.EphemeralTo != s.user.ID) {
		return nil
	}
	return m
}

// Forgery is an interaction that no honest client would send.
type Forgery struct {
	Type     InteractionType // ComponentInteraction or ModalInteraction
	CustomID string
	// ComponentType and Values are of a component. The type's default is a button.
	ComponentType ComponentType
	Values        []any
	// Fields are a modal's texts by custom id.
	Fields map[string]string
	// Message is the one that the component is said to be on; 0 for a modal that a command opened.
	Message ID
}

// Forge sends an interaction with any custom id and any values, as people with a changed
// client may try to: applications must not believe what is in them. Who acts and where is
// always true, for Discord itself says that.
func (d *Discord) Forge(user, guild, channel ID, f Forgery) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.enter(user, guild, channel)
	if err != nil {
		return nil, err
	}
	it := &Interaction{kind: f.Type, scene: s}
	if f.Message != 0 {
		if it.source = d.anyMessage(f.Message); it.source == nil {
			return nil, fmt.Errorf("no message %s", f.Message)
		}
	}
	switch {
	case f.Type == ModalInteraction:
		// Discord names what opened a form; a forged one was opened by some command of the person's.
		opener := &Interaction{ID: d.newID(), kind: CommandInteraction, scene: s, command: &Command{Name: "forged", Type: SlashCommand}}
		it.metadata = d.interactionMetadata(opener, nil)
		data := modalData{CustomID: f.CustomID, Components: []any{}}
		for id, text := range f.Fields {
			data.Components = append(data.Components, labelAnswer{Label, 1, textAnswer{TextInput, 2, id, text}})
		}
		return d.interact(it, data), nil
	case f.Type != ComponentInteraction || it.source == nil:
		return nil, fmt.Errorf("a forged interaction is a component's with a message, or a modal's")
	}
	data := componentData{CustomID: f.CustomID, Type: f.ComponentType}
	if data.Type == 0 {
		data.Type = Button
	}
	if isSelect(data.Type) {
		data.Values = new(append([]any{}, f.Values...))
	}
	return d.interact(it, data), nil
}
