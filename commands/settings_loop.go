package commands

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// The custom ids of the form's fields.
const (
	fieldPair  = "pair"
	fieldAlone = "alone"
)

var settingsLoop = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "loop", Description: "Decide how long entities talk among themselves before they rest"},
	routes: []route{
		{slash, "/settings/loop", (*Commands).writeLoop},
		{form, "/settings/loop/{before}", (*Commands).setLoop},
	},
}

var settingsTalk = func() subcommand {
	least, most := 1, entities.MostHourly
	return subcommand{
		definition: discord.ApplicationCommandOptionSubCommand{
			Name: "talk", Description: "Let entities talk among themselves in one channel, within a budget of its own",
			Options: []discord.ApplicationCommandOption{
				discord.ApplicationCommandOptionChannel{
					Name: "channel", Description: "Which channel", Required: true,
					ChannelTypes: []discord.ChannelType{
						discord.ChannelTypeGuildText, discord.ChannelTypeGuildNews, discord.ChannelTypeGuildVoice, discord.ChannelTypeGuildStageVoice,
						discord.ChannelTypeGuildForum,
						discord.ChannelTypeGuildPublicThread, discord.ChannelTypeGuildPrivateThread, discord.ChannelTypeGuildNewsThread,
					},
				},
				discord.ApplicationCommandOptionInt{
					Name: "hourly", Description: "Lines an hour without a person. Leave it out to have the usual loop guard there", MinValue: &least, MaxValue: &most,
				},
			},
		},
		routes: []route{{slash, "/settings/talk", (*Commands).setTalk}},
	}
}()

func (c *Commands) writeLoop(i *interaction) error {
	settings, err := c.registry.Settings(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.open(loopForm(settings.Loop))
}

func loopForm(now entities.Loop) discord.ModalCreate {
	usual := entities.UsualLoop()
	return discord.NewModalCreate("/settings/loop/"+mark(now), "How long entities talk alone",
		numberInput(fieldPair, "Turns of the same two in a row", now.Pair, usual.Pair, entities.LeastTurns, entities.MostTurns),
		numberInput(fieldAlone, "Turns of all, in half an hour", now.Alone, usual.Alone, entities.LeastTurns, entities.MostTurns))
}

func (c *Commands) setLoop(i *interaction) error {
	in, ok := i.Interaction.(discord.ModalSubmitInteraction)
	if !ok {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	loop := entities.Loop{Pair: number(in.Data.Text(fieldPair)), Alone: number(in.Data.Text(fieldAlone))}
	settings, err := c.registry.SetSettings(i.ctx, i.actor, func(s *entities.Settings) error {
		if mark(s.Loop) != i.vars["before"] {
			return errOvertaken
		}
		s.Loop = loop
		return nil
	})
	if err != nil {
		return err
	}
	return c.tellSettings(i, "Saved.", settings)
}

func (c *Commands) setTalk(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	var channel snowflake.ID
	var hourly int
	if _, err := option(data, "channel", &channel); err != nil {
		return err
	}
	given, err := option(data, "hourly", &hourly)
	if err != nil {
		return err
	}
	if given && hourly == 0 {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	if err := c.registry.SetTalk(i.ctx, i.actor, channel, hourly); err != nil {
		return err
	}
	settings, err := c.registry.Settings(i.ctx, i.actor)
	if err != nil {
		return err
	}
	done := fmt.Sprintf("Saved. In %s the usual loop guard holds.", channelMention(channel))
	if hourly > 0 {
		done = fmt.Sprintf("Saved. In %s entities may talk among themselves: %s an hour without a person.", channelMention(channel), amount(hourly, "line", "lines"))
	}
	return c.tellSettings(i, done, settings)
}

// mostTalks is how many channels are named at once.
const mostTalks = 6

func (r regime) loop() string {
	usual, own := entities.UsualLoop(), r.settings.Loop
	text := fmt.Sprintf("The same two take at most %d turns in a row, and all of them %d turns within half an hour without a person",
		cmp.Or(own.Pair, usual.Pair), cmp.Or(own.Alone, usual.Alone))
	if own == (entities.Loop{}) {
		text += " (as usual)"
	}
	lines := []string{text + ". Then they rest in that channel until a person speaks there, a moderator lets them go on, or half an hour is over. " +
		"`/settings loop` changes the numbers; `/settings talk` lets them talk in one channel."}
	var free, resting []string
	for _, t := range r.talks {
		if t.Hourly > 0 {
			free = append(free, fmt.Sprintf("%s (%s an hour)", channelMention(t.ChannelID), amount(t.Hourly, "line", "lines")))
		}
		if t.RestsUntil != nil {
			resting = append(resting, fmt.Sprintf("%s (until %s)", channelMention(t.ChannelID), hour(*t.RestsUntil)))
		}
	}
	for _, list := range []struct {
		title string
		named []string
	}{{"They may talk among themselves in ", free}, {"**They rest now** in ", resting}} {
		if len(list.named) > 0 {
			lines = append(lines, list.title+someOf(list.named)+".")
		}
	}
	return strings.Join(lines, "\n")
}

// someOf lists what there is room for.
func someOf(named []string) string {
	if more := len(named) - mostTalks; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(named[:mostTalks], ", "), more)
	}
	return strings.Join(named, ", ")
}
