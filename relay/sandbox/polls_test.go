package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// pollOf is the body of a message with a poll; more stands in the poll beside question and answers.
func pollOf(question, more string, answers ...string) string {
	var list []string
	for _, text := range answers {
		list = append(list, `{"poll_media":{"text":"`+text+`"}}`)
	}
	return `{"poll":{"question":{"text":"` + question + `"},"answers":[` + strings.Join(list, ",") + `]` + more + `}}`
}

// counts are a message's votes, as "1:2 3:1", and whether that is final.
func counts(m object) (votes string, final bool) {
	results := m.object("poll").object("results")
	var list []string
	for _, c := range results.objects("answer_counts") {
		list = append(list, fmt.Sprint(c["id"], ":", c["count"]))
	}
	final, _ = results["is_finalized"].(bool)
	return strings.Join(list, " "), final
}

func TestPolls(t *testing.T) {
	clock := &handClock{now: time.Now()}
	s := raise(t, checked, func(c *sandbox.Config) { c.Now = clock.Now })
	hook := s.webhook(s.General)
	w, _, _ := s.connect(ordinary | sandbox.IntentGuildPolls)
	m := s.must(200, "POST", "%s?wait=true", pollOf("Tea or coffee?", `,"duration":2,"allow_multiselect":false`, "Tea", "Coffee", "Water"), hook).object()
	poll := m.object("poll")
	if poll.object("question").text("text") != "Tea or coffee?" || len(poll.objects("answers")) != 3 || poll["allow_multiselect"] != false || poll["layout_type"] != 1.0 {
		t.Errorf("answer: %v", m)
	}
	if first := poll.objects("answers")[0]; first["answer_id"] != 1.0 || first.object("poll_media").text("text") != "Tea" {
		t.Errorf("first answer: %v", first)
	}
	if ends, err := time.Parse(time.RFC3339, poll.text("expiry")); err != nil || ends.Sub(clock.Now()).Round(time.Minute) != 2*time.Hour {
		t.Errorf("it ends %s: %v", poll.text("expiry"), err)
	}
	if got := w.next("MESSAGE_CREATE"); got.object("poll").object("question").text("text") != "Tea or coffee?" {
		t.Errorf("event: %v", got)
	}
	id := m.id()
	s.ok(s.Vote(s.Mia, s.General, id, 2))
	if got := w.next("MESSAGE_POLL_VOTE_ADD"); got["answer_id"] != 2.0 || toID(got.text("user_id")) != s.Mia || toID(got.text("message_id")) != id {
		t.Errorf("event: %v", got)
	}
	s.ok(s.Vote(s.Olivia, s.General, id, 2))
	read := func() (string, bool) {
		return counts(s.must(200, "GET", "/channels/%s/messages/%s", "", s.General, id).object())
	}
	if votes, final := read(); votes != "2:2" || final {
		t.Errorf("votes %q, final %t", votes, final)
	}
	s.ok(s.Vote(s.Mia, s.General, id, 1))
	w.next("MESSAGE_POLL_VOTE_REMOVE")
	if votes, _ := read(); votes != "1:1 2:1" {
		t.Errorf("after Mia chose another one: %q", votes)
	}
	s.ok(s.Vote(s.Mia, s.General, id))
	for name, err := range map[string]error{
		"two answers of one": s.Vote(s.Mia, s.General, id, 1, 2), "no such answer": s.Vote(s.Mia, s.General, id, 4),
		"the bot": s.Vote(s.BotID(), s.General, id, 1), "no poll": s.Vote(s.Mia, s.General, s.say(s.Mia, s.General, "x").ID, 1),
	} {
		if err == nil {
			t.Errorf("%s: the vote counts", name)
		}
	}
	clock.turn(2 * time.Hour)
	if votes, final := read(); votes != "2:1" || !final || s.Vote(s.Mia, s.General, id, 1) == nil {
		t.Errorf("at the end: %q, final %t", votes, final)
	}
	s.faithful()
}

func TestPollRefusals(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	var eleven []string
	for n := range 11 {
		eleven = append(eleven, fmt.Sprint("answer ", n))
	}
	for name, body := range map[string]string{
		"no question":      `{"poll":{"answers":[{"poll_media":{"text":"a"}}]}}`,
		"empty question":   pollOf("", "", "a"),
		"long question":    pollOf(strings.Repeat("é", 301), "", "a"),
		"no answers":       pollOf("q", ""),
		"eleven answers":   pollOf("q", "", eleven...),
		"empty answer":     pollOf("q", "", "a", ""),
		"long answer":      pollOf("q", "", strings.Repeat("é", 56)),
		"answer of nobody": `{"poll":{"question":{"text":"q"},"answers":[{}]}}`,
		"no time":          pollOf("q", `,"duration":0`, "a"),
		"33 days":          pollOf("q", `,"duration":769`, "a"),
		"other layout":     pollOf("q", `,"layout_type":2`, "a"),
		"no poll":          `{"poll":"q"}`,
		"components":       strings.TrimSuffix(pollOf("q", "", "a"), "}") + `,"flags":32768,"components":[{"type":10,"content":"x"}]}`,
	} {
		t.Run(name, func(t *testing.T) { s.refused(400, 50035, "POST", "%s", body, hook) })
	}
	s.refused(400, 50006, "POST", "%s", `{"poll":null}`, hook)
	s.refused(400, 520004, "POST", "%s", `{"poll":{"question":{"text":"q"},"answers":[{"poll_media":{"text":"a","emoji":{"name":"x"}}}]}}`, hook)
	for _, body := range []string{
		pollOf(strings.Repeat("é", 300), `,"duration":768,"layout_type":1`, append(eleven[:9:9], strings.Repeat("é", 55))...),
		pollOf("q", `,"duration":null,"allow_multiselect":null`, "a"),
		`{"poll":{"question":{"text":"q"},"answers":[{"poll_media":{"text":"a","emoji":{"name":"🍵"}}}]}}`,
	} {
		s.must(204, "POST", "%s", body, hook)
	}
	s.ok(s.ChangeRole(s.Guild, s.Guild, func(r *sandbox.Role) { r.Permissions &^= sandbox.SendPolls }))
	s.refused(403, 50013, "POST", "/channels/%s/messages", pollOf("q", "", "a"), s.General)
}

func TestPollsCannotBeEdited(t *testing.T) {
	s := raise(t, checked)
	hook := s.webhook(s.General)
	m := s.must(200, "POST", "%s?wait=true", pollOf("q", "", "a", "b"), hook).object()
	at := hook + "/messages/" + m.text("id")
	s.refused(400, 520003, "PATCH", "%s", `{"content":"other"}`, at)
	s.refused(400, 520003, "PATCH", "%s", `{"embeds":[{"title":"other"}]}`, at)
	asked := s.say(s.Mia, s.General, "", sandbox.WithPoll("Which ones?", true, "x", "y", "z"))
	s.ok(s.Vote(s.Olivia, s.General, asked.ID, 1, 3))
	s.ok(s.EndPoll(s.General, asked.ID))
	if s.EndPoll(s.General, asked.ID) == nil || s.Vote(s.Mia, s.General, asked.ID, 1) == nil {
		t.Error("a poll that is over goes on")
	}
	if votes, final := counts(s.must(200, "GET", "/channels/%s/messages/%s", "", s.General, asked.ID).object()); votes != "1:1 3:1" || !final {
		t.Errorf("votes %q, final %t", votes, final)
	}
	s.must(204, "DELETE", "%s", "", at)
	s.faithful()
}

// Without the message content intent a poll is not there at all; one's own is.
func TestPollsWithoutContent(t *testing.T) {
	s := raise(t, checked)
	s.AllowIntents(sandbox.IntentGuildMembers)
	hook := s.webhook(s.General)
	theirs := s.say(s.Mia, s.General, "", sandbox.WithPoll("q", false, "a"))
	own := s.must(200, "POST", "%s?wait=true", pollOf("q", "", "a"), hook).object()
	for id, want := range map[string]bool{theirs.ID.String(): false, own.text("id"): true} {
		raw := s.must(200, "GET", "/channels/%s/messages/%s", "", s.General, id).raw
		var m map[string]json.RawMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		if _, there := m["poll"]; there != want {
			t.Errorf("a poll is there: %t; %s", there, raw)
		}
	}
	s.faithful()
}
