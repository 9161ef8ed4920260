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
}

var decisionRoutes = []route{
	{button, "/decide/do/{question}", (*Commands).decide},
	{button, "/decide/leave/{question}", (*Commands).undecide},
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
