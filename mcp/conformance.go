//go:build conformance

package mcp

import (
	"context"
	"slices"
	"strings"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// The official conformance suite wants tools, resources and prompts of its own, named and worded
// by it. A program that is built with the tag conformance has them for one entity, the one that
// is called fixtureName; all other entities have what they always have.
const (
	fixtureName   = "Conformance"
	fixtureTool   = "test_"
	fixtureScheme = "test://"
	schemaTool    = "json_schema_2020_12_tool"
)

// fixtureOptions switch on what only the fixtures need, and hide them from everybody else.
func (s *Server) fixtureOptions(hooks *server.Hooks) []server.ServerOption {
	hooks.AddAfterListResources(func(ctx context.Context, _ any, _ *mcpgo.ListResourcesRequest, result *mcpgo.ListResourcesResult) {
		if !s.fixture(ctx) {
			result.Resources = slices.DeleteFunc(slices.Clone(result.Resources), func(r mcpgo.Resource) bool { return strings.HasPrefix(r.URI, fixtureScheme) })
		}
	})
	return []server.ServerOption{
		server.WithCompletions(),
		server.WithLogging(),
		server.WithElicitation(),
		server.WithToolFilter(func(ctx context.Context, all []mcpgo.Tool) []mcpgo.Tool {
			own := s.fixture(ctx)
			return slices.DeleteFunc(slices.Clone(all), func(t mcpgo.Tool) bool { return isFixture(t.Name) != own })
		}),
		server.WithPromptFilter(func(ctx context.Context, all []mcpgo.Prompt) []mcpgo.Prompt {
			own := s.fixture(ctx)
			return slices.DeleteFunc(slices.Clone(all), func(p mcpgo.Prompt) bool { return isFixture(p.Name) != own })
		}),
	}
}

// fixtureURI says whether a resource is a fixture: it changes when the inbox does. What else the
// suite asks for is not there, and is refused as it is to everybody.
func fixtureURI(uri string) bool {
	return slices.Contains([]string{"test://static-text", "test://watched-resource", "test://static-binary"}, uri) || strings.HasPrefix(uri, "test://template/")
}

func isFixture(name string) bool { return strings.HasPrefix(name, fixtureTool) || name == schemaTool }

// fixture says whether it is the fixture entity that calls.
func (s *Server) fixture(ctx context.Context) bool {
	c, ok := callFrom(ctx)
	if !ok {
		return false
	}
	self, err := s.registry.Acting(c.ctx, c.actor)
	return err == nil && self.Name == fixtureName
}

// addFixtures declares everything that the suite calls by name.
func (s *Server) addFixtures(core *server.MCPServer) {
	core.EnableSampling()
	for _, add := range []func(*server.MCPServer){addContentFixtures, addNotifyingFixtures, addAskingFixtures, addRoundTripFixtures, addSchemaFixtures, s.addResourceFixtures, addPromptFixtures} {
		add(core)
	}
}

// fixtureWord describes every fixture.
const fixtureWord = "A fixture of the conformance suite"

func fixtureNamed(name string, options ...mcpgo.ToolOption) mcpgo.Tool {
	return mcpgo.NewTool(name, append(options, mcpgo.WithDescription(fixtureWord))...)
}

// fixtureText answers with one text.
func fixtureText(text string) server.ToolHandlerFunc {
	return fixtureContent(mcpgo.NewTextContent(text))
}

func fixtureContent(content ...mcpgo.Content) server.ToolHandlerFunc {
	return func(context.Context, mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
		return &mcpgo.CallToolResult{Content: content}, nil
	}
}

// A red dot and a moment of silence.
const (
	fixturePNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
	fixtureWAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
)

func addContentFixtures(core *server.MCPServer) {
	picture := mcpgo.NewImageContent(fixturePNG, "image/png")
	for name, handler := range map[string]server.ToolHandlerFunc{
		"test_simple_text":   fixtureText("This is a simple text response for testing."),
		"test_image_content": fixtureContent(picture),
		"test_audio_content": fixtureContent(mcpgo.NewAudioContent(fixtureWAV, "audio/wav")),
		"test_embedded_resource": fixtureContent(mcpgo.NewEmbeddedResource(mcpgo.TextResourceContents{
			URI: "test://embedded-resource", MIMEType: "text/plain", Text: "This is an embedded resource content.",
		})),
		"test_multiple_content_types": fixtureContent(mcpgo.NewTextContent("Multiple content types test:"), picture,
			mcpgo.NewEmbeddedResource(mcpgo.TextResourceContents{URI: "test://mixed-content-resource", MIMEType: "application/json", Text: `{"test":"data","value":123}`})),
		"test_error_handling": func(context.Context, mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
			return mcpgo.NewToolResultError("This tool intentionally returns an error for testing"), nil
		},
	} {
		core.AddTool(fixtureNamed(name), handler)
	}
}

func (s *Server) addResourceFixtures(core *server.MCPServer) {
	read := func(contents func(uri string) mcpgo.ResourceContents) func(context.Context, mcpgo.ReadResourceRequest) ([]mcpgo.ResourceContents, error) {
		return func(ctx context.Context, request mcpgo.ReadResourceRequest) ([]mcpgo.ResourceContents, error) {
			if !s.fixture(ctx) {
				return nil, server.ErrResourceNotFound
			}
			return []mcpgo.ResourceContents{contents(request.Params.URI)}, nil
		}
	}
	text := func(kind, text string) func(string) mcpgo.ResourceContents {
		return func(uri string) mcpgo.ResourceContents {
			return mcpgo.TextResourceContents{URI: uri, MIMEType: kind, Text: text}
		}
	}
	core.AddResource(mcpgo.NewResource("test://static-text", "static-text", mcpgo.WithMIMEType("text/plain")), read(text("text/plain", "This is the content of the static text resource.")))
	core.AddResource(mcpgo.NewResource("test://watched-resource", "watched-resource", mcpgo.WithMIMEType("text/plain")), read(text("text/plain", "Watched resource content")))
	core.AddResource(mcpgo.NewResource("test://static-binary", "static-binary", mcpgo.WithMIMEType("image/png")), read(func(uri string) mcpgo.ResourceContents {
		return mcpgo.BlobResourceContents{URI: uri, MIMEType: "image/png", Blob: fixturePNG}
	}))
	core.AddResourceTemplate(mcpgo.NewResourceTemplate("test://template/{id}/data", "template", mcpgo.WithTemplateMIMEType("application/json")), read(func(uri string) mcpgo.ResourceContents {
		id, _, _ := strings.Cut(strings.TrimPrefix(uri, "test://template/"), "/")
		return mcpgo.TextResourceContents{URI: uri, MIMEType: "application/json", Text: `{"id":"` + id + `","templateTest":true,"data":"Data for ID: ` + id + `"}`}
	}))
}

func addPromptFixtures(core *server.MCPServer) {
	said := func(content ...mcpgo.Content) *mcpgo.GetPromptResult {
		result := &mcpgo.GetPromptResult{}
		for _, part := range content {
			result.Messages = append(result.Messages, mcpgo.PromptMessage{Role: mcpgo.RoleUser, Content: part})
		}
		return result
	}
	core.AddPrompt(mcpgo.NewPrompt("test_simple_prompt", mcpgo.WithPromptDescription(fixtureWord)), func(context.Context, mcpgo.GetPromptRequest) (*mcpgo.GetPromptResult, error) {
		return said(mcpgo.NewTextContent("This is a simple prompt for testing.")), nil
	})
	core.AddPrompt(mcpgo.NewPrompt("test_prompt_with_arguments", mcpgo.WithPromptDescription(fixtureWord), mcpgo.WithArgument("arg1", mcpgo.RequiredArgument()), mcpgo.WithArgument("arg2", mcpgo.RequiredArgument())),
		func(_ context.Context, request mcpgo.GetPromptRequest) (*mcpgo.GetPromptResult, error) {
			given := request.Params.Arguments
			return said(mcpgo.NewTextContent("Prompt with arguments: arg1='" + given["arg1"] + "', arg2='" + given["arg2"] + "'")), nil
		})
	core.AddPrompt(mcpgo.NewPrompt("test_prompt_with_embedded_resource", mcpgo.WithPromptDescription(fixtureWord), mcpgo.WithArgument("resourceUri", mcpgo.RequiredArgument())),
		func(_ context.Context, request mcpgo.GetPromptRequest) (*mcpgo.GetPromptResult, error) {
			embedded := mcpgo.TextResourceContents{URI: request.Params.Arguments["resourceUri"], MIMEType: "text/plain", Text: "Embedded resource content for testing."}
			return said(mcpgo.NewEmbeddedResource(embedded), mcpgo.NewTextContent("Please process the embedded resource above.")), nil
		})
	core.AddPrompt(mcpgo.NewPrompt("test_prompt_with_image", mcpgo.WithPromptDescription(fixtureWord)), func(context.Context, mcpgo.GetPromptRequest) (*mcpgo.GetPromptResult, error) {
		return said(mcpgo.NewImageContent(fixturePNG, "image/png"), mcpgo.NewTextContent("Please analyze the image above.")), nil
	})
	core.AddPrompt(mcpgo.NewPrompt("test_input_required_result_prompt", mcpgo.WithPromptDescription(fixtureWord)), func(_ context.Context, request mcpgo.GetPromptRequest) (*mcpgo.GetPromptResult, error) {
		answer := server.ElicitationResponse(request.Params.InputResponses, "user_context")
		if answer == nil {
			return server.NewInputRequestBuilder("").Elicit("user_context", fixtureForm("What context should the prompt use?", "context", "string")).PromptResult(), nil
		}
		return said(mcpgo.NewTextContent("Prompt with context: " + fixtureEntry(answer, "context"))), nil
	})
}
