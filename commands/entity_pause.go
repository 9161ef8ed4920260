package commands

import (
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityPause is /entity pause: an owner's pause is for everywhere, an admin's or moderator's
// for this server.
var entityPause = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "pause", Description: "Silence an entity: it neither hears nor speaks until it is resumed",
		Options: []discord.ApplicationCommandOption{
			entityOption("Which entity"),
			discord.ApplicationCommandOptionString{Name: "for", Description: "For how long, on this server. Owners and admins may leave it out", Choices: pauseChoices()},
			discord.ApplicationCommandOptionString{
				Name: "where", Description: "Your own entity pauses everywhere, another one on this server",
				Choices: []discord.ApplicationCommandOptionChoiceString{{Name: "everywhere", Value: pauseEverywhere}, {Name: "this server", Value: pauseHere}},
			},
		},
	},
	routes: []route{
		{slash, "/entity/pause", (*Commands).pause},
		{autocomplete, "/entity/pause", (*Commands).entityChoices},
	},
}

// The words for where an entity is paused, as they stand in the option.
const (
	pauseEverywhere = "everywhere"
	pauseHere       = "here"
)

// usualPause is how long a moderator's pause is who does not say.
const usualPause = time.Hour

// span is a length that can be chosen: as people read it, and as it stands in the option.
type span struct {
	name, value string
	length      time.Duration
}

var spans = []span{
	{"1 hour", "1h", time.Hour}, {"8 hours", "8h", 8 * time.Hour}, {"1 day", "1d", 24 * time.Hour}, {"1 week", "1w", 7 * 24 * time.Hour},
}

func pauseChoices() []discord.ApplicationCommandOptionChoiceString {
	var choices []discord.ApplicationCommandOptionChoiceString
	for _, s := range spans {
		choices = append(choices, discord.ApplicationCommandOptionChoiceString{Name: s.name, Value: s.value})
	}
	return choices
}

// pausing is what was given with /entity pause.
type pausing struct {
	length time.Duration // 0 = not said
	where  string        // "" = not said
}

func (p *pausing) read(data discord.SlashCommandInteractionData) error {
	var length string
	given, err := option(data, "for", &length)
	if err != nil {
		return err
	}
	if given {
		at := slices.IndexFunc(spans, func(s span) bool { return s.value == length })
		if at < 0 {
			return errOdd
		}
		p.length = spans[at].length
	}
	given, err = option(data, "where", &p.where)
	if err != nil || !given {
		return err
	}
	if p.where != pauseEverywhere && p.where != pauseHere {
		return errOdd
	}
	return nil
}

func (c *Commands) pause(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	var given pausing
	if err := given.read(data); err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	if given.where == pauseEverywhere || (given.where == "" && e.OwnerID == i.actor.User()) {
		return c.pauseAll(i, e, given.length)
	}
	return c.suspend(i, e, given.length)
}

func (c *Commands) pauseAll(i *interaction, e entities.Entity, length time.Duration) error {
	if length != 0 && e.OwnerID == i.actor.User() {
		return entities.Refuse(entities.Invalid, "A pause everywhere lasts until you resume it: leave out for how long. Admins and moderators can pause for a time on this server, with where: this server.")
	}
	paused, err := c.registry.Pause(i.ctx, i.actor, e.ID)
	if err != nil {
		return err
	}
	return i.replace(message{content: fmt.Sprintf("%s is paused everywhere: it neither hears nor speaks on any server until you give `/entity resume`.", bold(paused.Name))})
}

func (c *Commands) suspend(i *interaction, e entities.Entity, length time.Duration) error {
	if length == 0 && !i.manages() {
		length = usualPause
	}
	r, err := c.registry.Suspend(i.ctx, i.actor, e.ID, length)
	if err != nil {
		return err
	}
	return i.replace(message{content: suspended(r)})
}

// suspended says for how long an entity is paused here, and how that ends.
func suspended(r entities.Resident) string {
	text := fmt.Sprintf("%s is paused on this server: it neither hears nor speaks here until somebody with Manage Server gives `/entity resume`.", bold(r.Entity.Name))
	if until := r.Presence.Until; until != nil {
		text = fmt.Sprintf("%s is paused on this server until %s: it neither hears nor speaks here. After that it goes on by itself; `/entity resume` ends the pause sooner.",
			bold(r.Entity.Name), moment(*until))
	}
	return text
}
