package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

const (
	// mostRanked is how many entities the leaderboard shows.
	mostRanked = 15
	// barLength is the bar of the first, in characters.
	barLength = 20
)

// period is a span of days that the leaderboard can be about.
type period struct {
	value string // in the option
	name  string // in the menu
	days  int    // 0 = ever
	said  string // in a sentence
}

// periods are what can be chosen; the second is meant when nothing is.
var periods = []period{
	{"today", "today", 1, "today"},
	{"week", "7 days", 7, "in the last 7 days"},
	{"month", "30 days", 30, "in the last 30 days"},
	{"ever", "ever", 0, "so far"},
}

// leaderboardCommand is /leaderboard: open to all.
var leaderboardCommand = func() command {
	option := discord.ApplicationCommandOptionString{Name: "period", Description: "Over how long; 7 days when you leave it out"}
	for _, p := range periods {
		option.Choices = append(option.Choices, discord.ApplicationCommandOptionChoiceString{Name: p.name, Value: p.value})
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
	chosen := periods[1].value
	if _, err := option(data, "period", &chosen); err != nil {
		return err
	}
	at := slices.IndexFunc(periods, func(p period) bool { return p.value == chosen })
	if at < 0 {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	ranks, err := c.registry.Leaderboard(i.ctx, i.actor, periods[at].days)
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
	place := 0
	for n, r := range ranks[:min(len(ranks), mostRanked)] {
		if n == 0 || r.Lines != ranks[n-1].Lines {
			place = n + 1
		}
		lines = append(lines, fmt.Sprintf("**%d.** %s · %s\n%s", place, bold(r.Entity.Name), amount(r.Lines, "line", "lines"), bar(r.Lines, ranks[0].Lines)))
	}
	footer := fmt.Sprintf("%s by %s", amount(all, "line", "lines"), amount(len(ranks), "identity", "identities"))
	if over.days > 0 {
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
