package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// specNode is one step of the description's paths. Literal steps win over variables.
type specNode struct {
	literal    map[string]*specNode
	variable   *specNode
	operations map[string]*operation // by method
}

func newSpecTree(file specFile) (*specNode, error) {
	root := &specNode{}
	for path, item := range file.Paths {
		var shared []parameter
		if raw, ok := item["parameters"]; ok {
			if err := json.Unmarshal(raw, &shared); err != nil {
				return nil, fmt.Errorf("parameters of %s: %w", path, err)
			}
		}
		pointer := "/paths/" + escapePointer(path)
		locate(shared, pointer)
		node := root.under(path)
		for method, raw := range item {
			if method == "parameters" {
				continue
			}
			op := &operation{route: strings.ToUpper(method) + " " + path, pointer: pointer + "/" + method}
			if err := json.Unmarshal(raw, op); err != nil {
				return nil, fmt.Errorf("%s: %w", op.route, err)
			}
			locate(op.Parameters, op.pointer)
			op.sort(path, shared)
			node.operations[strings.ToUpper(method)] = op
		}
	}
	return root, nil
}

// locate fills in where each parameter's schema stands.
func locate(parameters []parameter, pointer string) {
	for i := range parameters {
		parameters[i].pointer = fmt.Sprintf("%s/parameters/%d/schema", pointer, i)
	}
}

// sort puts the path's parameters in the order of the path and leaves the query's.
func (op *operation) sort(path string, shared []parameter) {
	all := slices.Concat(shared, op.Parameters)
	op.Parameters = nil
	for step := range strings.SplitSeq(path, "/") {
		name, ok := variable(step)
		if !ok {
			continue
		}
		for _, p := range all {
			if p.In == "path" && p.Name == name {
				op.path = append(op.path, p)
			}
		}
	}
	for _, p := range all {
		if p.In == "query" {
			op.Parameters = append(op.Parameters, p)
		}
	}
}

func (n *specNode) under(path string) *specNode {
	for step := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if _, ok := variable(step); ok {
			if n.variable == nil {
				n.variable = &specNode{}
			}
			n = n.variable
			continue
		}
		if n.literal == nil {
			n.literal = map[string]*specNode{}
		}
		if n.literal[step] == nil {
			n.literal[step] = &specNode{}
		}
		n = n.literal[step]
	}
	if n.operations == nil {
		n.operations = map[string]*operation{}
	}
	return n
}

// find gives the operation that a request means with the values of its path's variables.
func (n *specNode) find(r *http.Request) (*operation, []string) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), apiPath+"/")
	return n.walk(r.Method, strings.Split(path, "/"), nil)
}

func (n *specNode) walk(method string, steps, values []string) (*operation, []string) {
	if len(steps) == 0 {
		return n.operations[method], values
	}
	step, err := url.PathUnescape(steps[0])
	if err != nil || step == "" {
		return nil, nil
	}
	if next := n.literal[step]; next != nil {
		if op, found := next.walk(method, steps[1:], values); op != nil {
			return op, found
		}
	}
	if n.variable == nil {
		return nil, nil
	}
	return n.variable.walk(method, steps[1:], append(slices.Clone(values), step))
}

// escapePointer makes a name one step of a JSON pointer.
func escapePointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// amendments are the places where Discord's API itself departs from its description of
// 2026-07-18, with what it really sends or takes.
var amendments = []struct {
	pointer string // of an object in the description
	schema  string // what to put there
}{
	// The description says that a field's error has a number as its code. Discord answers
	// names, as its own reference shows ("BASE_TYPE_REQUIRED", reference "Error Messages").
	{"/components/schemas/InnerErrors/properties/_errors/items", `{"type": "object", "required": ["code", "message"],
		"properties": {"code": {"type": ["string", "integer"]}, "message": {"type": "string"}}}`},
	// The description wants a code in every answer 429. Discord's reference has it as optional:
	// "An error code for some limits" (topics/rate-limits, "Rate Limit Response Structure").
	{"/components/schemas/RatelimitedResponse", `{"type": "object", "required": ["message", "retry_after", "global"],
		"properties": {"message": {"type": "string"}, "code": {"type": "integer"}, "retry_after": {"type": "number"}, "global": {"type": "boolean"}}}`},
	// "Set of permissions represented as a bit set", a string: interactions/application-commands.
	{"/components/schemas/ApplicationCommandCreateRequest/properties/default_member_permissions", digitsOrNumber},
	{"/components/schemas/ApplicationCommandUpdateRequest/properties/default_member_permissions", digitsOrNumber},
	{"/components/schemas/ApplicationCommandPatchRequestPartial/properties/default_member_permissions", digitsOrNumber},
}

const digitsOrNumber = `{"type": ["string", "integer", "null"], "pattern": "^[0-9]+$", "minimum": 0, "maximum": 18014398509481983}`

// amend puts the amendments into the decoded description.
func amend(document any) error {
	for _, a := range amendments {
		steps := strings.Split(strings.TrimPrefix(a.pointer, "/"), "/")
		node, ok := document.(map[string]any)
		for _, step := range steps[:len(steps)-1] {
			if ok {
				node, ok = node[step].(map[string]any)
			}
		}
		if !ok {
			return fmt.Errorf("%s is not there", a.pointer)
		}
		var schema any
		if err := json.Unmarshal([]byte(a.schema), &schema); err != nil {
			return fmt.Errorf("%s: %w", a.pointer, err)
		}
		node[steps[len(steps)-1]] = schema
	}
	return nil
}
