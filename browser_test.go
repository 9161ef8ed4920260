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
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
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
	next    *httptest.Server  // where that one leads on to
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
	v.next = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.next.Close)
	t.Cleanup(v.client.Close)
	v.register(t, "A program with <b>a name</b>")
	// As root, as in CI, Chromium has no sandbox of its own. It shows our own pages only.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,BackForwardCache"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.UserDataDir(t.TempDir()))
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
		http.Redirect(w, r, v.next.URL+"/done", http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!doctype html><title>the client</title><p id="client">%s`, v.site[r.URL.Path]) // the browser is gone; there is nobody to tell
}

func (v *visitor) register(t *testing.T, name string) {
	t.Helper()
	about, err := json.Marshal(map[string]any{"client_name": name, "redirect_uris": []string{v.client.URL + "/back"}, "token_endpoint_auth_method": "none"})
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

// came waits until the person is back at the program's site, which leads on to another one.
func (v *visitor) came(t *testing.T) url.Values {
	t.Helper()
	select {
	case q := <-v.back:
		v.do(t, chromedp.WaitReady(chromedp.CSS("#client")))
		if at := value[string](t, v, `location.href`); at != v.next.URL+"/done" {
			t.Errorf("the browser stops at %s", at)
		}
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
	small, err := shrunk(shot)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join("docs", "pictures")
	if err := errors.Join(os.MkdirAll(folder, 0o750), os.WriteFile(filepath.Join(folder, name), small, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// shrunk writes a picture with the few colors that such pages have, in a third of the bytes.
func shrunk(shot []byte) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	often := map[color.Color]int{}
	area := img.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			often[img.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int { return often[b] - often[a] })
	colors = colors[:min(len(colors), 256)]
	few := image.NewPaletted(area, colors)
	draw.Draw(few, area, img, area.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}
