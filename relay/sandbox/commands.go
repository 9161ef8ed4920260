package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
)

// CommandType is Discord's number for a kind of application command.
type CommandType int

// The kinds of application commands.
const (
	SlashCommand   CommandType = 1
	UserCommand    CommandType = 2 // in a user's context menu
	MessageCommand CommandType = 3 // in a message's context menu
)

// OptionType is Discord's number for a kind of command option.
type OptionType int

// The kinds of command options.
const (
	SubcommandOption  OptionType = 1
	GroupOption       OptionType = 2
	StringOption      OptionType = 3
	IntegerOption     OptionType = 4
	BooleanOption     OptionType = 5
	UserOption        OptionType = 6
	ChannelOption     OptionType = 7
	RoleOption        OptionType = 8
	MentionableOption OptionType = 9
	NumberOption      OptionType = 10
	AttachmentOption  OptionType = 11
)

// Where a command may be used.
const (
	GuildContext   = 0
	BotDMContext   = 1
	PrivateContext = 2
)

// Command is an application command as Discord keeps and shows it.
type Command struct {
	ID                       ID                `json:"id"`
	ApplicationID            ID                `json:"application_id"`
	GuildID                  ID                `json:"guild_id,omitzero"`
	Version                  ID                `json:"version"`
	Type                     CommandType       `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations"`
	DefaultMemberPermissions *Permissions      `json:"default_member_permissions"`
	DMPermission             *bool             `json:"dm_permission,omitempty"` // global ones only
	Contexts                 []int             `json:"contexts"`                // null: every one
	IntegrationTypes         []int             `json:"integration_types"`
	NSFW                     bool              `json:"nsfw"`
	Options                  []CommandOption   `json:"options,omitempty"`
}

// CommandOption is a parameter, a subcommand or a group of subcommands.
type CommandOption struct {
	Type                     OptionType        `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations,omitempty"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations,omitempty"`
	Required                 bool              `json:"required,omitempty"`
	Choices                  []Choice          `json:"choices,omitempty"`
	Options                  []CommandOption   `json:"options,omitempty"`
	ChannelTypes             []ChannelType     `json:"channel_types,omitempty"`
	MinValue                 *float64          `json:"min_value,omitempty"`
	MaxValue                 *float64          `json:"max_value,omitempty"`
	MinLength                *int              `json:"min_length,omitempty"`
	MaxLength                *int              `json:"max_length,omitempty"`
	Autocomplete             bool              `json:"autocomplete,omitempty"`
	FileTypes                []string          `json:"file_types,omitempty"`
}

// Choice is one value that an option offers. Value is a JSON string or number.
type Choice struct {
	Name              string            `json:"name"`
	NameLocalizations map[string]string `json:"name_localizations,omitempty"`
	Value             json.RawMessage   `json:"value"`
}

// commandForm is what a client sends to make or change a command.
type commandForm struct {
	ID                       *ID               `json:"id"`
	Type                     *CommandType      `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations"`
	Options                  []CommandOption   `json:"options"`
	DefaultMemberPermissions *Permissions      `json:"default_member_permissions"`
	DMPermission             *bool             `json:"dm_permission"`
	NSFW                     *bool             `json:"nsfw"`
	Contexts                 []int             `json:"contexts"`
	IntegrationTypes         []int             `json:"integration_types"`
}

func (in *commandForm) kind() CommandType {
	if in.Type == nil {
		return SlashCommand
	}
	return *in.Type
}

var commandRoutes = []route{
	{pattern: "GET /applications/{application}/commands", serve: listCommands},
	{pattern: "PUT /applications/{application}/commands", serve: overwriteCommands},
	{pattern: "POST /applications/{application}/commands", serve: createCommand},
	{pattern: "GET /applications/{application}/commands/{command}", serve: getCommand},
	{pattern: "PATCH /applications/{application}/commands/{command}", serve: editCommand},
	{pattern: "DELETE /applications/{application}/commands/{command}", serve: deleteCommand},
	{pattern: "GET /applications/{application}/guilds/{guild}/commands", serve: listCommands},
	{pattern: "PUT /applications/{application}/guilds/{guild}/commands", serve: overwriteCommands},
	{pattern: "POST /applications/{application}/guilds/{guild}/commands", serve: createCommand},
	{pattern: "GET /applications/{application}/guilds/{guild}/commands/{command}", serve: getCommand},
	{pattern: "PATCH /applications/{application}/guilds/{guild}/commands/{command}", serve: editCommand},
	{pattern: "DELETE /applications/{application}/guilds/{guild}/commands/{command}", serve: deleteCommand},
}

// commandScope gives the guild that the path names, 0 for global commands.
func commandScope(d *Discord, c *call) (ID, error) {
	if c.id("application") != d.state.app.id {
		return 0, fail(http.StatusForbidden, 20012, "You are not authorized to perform this action on this application")
	}
	if c.PathValue("guild") == "" {
		return 0, nil
	}
	g := d.state.guilds[c.id("guild")]
	if g == nil || g.members[d.state.bot.ID] == nil {
		return 0, fail(http.StatusForbidden, 50001, "Missing Access")
	}
	return g.id, nil
}

// findCommand gives the scope and the place of the path's command in it.
func findCommand(d *Discord, c *call) (scope ID, at int, err error) {
	if scope, err = commandScope(d, c); err != nil {
		return 0, 0, err
	}
	id := c.id("command")
	at = slices.IndexFunc(d.state.interactions.commands[scope], func(k *Command) bool { return k.ID == id })
	if at < 0 {
		return 0, 0, fail(http.StatusNotFound, 10063, "Unknown application command")
	}
	return scope, at, nil
}

func listCommands(d *Discord, c *call) (any, error) {
	scope, err := commandScope(d, c)
	if err != nil {
		return nil, err
	}
	list := make([]Command, 0, len(d.state.interactions.commands[scope]))
	for _, k := range d.state.interactions.commands[scope] {
		shown := *k
		if c.URL.Query().Get("with_localizations") != "true" {
			shown.NameLocalizations, shown.DescriptionLocalizations = nil, nil
		}
		list = append(list, shown)
	}
	return list, nil
}

func getCommand(d *Discord, c *call) (any, error) {
	scope, at, err := findCommand(d, c)
	if err != nil {
		return nil, err
	}
	return *d.state.interactions.commands[scope][at], nil
}

func deleteCommand(d *Discord, c *call) (any, error) {
	scope, at, err := findCommand(d, c)
	if err != nil {
		return nil, err
	}
	all := d.state.interactions.commands
	all[scope] = slices.Delete(all[scope], at, at+1)
	return nil, nil
}

func createCommand(d *Discord, c *call) (any, error) {
	scope, err := commandScope(d, c)
	if err != nil {
		return nil, err
	}
	var in commandForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var f form
	in.check(&f, "", scope)
	if err := f.err(); err != nil {
		return nil, err
	}
	kept := d.state.interactions.commands[scope]
	before := sameCommand(kept, in.Name, in.kind())
	made := d.makeCommand(scope, &in, before)
	if before != nil {
		kept[slices.Index(kept, before)] = made
		return *made, nil
	}
	if err := tooMany(append(slices.Clone(kept), made)); err != nil {
		return nil, err
	}
	d.state.interactions.commands[scope] = append(kept, made)
	return &reply{http.StatusCreated, *made}, nil
}

func overwriteCommands(d *Discord, c *call) (any, error) {
	scope, err := commandScope(d, c)
	if err != nil {
		return nil, err
	}
	var in []commandForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := checkCommands(in, scope); err != nil {
		return nil, err
	}
	kept := d.state.interactions.commands[scope]
	made, shown := make([]*Command, 0, len(in)), make([]Command, 0, len(in))
	for i := range in {
		k := d.makeCommand(scope, &in[i], sameCommand(kept, in[i].Name, in[i].kind()))
		made, shown = append(made, k), append(shown, *k)
	}
	if err := tooMany(made); err != nil {
		return nil, err
	}
	d.state.interactions.commands[scope] = made
	return shown, nil
}

func editCommand(d *Discord, c *call) (any, error) {
	scope, at, err := findCommand(d, c)
	if err != nil {
		return nil, err
	}
	kept := d.state.interactions.commands[scope]
	in := kept[at].form()
	// Decoding into a filled slice would mix old options with new ones.
	var changed struct{ Options json.RawMessage }
	if err := c.decode(&changed); err != nil {
		return nil, err
	}
	if changed.Options != nil {
		in.Options = nil
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	in.Type = &kept[at].Type
	var f form
	in.check(&f, "", scope)
	if err := f.err(); err != nil {
		return nil, err
	}
	if other := sameCommand(kept, in.Name, in.kind()); other != nil && other != kept[at] {
		return nil, fail(http.StatusBadRequest, 40041, "An application command with that name already exists")
	}
	kept[at] = d.makeCommand(scope, &in, kept[at])
	return *kept[at], nil
}

func sameCommand(kept []*Command, name string, kind CommandType) *Command {
	at := slices.IndexFunc(kept, func(k *Command) bool { return k.Name == name && k.Type == kind })
	if at < 0 {
		return nil
	}
	return kept[at]
}

// makeCommand keeps the id of the command that this one takes the place of, if any.
func (d *Discord) makeCommand(scope ID, in *commandForm, before *Command) *Command {
	made := &Command{
		ApplicationID: d.state.app.id, GuildID: scope, Version: d.newID(), Type: in.kind(),
		Name: in.Name, NameLocalizations: in.NameLocalizations,
		Description: in.Description, DescriptionLocalizations: in.DescriptionLocalizations,
		DefaultMemberPermissions: in.DefaultMemberPermissions, Contexts: in.Contexts,
		IntegrationTypes: in.IntegrationTypes, NSFW: in.NSFW != nil && *in.NSFW, Options: in.Options,
	}
	if made.ID = made.Version; before != nil {
		made.ID = before.ID
	}
	if made.IntegrationTypes == nil {
		made.IntegrationTypes = []int{0}
	}
	if scope == 0 {
		made.DMPermission = new(made.in(BotDMContext))
		if in.Contexts == nil && in.DMPermission != nil {
			made.DMPermission = in.DMPermission
		}
	}
	return made
}

// in says whether the command may be used in a context.
func (k *Command) in(context int) bool {
	if context != GuildContext && (k.GuildID != 0 || (k.DMPermission != nil && !*k.DMPermission)) {
		return false
	}
	return k.Contexts == nil || slices.Contains(k.Contexts, context)
}

func (k *Command) form() commandForm {
	return commandForm{
		Name: k.Name, NameLocalizations: k.NameLocalizations,
		Description: k.Description, DescriptionLocalizations: k.DescriptionLocalizations,
		Options: k.Options, DefaultMemberPermissions: k.DefaultMemberPermissions,
		DMPermission: k.DMPermission, NSFW: new(k.NSFW), Contexts: k.Contexts, IntegrationTypes: k.IntegrationTypes,
	}
}
