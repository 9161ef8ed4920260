package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAPI checks requests and answers against Discord's own description of its REST API.
// It never changes an answer. Schemas are compiled when they are first needed: that costs
// 10 to 50 ms each, a check with a compiled one some microseconds.
type openAPI struct {
	log   *slog.Logger
	tree  *specNode
	notes departures

	mu       sync.Mutex // guards compiler and compiled
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// exchange is one request with its answer, as it went over the wire.
type exchange struct {
	request *http.Request
	body    []byte // the JSON body or a form's payload_json
	status  int
	answer  []byte
}

// specFile is what the stand-in reads of the description besides the schemas.
type specFile struct {
	Paths map[string]map[string]json.RawMessage `json:"paths"`
}

type operation struct {
	route      string // "POST /channels/{channel_id}/messages"
	pointer    string // JSON pointer of the operation
	Parameters []parameter
	Body       *struct {
		Required bool                       `json:"required"`
		Content  map[string]json.RawMessage `json:"content"`
	} `json:"requestBody"`
	Responses map[string]specResponse `json:"responses"`
	path      []parameter
}

type parameter struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required"`
	pointer  string
}

type specResponse struct {
	Ref     string                     `json:"$ref"`
	Content map[string]json.RawMessage `json:"content"`
}

const specURL = "discord.json"

func newOpenAPI(path string, log *slog.Logger) (*openAPI, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // who starts the stand-in names the file
	if err != nil {
		return nil, fmt.Errorf("read Discord's OpenAPI description: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("decode Discord's OpenAPI description: %w", err)
	}
	if err := amend(document); err != nil {
		return nil, fmt.Errorf("amend Discord's OpenAPI description: %w", err)
	}
	var file specFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("decode paths of Discord's OpenAPI description: %w", err)
	}
	o := &openAPI{log: log, compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	o.compiler.AssertFormat()
	if err := o.compiler.AddResource(specURL, document); err != nil {
		return nil, fmt.Errorf("load Discord's OpenAPI description: %w", err)
	}
	if o.tree, err = newSpecTree(file); err != nil {
		return nil, fmt.Errorf("read paths of Discord's OpenAPI description: %w", err)
	}
	return o, nil
}

// schema compiles the schema at a JSON pointer once.
func (o *openAPI) schema(pointer string) (*jsonschema.Schema, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s, ok := o.compiled[pointer]; ok {
		return s, nil
	}
	s, err := o.compiler.Compile(specURL + "#" + (&url.URL{Path: pointer}).EscapedPath())
	if err != nil {
		return nil, fmt.Errorf("compile schema %s: %w", pointer, err)
	}
	o.compiled[pointer] = s
	return s, nil
}

// judge gives the validator's words about a JSON value; none when it fits.
func (o *openAPI) judge(pointer string, value any) string {
	schema, err := o.schema(pointer)
	if err != nil {
		return err.Error()
	}
	return wording(schema.Validate(value))
}

// judgeJSON is judge for a value in its written form.
func (o *openAPI) judgeJSON(pointer string, raw []byte) string {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return "no JSON: " + err.Error()
	}
	return o.judge(pointer, value)
}

// check notes where the exchange departs from the description.
func (o *openAPI) check(x exchange) {
	refused := x.status >= 400 && x.status < 500
	op, values := o.tree.find(x.request)
	if op == nil {
		o.note(Departure{
			Route: x.request.Method + " " + x.request.URL.Path, Where: "route",
			Words: "no such operation in Discord's description", Refused: refused,
		})
		return
	}
	note := func(where, words string) {
		if words != "" {
			o.note(Departure{Route: op.route, Where: where, Words: words, Refused: refused && where != "status" && where != "answer"})
		}
	}
	for i, p := range op.path {
		note("path "+p.Name, o.judge(p.pointer, values[i]))
	}
	o.checkQuery(op, x.request.URL.Query(), note)
	o.checkBody(op, x, note)
	o.checkAnswer(op, x, note)
}

func (o *openAPI) checkQuery(op *operation, query url.Values, note func(where, words string)) {
	for _, p := range op.Parameters {
		values, given := query[p.Name]
		switch {
		case !given && p.Required:
			note("query "+p.Name, "missing")
		case given:
			note("query "+p.Name, o.judgeQuery(p, values))
		}
	}
	for name := range query {
		if !slices.ContainsFunc(op.Parameters, func(p parameter) bool { return p.Name == name }) {
			note("query "+name, "not in Discord's description")
		}
	}
}

// judgeQuery tries each JSON value that the text of a query parameter can mean.
func (o *openAPI) judgeQuery(p parameter, values []string) string {
	first := ""
	for _, meaning := range meanings(values) {
		words := o.judge(p.pointer, meaning)
		if words == "" {
			return ""
		}
		first = cmp.Or(first, words)
	}
	return first
}

func meanings(values []string) []any {
	var all []any
	if len(values) == 1 {
		all = append(all, scalars(values[0])...)
	}
	var texts, numbers []any
	for _, v := range values {
		texts = append(texts, v)
		if _, err := strconv.ParseInt(v, 10, 64); err == nil {
			numbers = append(numbers, json.Number(v))
		}
	}
	all = append(all, texts)
	if len(numbers) == len(values) {
		all = append(all, numbers)
	}
	return all
}

// scalars puts the number and the truth value before the text: when none fits, the first
// one's words say most.
func scalars(text string) []any {
	var all []any
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		all = append(all, json.Number(text))
	}
	switch strings.ToLower(text) {
	case "true", "1":
		all = append(all, true)
	case "false", "0":
		all = append(all, false)
	}
	return append(all, text)
}

func (o *openAPI) checkBody(op *operation, x exchange, note func(where, words string)) {
	empty := len(bytes.TrimSpace(x.body)) == 0
	media, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type")) // "" when there is none
	switch {
	case op.Body == nil && !empty:
		note("request body", "the operation takes none")
	case op.Body == nil:
	case empty && op.Body.Required && media != "multipart/form-data":
		note("request body", "missing")
	case empty:
	case op.Body.Content[media] == nil:
		note("request body", "content type "+strconv.Quote(media)+" is not described")
	default:
		// A form's JSON part follows the same schema as a plain JSON body.
		note("request body", o.judgeJSON(op.pointer+"/requestBody/content/"+escapePointer("application/json")+"/schema", x.body))
	}
}

func (o *openAPI) checkAnswer(op *operation, x exchange, note func(where, words string)) {
	// Discord's 5xx and the plain-text refusals of its front are in no description.
	if x.status == 0 || x.status >= 500 || (x.status >= 400 && !json.Valid(x.answer)) {
		return
	}
	code := strconv.Itoa(x.status)
	response, listed := op.Responses[code]
	if !listed {
		code = code[:1] + "XX"
		response, listed = op.Responses[code]
	}
	if !listed {
		note("status", strconv.Itoa(x.status)+" is not described")
		return
	}
	pointer := op.pointer + "/responses/" + code
	if inner, ok := strings.CutPrefix(response.Ref, "#"); ok {
		pointer = inner
		response = specResponse{Content: map[string]json.RawMessage{"application/json": nil}}
	}
	_, described := response.Content["application/json"]
	switch {
	case !described && len(x.answer) > 0:
		note("answer", "has a body where none is described")
	case described:
		note("answer", o.judgeJSON(pointer+"/content/"+escapePointer("application/json")+"/schema", x.answer))
	}
}
