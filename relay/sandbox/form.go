package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
)

// randomText is n characters of the URL-safe base64 alphabet.
func randomText(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)[:n]
}

// fail is a refusal in Discord's words.
func fail(status, code int, message string) *apiError {
	return &apiError{Status: status, Code: code, Message: message}
}

// form collects what is wrong with a request's body, by path, and becomes one 50035.
type form struct {
	faults map[string][]formFault
}

type formFault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// add notes a fault at a dotted path such as "embeds.0.title". The empty path is the body itself.
func (f *form) add(path, code, message string) {
	if f.faults == nil {
		f.faults = map[string][]formFault{}
	}
	f.faults[path] = append(f.faults[path], formFault{code, message})
}

// length notes a text that has too many or too few characters.
func (f *form) length(path, text string, least, most int) {
	n := len([]rune(text))
	switch {
	case least > 0 && n == 0:
		f.add(path, "BASE_TYPE_REQUIRED", "This field is required")
	case n < least || (n > most && least > 0):
		f.add(path, "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between %d and %d in length.", least, most))
	case n > most:
		f.add(path, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", most))
	}
}

// number notes a number outside its bounds.
func (f *form) number(path string, n, least, most int) {
	if n < least {
		f.add(path, "NUMBER_TYPE_MIN", fmt.Sprintf("int value should be greater than or equal to %d.", least))
	}
	if n > most {
		f.add(path, "NUMBER_TYPE_MAX", fmt.Sprintf("int value should be less than or equal to %d.", most))
	}
}

// required notes a field that is missing.
func (f *form) required(path string) {
	f.add(path, "BASE_TYPE_REQUIRED", "This field is required")
}

// err is nil when nothing was noted, else the 50035 that says all of it.
func (f *form) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	tree := map[string]any{}
	paths := make([]string, 0, len(f.faults))
	for path := range f.faults {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		// Discord's errors stand at the leaves only: what is wrong inside hides what is
		// wrong with the whole.
		if slices.ContainsFunc(paths, func(other string) bool { return path != other && (path == "" || strings.HasPrefix(other, path+".")) }) {
			continue
		}
		node := tree
		if path != "" {
			for step := range strings.SplitSeq(path, ".") {
				next, ok := node[step].(map[string]any)
				if !ok {
					next = map[string]any{}
					node[step] = next
				}
				node = next
			}
		}
		node["_errors"] = f.faults[path]
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("word form errors: %w", err)
	}
	e := fail(http.StatusBadRequest, 50035, "Invalid Form Body")
	e.Errors = raw
	return e
}

// decode reads the call's JSON body into a pointer to a struct. Its error is Discord's:
// 50109 for what is no JSON, 50035 at the field for a wrong type.
func (c *call) decode(into any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	return decodeJSON(c.body, into)
}

func decodeJSON(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		f := form{}
		f.add(wrong.Field, typeCode(wrong), "Could not convert \""+wrong.Value+"\"")
		return f.err()
	}
	if errors.Is(err, errNotSnowflake) || errors.Is(err, errNotPermissions) {
		f := form{}
		f.add("", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
		return f.err()
	}
	return fail(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
}

func typeCode(wrong *json.UnmarshalTypeError) string {
	switch wrong.Type.Kind().String() {
	case "string":
		return "STRING_TYPE_CONVERT"
	case "slice":
		return "LIST_TYPE_CONVERT"
	case "bool":
		return "BOOLEAN_TYPE_CONVERT"
	case "struct", "map":
		return "MODEL_TYPE_CONVERT"
	}
	return "NUMBER_TYPE_COERCE"
}

// field is a JSON field of a PATCH: left out, null, or a value.
type field[T any] struct {
	Set   bool // it was in the body, perhaps as null
	Null  bool
	Value T
}

// UnmarshalJSON is called only when the field is in the body.
func (f *field[T]) UnmarshalJSON(raw []byte) error {
	f.Set = true
	if string(raw) == "null" {
		f.Null = true
		return nil
	}
	return json.Unmarshal(raw, &f.Value)
}

// given says whether the field holds a value.
func (f *field[T]) given() bool { return f.Set && !f.Null }
