package commands

import (
	"github.com/disgoorg/disgo/discord"
)

// decision is something that waits for a person's yes. It is kept for that person alone, for
// 15 minutes and one answer; whether they may do it is asked again then.
type decision struct {
	do   func(*Commands, *interaction) (message, error) // as the one who says yes, then
	kept string                                         // what they read who say no
	// answer is instead of do where the answer is more than a message.
	answer func(*Commands, *interaction) error
	// pick is instead of do where there is more to choose than yes and no. What was chosen can
	// be forged.
	pick func(c *Commands, i *interaction, chosen string) (message, error)
}

var decisionRoutes = []route{
	{button, "/decide/do/{question}", (*Commands).decide},
	{button, "/decide/leave/{question}", (*Commands).undecide},
	{menu, "/decide/pick/{question}", (*Commands).decidePicked},
}

// ask puts a question before d is done: the answer that this person alone sees.
func (c *Commands) ask(i *interaction, question, yes, no string, d decision) (message, error) {
	token, err := c.decisions.put(i.actor, d)
	if err != nil {
		return message{}, err
	}
	return message{content: question, buttons: []discord.InteractiveComponent{
		discord.NewDangerButton(yes, "/decide/do/"+token),
		discord.NewSecondaryButton(no, "/decide/leave/"+token),
	}}, nil
}

// askWhich is ask with a menu to choose from.
func (c *Commands) askWhich(i *interaction, question, placeholder, no string, options []discord.StringSelectMenuOption, d decision) (message, error) {
	token, err := c.decisions.put(i.actor, d)
	if err != nil {
		return message{}, err
	}
	return message{
		content: question,
		menus:   []discord.SelectMenuComponent{discord.NewStringSelectMenu("/decide/pick/"+token, placeholder, options...)},
		buttons: []discord.InteractiveComponent{discord.NewSecondaryButton(no, "/decide/leave/"+token)},
	}, nil
}

func (c *Commands) decidePicked(i *interaction) error {
	chosen, err := i.picked()
	if err != nil {
		return err
	}
	d, err := c.decisions.take(i.actor, i.vars["question"])
	switch {
	case err != nil:
		return err
	case d.pick == nil:
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	m, err := d.pick(c, i, chosen)
	if err != nil {
		return err
	}
	return i.replace(m)
}

func (c *Commands) decide(i *interaction) error {
	d, err := c.decisions.take(i.actor, i.vars["question"])
	if err != nil {
		return err
	}
	if err := i.prepare(); err != nil {
		return err
	}
	if d.answer != nil {
		return d.answer(c, i)
	}
	if d.do == nil {
		return errOdd
	}
	m, err := d.do(c, i)
	if err != nil {
		return err
	}
	return i.replace(m)
}

func (c *Commands) undecide(i *interaction) error {
	d, err := c.decisions.take(i.actor, i.vars["question"])
	if err != nil {
		return err
	}
	return i.replace(message{content: d.kept})
}
