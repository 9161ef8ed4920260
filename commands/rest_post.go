package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// restRoutes are what moderators can do about entities that rest. They are asked for their rights
// at every press; the custom ids hold which rest is meant, so that a post about one that is over
// ends no other.
var restRoutes = []route{
	{button, "/rest/continue/{channel}/{until}", (*Commands).continueRest},
	{button, "/rest/pause/{entity}/{channel}/{until}", (*Commands).pauseResting},
}

const restIsOver = "\nThis rest is over."

// longestLabelName keeps a button's label within Discord's 80 characters.
const longestLabelName = 60

// RestPost is what the admins of a server are told when entities begin to rest in a channel. It
// pings nobody.
func (c *Commands) RestPost(of entities.Rest) discord.MessageCreate {
	return restPost(of).create(discord.MessageFlagsNone)
}

func restPost(of entities.Rest) message {
	var names []string
	which := fmt.Sprintf("%d/%d", of.Channel, of.Until.UnixMilli())
	buttons := []discord.InteractiveComponent{discord.NewPrimaryButton("Continue", "/rest/continue/"+which)}
	for _, e := range of.Speakers {
		names = append(names, bold(e.Name))
		buttons = append(buttons, discord.NewSecondaryButton("Pause "+clip(e.Name, longestLabelName)+" for 1 hour", "/rest/pause/"+string(e.ID)+"/"+which))
	}
	who := strings.Join(names, " and ")
	text := fmt.Sprintf("The AI identities rest in %s: %s took %d turns there in a row, and nobody else said anything.", channelMention(of.Channel), who, of.Turns)
	if of.Rule == entities.AloneRule {
		text = fmt.Sprintf("The AI identities rest in %s: they took %d turns there within half an hour, and no person said anything. %s took most of them.",
			channelMention(of.Channel), of.Turns, who)
	}
	return message{
		content: text + fmt.Sprintf("\nThey go on when a person speaks there, when a moderator presses **Continue**, or at %s.", hour(of.Until)),
		buttons: buttons,
	}
}

// rest reads which rest a button is about.
func (i *interaction) rest() (channel snowflake.ID, until time.Time, err error) {
	channel, err = snowflake.Parse(i.vars["channel"])
	if err != nil {
		return 0, time.Time{}, errOdd
	}
	milli, err := strconv.ParseInt(i.vars["until"], 10, 64)
	if err != nil {
		return 0, time.Time{}, errOdd
	}
	return channel, time.UnixMilli(milli), nil
}

func (c *Commands) continueRest(i *interaction) error {
	channel, until, err := i.rest()
	if err != nil {
		return err
	}
	if err := i.prepare(); err != nil {
		return err
	}
	if err := c.registry.Continue(i.ctx, i.actor, channel, until); err != nil {
		return c.restOver(i, err)
	}
	done := fmt.Sprintf("%s let them go on.", userMention(i.actor.User()))
	return c.noteRest(i, "▶️ "+done, func(discord.ButtonComponent) bool { return false })
}

func (c *Commands) pauseResting(i *interaction) error {
	channel, until, err := i.rest()
	if err != nil {
		return err
	}
	if err := i.prepare(); err != nil {
		return err
	}
	if err := c.registry.Resting(i.ctx, i.actor, channel, until); err != nil {
		return c.restOver(i, err)
	}
	r, err := c.registry.Suspend(i.ctx, i.actor, entities.ID(i.vars["entity"]), usualPause)
	if err != nil {
		return err
	}
	done := fmt.Sprintf("%s paused %s on this server", userMention(i.actor.User()), bold(r.Entity.Name))
	if r.Presence.Until != nil {
		done += " until " + hour(*r.Presence.Until)
	}
	return c.noteRest(i, "⏸️ "+done+".", func(b discord.ButtonComponent) bool { return b.CustomID != i.pressed() })
}

// restOver takes the buttons off a post about a rest that is over. The person is told why.
func (c *Commands) restOver(i *interaction, refusal error) error {
	if !i.onPost() || !entities.IsRefusal(refusal, entities.Conflict) {
		return refusal
	}
	err := c.editPost(i, func(m *message) {
		if len(m.buttons) > 0 { // nobody has said so yet
			m.content, m.buttons = m.content+restIsOver, nil
		}
	})
	if err != nil {
		c.log.Warn("write that a rest is over", "err", err)
	}
	return refusal
}

// noteRest adds a line to the post, and leaves those buttons on it that are still of use.
func (c *Commands) noteRest(i *interaction, line string, useful func(discord.ButtonComponent) bool) error {
	if !i.onPost() {
		return i.reply(message{content: line})
	}
	return c.editPost(i, func(m *message) {
		// Who pressed a moment later may have been faster here, and knew less.
		m.content = strings.TrimSuffix(m.content, restIsOver) + "\n" + line
		m.buttons = slices.DeleteFunc(m.buttons, func(component discord.InteractiveComponent) bool {
			b, ok := component.(discord.ButtonComponent)
			return !ok || !useful(b)
		})
	})
}

// editPost changes the post. One press at a time does so, and each reads what the ones before have
// left: of two that come at once, both stand there.
func (c *Commands) editPost(i *interaction, edit func(*message)) error {
	c.resting.Lock()
	defer c.resting.Unlock()
	post, err := i.client.Rest.GetInteractionResponse(i.ApplicationID(), i.Token(), rest.WithCtx(i.ctx))
	if err != nil {
		return fmt.Errorf("read the post about a rest: %w", err)
	}
	m := message{content: post.Content}
	for component := range post.AllComponents() {
		if b, ok := component.(discord.ButtonComponent); ok {
			m.buttons = append(m.buttons, b)
		}
	}
	edit(&m)
	m.content = clip(m.content, relay.MaxContent)
	return i.replace(m)
}

// onPost says whether the button stands where it was pressed: a forged one does not.
func (i *interaction) onPost() bool {
	source := i.source()
	return source != nil && hasButton(source, i.pressed())
}

// pressed is the custom id of the button.
func (i *interaction) pressed() string {
	if in, ok := i.Interaction.(discord.ComponentInteraction); ok {
		return in.Data.CustomID()
	}
	return ""
}
