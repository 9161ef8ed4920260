package main

import (
	"context"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestBrowserConnects goes the whole way as a person with a phone, whose browser runs no scripts.
func TestBrowserConnects(t *testing.T) {
	backs := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			v := newVisitor(t)
			v.do(t, noScripts(), colors(scheme), chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
			v.fits(t)
			v.says(t, "A program with <b>a name</b>", "nobody has verified", "a program on this computer", strings.TrimPrefix(v.client.URL, "http://"), "/entity connect")
			if active := value[string](t, v, `document.activeElement.id`); active != "code" {
				t.Errorf("the cursor stands in %q", active)
			}
			backs[value[string](t, v, `getComputedStyle(document.body).backgroundColor`)] = scheme
			v.mistypes(t)
			v.connects(t, v.typed(t))
		})
	}
	if len(backs) == 1 {
		t.Errorf("light and dark look alike: %v", backs)
	}
}

func (v *visitor) says(t *testing.T, wants ...string) {
	t.Helper()
	text := value[string](t, v, `document.body.innerText`)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q: %s", want, text)
		}
	}
}

// mistypes enters a wrong code, and can go on from there.
func (v *visitor) mistypes(t *testing.T) {
	t.Helper()
	v.do(t, chromedp.SendKeys(chromedp.CSS("#code"), "wr0ngc0d"))
	v.send(t, ".go")
	v.do(t, chromedp.WaitVisible(chromedp.CSS("#trouble")))
	v.fits(t)
	if told := value[string](t, v, `document.getElementById(document.querySelector('#code').getAttribute('aria-describedby')).innerText`); !strings.Contains(told, "/entity connect") {
		t.Errorf("a wrong code is answered with %q", told)
	}
}

// connects enters the right code as people write it, and presses the Return key.
func (v *visitor) connects(t *testing.T, code string) {
	t.Helper()
	code = strings.ToLower(code)
	v.do(t, chromedp.SendKeys(chromedp.CSS("#code"), code[:4]+"-"+code[4:]+"\r"))
	q := v.came(t)
	if !strings.HasPrefix(q.Get("code"), "troupe_code_") || q.Get("state") != "a & b" || q.Get("iss") != v.base {
		t.Errorf("the client got %v", q)
	}
}

// TestBrowserGoesBack finds that a code which was used connects nobody a second time.
func TestBrowserGoesBack(t *testing.T) {
	v := newVisitor(t)
	v.do(t, chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
	code := v.typed(t)
	v.connects(t, code)
	v.do(t, chromedp.NavigateBack(), chromedp.WaitVisible(chromedp.CSS("#code")))
	v.do(t, chromedp.SendKeys(chromedp.CSS("#code"), code))
	v.send(t, ".go")
	v.do(t, chromedp.WaitVisible(chromedp.CSS("#trouble")))
	if n := len(v.back); n > 0 {
		t.Errorf("the client got %d more codes", n)
	}
}

// TestBrowserCancels says no, with the keyboard alone.
func TestBrowserCancels(t *testing.T) {
	v := newVisitor(t)
	v.do(t, chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
	v.do(t, chromedp.KeyEvent("x")) // a page that nobody has touched is not in front
	for _, want := range []string{"code", "go", "deny"} {
		at := value[string](t, v, `(e => e.id || e.name || e.className)(document.activeElement)`)
		if line := value[string](t, v, `getComputedStyle(document.activeElement).outlineStyle`); at != want || line != "solid" {
			t.Errorf("the keyboard is at %q, not %q, with a line that is %s", at, want, line)
		}
		if want != "deny" {
			v.do(t, chromedp.KeyEvent("\t"))
		}
	}
	v.do(t, chromedp.KeyEvent("\r"))
	if q := v.came(t); q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") != "a & b" {
		t.Errorf("the client got %v", q)
	}
}

// TestBrowserRefuses has another site show the page in a frame, and send its form.
func TestBrowserRefuses(t *testing.T) {
	v := newVisitor(t)
	v.site["/frame"] = `<iframe src="` + html.EscapeString(v.wants()) + `" width="300" height="500"></iframe>`
	v.do(t, chromedp.Navigate(v.client.URL+"/frame"), chromedp.WaitReady(chromedp.CSS("iframe")))
	var frames []string
	v.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		tree, err := cdp.Call(ctx, target, page.GetFrameTree, cdp.Empty{})
		if err == nil {
			for _, child := range tree.FrameTree.ChildFrames {
				frames = append(frames, child.Frame.URL)
			}
		}
		return err
	}))
	if len(frames) != 1 || !strings.HasPrefix(frames[0], "chrome-error://") {
		t.Errorf("the frame shows %q", frames)
	}

	v.do(t, chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
	token := value[string](t, v, `document.querySelector('[name=request]').value`)
	v.site["/forged"] = `<form method="post" action="` + v.base + `/oauth/authorize"><input name="request" value="` + html.EscapeString(token) +
		`"><input name="code" value="` + v.typed(t) + `"><button>Win</button></form>`
	v.do(t, chromedp.Navigate(v.client.URL+"/forged"), chromedp.WaitVisible(chromedp.CSS("button")))
	v.send(t, "button")
	if text := value[string](t, v, `document.body.innerText`); !strings.Contains(text, "another site") {
		t.Errorf("another site's form is answered with %s", text)
	}
	if n := len(v.back); n > 0 {
		t.Errorf("the client got %d answers", n)
	}
}

// TestBrowserShowsHowToConnect opens an address that is for AI programs.
func TestBrowserShowsHowToConnect(t *testing.T) {
	v := newVisitor(t)
	for _, scheme := range []string{"light", "dark"} {
		v.do(t, noScripts(), colors(scheme))
		for _, path := range []string{"/mcp/" + v.entity, "/mcp", "/"} {
			v.do(t, chromedp.Navigate(v.base+path), chromedp.WaitVisible(chromedp.CSS("h1")))
			v.fits(t)
			v.says(t, "/entity connect", "/entity key")
			if text := value[string](t, v, `document.body.innerText`); strings.Contains(text, demoName) {
				t.Errorf("%s says %s", path, text)
			}
		}
		if scheme == "light" {
			v.picture(t, "connect-page.png")
		}
	}
}

// TestBrowserKnowsVendors opens the page for a vendor that is known, which the guides show.
func TestBrowserKnowsVendors(t *testing.T) {
	v := newVisitor(t)
	to, err := url.Parse(v.wants())
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	q.Set("client_id", "https://claude.ai/oauth/mcp-oauth-client-metadata")
	q.Set("redirect_uri", "https://claude.ai/api/mcp/auth_callback")
	to.RawQuery = q.Encode()
	for _, scheme := range []string{"dark", "light"} {
		v.do(t, colors(scheme), chromedp.Navigate(to.String()), chromedp.WaitVisible(chromedp.CSS("#code")))
		v.fits(t)
		v.says(t, "Claude wants to", "this site:\nclaude.ai")
		if text := value[string](t, v, `document.body.innerText`); strings.Contains(text, "verified") {
			t.Errorf("of a vendor that is known it says: %s", text)
		}
		v.picture(t, "consent-"+scheme+".png")
	}
	v.mistypes(t)
	v.picture(t, "consent-wrong-code.png")
}

// TestBrowserIsNotMisled shows names that try to look like others, or to push away what matters.
func TestBrowserIsNotMisled(t *testing.T) {
	v := newVisitor(t)
	for _, name := range []string{strings.Repeat("W", 200), strings.Repeat("Claude \r\n", 60), "\u202eedualC", "كلود", strings.Repeat("Z\u0334\u0310\u0363\u034c", 40), `<h1>Claude</h1><style>.to{display:none}</style>`} {
		v.register(t, name)
		v.do(t, noScripts(), chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
		v.fits(t)
		v.says(t, "A program that calls itself", "(nobody has verified that)", strings.TrimPrefix(v.client.URL, "http://"))
		if odd := value[string](t, v, `[...document.querySelectorAll('.to, label, .go')].filter(e => e.getBoundingClientRect().bottom > 900 || getComputedStyle(e).display === 'none').map(e => e.outerHTML).join()`); odd != "" {
			t.Errorf("%.20q pushes away %s", name, odd)
		}
		if n := value[int](t, v, `document.querySelectorAll('h1').length`); n != 1 {
			t.Errorf("%.20q brings %d titles", name, n)
		}
	}
}

// TestBrowserAnswersTooLate sends a page that is not known any more, as one that is too old is not.
func TestBrowserAnswersTooLate(t *testing.T) {
	v := newVisitor(t)
	v.do(t, chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
	code := v.typed(t)
	v.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}), chromedp.SendKeys(chromedp.CSS("#code"), code))
	v.send(t, ".go")
	v.fits(t)
	v.says(t, "is too old", "Nothing was connected", "Start again in the program")
	if n := len(v.back); n > 0 {
		t.Errorf("the client got %d answers", n)
	}
	v.do(t, chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code"))) // the code was not used up
	v.connects(t, code)
}
