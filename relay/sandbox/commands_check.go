package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Discord's limits for application commands (interactions/application-commands).
const (
	mostSlashCommands = 100
	mostMenuCommands  = 15 // of each kind
	mostOptions       = 25
	mostCommandText   = 8000
)

// commandName is Discord's pattern for the names of slash commands and of all options.
var commandName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$`)

// checkCommands notes what is wrong with a whole list that is to replace another.
func checkCommands(in []commandForm, scope ID) error {
	var f form
	seen := map[string]bool{}
	for i := range in {
		at := strconv.Itoa(i)
		in[i].check(&f, at+".", scope)
		key := fmt.Sprint(in[i].kind(), " ", in[i].Name)
		if seen[key] {
			f.add(at, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		seen[key] = true
	}
	return f.err()
}

func tooMany(list []*Command) error {
	count := map[CommandType]int{}
	for _, k := range list {
		count[k.Type]++
	}
	for _, limit := range []struct {
		kind CommandType
		most int
	}{{SlashCommand, mostSlashCommands}, {UserCommand, mostMenuCommands}, {MessageCommand, mostMenuCommands}} {
		if count[limit.kind] > limit.most {
			return fail(http.StatusBadRequest, 30032, fmt.Sprintf("Maximum number of application commands reached (%d).", limit.most))
		}
	}
	return nil
}

// check notes what is wrong with one command. at is the path before its fields.
func (in *commandForm) check(f *form, at string, scope ID) {
	switch in.kind() {
	case SlashCommand:
		f.length(at+"description", in.Description, 1, 100)
		checkCommandName(f, at+"name", in.Name)
		checkOptions(f, at+"options", in.Options, 0)
	case UserCommand, MessageCommand:
		f.length(at+"name", in.Name, 1, 32)
		if in.Description != "" {
			// discord-api-docs #3629 shows this code.
			f.add(at+"description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID", "Context menu commands cannot have description")
		}
		if len(in.Options) > 0 {
			f.add(at+"options", "APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED", "Context menu commands cannot have options")
		}
	default:
		f.add(at+"type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
	}
	checkLocalizations(f, at, in.kind() == SlashCommand, in.NameLocalizations, in.DescriptionLocalizations)
	checkPlaces(f, at+"contexts", in.Contexts, PrivateContext)
	checkPlaces(f, at+"integration_types", in.IntegrationTypes, 1)
	if scope != 0 && slices.ContainsFunc(in.Contexts, func(n int) bool { return n != GuildContext }) {
		f.add(at+"contexts", "APPLICATION_COMMAND_GUILD_CONTEXTS_INVALID", "Guild commands can only be used in a guild")
	}
	if in.size() > mostCommandText {
		f.add(strings.TrimSuffix(at, "."), "APPLICATION_COMMAND_TOO_LARGE", fmt.Sprintf("Command exceeds maximum size (%d)", mostCommandText))
	}
}

func checkPlaces(f *form, path string, list []int, most int) {
	if list == nil {
		return
	}
	if len(list) == 0 {
		f.add(path, "BASE_TYPE_MIN_LENGTH", "Must be 1 or more in length.")
	}
	for i, n := range list {
		if n < 0 || n > most {
			f.add(path+"."+strconv.Itoa(i), "BASE_TYPE_CHOICES", fmt.Sprintf("Value must be between 0 and %d.", most))
		}
		if slices.Contains(list[:i], n) {
			f.add(path, "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
		}
	}
}

func checkCommandName(f *form, path, name string) {
	f.length(path, name, 1, 32)
	if name != "" && utf8.RuneCountInString(name) <= 32 && (!commandName.MatchString(name) || strings.ToLower(name) != name) {
		f.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	}
}

func checkLocalizations(f *form, at string, strict bool, names, descriptions map[string]string) {
	for locale, name := range names {
		if strict {
			checkCommandName(f, at+"name_localizations."+locale, name)
		} else {
			f.length(at+"name_localizations."+locale, name, 1, 32)
		}
	}
	for locale, text := range descriptions {
		f.length(at+"description_localizations."+locale, text, 1, 100)
	}
}

// checkOptions notes what is wrong with a list of options; depth 0 is the command's own,
// 1 a group's or a subcommand's, 2 those of a subcommand in a group.
func checkOptions(f *form, path string, list []CommandOption, depth int) {
	if len(list) > mostOptions {
		f.add(path, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", mostOptions))
	}
	seen, optional, nested := map[string]bool{}, false, 0
	for i := range list {
		o, at := &list[i], path+"."+strconv.Itoa(i)
		checkCommandName(f, at+".name", o.Name)
		f.length(at+".description", o.Description, 1, 100)
		checkLocalizations(f, at+".", true, o.NameLocalizations, o.DescriptionLocalizations)
		if seen[o.Name] {
			f.add(at, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
		}
		seen[o.Name] = true
		if o.Type == SubcommandOption || o.Type == GroupOption {
			nested++
			o.checkNested(f, at, depth)
			continue
		}
		if o.Required && optional {
			f.add(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options")
		}
		optional = optional || !o.Required
		o.checkValue(f, at)
	}
	if nested > 0 && nested < len(list) {
		f.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and sub-command group option types are mutually exclusive to all other types")
	}
}

func (o *CommandOption) checkNested(f *form, at string, depth int) {
	allowed := (o.Type == GroupOption && depth == 0) || (o.Type == SubcommandOption && depth < 2)
	if !allowed {
		f.add(at+".type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "This option type cannot be nested here")
		return
	}
	if o.Type == SubcommandOption {
		for i := range o.Options {
			if t := o.Options[i].Type; t == SubcommandOption || t == GroupOption {
				f.add(fmt.Sprintf("%s.options.%d.type", at, i), "BASE_TYPE_CHOICES", "Value must be one of {3, 4, 5, 6, 7, 8, 9, 10, 11}.")
				return
			}
		}
		checkOptions(f, at+".options", o.Options, 2)
		return
	}
	if len(o.Options) == 0 {
		f.required(at + ".options")
	}
	for i := range o.Options {
		if o.Options[i].Type != SubcommandOption {
			f.add(fmt.Sprintf("%s.options.%d.type", at, i), "BASE_TYPE_CHOICES", "Value must be one of {1}.")
			return
		}
	}
	checkOptions(f, at+".options", o.Options, 1)
}

// checkValue notes what is wrong with an option that takes a value.
func (o *CommandOption) checkValue(f *form, at string) {
	if o.Type < StringOption || o.Type > AttachmentOption {
		f.add(at+".type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.")
		return
	}
	if len(o.Options) > 0 {
		f.add(at+".options", "APPLICATION_COMMAND_OPTIONS_NESTED_INVALID", "Only sub-commands and groups can have options")
	}
	listable := o.Type == StringOption || o.Type == IntegerOption || o.Type == NumberOption
	if !listable && (o.Autocomplete || len(o.Choices) > 0) {
		f.add(at, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "This option type has neither choices nor autocomplete")
	}
	if o.Autocomplete && len(o.Choices) > 0 {
		f.add(at+".autocomplete", "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES", "Autocomplete cannot be set when choices are given")
	}
	if o.MinLength != nil {
		f.number(at+".min_length", *o.MinLength, 0, 6000)
	}
	if o.MaxLength != nil {
		f.number(at+".max_length", *o.MaxLength, 1, 6000)
	}
	if len(o.Choices) > mostOptions {
		f.add(at+".choices", "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", mostOptions))
	}
	checkChoices(f, at+".choices", o.Choices, o.Type)
}

// checkChoices is for an option's choices and for those that autocomplete answers.
func checkChoices(f *form, path string, list []Choice, kind OptionType) {
	names := map[string]bool{}
	for i, choice := range list {
		at := path + "." + strconv.Itoa(i)
		f.length(at+".name", choice.Name, 1, 100)
		if names[choice.Name] {
			f.add(at, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", "Option choice name already exists")
		}
		names[choice.Name] = true
		checkChoiceValue(f, at+".value", choice.Value, kind)
	}
}

func checkChoiceValue(f *form, path string, raw json.RawMessage, kind OptionType) {
	var text string
	var whole int64
	var number float64
	switch {
	case len(raw) == 0 || string(raw) == "null":
		f.required(path)
	case kind == StringOption && json.Unmarshal(raw, &text) != nil:
		f.add(path, "STRING_TYPE_CONVERT", "Could not interpret \""+string(raw)+"\" as string.")
	case kind == StringOption:
		f.length(path, text, 0, 100)
	case kind == IntegerOption && json.Unmarshal(raw, &whole) != nil:
		f.add(path, "NUMBER_TYPE_COERCE", "Value is not int.")
	case kind == NumberOption && json.Unmarshal(raw, &number) != nil:
		f.add(path, "NUMBER_TYPE_COERCE", "Value is not float.")
	}
}

// size counts what Discord counts: names, descriptions and values of the command, its
// options and their choices, of a localized field the longest form.
func (in *commandForm) size() int {
	return longest(in.Name, in.NameLocalizations) + longest(in.Description, in.DescriptionLocalizations) + optionsSize(in.Options)
}

func optionsSize(list []CommandOption) int {
	n := 0
	for i := range list {
		o := &list[i]
		n += longest(o.Name, o.NameLocalizations) + longest(o.Description, o.DescriptionLocalizations) + optionsSize(o.Options)
		for _, choice := range o.Choices {
			value := strings.Trim(string(choice.Value), `"`)
			n += longest(choice.Name, choice.NameLocalizations) + utf8.RuneCountInString(value)
		}
	}
	return n
}

func longest(text string, localized map[string]string) int {
	n := utf8.RuneCountInString(text)
	for other := range maps.Values(localized) {
		n = max(n, utf8.RuneCountInString(other))
	}
	return n
}
