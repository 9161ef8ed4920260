package commands

import (
	"cmp"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/omit"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// settingsCommand is /settings: what a server's admins decide for the whole server. Discord
// hides it from others by default; the registry decides.
var settingsCommand = func() command {
	c := branched(guildCommand("settings", "What holds for all AI identities on this server"),
		settingsShow, settingsCreators, settingsRules, settingsFilter, settingsLimits, settingsLoop, settingsTalk, settingsLog, settingsStop, settingsStart, settingsAudit)
	c.definition.DefaultMemberPermissions = omit.NewPtr(discord.PermissionManageGuild)
	c.routes = slices.Concat(c.routes, decisionRoutes, restRoutes)
	return c
}()

// branched is a command that is given with one of its subcommands.
func branched(definition discord.SlashCommandCreate, branches ...subcommand) command {
	c := command{definition: definition}
	for _, branch := range branches {
		c.definition.Options = append(c.definition.Options, branch.definition)
		c.routes = slices.Concat(c.routes, branch.routes)
	}
	return c
}

// The words for who may create entities, as they stand in the option.
const (
	whoAdmins   = "admins"
	whoRole     = "role"
	whoEveryone = "everyone"
)

var settingsCreators = func() subcommand {
	least, most := 1, entities.MaxQuota
	return subcommand{
		definition: discord.ApplicationCommandOptionSubCommand{
			Name: "creators", Description: "Decide who may create entities here",
			Options: []discord.ApplicationCommandOption{
				discord.ApplicationCommandOptionString{
					Name: "who", Description: "Who may, besides people with Manage Server", Required: true,
					Choices: []discord.ApplicationCommandOptionChoiceString{
						{Name: "admins only", Value: whoAdmins}, {Name: "members with a role", Value: whoRole}, {Name: "everyone", Value: whoEveryone},
					},
				},
				discord.ApplicationCommandOptionRole{Name: "role", Description: "Which role, when it is members with a role"},
				discord.ApplicationCommandOptionInt{Name: "quota", Description: "How many entities each member may have here", MinValue: &least, MaxValue: &most},
				discord.ApplicationCommandOptionBool{Name: "approval", Description: "Whether an admin has to let in what members create"},
			},
		},
		routes: []route{{slash, "/settings/creators", (*Commands).setCreators}},
	}
}()

var settingsLog = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "log", Description: "Choose where admins are told what happens",
		Options: []discord.ApplicationCommandOption{
			discord.ApplicationCommandOptionChannel{
				Name: "channel", Description: "The channel. Leave it out for the one where Discord posts its notices",
				ChannelTypes: []discord.ChannelType{discord.ChannelTypeGuildText, discord.ChannelTypeGuildNews},
			},
		},
	},
	routes: []route{{slash, "/settings/log", (*Commands).setLog}},
}

func (c *Commands) setCreators(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	var change creators
	if err := change.read(data); err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	settings, err := c.registry.SetSettings(i.ctx, i.actor, change.apply)
	if err != nil {
		return err
	}
	return c.tellSettings(i, "Saved.", settings)
}

// creators is what was given of who may create; what is nil stays as it is.
type creators struct {
	who      entities.Creators
	role     snowflake.ID
	quota    *int
	approval *bool
}

func (c *creators) read(data discord.SlashCommandInteractionData) error {
	var who string
	var quota int
	var approval bool
	if _, err := option(data, "who", &who); err != nil {
		return err
	}
	if _, err := option(data, "role", &c.role); err != nil {
		return err
	}
	given, err := option(data, "quota", &quota)
	if err != nil {
		return err
	}
	if given {
		c.quota = &quota
	}
	if given, err = option(data, "approval", &approval); err != nil {
		return err
	}
	if given {
		c.approval = &approval
	}
	known := map[string]entities.Creators{whoAdmins: entities.AdminsCreate, whoRole: entities.RoleCreates, whoEveryone: entities.EveryoneCreate}
	var ok bool
	if c.who, ok = known[who]; !ok {
		return errOdd
	}
	return nil
}

func (c *creators) apply(s *entities.Settings) error {
	// Whoever says no role means the one that was chosen before.
	s.Creators, s.CreatorRole = c.who, cmp.Or(c.role, s.CreatorRole)
	if c.quota != nil {
		s.Quota = *c.quota
	}
	if c.approval != nil {
		s.Approval = *c.approval
	}
	return nil
}

func (c *Commands) setLog(i *interaction) error {
	data, err := i.command()
	if err != nil {
		return err
	}
	var channel snowflake.ID
	if _, err := option(data, "channel", &channel); err != nil {
		return err
	}
	if err := i.think(); err != nil {
		return err
	}
	settings, err := c.registry.SetSettings(i.ctx, i.actor, func(s *entities.Settings) error {
		s.LogChannel = channel
		return nil
	})
	if err != nil {
		return err
	}
	return c.tellSettings(i, "Saved.", settings)
}
