package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scene is who does something where: a member in a guild's channel, or a user in the
// direct messages with the bot.
type scene struct {
	user    *User
	member  *Member // nil in direct messages
	guild   *guild  // nil in direct messages
	channel *Channel
	can     Permissions // the user's in the channel
}

func (s *scene) guildID() ID {
	if s.guild == nil {
		return 0
	}
	return s.guild.id
}

func (s *scene) context() int {
	if s.guild == nil {
		return BotDMContext
	}
	return GuildContext
}

// enter checks that a user can be there at all. guild 0 means direct messages with the
// bot; channel 0 then finds the channel for them. Callers hold Discord.mu.
func (d *Discord) enter(user, guild, channel ID) (scene, error) {
	s := scene{user: d.state.users[user], channel: d.state.channels[channel]}
	if s.user == nil {
		return s, fmt.Errorf("no user %s", user)
	}
	if guild == 0 && channel == 0 {
		s.channel = d.dm(user)
	}
	if s.channel == nil {
		return s, fmt.Errorf("no channel %s", channel)
	}
	if s.channel.GuildID != guild {
		return s, fmt.Errorf("channel %s is not in guild %s", channel, guild)
	}
	s.can = d.permissions(user, s.channel)
	if guild == 0 {
		if !slices.Contains(s.channel.Recipients, user) {
			return s, fmt.Errorf("channel %s is not %s's", channel, s.user.Username)
		}
		return s, nil
	}
	s.guild = d.state.guilds[guild]
	switch {
	case s.guild.members[user] == nil:
		return s, fmt.Errorf("%s is not in the server", s.user.Username)
	case s.guild.members[d.state.bot.ID] == nil:
		return s, errors.New("the application is not in the server")
	case !s.can.Has(ViewChannel):
		return s, fmt.Errorf("%s cannot see channel %s", s.user.Username, s.channel.Name)
	}
	s.member = s.guild.members[user]
	return s, nil
}

// interactionEvent is INTERACTION_CREATE.
type interactionEvent struct {
	ID              ID                `json:"id"`
	ApplicationID   ID                `json:"application_id"`
	Type            InteractionType   `json:"type"`
	Data            any               `json:"data"`
	Guild           *interactionGuild `json:"guild,omitempty"`
	GuildID         ID                `json:"guild_id,omitzero"`
	Channel         any               `json:"channel"`
	ChannelID       ID                `json:"channel_id"`
	Member          *resolvedMember   `json:"member,omitempty"`
	User            *User             `json:"user,omitempty"`
	Token           string            `json:"token"`
	Version         int               `json:"version"`
	Message         *messageView      `json:"message,omitempty"`
	AppPermissions  Permissions       `json:"app_permissions"`
	Locale          string            `json:"locale"`
	GuildLocale     string            `json:"guild_locale,omitempty"`
	Entitlements    []struct{}        `json:"entitlements"`
	Owners          map[string]ID     `json:"authorizing_integration_owners"`
	Context         int               `json:"context"`
	AttachmentLimit int               `json:"attachment_size_limit"`
}

type interactionGuild struct {
	ID       ID       `json:"id"`
	Locale   string   `json:"locale"`
	Features []string `json:"features"`
}

// locale of every account and server of the stand-in.
const locale = "en-US"

// directPermissions are what an application may do in direct messages with its bot
// (receiving-and-responding, "Interaction Structure").
const directPermissions = AttachFiles | EmbedLinks | MentionEveryone | UseExternalEmojis

func (d *Discord) showInteraction(it *Interaction, data any) interactionEvent {
	s := &it.scene
	e := interactionEvent{
		ID: it.ID, ApplicationID: d.state.app.id, Type: it.kind, Data: data, GuildID: s.guildID(),
		ChannelID: s.channel.ID, Token: it.Token, Version: 1, Locale: locale, Entitlements: []struct{}{},
		Owners: s.owners(), Context: s.context(), AttachmentLimit: AttachmentLimit,
	}
	if it.source != nil {
		e.Message = new(d.viewMessage(it.source, true))
	}
	if s.guild == nil {
		e.User, e.AppPermissions, e.Channel = s.user, directPermissions, d.showChannel(s.channel)
		return e
	}
	e.Guild, e.GuildLocale = &interactionGuild{s.guild.id, locale, []string{}}, locale
	e.Member = d.resolveMember(s.member, s.channel)
	e.Member.User = s.user
	e.Member.Deaf, e.Member.Mute = new(s.member.Deaf), new(s.member.Mute)
	e.AppPermissions = d.permissions(d.state.bot.ID, s.channel)
	e.Channel = d.resolveChannel(s.channel, s.user.ID)
	return e
}

// owners: the guild that the application is installed to, or "0" in direct messages.
func (s *scene) owners() map[string]ID { return map[string]ID{"0": s.guildID()} }

// interactionMetadata is what messages say about the interaction that they answer.
// triggering is the metadata of the interaction that opened the modal, if it is one.
func (d *Discord) interactionMetadata(it *Interaction, triggering json.RawMessage) json.RawMessage {
	type metadata struct {
		ID              ID              `json:"id"`
		Type            InteractionType `json:"type"`
		User            *User           `json:"user"`
		Owners          map[string]ID   `json:"authorizing_integration_owners"`
		Name            string          `json:"name,omitempty"`
		CommandType     CommandType     `json:"command_type,omitempty"`
		InteractedID    ID              `json:"interacted_message_id,omitzero"`
		TargetUser      *User           `json:"target_user,omitempty"`
		TargetMessageID ID              `json:"target_message_id,omitzero"`
		Triggering      json.RawMessage `json:"triggering_interaction_metadata,omitempty"`
	}
	m := metadata{ID: it.ID, Type: it.kind, User: it.scene.user, Owners: it.scene.owners()}
	switch it.kind {
	case CommandInteraction:
		m.Name, m.CommandType = it.command.Name, it.command.Type
		m.TargetUser = d.state.users[it.target]
		if it.command.Type == MessageCommand {
			m.TargetMessageID = it.target
		}
	case ComponentInteraction:
		m.InteractedID = it.source.ID
	case ModalInteraction:
		m.Triggering = triggering
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil // cannot happen: plain values only
	}
	return raw
}

// seen finds a command that a user is shown by its name: the guild's own before the
// global ones. It explains when the client would hide the command.
func (d *Discord) seen(s *scene, name string, kind CommandType) (*Command, error) {
	k := sameCommand(d.state.interactions.commands[s.guildID()], name, kind)
	if s.guild == nil || k == nil {
		k = sameCommand(d.state.interactions.commands[0], name, kind)
	}
	switch {
	case k == nil:
		return nil, fmt.Errorf("there is no command %q", name)
	case s.channel.isThread() && s.channel.Archived:
		// topics/threads: nobody can use commands in an archived thread.
		return nil, fmt.Errorf("%q cannot be used here: the thread is archived", name)
	case !k.in(s.context()):
		return nil, fmt.Errorf("%q is hidden here: it is not for this context", name)
	case k.NSFW && !s.channel.NSFW && s.guild != nil:
		return nil, fmt.Errorf("%q is hidden here: it is for age-restricted channels", name)
	case s.guild == nil || s.can.Has(Administrator):
		return k, nil
	case !s.can.Has(UseCommands):
		return nil, fmt.Errorf("%q is hidden from %s: no permission to use commands here", name, s.user.Username)
	case k.DefaultMemberPermissions != nil && (*k.DefaultMemberPermissions == 0 || !s.can.Has(*k.DefaultMemberPermissions)):
		return nil, fmt.Errorf("%q is hidden from %s: it needs permissions %d", name, s.user.Username, *k.DefaultMemberPermissions)
	}
	return k, nil
}

// split takes a command line such as "/entity create" apart and walks down to the
// subcommand. wrap puts option values back into the nesting that the application gets.
func (k *Command) split(path []string) (options []CommandOption, wrap func([]dataOption) []dataOption, err error) {
	options = k.Options
	wrap = func(inner []dataOption) []dataOption { return inner }
	for _, step := range path {
		at := slices.IndexFunc(options, func(o CommandOption) bool {
			return o.Name == step && (o.Type == SubcommandOption || o.Type == GroupOption)
		})
		if at < 0 {
			return nil, nil, fmt.Errorf("/%s has no subcommand %q", k.Name, step)
		}
		chosen, outer := options[at], wrap
		wrap = func(inner []dataOption) []dataOption {
			return outer([]dataOption{{Name: chosen.Name, Type: chosen.Type, Options: inner}})
		}
		options = chosen.Options
	}
	if len(options) > 0 && (options[0].Type == SubcommandOption || options[0].Type == GroupOption) {
		return nil, nil, fmt.Errorf("/%s needs a subcommand", strings.Join(append([]string{k.Name}, path...), " "))
	}
	return options, wrap, nil
}
