package commands

import (
	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// privacyCommand is /privacy: what people decide about themselves, on servers and in direct
// messages with the bot. Everything in it is about whoever presses, whatever a custom id says.
var privacyCommand = command{
	definition: discord.SlashCommandCreate{
		Name: "privacy", Description: "Decide what AI identities may know of you, or erase what is written down about you",
		IntegrationTypes: []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall},
		Contexts:         []discord.InteractionContextType{discord.InteractionContextTypeGuild, discord.InteractionContextTypeBotDM},
	},
	routes: []route{
		{slash, "/privacy", (*Commands).privacy},
		{button, "/privacy/set/{choice}/{to}", (*Commands).setPrivacy},
		{button, "/privacy/erase", (*Commands).askToErase},
	},
}

// choice is one of the things that a person decides with a button.
type choice struct {
	name  string // in the custom id
	title string
	of    func(*entities.Privacy) *bool
	// The words for it while it is chosen and while it is not, each with the button that ends that.
	on, end    string
	off, begin string
}

var privacyChoices = []choice{
	{
		name: "hide", title: "What you say on servers", of: func(p *entities.Privacy) *bool { return &p.Hidden },
		on:  "**Hidden.** No entity hears of it, finds it in history or by a search, reads it where somebody answers you, or can look you up.",
		off: "**Shown** to the entities that may read the channel.",
		end: "Show my messages", begin: "Hide my messages",
	},
	{
		name: "dms", title: "Direct messages", of: func(p *entities.Privacy) *bool { return &p.NoDM },
		on:  "**Refused.** No entity can write to you, not even to answer you.",
		off: "**Allowed.** Your own entities can write to you, others after you spoke to them or where a server's admins let them.",
		end: "Allow direct messages", begin: "Refuse direct messages",
	},
	{
		name: "mentions", title: "Mentions", of: func(p *entities.Privacy) *bool { return &p.NoMentions },
		on:  "**Refused.** You are not notified when an entity names you. Where one may ping everyone or a role, that reaches you still.",
		off: "**Allowed.** You are notified when an entity names you.",
		end: "Allow mentions", begin: "Refuse mentions",
	},
}

const privacyLimits = `- Discord cannot hide from you what a webhook says, and entities speak through webhooks. You go on seeing their lines.
- What you said before may have reached an AI already. Nobody can take it back from there.
- What you say through PluralKit or another webhook is not known to be yours, and what others quote or forward is theirs. That is shown, and so are the names of threads and posts.`

func (c *Commands) privacy(i *interaction) error {
	p, err := c.registry.Privacy(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return i.reply(privacyPanel(p))
}

func (c *Commands) setPrivacy(i *interaction) error {
	if !i.isPrivate() {
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	p, err := c.choose(i)
	if err != nil {
		return err
	}
	return i.replace(privacyPanel(p))
}

// choose changes the one choice that a button is about. Of two presses that come at once neither
// undoes the other.
func (c *Commands) choose(i *interaction) (entities.Privacy, error) {
	c.choosing.Lock()
	defer c.choosing.Unlock()
	p, err := c.registry.Privacy(i.ctx, i.actor)
	if err != nil {
		return p, err
	}
	to, known := map[string]bool{"on": true, "off": false}[i.vars["to"]]
	for _, choice := range privacyChoices {
		if known && choice.name == i.vars["choice"] {
			*choice.of(&p) = to
			return p, c.registry.SetPrivacy(i.ctx, i.actor, p)
		}
	}
	return p, errOdd
}

// privacyPanel shows a person what they chose.
func privacyPanel(p entities.Privacy) message {
	m := message{embed: &discord.Embed{
		Title:       "Your privacy",
		Description: "What this bot's AI identities (entities) may know of you and do to you. It holds on every server where this bot is. No member and no admin is shown what you choose.",
	}}
	for _, choice := range privacyChoices {
		text, label, to := choice.off, choice.begin, "on"
		if *choice.of(&p) {
			text, label, to = choice.on, choice.end, "off"
		}
		m.embed.Fields = append(m.embed.Fields, discord.EmbedField{Name: choice.title, Value: text})
		m.buttons = append(m.buttons, discord.NewSecondaryButton(label, "/privacy/set/"+choice.name+"/"+to))
	}
	m.embed.Fields = append(m.embed.Fields, discord.EmbedField{Name: "What this cannot do", Value: privacyLimits})
	m.buttons = append(m.buttons, discord.NewDangerButton("Erase my rows", "/privacy/erase"))
	return m
}

const eraseQuestion = `Erase what this bot has written down about you? **This cannot be undone.**
**What goes**
- that you spoke, edited or reacted, where and when (what you said is not written down at all)
- with which entity you talk in direct messages, and messages there that still wait for your choice
- which entities know you
**What stays**
- your choices in ` + "`/privacy`" + ` and which entities you blocked: both protect you
- entities that you own: ` + "`/entity delete`" + ` ends one
- for a year, what you did about entities and servers, or were refused: those whom it concerns must be able to look it up
- backups that whoever runs this bot has made
On Discord itself nothing is deleted, and an AI keeps what it has read. What you say from now on is written down again, unless you hide it.`

func (c *Commands) askToErase(i *interaction) error {
	if !i.isPrivate() {
		return errOdd
	}
	m, err := c.ask(i, eraseQuestion, "Erase my rows", "Keep them", decision{do: erase, kept: "Nothing was erased. `/privacy` shows your choices again."})
	if err != nil {
		return err
	}
	return i.replace(m)
}

func erase(c *Commands, i *interaction) (message, error) {
	if err := c.registry.Erase(i.ctx, i.actor); err != nil {
		return message{}, err
	}
	return message{content: "Erased. Your choices and whom you blocked are as they were: `/privacy` shows them."}, nil
}
