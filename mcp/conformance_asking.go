//go:build conformance

package mcp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// addNotifyingFixtures declares the tools that tell something before they answer.
func addNotifyingFixtures(core *server.MCPServer) {
	tell := func(method string, told func(mcpgo.CallToolRequest) []map[string]any, text string) server.ToolHandlerFunc {
		return func(ctx context.Context, request mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
			for _, params := range told(request) {
				if err := core.SendNotificationToClient(ctx, method, params); err != nil {
					return nil, fmt.Errorf("notify: %w", err)
				}
				// mcp-go drops what is still on its way when the answer overtakes it.
				time.Sleep(20 * time.Millisecond)
			}
			return mcpgo.NewToolResultText(text), nil
		}
	}
	logged := func(mcpgo.CallToolRequest) (told []map[string]any) {
		for _, data := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
			told = append(told, map[string]any{"level": "info", "logger": "conformance", "data": data})
		}
		return told
	}
	progress := func(request mcpgo.CallToolRequest) (told []map[string]any) {
		if request.Params.Meta == nil || request.Params.Meta.ProgressToken == nil {
			return nil
		}
		for _, done := range []int{0, 50, 100} {
			told = append(told, map[string]any{"progressToken": request.Params.Meta.ProgressToken, "progress": done, "total": 100})
		}
		return told
	}
	core.AddTool(fixtureNamed("test_tool_with_logging"), tell(string(mcpgo.MethodNotificationMessage), logged, "Tool with logging executed successfully"))
	core.AddTool(fixtureNamed("test_tool_with_progress"), tell(string(mcpgo.MethodNotificationProgress), progress, "Progress was told"))
	core.AddTool(fixtureNamed("test_streaming_elicitation"), tell(string(mcpgo.MethodNotificationProgress), progress, "Streaming complete"))
	core.AddTool(fixtureNamed("test_logging_tool"), fixtureText("Logging evaluated"))
	// The client did not say that it can answer this. mcp-go passes it on all the same.
	core.AddTool(fixtureNamed("test_missing_capability"), func(context.Context, mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
		return server.NewInputRequestBuilder("").Sample("asked", fixturePrompt("Are you capable?", 10)).ToolResult(), nil
	})
}

// fixtureForm asks a person for one field.
func fixtureForm(message, name, kind string) mcpgo.ElicitationParams {
	return mcpgo.ElicitationParams{Message: message, RequestedSchema: map[string]any{
		"type": "object", "properties": map[string]any{name: map[string]any{"type": kind}}, "required": []string{name},
	}}
}

// fixtureEntry is what a person wrote into a field.
func fixtureEntry(answer *mcpgo.ElicitationResult, name string) string {
	content, _ := answer.Content.(map[string]any)
	text, _ := content[name].(string)
	return text
}

func fixturePrompt(text string, tokens int) mcpgo.CreateMessageParams {
	return mcpgo.CreateMessageParams{Messages: []mcpgo.SamplingMessage{{Role: mcpgo.RoleUser, Content: mcpgo.NewTextContent(text)}}, MaxTokens: tokens}
}

// fixtureSample is the text that a client's model wrote.
func fixtureSample(result *mcpgo.CreateMessageResult) string {
	switch content := result.Content.(type) {
	case mcpgo.TextContent:
		return content.Text
	case map[string]any:
		text, _ := content["text"].(string)
		return text
	}
	return ""
}

// addAskingFixtures declares the tools that ask the client once. In the earlier era mcp-go asks
// while the call waits, in the later one the client calls again with the answer.
func addAskingFixtures(core *server.MCPServer) {
	elicit := func(name, lead string, ask func(mcpgo.CallToolRequest) mcpgo.ElicitationParams, options ...mcpgo.ToolOption) {
		core.AddTool(fixtureNamed(name, options...), func(_ context.Context, request mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
			answer := server.ElicitationResponse(request.Params.InputResponses, "asked")
			if answer == nil {
				return server.NewInputRequestBuilder("").Elicit("asked", ask(request)).ToolResult(), nil
			}
			content, err := json.Marshal(answer.Content)
			return mcpgo.NewToolResultText(fmt.Sprintf("%s: action=%s, content=%s", lead, answer.Action, content)), err
		})
	}
	form := func(message, properties string) func(mcpgo.CallToolRequest) mcpgo.ElicitationParams {
		return func(mcpgo.CallToolRequest) mcpgo.ElicitationParams {
			return mcpgo.ElicitationParams{Message: message, RequestedSchema: json.RawMessage(`{"type":"object","properties":` + properties + `,"required":[]}`)}
		}
	}
	elicit("test_elicitation", "User response", func(request mcpgo.CallToolRequest) mcpgo.ElicitationParams {
		return fixtureForm(request.GetString("message", ""), "response", "string")
	}, mcpgo.WithString("message", mcpgo.Required()))
	elicit("test_elicitation_sep1034_defaults", "Elicitation completed", form("Please review the form", `{
		"name":{"type":"string","default":"John Doe"},"age":{"type":"integer","default":30},"score":{"type":"number","default":95.5},
		"status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},"verified":{"type":"boolean","default":true}}`))
	elicit("test_elicitation_sep1330_enums", "Elicitation completed", form("Please choose", `{
		"untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
		"titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},{"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
		"legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
		"untitledMulti":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","enum":["option1","option2","option3"]}},
		"titledMulti":{"type":"array","minItems":1,"maxItems":3,"items":{"anyOf":[{"const":"value1","title":"First Choice"},{"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}}`))
	core.AddTool(fixtureNamed("test_sampling", mcpgo.WithString("prompt", mcpgo.Required())), func(_ context.Context, request mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
		answer := server.SamplingResponse(request.Params.InputResponses, "asked")
		if answer == nil {
			return server.NewInputRequestBuilder("").Sample("asked", fixturePrompt(request.GetString("prompt", ""), 100)).ToolResult(), nil
		}
		return mcpgo.NewToolResultText("LLM response: " + fixtureSample(answer)), nil
	})
}

// fixtureSeal makes a state that nobody else can make: mcp-go hands it to the client and back as it is.
type fixtureSeal [32]byte

func (k fixtureSeal) sign(state string) string {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(state))
	return state + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (k fixtureSeal) open(signed string) (string, bool) {
	at := strings.LastIndexByte(signed, '.')
	if at < 0 || !hmac.Equal([]byte(k.sign(signed[:at])), []byte(signed)) {
		return "", false
	}
	return signed[:at], true
}

// addRoundTripFixtures declares the tools of the later era that answer with a question.
func addRoundTripFixtures(core *server.MCPServer) {
	var key fixtureSeal
	_, _ = rand.Read(key[:]) // it never fails
	round := func(name string, fn func(context.Context, mcpgo.CallToolParams) (*mcpgo.CallToolResult, error)) {
		core.AddTool(fixtureNamed("test_input_required_result_"+name), func(ctx context.Context, request mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
			return fn(ctx, request.Params)
		})
	}
	name := fixtureForm("What is your name?", "name", "string")
	confirm := fixtureForm("Please confirm", "ok", "boolean")
	round("elicitation", func(_ context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
		if answer := server.ElicitationResponse(p.InputResponses, "user_name"); answer != nil {
			return mcpgo.NewToolResultText("Hello, " + fixtureEntry(answer, "name") + "!"), nil
		}
		return server.NewInputRequestBuilder("").Elicit("user_name", name).ToolResult(), nil
	})
	round("sampling", func(_ context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
		if answer := server.SamplingResponse(p.InputResponses, "sample_request"); answer != nil {
			return mcpgo.NewToolResultText("Sampling result: " + fixtureSample(answer)), nil
		}
		return server.NewInputRequestBuilder("").Sample("sample_request", fixturePrompt("What is the capital of France?", 100)).ToolResult(), nil
	})
	round("list_roots", func(_ context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
		if answer := server.RootsResponse(p.InputResponses, "roots_request"); answer != nil {
			return mcpgo.NewToolResultText(fmt.Sprintf("Found %d root(s)", len(answer.Roots))), nil
		}
		return server.NewInputRequestBuilder("").Roots("roots_request").ToolResult(), nil
	})
	for tool, done := range map[string]string{"request_state": "state-ok: requestState validated", "tampered_state": "integrity-ok: state verified"} {
		round(tool, func(_ context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
			if p.RequestState == "" {
				return server.NewInputRequestBuilder(key.sign(tool)).Elicit("confirm", confirm).ToolResult(), nil
			}
			if state, whole := key.open(p.RequestState); !whole || state != tool {
				return nil, fmt.Errorf("the state is not ours: %w", mcpgo.ErrInvalidParams)
			}
			return mcpgo.NewToolResultText(done), nil
		})
	}
	round("multiple_inputs", func(_ context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
		who, greeting, roots := server.ElicitationResponse(p.InputResponses, "user_name"), server.SamplingResponse(p.InputResponses, "greeting"), server.RootsResponse(p.InputResponses, "client_roots")
		if who == nil || greeting == nil || roots == nil {
			return server.NewInputRequestBuilder(key.sign("multiple")).Elicit("user_name", name).Sample("greeting", fixturePrompt("Generate a greeting", 50)).Roots("client_roots").ToolResult(), nil
		}
		return mcpgo.NewToolResultText(fmt.Sprintf("Name: %s; Greeting: %s; Roots: %d", fixtureEntry(who, "name"), fixtureSample(greeting), len(roots.Roots))), nil
	})
	round("multi_round", key.rounds)
	round("capabilities", key.asCapable)
}

// rounds asks twice; what was said first goes along in the state.
func (k fixtureSeal) rounds(_ context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
	first, second := server.ElicitationResponse(p.InputResponses, "step1"), server.ElicitationResponse(p.InputResponses, "step2")
	state, _ := k.open(p.RequestState)
	switch {
	case strings.HasPrefix(state, "2 ") && second != nil:
		return mcpgo.NewToolResultText("Multi-round complete for " + strings.TrimPrefix(state, "2 ") + " who likes " + fixtureEntry(second, "color")), nil
	case state == "1" && first != nil:
		return server.NewInputRequestBuilder(k.sign("2 "+fixtureEntry(first, "name"))).Elicit("step2", fixtureForm("Step 2: What is your favorite color?", "color", "string")).ToolResult(), nil
	}
	return server.NewInputRequestBuilder(k.sign("1")).Elicit("step1", fixtureForm("Step 1: What is your name?", "name", "string")).ToolResult(), nil
}

// asCapable asks for no more than the client said it can.
func (k fixtureSeal) asCapable(ctx context.Context, p mcpgo.CallToolParams) (*mcpgo.CallToolResult, error) {
	if len(p.InputResponses) > 0 {
		return mcpgo.NewToolResultText("capabilities-ok: received " + strings.Join(slices.Sorted(maps.Keys(p.InputResponses)), ",")), nil
	}
	var capable mcpgo.ClientCapabilities
	if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		capable = session.GetClientCapabilities()
	}
	ask := server.NewInputRequestBuilder(k.sign("capabilities"))
	if capable.Elicitation == nil && capable.Sampling == nil {
		return mcpgo.NewToolResultText("No supported capabilities declared"), nil
	}
	if capable.Elicitation != nil {
		ask.Elicit("elicit_input", fixtureForm("Elicitation input", "value", "string"))
	}
	if capable.Sampling != nil {
		ask.Sample("sample_input", fixturePrompt("Sample request", 50))
	}
	return ask.ToolResult(), nil
}

// addSchemaFixtures declares a tool with much of JSON Schema, and one whose argument travels in
// a header as well.
func addSchemaFixtures(core *server.MCPServer) {
	core.AddTool(mcpgo.NewToolWithRawSchema(schemaTool, "A fixture with much of JSON Schema 2020-12", json.RawMessage(`{
		"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
		"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
		"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
		"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
		"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
		"then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false}`)), fixtureText("JSON Schema 2020-12 tool called"))
	core.AddTool(mcpgo.NewToolWithRawSchema("test_custom_header", "A fixture whose argument travels in a header as well", json.RawMessage(
		`{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}},"required":["region"]}`)), fixtureText("The header is that of the argument"))
}
