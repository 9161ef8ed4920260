package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"troupe/relay/sandbox"
)

// line is a call of send_message.
type line struct {
	Channel string `json:"channel"`
	Content string `json:"content"`
	Key     string `json:"idempotency_key,omitempty"`
}

// said is what send_message answered.
type said struct {
	Status   string   `json:"status"` // "" when the call was refused
	Messages []string `json:"message_ids"`
	Link     string   `json:"link"`
	refusal  string
	took     time.Duration
}

func (s said) sent() bool { return s.Status == "sent" }

// same says whether two answers tell of the same line.
func (s said) same(other said) bool {
	return s.Status == other.Status && slices.Equal(s.Messages, other.Messages) && s.Link == other.Link
}

func (s said) String() string {
	if s.refusal != "" {
		return fmt.Sprintf("refused: %.300s", s.refusal)
	}
	return fmt.Sprintf("%s %v", s.Status, s.Messages)
}

// answered is what a tool said.
type answered struct {
	text       string
	structured json.RawMessage
	failed     bool
}

// mostAnswer bounds an answer of a tool, in bytes.
const mostAnswer = 1 << 20

// call calls a tool by one plain POST. The error says that no answer of the tool came.
func (c *company) call(ctx context.Context, who *speaker, tool string, arguments any) (answered, error) {
	status, body, err := c.ask(ctx, who, tool, arguments)
	if err != nil {
		return answered{}, err
	}
	return read(status, body)
}

// ask calls a tool and gives what came back as it is.
func (c *company) ask(ctx context.Context, who *speaker, tool string, arguments any) (status int, body []byte, err error) {
	raw, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments},
	})
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.where()+"/mcp/"+string(who.id), bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+who.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	return resp.StatusCode, body, errors.Join(err, resp.Body.Close())
}

// read takes a JSON-RPC answer apart.
func read(status int, body []byte) (answered, error) {
	var reply struct {
		Result *struct {
			Content []struct {
				Text string `json:"text"`
			} `json:"content"`
			Structured json.RawMessage `json:"structuredContent"`
			IsError    bool            `json:"isError"`
			Meta       struct {
				Result json.RawMessage `json:"troupe/result"`
			} `json:"_meta"`
		} `json:"result"`
	}
	if err := json.Unmarshal(body, &reply); err != nil || status != http.StatusOK || reply.Result == nil {
		return answered{}, fmt.Errorf("answer %d %.300q (%w)", status, body, err)
	}
	got := answered{structured: reply.Result.Structured, failed: reply.Result.IsError}
	if got.structured == nil { // an answer that quotes people
		got.structured = reply.Result.Meta.Result
	}
	for _, content := range reply.Result.Content {
		got.text += content.Text
	}
	return got, nil
}

// send says a line, once.
func (c *company) send(ctx context.Context, who *speaker, l line) (said, error) {
	begin := time.Now()
	got, err := c.call(ctx, who, "send_message", l)
	if err != nil {
		return said{}, err
	}
	if got.failed {
		return said{refusal: got.text, took: time.Since(begin)}, nil
	}
	s := said{took: time.Since(begin)}
	if err := json.Unmarshal(got.structured, &s); err != nil || s.Status == "" {
		return said{}, fmt.Errorf("no status in %.300q (%w)", got.text, err)
	}
	return s, nil
}

// again is how long a client waits before it asks once more about a line.
const again = 200 * time.Millisecond

// insist says a line and asks again with the same key until enough is answered. It gives the
// first answer and the last.
func (c *company) insist(ctx context.Context, who *speaker, l line, enough func(said) bool) (first, last said, err error) {
	pause := time.NewTicker(again)
	defer pause.Stop()
	for {
		var got said
		if got, err = c.send(ctx, who, l); err == nil {
			last = got
			if first.Status == "" && first.refusal == "" {
				first = got
			}
			if enough(got) {
				return first, last, nil
			}
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return first, last, fmt.Errorf("%q: the last answer is %v (%w): %w", l.Content, last, err, ctx.Err())
		}
	}
}

// says is a line for a speaker's own room.
func (s *speaker) says(content, key string) line {
	return line{Channel: s.room.String(), Content: content, Key: key}
}

// posts are the requests with which lines went out to Discord.
func (c *company) posts() []sandbox.Request {
	return slices.DeleteFunc(c.discord.Requests(), func(r sandbox.Request) bool { return r.Route != webhookPost })
}

const webhookPost = "POST /webhooks/{webhook}/{token}"

// content is the text of a line that went out.
func content(r sandbox.Request) string {
	var body struct {
		Content string `json:"content"`
	}
	_ = json.Unmarshal(r.Body, &body) // what is no JSON has no text
	return body.Content
}

// asked are the texts that Discord was asked to take, whatever it answered.
func (c *company) asked() map[string]bool {
	texts := map[string]bool{}
	for _, r := range c.posts() {
		texts[content(r)] = true
	}
	return texts
}
