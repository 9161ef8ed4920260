package mcp

import (
	"context"
	"encoding/json"
	"errors"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"troupe/entities"
)

// What an entity can read as a resource.
const (
	inboxURI   = "discord://inbox"
	channelURI = "discord://channel/" // and the channel's id

	plainText = "text/plain"
)

// maxListed bounds how many channels are listed as resources. Others are read all the same: the
// template says how.
const maxListed = 100

var errNoResource = entities.Refuse(entities.NotFound, "There is no such resource. resources/list shows yours; a channel is "+channelURI+"ID.")

// addResources declares what can be read. Which channels there are depends on who asks, and is
// added to each list.
func (s *Server) addResources(core *server.MCPServer) {
	core.AddResource(mcpgo.NewResource(inboxURI, "inbox", mcpgo.WithMIMEType(plainText),
		mcpgo.WithResourceDescription("What is unread, as check_inbox gives it. Reading it marks nothing as read.")),
		func(ctx context.Context, r mcpgo.ReadResourceRequest) ([]mcpgo.ResourceContents, error) {
			return s.readResource(ctx, r.Params.URI, checkInbox, struct{}{})
		})
	core.AddResourceTemplate(mcpgo.NewResourceTemplate(channelURI+"{id}", "channel", mcpgo.WithTemplateMIMEType(plainText),
		mcpgo.WithTemplateDescription("The newest messages of a channel, thread or post, as read_messages gives them. list_channels has the ids.")),
		func(ctx context.Context, r mcpgo.ReadResourceRequest) ([]mcpgo.ResourceContents, error) {
			channel, ok := channelOf(r.Params.URI)
			if !ok {
				return nil, errNoResource
			}
			return s.readResource(ctx, r.Params.URI, readMessages, map[string]string{"channel": channel.String()})
		})
}

// readable refuses what there is not, and alike a channel that the entity may not read.
func (s *Server) readable(c *call, uri string) error {
	if _, ok := scopeFor(uri); !ok {
		return errNoResource
	}
	channel, ok := channelOf(uri)
	if !ok {
		return nil // it names none
	}
	_, err := s.relay.Authorize(c.ctx, c.actor, entities.ReadHistory, channel)
	return err
}

// readResource gives the answer of a tool as a resource.
func (s *Server) readResource(ctx context.Context, uri string, by tool, arguments any) ([]mcpgo.ResourceContents, error) {
	c, ok := callFrom(ctx)
	if !ok {
		return nil, errors.New(s.broke(errors.New("a read without an entity"), uri))
	}
	given, err := json.Marshal(arguments)
	if err != nil {
		return nil, errors.New(s.broke(err, uri))
	}
	result, err := by.run(c.ctx, c, given)
	if err != nil {
		return nil, errors.New(c.words("read a resource", err))
	}
	var all []mcpgo.ResourceContents
	for _, content := range result.Content {
		if text, ok := content.(mcpgo.TextContent); ok {
			all = append(all, mcpgo.TextResourceContents{URI: uri, MIMEType: plainText, Text: text.Text})
		}
	}
	return all, nil
}

// afterListResources adds the channels that the entity can read.
func (s *Server) afterListResources(ctx context.Context, _ any, _ *mcpgo.ListResourcesRequest, result *mcpgo.ListResourcesResult) {
	c, ok := callFrom(ctx)
	if !ok {
		return
	}
	views, err := s.relay.Channels(c.ctx, c.actor)
	if err != nil {
		c.words("list resources", err) // the inbox is listed in any case
		return
	}
	for _, view := range views {
		if !view.CanRead || view.Channel.IsForum() || len(result.Resources) > maxListed {
			continue
		}
		listed := mcpgo.NewResource(channelURI+view.Channel.ID.String(), "#"+oneLine(view.Channel.Name), mcpgo.WithMIMEType(plainText))
		listed.Title = "#" + oneLine(view.Channel.Name) + " on " + oneLine(view.Guild.Name)
		result.Resources = append(result.Resources, listed)
	}
}
