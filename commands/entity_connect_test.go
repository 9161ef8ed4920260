package commands_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"troupe/entities"
	"troupe/relay/sandbox"
)

const connectVerifier = "a-verifier-of-forty-three-letters-or-some-more"

var (
	oneTimeCode = regexp.MustCompile(`(?m)^[0-9A-HJKMNP-TV-Z]{8}$`)
	changing    = regexp.MustCompile(`<t:\d+:R>|/mcp/[a-z0-9]+|(/decide/[a-z]+/)[^\s\]]+`)
)

// connects goes through OAuth as a client with a name does, with the code that a reply shows.
func (w *world) connects(shown sandbox.Reply, name, host string) {
	w.t.Helper()
	code := oneTimeCode.FindString(shown.Text())
	if code == "" {
		w.t.Fatalf("no code in:\n%s", shown.Text())
	}
	redirect, program := "https://"+host+"/back", entities.System("test")
	client, _, err := w.registry.RegisterClient(w.t.Context(), program, entities.NewClient{Name: name, AuthMethod: "none", Redirects: []string{redirect}})
	noError(w.t, err)
	sum := sha256.Sum256([]byte(connectVerifier))
	given := must(w.registry.Consent(w.t.Context(), program, entities.Consent{
		Code: code, ClientID: client.ID, ClientName: name, RedirectURI: redirect, Resource: publicURL + "/mcp", Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	}))(w.t)
	must(w.registry.Exchange(w.t.Context(), program, entities.Exchange{Code: given, ClientID: client.ID, Verifier: connectVerifier}))(w.t)
}

// plainReply is a reply without what changes from run to run.
func plainReply(t *testing.T, title string, r sandbox.Reply) string {
	t.Helper()
	if !r.Ephemeral {
		t.Errorf("everybody sees: %s", r.Text())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "######## %s\n%s\n", title, oneTimeCode.ReplaceAllString(r.Content, "CODE"))
	for _, menu := range r.Selects {
		fmt.Fprintf(&b, "[%s -> %s]\n", menu.Placeholder, menu.CustomID)
		for _, option := range menu.Options {
			fmt.Fprintf(&b, "    %s\n", option.Label)
		}
	}
	for _, button := range r.Buttons {
		fmt.Fprintf(&b, "[%s -> %s]\n", button.Label, button.CustomID)
	}
	return changing.ReplaceAllStringFunc(b.String(), func(found string) string {
		switch {
		case strings.HasPrefix(found, "<t:"):
			return "<TIME>"
		case strings.HasPrefix(found, "/mcp/"):
			return "/mcp/ID"
		}
		return changing.ReplaceAllString(found, "${1}QUESTION")
	}) + "\n"
}

// TestConnect is what an owner sees of what signs in.
func TestConnect(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	first := w.slash(w.mona, "/entity connect", named("Ada"))
	seen := plainReply(t, "nothing is connected", first)
	w.connects(first, "Claude", "claude.ai")
	second := w.slash(w.mona, "/entity connect", named("Ada"))
	w.connects(second, "**Evil** [Claude](https://evil.example) @everyone "+strings.Repeat("x", 100), "a.very.long.name.of.a.host.that.nobody.reads.to.its.end.example")
	third := w.slash(w.mona, "/entity connect", named("Ada"))
	seen += plainReply(t, "two are connected", third)
	if len(third.Message.Mentions) != 0 {
		t.Errorf("pinged are %v", third.Message.Mentions)
	}
	seen += plainReply(t, "all are kept", w.click(w.mona, third, "Keep all"))

	again := w.slash(w.mona, "/entity connect", named("Ada"))
	one := again.Selects[0].Options[1].Value
	seen += plainReply(t, "one is disconnected", w.choose(w.mona, again, "Disconnect…", one))
	again = w.slash(w.mona, "/entity connect", named("Ada"))
	if strings.Contains(again.Text(), "claude.ai") {
		t.Errorf("it is still there:\n%s", again.Text())
	}
	seen += plainReply(t, "all are disconnected", w.choose(w.mona, again, "Disconnect…", "all"))
	last := w.slash(w.mona, "/entity connect", named("Ada"))
	if len(last.Selects) != 0 || !strings.Contains(last.Text(), "Nothing is connected") {
		t.Errorf("some are still there:\n%s", last.Text())
	}
	golden(t, "connect.txt", seen)
}

// TestConnectShowsFew lists the oldest by themselves and counts the others.
func TestConnectShowsFew(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	for n := range 12 {
		w.connects(w.slash(w.mona, "/entity connect", named("Ada")), fmt.Sprintf("%s %d", strings.Repeat("W", 90), n), strings.Repeat("w", 60)+".example")
	}
	shown := w.slash(w.mona, "/entity connect", named("Ada"))
	has(t, shown, "- 2 more")
	if size := len([]rune(shown.Content)); size > 2000 || len(shown.Selects[0].Options) != 13 {
		t.Errorf("%d characters, %d options", size, len(shown.Selects[0].Options))
	}
}

// TestWhoMayNotConnect gives nobody but the owner a code.
func TestWhoMayNotConnect(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.connects(w.slash(w.mona, "/entity connect", named("Ada")), "Claude", "claude.ai")
	mine := w.slash(w.mona, "/entity connect", named("Ada"))
	for _, user := range []sandbox.ID{w.gus, w.sam, w.eve, w.olga} {
		refused := w.slash(user, "/entity connect", named("Ada"))
		whispers(t, refused, "Only Ada's owner can")
		if oneTimeCode.MatchString(refused.Text()) || strings.Contains(refused.Text(), "Claude") || len(refused.Buttons)+len(refused.Selects) > 0 {
			t.Errorf("they are shown: %s", refused.Text())
		}
		whispers(t, w.pressed(user, mine.Buttons[0].CustomID, mine.Message.ID), "used up")
	}
	has(t, w.slash(w.mona, "/entity connect", named("Ada")), "Claude")
}
