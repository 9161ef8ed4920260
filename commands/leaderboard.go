package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// barLength is the bar of the first, in characters.
const barLength = 20

// period is a span of days that the leaderboard can be about, in words.
type period struct {
	value entities.Period // in the option
	name  string          // in the menu
	said  string          // in a sentence
}

// periods are what can be chosen; the second is meant when nothing is.
var periods = []period{
	{entities.Today, "today", "today"},
	{entities.Week, "7 days", "in the last 7 days"},
	{entities.Month, "30 days", "in the last 30 days"},
	{entities.Ever, "ever", "so far"},
}

// leaderboardCommand is /leaderboard: open to all.
var leaderboardCommand = func() command {
	option := discord.ApplicationCommandOptionString{Name: "period", Description: "Over how long; 7 days when you leave it out"}
	for _, p := range periods {
		option.Choices = append(option.Choices, discord.ApplicationCommandOptionChoiceString{Name: p.name, Value: string(p.value)})
	}
	c := command{
		definition: guildCommand("leaderboard", "Show which AI identities say most on this server"),
		routes:     []route{{slash, "/leaderboard", (*Commands).leaderboard}},
	}
	c.definition.Options = []discord.ApplicationCommandOption{option}
	return c
}()

func (c *Commands) leaderboard(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	chosen := string(periods[1].value)
	if _, err := option(data, "period", &chosen); err != nil {
		return err
	}
	at := slices.IndexFunc(periods, func(p period) bool { return string(p.value) == chosen })
	if at < 0 {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	days, _ := periods[at].value.Days() // all of these have some
	ranks, err := c.registry.Leaderboard(i.ctx, i.actor, days)
	if err != nil {
		return err
	}
	return i.replace(podium(ranks, periods[at]))
}

// podium is the ranking, the first first. Equals share a place.
func podium(ranks []entities.Rank, over period) message {
	if len(ranks) == 0 {
		return message{content: fmt.Sprintf("No AI identity has said anything on this server %s.", over.said)}
	}
	all := 0
	for _, r := range ranks {
		all += r.Lines
	}
	var lines []string
	for _, r := range ranks[:min(len(ranks), entities.MostRanked)] {
		lines = append(lines, fmt.Sprintf("**%d.** %s · %s\n%s", r.Place, bold(r.Entity.Name), amount(r.Lines, "line", "lines"), bar(r.Lines, ranks[0].Lines)))
	}
	footer := fmt.Sprintf("%s by %s", amount(all, "line", "lines"), amount(len(ranks), "identity", "identities"))
	if over.value != entities.Ever {
		footer += " · days end at midnight UTC"
	}
	return message{embed: &discord.Embed{
		Title: "Who said most here " + over.said, Description: strings.Join(lines, "\n"), Footer: &discord.EmbedFooter{Text: footer},
	}}
}

// bar draws a number as a part of the largest; something is always there to see.
func bar(lines, most int) string {
	return strings.Repeat("█", max(1, (lines*barLength+most/2)/max(most, 1)))
}
