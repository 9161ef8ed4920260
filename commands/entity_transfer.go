package commands

import (
	"fmt"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// entityTransfer is /entity transfer: an owner offers an entity, and the other person takes it
// or not.
var entityTransfer = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "transfer", Description: "Give an entity of yours to somebody else, if they accept",
		Options: []discord.ApplicationCommandOption{
			entityOption("Which of your entities"),
			discord.ApplicationCommandOptionUser{Name: "to", Description: "Who is to have it: a member of this server", Required: true},
		},
	},
	routes: []route{
		{slash, "/entity/transfer", (*Commands).askToTransfer},
		{autocomplete, "/entity/transfer", (*Commands).entityChoices},
		{button, "/transfer/accept/{entity}", (*Commands).accept},
		{button, "/transfer/decline/{entity}", (*Commands).decline},
	},
}

func (c *Commands) askToTransfer(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	var to snowflake.ID
	if _, err := option(data, "to", &to); err != nil {
		return err
	}
	if err := c.registry.MayOffer(i.ctx, i.actor, e.ID, entities.Person{ID: to, Bot: data.Resolved.Users[to].Bot}); err != nil {
		return err
	}
	person := entities.Person{ID: to, Bot: data.Resolved.Users[to].Bot}
	if err := mayReceive(data.Resolved, person); err != nil {
		return err
	}
	m, err := c.ask(i, fmt.Sprintf("Offer %s to %s? It is theirs the moment they accept, with all that is set for it: **its key ends then**, and only they can give it back. The offer stands for 7 days.",
		bold(e.Name), userMention(to)), "Offer it", "Keep it",
		decision{
			do:   func(c *Commands, i *interaction) (message, error) { return c.offer(i, e.ID, person) },
			kept: fmt.Sprintf("Nothing was changed. %s stays yours.", bold(e.Name)),
		})
	if err != nil {
		return err
	}
	return i.replace(m)
}

// mayReceive says whether Discord knows a user as a person who is here and can read the offer.
func mayReceive(resolved discord.ResolvedData, to entities.Person) error {
	user, member := resolved.Users[to.ID], resolved.Members[to.ID]
	if user.ID != to.ID || member.User.ID != to.ID {
		return entities.Refuse(entities.Invalid, "The new owner must be a member of this server. Ask them to join first.")
	}
	if err := to.MayOwn(); err != nil {
		return err
	}
	if !member.Permissions.Has(discord.PermissionViewChannel) && !member.Permissions.Has(discord.PermissionAdministrator) {
		return entities.Refuse(entities.Invalid, "They cannot see this channel, where they would be asked. Give the command in a channel that both of you see.")
	}
	return nil
}

// offer makes the offer and shows it to the channel. One that could not be shown does not stand,
// since nobody could accept it.
func (c *Commands) offer(i *interaction, id entities.ID, to entities.Person) (message, error) {
	e, err := c.registry.Offer(i.ctx, i.actor, id, to)
	if err != nil {
		return message{}, err
	}
	if _, err := i.announced(proposal(e, to.ID, relative(c.now().Add(entities.OfferLife)))); err != nil {
		ref := c.fault(i, err)
		if _, err := c.registry.Decline(i.ctx, i.actor, id); err != nil {
			return message{}, err
		}
		return message{content: fmt.Sprintf("I could not post in this channel (ref %s), so nothing was offered. %s stays yours; try it in another channel.", ref, bold(e.Name))}, nil
	}
	return message{content: fmt.Sprintf("I told %s in this channel. Until they accept, %s stays yours; you take the offer back with Decline there.", userMention(to.ID), bold(e.Name))}, nil
}

// proposal is the offer as the channel sees it; only the one to whom it is made is pinged.
func proposal(e entities.Entity, to snowflake.ID, ends string) message {
	return message{
		content: fmt.Sprintf("%s, %s offers you %s: an AI identity. Accept, and it is yours with all that is set for it; its old key ends and you get a new one. The offer ends %s.",
			userMention(to), userMention(e.OwnerID), bold(e.Name), ends),
		buttons: []discord.InteractiveComponent{
			discord.NewSuccessButton("Accept", "/transfer/accept/"+string(e.ID)),
			discord.NewSecondaryButton("Decline", "/transfer/decline/"+string(e.ID)),
		},
		pings: []snowflake.ID{to},
	}
}

func (c *Commands) accept(i *interaction) error {
	if err := i.prepare(); err != nil {
		return err
	}
	e, err := c.registry.Take(i.ctx, i.actor, entities.ID(i.vars["entity"]))
	if err != nil {
		return err
	}
	c.conclude(i, message{content: fmt.Sprintf("%s accepted: %s belongs to them now.", userMention(e.OwnerID), bold(e.Name))})
	_, err = i.whispered(message{
		content: fmt.Sprintf("%s is yours. Its old key has ended: press the button to get its address and a new key, or give `/entity key` later.", bold(e.Name)),
		buttons: []discord.InteractiveComponent{discord.NewPrimaryButton("Get key", getKeyPath(e.ID))},
	})
	return err
}

func (c *Commands) decline(i *interaction) error {
	if err := i.prepare(); err != nil {
		return err
	}
	e, err := c.registry.Decline(i.ctx, i.actor, entities.ID(i.vars["entity"]))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s declined. %s stays with %s.", userMention(i.actor.User()), bold(e.Name), userMention(e.OwnerID))
	if e.OwnerID == i.actor.User() {
		text = fmt.Sprintf("%s took the offer of %s back.", userMention(e.OwnerID), bold(e.Name))
	}
	if !c.conclude(i, message{content: text}) {
		return i.reply(message{content: text})
	}
	return nil
}

// conclude writes an outcome in the place of the message whose button was pressed, and says
// whether it did: a forged button stands on none, and a message may be gone.
func (c *Commands) conclude(i *interaction, outcome message) bool {
	source := i.source()
	in, ok := i.Interaction.(discord.ComponentInteraction)
	if !ok || source == nil || !hasButton(source, in.Data.CustomID()) {
		return false
	}
	if err := i.replace(outcome); err != nil {
		c.log.Warn("write the outcome over a request", "err", err)
		return false
	}
	return true
}
