package mcp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// sink takes answers, one after the other, as a connection does: what a recorder costs is no cost of
// the server's.
type sink struct {
	header http.Header
	status int
	answer bytes.Buffer
}

func (s *sink) Header() http.Header            { return s.header }
func (s *sink) WriteHeader(status int)         { s.status = status }
func (s *sink) Write(data []byte) (int, error) { return s.answer.Write(data) }

// reading sets up a channel with 50 messages of 79 characters by eight people, which are in
// memory, and gives a call of read_messages for them on the endpoint's own handler.
func reading(t *testing.T) (s *stage, read func() []byte) {
	t.Helper()
	s = newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	var people []sandbox.ID
	for _, name := range []string{"Sam", "Kim", "Alexandra", "Zoë", "Jean-Luc", "山田太郎", "nightowl_42", "Priya"} {
		id := s.discord.AddUser(sandbox.User{Username: "u" + fmt.Sprint(len(people)), GlobalName: &name})
		must(t, s.discord.AddMember(s.guild, id))
		people = append(people, id)
	}
	var ids []sandbox.ID
	for i := range 50 {
		var options []sandbox.SayOption
		if i%3 == 2 {
			options = append(options, sandbox.ReplyTo(ids[i-2]))
		}
		if i%10 == 9 {
			options = append(options, sandbox.WithFile("holiday-photo.png", "image/png", []byte("x")))
		}
		m, err := s.discord.Say(people[i%8], s.general, strings.Repeat("x", 79), options...)
		must(t, err)
		ids = append(ids, m.ID)
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_messages","arguments":{"channel":"` + s.general.String() + `","limit":50}}}`
	handler, w := s.server.Handler(), &sink{header: http.Header{}}
	read = func() []byte {
		r := s.request(t, http.MethodPost, ada, body)
		r.RequestURI = ""
		w.status = http.StatusOK
		w.answer.Reset()
		clear(w.header)
		handler.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			t.Fatalf("%d: %s", w.status, w.answer.Bytes())
		}
		return w.answer.Bytes()
	}
	await(t, "the messages to be known", func() bool {
		before := len(s.discord.Requests())
		read()
		return len(s.discord.Requests()) == before
	})
	return s, read
}

// TestReadingFromMemoryIsCheap holds what read_messages of 50 messages costs when they are in
// memory: in processor time, in bytes, and nothing at Discord.
func TestReadingFromMemoryIsCheap(t *testing.T) {
	s, read := reading(t)
	asked := len(s.discord.Requests())
	var answer struct {
		Result struct{ Content []struct{ Text string } }
	}
	must(t, json.Unmarshal(read(), &answer))
	words := answer.Result.Content[0].Text
	if per := len(words) / 50; per > 160 || strings.Count(words, strings.Repeat("x", 79)) != 50 {
		t.Errorf("%d bytes for a message:\n%s", per, words)
	} else {
		t.Logf("%d bytes for a message", per)
	}
	const calls = 25
	best := time.Duration(1<<63 - 1)
	for range 30 {
		before := processorTime(t)
		for range calls {
			read()
		}
		best = min(best, (processorTime(t)-before)/calls)
	}
	t.Logf("%v of processor time for a call", best)
	limit := 600 * time.Microsecond // half a millisecond, and a fifth for a busy machine
	if raceEnabled {
		limit *= 20
	}
	if best > limit {
		t.Errorf("a call takes %v of processor time", best)
	}
	if n := len(s.discord.Requests()) - asked; n != 0 {
		t.Errorf("Discord was asked %d times", n)
	}
}

// processorTime is what this process has used so far, in its own code and in the system's.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
