package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
)

// Bounds of one message.
const (
	maxDepth = 64
	maxNodes = 10_000
)

// envelope is what the guard needs to know of a message. It is read only after the strict
// check, so that it says the same as what mcp-go reads later: encoding/json takes "METHOD"
// for "method", and of two the last.
type envelope struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
	Params  struct {
		Meta          map[string]json.RawMessage `json:"_meta"`
		Name          string                     `json:"name"`
		URI           string                     `json:"uri"`
		ClientInfo    json.RawMessage            `json:"clientInfo"`
		Notifications struct {
			Resources []string `json:"resourceSubscriptions"`
		} `json:"notifications"`
	} `json:"params"`
}

// modern says whether a message is of the protocol's later era, as mcp-go decides it.
func (m envelope) modern(r *http.Request) bool {
	var version string
	if err := json.Unmarshal(m.Params.Meta[mcpgo.MetaKeyProtocolVersion], &version); err != nil {
		version = ""
	}
	return mcpgo.IsModernProtocol(version) || mcpgo.IsModernProtocol(r.Header.Get(mcpgo.HeaderProtocolVersion))
}

// The keys that mcp-go reads on the two upper levels. Other spellings of them are refused;
// other keys are left to it.
var (
	envelopeKeys = spellings("jsonrpc", "id", "method", "params", "result", "error")
	paramsKeys   = spellings("_meta", "name", "arguments", "task", "inputResponses", "requestState", "cursor", "uri", "protocolVersion",
		"capabilities", "clientInfo", "level", "requestId", "reason", "progressToken", "progress", "total", "message", "notifications",
		"ref", "argument", "context", "taskId")
)

func spellings(keys ...string) map[string]string {
	exact := make(map[string]string, len(keys))
	for _, key := range keys {
		exact[foldKey(key)] = key
	}
	return exact
}

// readEnvelope checks a body strictly and reads what the guard needs.
func readEnvelope(body []byte) (envelope, *refusal) {
	bad := func(code int, text string) (envelope, *refusal) {
		return envelope{}, &refusal{status: http.StatusBadRequest, code: code, text: text}
	}
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case !utf8.Valid(body) || !json.Valid(body):
		return bad(codeParse, "The body is not valid JSON.")
	case trimmed[0] == '[':
		return bad(codeInvalid, "Batches are not part of MCP any more. Send one message at a time.")
	case trimmed[0] != '{':
		return bad(codeInvalid, "A message is a JSON object.")
	}
	if err := checkStrictly(body, envelopeKeys); err != nil {
		return bad(codeInvalid, "This JSON is ambiguous or too large: "+err.Error()+".")
	}
	var message envelope
	if err := json.Unmarshal(body, &message); err != nil {
		return bad(codeInvalid, "This is not a JSON-RPC message of MCP: params is an object, method and jsonrpc are strings.")
	}
	if message.JSONRPC != "2.0" {
		return bad(codeInvalid, `This is not JSON-RPC 2.0: "jsonrpc" must be "2.0".`)
	}
	if message.Method != "" && (message.Result != nil || message.Error != nil) {
		return bad(codeInvalid, "A message is a request or an answer, not both.")
	}
	if len(message.ID) > 0 && !comesBack(message.ID) {
		return bad(codeInvalid, "A message's id is a string, or a whole number below 2^53.")
	}
	return message, nil
}

// comesBack says whether an answer has the same id: mcp-go keeps numbers as floating point.
func comesBack(id json.RawMessage) bool {
	if id[0] == '"' {
		return true
	}
	number, err := strconv.ParseFloat(string(id), 64)
	return err == nil && number == math.Trunc(number) && math.Abs(number) < exact
}

// checkStrictly walks through valid JSON and refuses what two readers could read differently.
// known are the spellings of the upper level's keys; nil = any.
func checkStrictly(body []byte, known map[string]string) error {
	w := walker{decoder: json.NewDecoder(bytes.NewReader(body))}
	w.decoder.UseNumber()
	return w.value(1, known)
}

type walker struct {
	decoder *json.Decoder
	nodes   int
}

func (w *walker) value(depth int, known map[string]string) error {
	token, err := w.decoder.Token()
	if err != nil {
		return errors.New("it is not valid JSON")
	}
	if w.nodes++; w.nodes > maxNodes {
		return fmt.Errorf("it has more than %d values", maxNodes)
	}
	opening, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	if opening == '{' {
		err = w.object(depth, known)
	} else {
		err = w.array(depth)
	}
	if err != nil {
		return err
	}
	_, err = w.decoder.Token() // the closing bracket
	return err
}

func (w *walker) array(depth int) error {
	for w.decoder.More() {
		if err := w.value(depth+1, nil); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) object(depth int, known map[string]string) error {
	keys := map[string]struct{}{}
	for w.decoder.More() {
		token, err := w.decoder.Token()
		if err != nil {
			return errors.New("it is not valid JSON")
		}
		key, _ := token.(string)
		folded := foldKey(key)
		if _, twice := keys[folded]; twice {
			return fmt.Errorf("the key %.40q stands there twice", key)
		}
		keys[folded] = struct{}{}
		if exact, ok := known[folded]; ok && exact != key {
			return fmt.Errorf("the key %.40q must be written %q", key, exact)
		}
		var below map[string]string
		if depth == 1 && key == "params" {
			below = paramsKeys
		}
		if err := w.value(depth+1, below); err != nil {
			return err
		}
	}
	return nil
}

// foldKey maps all spellings that encoding/json takes for one key to one: it compares by
// Unicode's simple folding, in which "ſ" is an s and the Kelvin sign a k.
func foldKey(key string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, key)
}
