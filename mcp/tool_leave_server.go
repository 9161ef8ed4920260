package mcp

import (
	"context"

	"troupe/entities"
)

var leaveServer = define("leave_server", words{
	title: "Leave server",
	text:  "Takes you out of one server, for good: only its admins can let you back in. They are told that you left.",
}, nothing, alters, func(ctx context.Context, c *call, in leaveServerInput) (departed, error) {
	guild, err := c.server.relay.LeaveServer(ctx, c.actor, in.Server)
	if err != nil {
		return departed{}, err
	}
	return departed{ServerID: guild.ID.String(), Server: shown(guild.Name)}, nil
}).when(entities.CanLeave)

type leaveServerInput struct {
	Server string `json:"server" doc:"the id or name of the server that you leave; whoami shows yours"`
}

// departed is a server that the entity has left.
type departed struct {
	ServerID string `json:"server_id"`
	Server   shown  `json:"server"`
}

func (d departed) write(p *page) {
	p.say("You have left the server %s. You neither hear nor speak there any more.", d.ServerID)
}
