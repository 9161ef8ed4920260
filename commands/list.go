package commands

import (
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/handler"
)

// list is every command there is.
var list = []command{entityCommand, entitiesCommand, statusCommand, settingsCommand, operatorCommand, leaderboardCommand, privacyCommand, talkCommand}

// messageMenus are all commands in the menu of a message.
var messageMenus = []messageMenu{deleteThisMenu, pauseHereMenu}

// messageMenu is one command in the menu of a message, with the interactions that follow from it.
type messageMenu struct {
	name   string // as Discord shows it
	routes []route
}

func (m messageMenu) definition() discord.MessageCommandCreate {
	return discord.MessageCommandCreate{
		Name: m.name, Contexts: []discord.InteractionContextType{discord.InteractionContextTypeGuild},
		IntegrationTypes: []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall},
	}
}

// command is one slash command: how Discord shows it, and what its interactions lead to.
type command struct {
	definition discord.SlashCommandCreate
	routes     []route
}

// subcommand is one of a command's branches, with the interactions that follow from it.
type subcommand struct {
	definition discord.ApplicationCommandOptionSubCommand
	routes     []route
}

// kind is what a person did.
type kind int

const (
	slash        kind = iota + 1 // gave a command
	autocomplete                 // is typing an option
	button                       // pressed a button
	menu                         // chose from a select menu
	form                         // sent a modal
	picking                      // picked a command from a message's menu
)

// route leads interactions of one kind to their handler. The path is a command's
// ("/entity/create", "/Delete this") or the form of a custom id ("/key/get/{entity}"); a custom id can be
// forged, so what it names is looked up and the right to it is asked for again.
type route struct {
	kind   kind
	path   string
	handle func(*Commands, *interaction) error
}

// route mounts all routes. disgo matches by prefix and takes the first hit; a test makes sure
// that no route hides another.
func (c *Commands) route(commands []command, menus []messageMenu) *handler.Mux {
	mux := handler.New()
	mux.Use(c.own)
	mux.NotFound(func(e *handler.InteractionEvent) error {
		return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.Interaction, e.Respond), (*Commands).unknown)
	})
	for _, command := range commands {
		for _, r := range command.routes {
			c.mount(mux, r)
		}
	}
	for _, menu := range menus {
		for _, r := range menu.routes {
			c.mount(mux, r)
		}
	}
	return mux
}

func (c *Commands) mount(mux *handler.Mux, r route) {
	switch r.kind {
	case slash:
		mux.SlashCommand(r.path, func(_ discord.SlashCommandInteractionData, e *handler.CommandEvent) error {
			return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.ApplicationCommandInteraction, e.Respond), r.handle)
		})
	case picking:
		mux.MessageCommand(r.path, func(_ discord.MessageCommandInteractionData, e *handler.CommandEvent) error {
			return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.ApplicationCommandInteraction, e.Respond), r.handle)
		})
	case autocomplete:
		mux.Autocomplete(r.path, func(e *handler.AutocompleteEvent) error {
			return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.AutocompleteInteraction, e.Respond), r.handle)
		})
	case button:
		mux.ButtonComponent(r.path, func(_ discord.ButtonInteractionData, e *handler.ComponentEvent) error {
			return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.ComponentInteraction, e.Respond), r.handle)
		})
	case menu:
		mux.SelectMenuComponent(r.path, func(_ discord.SelectMenuInteractionData, e *handler.ComponentEvent) error {
			return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.ComponentInteraction, e.Respond), r.handle)
		})
	case form:
		mux.Modal(r.path, func(e *handler.ModalEvent) error {
			return c.serve(newInteraction(e.Ctx, e.Vars, e.Client(), e.ModalSubmitInteraction, e.Respond), r.handle)
		})
	}
}
