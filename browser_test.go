package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const stepTime = 20 * time.Second // for one thing that a person does

var pictures = flag.Bool("pictures", false, "make the pictures in docs/pictures anew")

// visitor is a person with a browser and a code, a program that wants to be connected, and a troupe.
type visitor struct {
	*demo
	browser context.Context
	base    string            // of troupe
	client  *httptest.Server  // the program's own site
	id      string            // as which it is registered
	back    chan url.Values   // with what people came back to it
	site    map[string]string // its other pages
}

// newVisitor opens the browser; a test that has none is skipped, except where TEST_BROWSER is set.
func newVisitor(t *testing.T) *visitor {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("TEST_BROWSER") != "" {
			t.Fatal("chromium is not installed here, and TEST_BROWSER wants it")
		}
		t.Skip("chromium is not installed here")
	}
	v := &visitor{demo: newDemo(t), back: make(chan url.Values, 8), site: map[string]string{}}
	v.base = "http://" + v.program.Addr()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	if _, err := v.create(ctx); err != nil {
		t.Fatal(err)
	}
	v.client = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.client.Close)
	v.register(t)
	// As root, as in CI, Chromium has no sandbox of its own. It shows our own pages only.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("proxy-server", "direct://"), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.UserDataDir(t.TempDir()))
	browser, leave := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(leave)
	v.browser, cancel = chromedp.NewContext(browser)
	t.Cleanup(func() {
		if err := chromedp.Cancel(v.browser); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		cancel()
	})
	if err := chromedp.Do(v.browser, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile)); err != nil { // which starts it
		t.Fatal(err)
	}
	return v
}

// serve is the program's own site.
func (v *visitor) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/back" {
		v.back <- r.URL.Query()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, "<!doctype html><title>the client</title><p id='client'>The client.</p>%s", v.site[r.URL.Path]) // the browser is gone; there is nobody to tell
}

func (v *visitor) register(t *testing.T) {
	t.Helper()
	about, err := json.Marshal(map[string]any{"client_name": "A program with <b>a name</b>", "redirect_uris": []string{v.client.URL + "/back"}, "token_endpoint_auth_method": "none"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := v.client.Client().Post(v.base+"/oauth/register", "application/json", bytes.NewReader(about))
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		ID string `json:"client_id"`
	}
	if err := errors.Join(json.NewDecoder(resp.Body).Decode(&made), resp.Body.Close()); err != nil || made.ID == "" {
		t.Fatal(resp.Status, err)
	}
	v.id = made.ID
}

// wants is the address to which the program sends people.
func (v *visitor) wants() string {
	challenge := sha256.Sum256([]byte("a verifier that nobody needs here"))
	return v.base + "/oauth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {v.id}, "redirect_uri": {v.client.URL + "/back"}, "state": {"a & b"}, "resource": {v.base + "/mcp"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode()
}

func (v *visitor) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(v.browser, stepTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// value asks the page.
func value[T any](t *testing.T, v *visitor, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(v.browser, stepTime)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// until waits until something is so on the page, also on one that the browser has kept. Between
// two pages there is nothing to ask.
func (v *visitor) until(t *testing.T, so string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(v.browser, stepTime)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](so))
		if is {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("this does not become so: %s (%v)", so, err)
		}
	}
}

// came waits until the person is back at the program's site.
func (v *visitor) came(t *testing.T) url.Values {
	t.Helper()
	select {
	case q := <-v.back:
		return q
	case <-time.After(stepTime):
		t.Fatal("the browser does not come back to the client")
		return nil
	}
}

func (v *visitor) typed(t *testing.T) string {
	t.Helper()
	said, err := v.connect(v.browser)
	if err != nil {
		t.Fatal(err)
	}
	return said[strings.LastIndexByte(said, ' ')+1:]
}

// send presses a button and waits for the next page.
func (v *visitor) send(t *testing.T, button string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(v.browser, stepTime)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(button))); err != nil {
		t.Fatal(err)
	}
}

// fits holds a page to a phone and to people who read it aloud or use no mouse.
func (v *visitor) fits(t *testing.T) {
	t.Helper()
	if wide := value[int](t, v, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		t.Errorf("the page is %d pixels wider than the phone", wide)
	}
	if small := value[int](t, v, `[...document.querySelectorAll('button, input:not([type=hidden])')].filter(e => e.getBoundingClientRect().height < 44).length`); small > 0 {
		t.Errorf("%d things are too small for a finger", small)
	}
	if bad := value[string](t, v, contrasts); bad != "" {
		t.Errorf("the contrast is below 4.5: %s", bad)
	}
}

// contrasts lists texts that WCAG 2.2, 1.4.3, finds hard to read.
const contrasts = `(() => {
  const parts = c => c.match(/[\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = parts(c).map(x => { x /= 255; return x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, p = parts(c); if (p.length < 4 || p[3] > 0) return c } return 'rgb(255, 255, 255)' };
  return [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + ': ' + e.textContent.trim().slice(0, 30)] }).filter(([c]) => c < 4.5).map(String).join('; ');
})()`

func colors(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

func noScripts() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// picture keeps what is on the screen for the guides, when it is asked for.
func (v *visitor) picture(t *testing.T, name string) {
	t.Helper()
	if !*pictures {
		return
	}
	shot, err := chromedp.Run(v.browser, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join("docs", "pictures")
	if err := errors.Join(os.MkdirAll(folder, 0o750), os.WriteFile(filepath.Join(folder, name), shot, 0o600)); err != nil {
		t.Fatal(err)
	}
}

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
			v.picture(t, "consent-"+scheme+".png")
			v.mistypes(t)
			if scheme == "light" {
				v.picture(t, "consent-wrong-code.png")
			}
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
	v.until(t, `!!document.querySelector('#client')`)
	value[bool](t, v, `history.back(), true`)
	v.until(t, `!!document.querySelector('#code')`)
	value[bool](t, v, fmt.Sprintf(`document.querySelector('#code').value = %q, document.querySelector('.go').click(), true`, code))
	// The browser shows the page as it was, or asks for another one.
	v.until(t, `/Start again|This code is wrong/.test(document.body.innerText)`)
	if n := len(v.back); n > 0 {
		t.Errorf("the client got %d more codes", n)
	}
}

// TestBrowserCancels says no.
func TestBrowserCancels(t *testing.T) {
	v := newVisitor(t)
	v.do(t, chromedp.Navigate(v.wants()), chromedp.WaitVisible(chromedp.CSS("#code")))
	v.send(t, "[name=deny]")
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
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			v := newVisitor(t)
			v.do(t, colors(scheme))
			for _, path := range []string{"/mcp/" + v.entity, "/mcp", "/"} {
				v.do(t, chromedp.Navigate(v.base+path), chromedp.WaitVisible(chromedp.CSS("h1")))
				v.fits(t)
				v.says(t, "/entity connect", "/entity key")
				if text := value[string](t, v, `document.body.innerText`); strings.Contains(text, demoName) {
					t.Errorf("%s says %s", path, text)
				}
			}
		})
	}
}
