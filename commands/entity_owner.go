package commands

import (
	"fmt"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// announce tells an admin what was made for somebody else, and the new owner, in the channel,
// where to get the key. The admin never sees it.
func (c *Commands) announce(i *interaction, made card, d draft) error {
	e := made.entity
	owner := userMention(d.owner.ID)
	text := fmt.Sprintf("%s is ready and belongs to %s.\n%s\n\n", bold(e.Name), owner, whereabouts(made.places))
	posted := text + fmt.Sprintf("I told %s in this channel. The key is shown to nobody but them.", owner)
	if err := i.replace(message{content: posted, embed: made.portrait()}); err != nil {
		return err
	}
	_, err := i.announced(message{
		content: fmt.Sprintf("%s, %s created %s for you: an AI identity on this server.\nPress the button to get its address and key. Only you can.",
			owner, userMention(i.actor.User()), bold(e.Name)),
		buttons: []discord.InteractiveComponent{discord.NewPrimaryButton("Get key", getKeyPath(e.ID))},
		pings:   []snowflake.ID{d.owner.ID},
	})
	if err != nil {
		ref := c.fault(i, err)
		return i.replace(message{content: text + fmt.Sprintf("I could not post in this channel (ref %s). Tell %s: `/entity key` gets them the key, which is shown to nobody else.", ref, owner)})
	}
	return nil
}

func getKeyPath(id entities.ID) string { return "/key/get/" + string(id) }

// getKey gives an owner the key of an entity that was made for them. Whoever has one already
// is asked first, since a new key ends the old one.
func (c *Commands) getKey(i *interaction) error {
	if err := i.prepare(); err != nil {
		return err
	}
	id := entities.ID(i.vars["entity"])
	if err := c.registry.MayRotate(i.ctx, i.actor, id); err != nil {
		return err
	}
	e, err := c.registry.Find(i.ctx, i.actor, string(id))
	if err != nil {
		return err
	}
	made, err := c.registry.FirstKey(i.ctx, i.actor, id)
	if entities.IsRefusal(err, entities.Conflict) {
		return c.askToReplace(i, e)
	}
	if err != nil {
		return err
	}
	if err := c.showKey(i, c.card(made)); err != nil {
		return err
	}
	if err := c.handedOver(i, e); err != nil {
		c.log.Warn("take the button off an announcement", "err", err)
	}
	return nil
}

// handedOver takes the button off the announcement. Where only the owner reads, the key itself
// stands now.
func (c *Commands) handedOver(i *interaction, e entities.Entity) error {
	source := i.source()
	if source == nil || i.isPrivate() || !hasButton(source, getKeyPath(e.ID)) {
		return nil
	}
	return i.replace(message{content: fmt.Sprintf("%s has the key of %s now.", userMention(i.actor.User()), bold(e.Name))})
}

func hasButton(m *discord.Message, customID string) bool {
	for component := range m.AllComponents() {
		if b, ok := component.(discord.ButtonComponent); ok && b.CustomID == customID {
			return true
		}
	}
	return false
}
