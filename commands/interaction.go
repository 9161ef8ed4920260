package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/disgoorg/disgo/bot"
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/events"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// interaction is one thing that a person did, and the way to answer it. Only its user, guild
// and member permissions are Discord's word; everything else in it may be forged.
type interaction struct {
	discord.Interaction
	ctx     context.Context
	vars    map[string]string
	client  *bot.Client
	respond events.InteractionResponderFunc
	actor   entities.Actor
	stage   stage
}

// lastWords is how long telling a person that something failed may take.
const lastWords = 5 * time.Second

// stage is how far the answer is.
type stage int

const (
	untouched stage = iota
	thinking        // "the bot is thinking …" is shown, to this person only
	updating        // the message with the button is about to be changed
	answered
)

func newInteraction(ctx context.Context, vars map[string]string, client *bot.Client, in discord.Interaction, respond events.InteractionResponderFunc) *interaction {
	i := &interaction{Interaction: in, ctx: ctx, vars: vars, client: client, respond: respond}
	var (
		guild       snowflake.ID
		permissions discord.Permissions
		roles       []snowflake.ID
	)
	if id, member := in.GuildID(), in.Member(); id != nil && member != nil {
		guild, permissions, roles = *id, member.Permissions, member.RoleIDs
	}
	i.actor = entities.Member(in.User().ID, guild, permissions, roles...)
	return i
}

// serve runs a handler and tells the person when it fails, whatever the reason.
func (c *Commands) serve(i *interaction, handle func(*Commands, *interaction) error) error {
	c.notice(i)
	err := c.guarded(i, handle)
	if err == nil {
		return nil
	}
	text := c.words(i, err)
	if i.ctx.Err() != nil { // too slow, or the program ends: there is still time to say so
		ctx, cancel := context.WithTimeout(context.WithoutCancel(i.ctx), lastWords)
		defer cancel()
		i.ctx = ctx
	}
	if i.Type() == discord.InteractionTypeAutocomplete {
		return i.choices(nil)
	}
	if i.stage == updating && i.isPrivate() {
		return i.replace(message{content: text})
	}
	return i.reply(message{content: text})
}

// notice keeps the names of people who look after a server, so that no entity takes them.
func (c *Commands) notice(i *interaction) {
	if id, m := i.GuildID(), i.Member(); id != nil && m != nil {
		known := entities.Membership{UserID: m.User.ID, Roles: m.RoleIDs}
		c.registry.World().Notice(*id, known, entities.Names(m.User, m.Nick)...)
	}
}

func (c *Commands) guarded(i *interaction, handle func(*Commands, *interaction) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = broken(p)
		}
	}()
	return handle(c, i)
}

// broken describes a panic, where it happened. Its value may quote what a person typed, so
// only its type is said.
func broken(panicked any) error { return fmt.Errorf("panic with a %T\n%s", panicked, debug.Stack()) }

// unknown answers what no route leads to.
func (c *Commands) unknown(*interaction) error {
	return entities.Refuse(entities.NotFound, "This bot has changed since this was made, and does not know it any more. Type / to see its commands.")
}

// reply says something to the person alone: as the answer, or after it.
func (i *interaction) reply(m message) error {
	switch i.stage {
	case untouched:
		return i.send(discord.InteractionResponseTypeCreateMessage, m.create(discord.MessageFlagEphemeral), answered)
	case thinking:
		return i.replace(m)
	default:
		_, err := i.whispered(m)
		return err
	}
}

// replace writes the answer that was announced with [interaction.think], or changes the
// message that the button stands on.
func (i *interaction) replace(m message) error {
	if i.stage == untouched {
		return i.send(discord.InteractionResponseTypeUpdateMessage, m.update(), answered)
	}
	_, err := i.replaced(m)
	return err
}

// replaced is replace after the 3 s; it gives the message's id.
func (i *interaction) replaced(m message) (snowflake.ID, error) {
	sent, err := i.client.Rest.UpdateInteractionResponse(i.ApplicationID(), i.Token(), m.update(), rest.WithCtx(i.ctx))
	if err != nil {
		return 0, fmt.Errorf("write the answer: %w", err)
	}
	i.stage = answered
	return sent.ID, nil
}

// whispered sends one more message that only this person sees.
func (i *interaction) whispered(m message) (snowflake.ID, error) {
	return i.followUp(m, discord.MessageFlagEphemeral)
}

// announced sends one more message that the whole channel sees.
func (i *interaction) announced(m message) (snowflake.ID, error) {
	return i.followUp(m, discord.MessageFlagsNone)
}

func (i *interaction) followUp(m message, flags discord.MessageFlags) (snowflake.ID, error) {
	sent, err := i.client.Rest.CreateFollowupMessage(i.ApplicationID(), i.Token(), m.create(flags), rest.WithCtx(i.ctx))
	if err != nil {
		return 0, fmt.Errorf("write one more message: %w", err)
	}
	return sent.ID, nil
}

// think answers within Discord's 3 s that the answer takes a moment; only the person sees it.
func (i *interaction) think() error {
	return i.send(discord.InteractionResponseTypeDeferredCreateMessage, message{}.create(discord.MessageFlagEphemeral), thinking)
}

// prepare is think for a button whose message will be changed, or stay as it is.
func (i *interaction) prepare() error {
	return i.send(discord.InteractionResponseTypeDeferredUpdateMessage, nil, updating)
}

// open shows a form.
func (i *interaction) open(modal discord.ModalCreate) error {
	return i.send(discord.InteractionResponseTypeModal, modal, answered)
}

// choices answers an autocomplete.
func (i *interaction) choices(choices []discord.AutocompleteChoice) error {
	if choices == nil {
		choices = []discord.AutocompleteChoice{}
	}
	return i.send(discord.InteractionResponseTypeAutocompleteResult, discord.AutocompleteResult{Choices: choices}, answered)
}

func (i *interaction) send(kind discord.InteractionResponseType, data discord.InteractionResponseData, then stage) error {
	if err := i.respond(kind, data, rest.WithCtx(i.ctx)); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	i.stage = then
	return nil
}

// source is the message that the button stands on, or from whose button the form came.
func (i *interaction) source() *discord.Message {
	switch in := i.Interaction.(type) {
	case discord.ComponentInteraction:
		return &in.Message
	case discord.ModalSubmitInteraction:
		return in.Message
	default:
		return nil
	}
}

// isPrivate says whether the message that the button stands on is seen by this person alone.
func (i *interaction) isPrivate() bool {
	source := i.source()
	return source != nil && source.Flags.Has(discord.MessageFlagEphemeral)
}

// manages says whether Discord lets the person manage the server: for what they are offered, never
// for what they may do.
func (i *interaction) manages() bool {
	m := i.Member()
	return m != nil && (m.Permissions.Has(discord.PermissionManageGuild) || m.Permissions.Has(discord.PermissionAdministrator))
}

// here is the channel in which the person acts, with their permissions there.
func (i *interaction) here() entities.ChosenChannel {
	channel := i.Channel()
	if channel.MessageChannel == nil {
		return entities.ChosenChannel{}
	}
	return entities.ChosenChannel{ID: channel.ID(), Permissions: channel.Permissions}
}

// errOdd is for interactions that Discord's own client would not send.
var errOdd = entities.Refuse(entities.Invalid, "Discord sent this command in a form that this bot does not understand. Give it again.")

// command is what was given with a slash command.
func (i *interaction) command() (discord.SlashCommandInteractionData, error) {
	if in, ok := i.Interaction.(discord.ApplicationCommandInteraction); ok {
		if data, ok := in.Data.(discord.SlashCommandInteractionData); ok {
			return data, nil
		}
	}
	return discord.SlashCommandInteractionData{}, errOdd
}

// target is the message from whose menu a command was picked. It stands where the person acts.
func (i *interaction) target() (snowflake.ID, error) {
	if in, ok := i.Interaction.(discord.ApplicationCommandInteraction); ok {
		if data, ok := in.Data.(discord.MessageCommandInteractionData); ok && data.TargetID() != 0 {
			return data.TargetID(), nil
		}
	}
	return 0, errOdd
}

// option reads a command's option into a pointer. It says false when the option was not given.
// disgo's own getters panic on a value of another type.
func option(data discord.SlashCommandInteractionData, name string, into any) (bool, error) {
	given, ok := data.Options[name]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(given.Value, into); err != nil {
		return false, errors.Join(errOdd, err)
	}
	return true, nil
}
