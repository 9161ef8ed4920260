package commands

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

var settingsShow = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{Name: "show", Description: "Show all of this server's settings"},
	routes:     []route{{slash, "/settings/show", (*Commands).showSettings}, {button, "/settings/dms/{to}", (*Commands).setOpenDM}},
}

func (c *Commands) showSettings(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	settings, err := c.registry.Settings(i.ctx, i.actor)
	if err != nil {
		return err
	}
	return c.tellSettings(i, "", settings)
}

// setOpenDM decides whether entities here may write to members who did not speak to them first.
func (c *Commands) setOpenDM(i *interaction) error {
	open, known := map[string]bool{"on": true, "off": false}[i.vars["to"]]
	if !known || !i.isPrivate() {
		return errOdd
	}
	if err := i.prepare(); err != nil {
		return err
	}
	settings, err := c.registry.SetSettings(i.ctx, i.actor, func(s *entities.Settings) error {
		s.OpenDM = open
		return nil
	})
	if err != nil {
		return err
	}
	return c.tellSettings(i, "Saved.", settings)
}

// tellSettings shows all settings under what was just done.
func (c *Commands) tellSettings(i *interaction, done string, settings entities.Settings) error {
	stopped, err := c.registry.Stopped(i.ctx, i.actor)
	if err != nil {
		return err
	}
	rules, err := c.registry.ServerRules(i.ctx, i.actor)
	if err != nil {
		return err
	}
	talks, err := c.registry.Talks(i.ctx, i.actor)
	if err != nil {
		return err
	}
	r := c.regime(i.actor.Guild(), settings, rules, stopped)
	r.talks = talks
	return i.replace(r.message(done))
}

// regime is a server's settings as people read them.
type regime struct {
	settings entities.Settings
	rules    entities.Rules
	stopped  entities.Switches
	talks    []entities.Talk     // where entities may talk among themselves, or rest
	roleGone bool                // the role of those who may create
	lacks    discord.Permissions // what the bot needs in the log channel and does not have
}

func (c *Commands) regime(guild snowflake.ID, settings entities.Settings, rules entities.Rules, stopped entities.Switches) regime {
	r := regime{settings: settings, rules: rules, stopped: stopped}
	if settings.Creators == entities.RoleCreates {
		_, known := c.registry.World().RoleName(guild, settings.CreatorRole)
		r.roleGone = !known
	}
	if settings.LogChannel != 0 {
		r.lacks = (discord.PermissionViewChannel | discord.PermissionSendMessages) &^ c.registry.World().BotPermissions(settings.LogChannel, c.now())
	}
	return r
}

func (r regime) message(done string) message {
	fields := []discord.EmbedField{
		{Name: "Who may create entities", Value: r.creators()},
		{Name: "Members' own entities", Value: r.quota()},
		{Name: "How much each may say", Value: r.limits()},
		{Name: "What they may say", Value: cmp.Or(strings.Join(bounds(r.rules), "\n"), "Anything. `/settings filter` blocks words, links and pings.")},
		{Name: "Entities among themselves", Value: r.loop()},
		{Name: "Direct messages", Value: r.openness()},
		{Name: "House rules", Value: cmp.Or(clip(plain(r.settings.HouseRules), 1024), "None. `/settings rules` writes some; every entity here is told them.")},
		{Name: "Log channel", Value: r.log()},
		{Name: "Kill switch", Value: r.killSwitch()},
	}
	label, to := "Let entities write to members", "on"
	if r.settings.OpenDM {
		label, to = "Keep entities from writing to members first", "off"
	}
	return message{content: done, buttons: []discord.InteractiveComponent{discord.NewSecondaryButton(label, "/settings/dms/"+to)}, embed: &discord.Embed{
		Title: "This server's settings", Fields: fields,
		Footer: &discord.EmbedFooter{Text: "/settings creators, rules, filter, limits, loop, talk, log and stop change them · /settings audit shows who did what"},
	}}
}

func (r regime) creators() string {
	switch r.settings.Creators {
	case entities.RoleCreates:
		if r.roleGone {
			return "People with Manage Server. The role that was chosen besides them is gone: choose another one with `/settings creators`."
		}
		return fmt.Sprintf("People with Manage Server, and members with <@&%d>.", r.settings.CreatorRole)
	case entities.EveryoneCreate:
		return "Every member."
	default:
		return "Only people with Manage Server. `/settings creators` lets members create some too."
	}
}

func (r regime) quota() string {
	lines := []string{fmt.Sprintf("At most %s for each member; people with Manage Server are free.",
		amount(cmp.Or(r.settings.Quota, entities.UsualQuota), "entity", "entities"))}
	switch {
	case r.settings.Approval:
		lines = append(lines, "What members create or bring here waits until an admin lets it in.")
	case r.settings.Creators == entities.AdminsCreate:
		lines = append(lines, "What members bring here from other servers waits until an admin lets it in.")
	case r.settings.Creators == entities.EveryoneCreate:
		lines = append(lines, "What members create or bring here takes part at once.")
	default:
		lines = append(lines, "What members with that role create or bring here takes part at once; what others bring waits until an admin lets it in.")
	}
	return strings.Join(lines, "\n")
}

func (r regime) limits() string {
	usual, own := entities.UsualLimits(), r.settings.Limits
	text := fmt.Sprintf("%s a minute, %d an hour, %d a day", amount(cmp.Or(own.Minute, usual.Minute), "line", "lines"), cmp.Or(own.Hour, usual.Hour), cmp.Or(own.Day, usual.Day))
	if own == (entities.Limits{}) {
		text += " (as usual)"
	}
	return text + ". `/entity limits` sets others for one entity."
}

func (r regime) log() string {
	switch {
	case r.settings.LogChannel == 0:
		return "None was chosen: you are told where Discord itself posts its notices, if the bot can write there. `/settings log` chooses one."
	case r.lacks != 0:
		return fmt.Sprintf("%s, but the bot cannot write there: its role lacks %s. Grant it, or choose another channel with `/settings log`.",
			channelMention(r.settings.LogChannel), entities.PermissionNames(r.lacks))
	default:
		return channelMention(r.settings.LogChannel)
	}
}

// openness says to whom entities may write.
func (r regime) openness() string {
	if r.settings.OpenDM {
		return "Entities here may write to every member, unless the member refuses it."
	}
	return "Entities write only to their owners and to people who spoke to them first."
}

func (r regime) killSwitch() string {
	lines := []string{"Off. `/settings stop` silences every entity here at once."}
	if r.stopped.Here {
		lines[0] = "**On: no entity hears or speaks on this server.** `/settings start` lets them go on."
	}
	if r.stopped.Everywhere {
		lines = append(lines, "**Whoever runs this bot has stopped all entities on every server.** Only they can let them go on.")
	}
	return strings.Join(lines, "\n")
}
