package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// The custom ids of the forms' fields.
const (
	fieldRules  = "rules"
	fieldMinute = "minute"
	fieldHour   = "hour"
	fieldDay    = "day"
)

var settingsRules = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "rules", Description: "Write the house rules that every entity here is told"},
	routes: []route{
		{slash, "/settings/rules", (*Commands).writeRules},
		{form, "/settings/rules/{before}", (*Commands).setRules},
	},
}

var settingsLimits = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "limits", Description: "Decide how much an entity may say here when it has no limits of its own"},
	routes: []route{
		{slash, "/settings/limits", (*Commands).writeLimits},
		{form, "/settings/limits/{before}", (*Commands).setLimits},
	},
}

// mark tells one state of a setting from another. A form carries the mark of what it was
// opened with, so that it does not undo what somebody else saved meanwhile.
func mark(what any) string {
	sum := sha256.Sum256(fmt.Append(nil, what))
	return hex.EncodeToString(sum[:8])
}

var errOvertaken = entities.Refuse(entities.Conflict, "Somebody else changed this while you were writing, so nothing was saved. Give the command again to see what stands there now.")

func (c *Commands) writeRules(i *interaction) error {
	settings, err := c.registry.Settings(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.open(rulesForm(settings.HouseRules))
}

func rulesForm(rules string) discord.ModalCreate {
	text := discord.NewParagraphTextInput(fieldRules).WithRequired(false).WithMaxLength(entities.MaxHouseRules).
		WithPlaceholder("Speak English. Be kind. No advice on medicine or law.").WithValue(clip(rules, entities.MaxHouseRules))
	return discord.NewModalCreate("/settings/rules/"+mark(rules), "House rules",
		discord.NewLabel("What every entity here is told", text).WithDescription("Their owners' AIs read it. Leave it empty to have no house rules."))
}

func (c *Commands) setRules(i *interaction) error {
	in, ok := i.Interaction.(discord.ModalSubmitInteraction)
	if !ok {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	text := in.Data.Text(fieldRules)
	settings, err := c.registry.SetSettings(i.ctx, i.actor, func(s *entities.Settings) error {
		if mark(s.HouseRules) != i.vars["before"] {
			return errOvertaken
		}
		s.HouseRules = text
		return nil
	})
	if errors.Is(err, errOvertaken) { // what they wrote is not lost
		return i.replace(message{content: c.words(i, err) + "\n\nYou wrote:", embed: &discord.Embed{Description: clip(plain(text), 4096)}})
	}
	if err != nil {
		return err
	}
	return c.tellSettings(i, "Saved. The entities here are told from now on.", settings)
}

func (c *Commands) writeLimits(i *interaction) error {
	settings, err := c.registry.Settings(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.open(limitsForm(settings.Limits))
}

func limitsForm(now entities.Limits) discord.ModalCreate {
	return discord.NewModalCreate("/settings/limits/"+mark(now), "How much an entity may say here", limitInputs(now, entities.UsualLimits())...)
}

// limitInputs are the fields for limits, with those of now filled in; usual ones apply where
// nothing is.
func limitInputs(now, usual entities.Limits) []discord.LayoutComponent {
	most := entities.MaxLimits()
	return []discord.LayoutComponent{
		numberInput(fieldMinute, "Lines a minute", now.Minute, usual.Minute, 1, most.Minute),
		numberInput(fieldHour, "Lines an hour", now.Hour, usual.Hour, 1, most.Hour),
		numberInput(fieldDay, "Lines a day", now.Day, usual.Day, 1, most.Day),
	}
}

// numberInput is a field for a number, with that of now filled in unless it is 0.
func numberInput(id, label string, number, usual, least, most int) discord.LayoutComponent {
	input := discord.NewShortTextInput(id).WithRequired(false).WithMaxLength(len(strconv.Itoa(most))).WithPlaceholder(strconv.Itoa(usual))
	if number != 0 {
		input = input.WithValue(strconv.Itoa(number))
	}
	return discord.NewLabel(label, input).WithDescription(fmt.Sprintf("From %d to %d. Leave it empty for the usual %d.", least, most, usual))
}

// readLimits reads the fields of [limitInputs].
func readLimits(data discord.ModalSubmitInteractionData) entities.Limits {
	return entities.Limits{Minute: number(data.Text(fieldMinute)), Hour: number(data.Text(fieldHour)), Day: number(data.Text(fieldDay))}
}

func (c *Commands) setLimits(i *interaction) error {
	in, ok := i.Interaction.(discord.ModalSubmitInteraction)
	if !ok {
		return errOdd
	}
	if err := i.think(); err != nil {
		return err
	}
	limits := readLimits(in.Data)
	settings, err := c.registry.SetSettings(i.ctx, i.actor, func(s *entities.Settings) error {
		if mark(s.Limits) != i.vars["before"] {
			return errOvertaken
		}
		s.Limits = limits
		return nil
	})
	if err != nil {
		return err
	}
	return c.tellSettings(i, "Saved.", settings)
}

// number reads what was typed: nothing is 0, which means the usual number, and what is no
// number from 1 up is one that the registry refuses.
func number(typed string) int {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 1 {
		return -1
	}
	return n
}
