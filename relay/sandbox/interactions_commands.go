package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// dataOption is an option of a command as the application gets it.
type dataOption struct {
	Name    string       `json:"name"`
	Type    OptionType   `json:"type"`
	Value   any          `json:"value,omitempty"`
	Options []dataOption `json:"options,omitempty"`
	Focused bool         `json:"focused,omitempty"`
}

// commandData is what an application gets of a command that was used.
type commandData struct {
	ID       ID           `json:"id"`
	Name     string       `json:"name"`
	Type     CommandType  `json:"type"`
	Resolved *resolved    `json:"resolved,omitempty"`
	Options  []dataOption `json:"options,omitempty"`
	GuildID  ID           `json:"guild_id,omitzero"`
	TargetID ID           `json:"target_id,omitzero"`
}

// Slash lets a user type a slash command, as in Slash(ada, guild, general, "/entity create",
// map[string]any{"owner": sam}). guild 0 is the direct messages with the bot, channel 0 then
// the user's own. It refuses what the client does not let people send: a command that is
// hidden from them, options that are missing, unknown or out of bounds.
//
// Values of options are strings, bools, numbers (or their text), a [File] for an
// attachment, and for users, channels and roles an [ID], a mention, or a name after "@" or
// "#". An option with choices takes a choice's name or value.
func (d *Discord) Slash(user, guild, channel ID, line string, options map[string]any) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	it, k, path, err := d.typedCommand(user, guild, channel, line)
	if err != nil {
		return nil, err
	}
	known, wrap, err := k.split(path)
	if err != nil {
		return nil, err
	}
	p := picker{d: d, scene: &it.scene}
	filled, err := p.fill(known, options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", line, err)
	}
	it.kind = CommandInteraction
	return d.interact(it, commandData{
		ID: k.ID, Name: k.Name, Type: k.Type, GuildID: k.GuildID, Resolved: p.shown(), Options: wrap(filled),
	}), nil
}

// typedCommand finds the command of a line. Callers hold Discord.mu.
func (d *Discord) typedCommand(user, guild, channel ID, line string) (*Interaction, *Command, []string, error) {
	words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "/"))
	if len(words) == 0 {
		return nil, nil, nil, errors.New("an empty command line")
	}
	s, err := d.enter(user, guild, channel)
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := d.seen(&s, words[0], SlashCommand)
	if err != nil {
		return nil, nil, nil, err
	}
	return &Interaction{scene: s, command: k}, k, words[1:], nil
}

// fill checks values against the options of a command and gives them in the order in
// which the options stand.
func (p *picker) fill(known []CommandOption, values map[string]any) ([]dataOption, error) {
	if err := onlyKnown(known, values); err != nil {
		return nil, err
	}
	var filled []dataOption
	for i := range known {
		o := &known[i]
		value, given := values[o.Name]
		if !given {
			if o.Required {
				return nil, fmt.Errorf("option %q is required", o.Name)
			}
			continue
		}
		sent, err := p.value(o, value)
		if err != nil {
			return nil, fmt.Errorf("option %q: %w", o.Name, err)
		}
		filled = append(filled, dataOption{Name: o.Name, Type: o.Type, Value: sent})
	}
	return filled, nil
}

func onlyKnown(known []CommandOption, values map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(known, func(o CommandOption) bool { return o.Name == name }) {
			return fmt.Errorf("no option %q", name)
		}
	}
	return nil
}

// value turns what a person gives into what the client sends.
func (p *picker) value(o *CommandOption, value any) (any, error) {
	if len(o.Choices) > 0 {
		return pickChoice(o.Choices, value)
	}
	switch o.Type {
	case StringOption:
		return o.text(value)
	case IntegerOption, NumberOption:
		return o.number(value)
	case BooleanOption:
		return truth(value)
	case UserOption:
		return p.user(value)
	case ChannelOption:
		return p.channel(value, o.ChannelTypes)
	case RoleOption:
		return p.role(value)
	case MentionableOption:
		return p.mentionable(value)
	}
	return p.file(value, o.FileTypes)
}

func pickChoice(choices []Choice, value any) (any, error) {
	for _, c := range choices {
		if text := strings.Trim(string(c.Value), `"`); c.Name == fmt.Sprint(value) || text == fmt.Sprint(value) {
			return c.Value, nil
		}
	}
	return nil, fmt.Errorf("%v is none of the choices", value)
}

func (o *CommandOption) text(value any) (any, error) {
	text, ok := value.(string)
	if !ok {
		return nil, fmt.Errorf("%T is no string", value)
	}
	n := utf8.RuneCountInString(text)
	if text == "" || n > or(o.MaxLength, 6000) || n < or(o.MinLength, 0) {
		return nil, fmt.Errorf("%d characters are too many or too few", n)
	}
	return text, nil
}

func (o *CommandOption) number(value any) (any, error) {
	n, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil {
		return nil, fmt.Errorf("%v is no number", value)
	}
	if n < or(o.MinValue, -(1<<53)) || n > or(o.MaxValue, 1<<53) {
		return nil, fmt.Errorf("%v is out of bounds", value)
	}
	if o.Type == NumberOption {
		return n, nil
	}
	if n != math.Trunc(n) {
		return nil, fmt.Errorf("%v is no whole number", value)
	}
	return int64(n), nil
}

func truth(value any) (any, error) {
	on, err := strconv.ParseBool(fmt.Sprint(value))
	if err != nil {
		return nil, fmt.Errorf("%v is neither true nor false", value)
	}
	return on, nil
}

// Autocomplete lets a user type into the option named focused and gives the suggestions.
// options holds what was typed so far, that option's text included.
func (d *Discord) Autocomplete(ctx context.Context, user, guild, channel ID, line string, options map[string]any, focused string) ([]Choice, error) {
	it, err := d.complete(user, guild, channel, line, options, focused)
	if err != nil {
		return nil, err
	}
	if err := it.await(ctx, func() bool { return it.answer != 0 }); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(it.choices), nil
}

func (d *Discord) complete(user, guild, channel ID, line string, options map[string]any, focused string) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	it, k, path, err := d.typedCommand(user, guild, channel, line)
	if err != nil {
		return nil, err
	}
	known, wrap, err := k.split(path)
	if err != nil {
		return nil, err
	}
	if err := onlyKnown(known, options); err != nil {
		return nil, fmt.Errorf("%s: %w", line, err)
	}
	at := slices.IndexFunc(known, func(o CommandOption) bool { return o.Name == focused && o.Autocomplete })
	if at < 0 {
		return nil, fmt.Errorf("%s: option %q does not autocomplete", line, focused)
	}
	p := picker{d: d, scene: &it.scene}
	var typed []dataOption
	for i := range known {
		o := &known[i]
		value, given := options[o.Name]
		switch {
		case o.Name == focused:
			// What stands in the field goes out as it was typed, whatever the option's type.
			text, _ := value.(string)
			typed = append(typed, dataOption{Name: o.Name, Type: o.Type, Value: text, Focused: true})
		case given:
			sent, err := p.value(o, value)
			if err != nil {
				return nil, fmt.Errorf("%s: option %q: %w", line, o.Name, err)
			}
			typed = append(typed, dataOption{Name: o.Name, Type: o.Type, Value: sent})
		}
	}
	it.kind, it.focused = AutocompleteInteraction, known[at].Type
	return d.interact(it, commandData{ID: k.ID, Name: k.Name, Type: k.Type, GuildID: k.GuildID, Options: wrap(typed)}), nil
}

// Text is the choice's value as text, whatever its type.
func (c Choice) Text() string {
	var text string
	if json.Unmarshal(c.Value, &text) == nil {
		return text
	}
	return string(c.Value)
}

// ContextMenu lets a user pick a command from the menu of a message or of a user; target
// is that one's id.
func (d *Discord) ContextMenu(user, guild, channel ID, name string, target ID) (*Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.enter(user, guild, channel)
	if err != nil {
		return nil, err
	}
	it := &Interaction{kind: CommandInteraction, scene: s, target: target}
	p := picker{d: d, scene: &it.scene}
	kind := MessageCommand
	if m := d.visibleMessage(&s, target); m != nil && m.ChannelID == s.channel.ID {
		put(&p.Messages, target, new(d.viewMessage(m, true)))
	} else if kind = UserCommand; d.state.users[target] != nil {
		if _, err := p.user(target); err != nil {
			return nil, err
		}
	} else {
		return nil, fmt.Errorf("%s is neither a message nor a user that %s can see here", target, s.user.Username)
	}
	k, err := d.seen(&s, name, kind)
	if err != nil {
		return nil, err
	}
	it.command = k
	return d.interact(it, commandData{
		ID: k.ID, Name: k.Name, Type: k.Type, GuildID: k.GuildID, TargetID: target, Resolved: p.shown(),
	}), nil
}
