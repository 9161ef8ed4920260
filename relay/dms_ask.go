package relay

import (
	"context"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// acknowledge shows a person who received their message: by a reaction while that is whom they
// were shown last, else by a line with the name. Neither is worth a second try.
func (r *Relay) acknowledge(ctx context.Context, m discord.Message, by entities.Entity) {
	ctx, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	var err error
	if r.dms.show(m.Author.ID, by.ID) {
		err = r.disc.Rest.AddReaction(m.ChannelID, m.ID, received, rest.WithCtx(ctx))
	} else {
		_, err = r.answerDM(ctx, m.ChannelID, m.ID, "r", discord.MessageCreate{Content: "-# " + received + " For **" + Plain(by.Name) + "**. `/talk` chooses somebody else."})
	}
	if err != nil {
		r.log.Debug("show a person who received their message", "err", scrubError(err))
	}
}

// answerDM answers a person's message as the bot itself, once.
func (r *Relay) answerDM(ctx context.Context, channel, message snowflake.ID, kind string, body discord.MessageCreate) (*discord.Message, error) {
	nobody := nobody()
	body.AllowedMentions, body.Nonce, body.EnforceNonce = &nobody, kind+message.String(), true
	return r.disc.Rest.CreateMessage(channel, body, rest.WithCtx(ctx))
}

const (
	askedWhom = "Whom is this for? It waits for your choice and reaches nobody before. What you write after it goes there too; `/talk` chooses somebody else later."
	noPartner = "Nobody can receive this: no AI identity here takes direct messages from you now. It waits for a day; `/talk` on a server that you share with one chooses it."
)

// askWhom asks a person whom their message is for.
func (r *Relay) askWhom(ctx context.Context, channel, user, message snowflake.ID) error {
	choices, err := r.partners(ctx, user)
	if err != nil {
		return err
	}
	body := discord.MessageCreate{Content: noPartner}
	if len(choices) > 0 {
		options := make([]discord.StringSelectMenuOption, 0, len(choices))
		for _, e := range choices {
			options = append(options, discord.NewStringSelectMenuOption(Clip(e.Name, 100), string(e.ID)))
		}
		body.Content = askedWhom
		body.Components = []discord.LayoutComponent{discord.NewActionRow(discord.NewStringSelectMenu(RoutingMenu, "Choose who gets it", options...))}
	}
	asked, err := r.answerDM(ctx, channel, message, "m", body)
	if hopeless(err) {
		r.log.Warn("ask a person whom their message is for", "err", scrubError(err))
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.registry.Asked(ctx, ingest, user, asked.ID); err != nil {
		r.log.Error("note where a person is asked whom their message is for", "err", err)
		// Later, and not all of this again: they would be asked anew each time.
		r.put(record{"note where a person is asked whom their message is for", func(ctx context.Context) error {
			return r.registry.Asked(ctx, ingest, user, asked.ID)
		}})
	}
	return nil
}

// partners lists whom a person may choose, after asking Discord for what that depends on: first
// whether the entities' owners are there, and then the person.
func (r *Relay) partners(ctx context.Context, user snowflake.ID) ([]entities.Entity, error) {
	for range mostGaps {
		choices, gaps, err := r.registry.Partners(ctx, ingest, user)
		if err != nil || len(gaps) == 0 {
			return choices, err
		}
		r.fillAll(ctx, gaps)
	}
	choices, _, err := r.registry.Partners(ctx, ingest, user)
	return choices, err
}

// Talk is whom a person writes to from now on.
type Talk struct {
	With   entities.Entity // without its persona
	Waited int             // how many messages of theirs it got that waited for the choice
}

// Talk makes an entity the one to which goes what a person writes to the bot, and gives it what
// waited for their choice. The messages that asked for it say so then, but for those pressed: the
// caller changes these.
func (r *Relay) Talk(ctx context.Context, actor entities.Actor, id entities.ID, pressed ...snowflake.ID) (Talk, error) {
	channel, err := r.openDM(ctx, actor.User())
	if err != nil {
		return Talk{}, wordDM(err)
	}
	var chosen entities.Choice
	late := r.inTurn(ctx, actor.User(), func(ctx context.Context) {
		chosen, err = lacking(ctx, r, func() (entities.Choice, error) { return r.registry.ChoosePartner(ctx, actor, id, channel) })
	})
	if late != nil {
		return Talk{}, late
	}
	if err != nil {
		return Talk{}, err
	}
	r.dms.show(actor.User(), id)
	r.wake(chosen.Noted)
	for _, menu := range chosen.Menus {
		if !slices.Contains(pressed, menu) {
			r.closeMenu(ctx, channel, menu, chosen.Entity)
		}
	}
	return Talk{With: chosen.Entity, Waited: len(chosen.Noted)}, nil
}

// closeMenu has a message that asked for a choice say what was chosen. It is not worth a second
// try: who presses it later chooses anew.
func (r *Relay) closeMenu(ctx context.Context, channel, menu snowflake.ID, chosen entities.Entity) {
	said, none := "It went to **"+Plain(chosen.Name)+"**.", []discord.LayoutComponent{}
	nobody := nobody()
	_, err := r.disc.Rest.UpdateMessage(channel, menu, discord.MessageUpdate{Content: &said, Components: &none, AllowedMentions: &nobody}, rest.WithCtx(ctx))
	if err != nil {
		r.log.Debug("close the menu of a choice", "err", scrubError(err))
	}
}

// Partners lists the entities that a person may choose to write to, at most 25.
func (r *Relay) Partners(ctx context.Context, actor entities.Actor) ([]entities.Entity, error) {
	return r.partners(ctx, actor.User())
}
