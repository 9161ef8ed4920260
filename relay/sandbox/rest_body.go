package sandbox

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

type upload struct {
	name, contentType string
	data              []byte
}

// checkIDs refuses path values that should be snowflakes and are none, as Discord does
// before it looks for what they name.
func (c *call) checkIDs() error {
	f := form{}
	_, path, _ := strings.Cut(c.route.pattern, " ")
	for step := range strings.SplitSeq(path, "/") {
		name, ok := variable(step)
		value := c.PathValue(name)
		if !ok || name == "token" || name == "emoji" || value == "@me" || value == "@original" {
			continue
		}
		if parseID(value) == 0 {
			f.add(name+"_id", "NUMBER_TYPE_COERCE", fmt.Sprintf("Value %q is not snowflake.", value))
		}
	}
	return f.err()
}

// read takes the body in: JSON, or a multipart form with payload_json and files[n].
func (c *call) read() error {
	if c.Body == nil {
		return nil
	}
	kind, params, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		raw, err := io.ReadAll(io.LimitReader(c.Body, 32<<20))
		if err != nil {
			return fmt.Errorf("read body: %w", err)
		}
		if len(raw) > 0 && kind != "application/json" {
			return fail(http.StatusBadRequest, 50035, "Invalid Form Body")
		}
		c.body = raw
		return nil
	}
	if params["boundary"] == "" {
		return fail(http.StatusBadRequest, 50035, "Invalid Form Body")
	}
	return c.readMultipart()
}

func (c *call) readMultipart() error {
	parts, err := c.MultipartReader()
	if err != nil {
		return fail(http.StatusBadRequest, 50035, "Invalid Form Body")
	}
	c.files = map[int]upload{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fail(http.StatusBadRequest, 50035, "Invalid Form Body")
		}
		raw, err := io.ReadAll(io.LimitReader(part, 600<<20))
		if err != nil {
			return fail(http.StatusBadRequest, 50035, "Invalid Form Body")
		}
		name := part.FormName()
		if name == "payload_json" {
			c.body = raw
			continue
		}
		if n, ok := fileNumber(name); ok {
			c.files[n] = upload{name: part.FileName(), contentType: part.Header.Get("Content-Type"), data: raw}
		}
	}
}

func fileNumber(name string) (int, bool) {
	inner, ok := strings.CutPrefix(name, "files[")
	if !ok {
		return 0, false
	}
	inner, ok = strings.CutSuffix(inner, "]")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(inner)
	return n, err == nil
}
