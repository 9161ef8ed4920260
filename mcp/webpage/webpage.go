// Package webpage is how the pages look that people see in a browser: without scripts, on a phone
// as on a desk, light or dark. Its one rule: what strangers wrote gets into a page as data of its
// template only.
package webpage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// Page is one kind of page, made by [Parse]. It is safe for concurrent use.
type Page struct{ whole *template.Template }

// layout is what all pages have. Their colors hold the contrast that WCAG 2.2 asks for (AA).
const layout = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
{{template "body" .Data}}</main>
</body>
</html>
`

const style = `:root{color-scheme:light dark;--back:#fff;--text:#1a1b1e;--soft:#f1f2f5;--line:#767a85;--act:#3c45c9;--on:#fff;--bad:#b3121d}
@media (prefers-color-scheme:dark){:root{--back:#17181b;--text:#eceef2;--soft:#26282d;--line:#8d92a0;--act:#a9b1ff;--on:#14152b;--bad:#ff9a9a}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1.0625rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:30rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem}
h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
code{font:600 .95em ui-monospace,monospace}
pre{background:var(--soft);padding:.75rem;overflow-x:auto;font:.85rem/1.45 ui-monospace,monospace;border-radius:.4rem}
bdi{font-weight:700;unicode-bidi:isolate;display:inline-block;max-width:100%;overflow:clip}
a{color:var(--act)}
.to{background:var(--soft);border-radius:.4rem;padding:.75rem}
.to strong{display:block}
.trouble{border:2px solid var(--bad);border-radius:.4rem;padding:.6rem .75rem;color:var(--bad);font-weight:600}
label{display:block;margin:1.25rem 0 .5rem}
input,button{font:inherit;width:100%;padding:.7rem;border-radius:.4rem;border:1px solid var(--line);background:var(--back);color:var(--text)}
input{font-size:1.5rem;letter-spacing:.15em;text-align:center;text-transform:uppercase}
button{margin-top:.75rem;font-weight:600;cursor:pointer}
.go{background:var(--act);border-color:var(--act);color:var(--on)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}`

var (
	base   = template.Must(template.New("page").Parse(layout))
	policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src '" + sum(style) + "'; form-action "
)

// sum names a style in a Content-Security-Policy, which allows that one only.
func sum(style string) string {
	of := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(of[:])
}

// Parse makes a page from what stands in it under the title. A body that is no template panics:
// it is a constant.
func Parse(body string) *Page {
	whole := template.Must(base.Clone())
	template.Must(whole.New("body").Parse(body))
	return &Page{whole}
}

// Write shows a page. target is where its form may lead, as sources of a Content-Security-Policy;
// "" when it has no form.
func (p *Page) Write(w http.ResponseWriter, status int, title, target string, data any) {
	if target == "" {
		target = "'none'"
	}
	var whole bytes.Buffer
	// The style is a constant, so it needs no escapes, which would change its sum.
	if err := p.whole.Execute(&whole, map[string]any{"Title": title, "Style": template.CSS(style), "Data": data}); err != nil { //nolint:gosec // see above
		http.Error(w, "Something broke on our side.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy+target)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if target != "'none'" {
		// Under no-referrer browsers send forms with "Origin: null" (Fetch, "append a request Origin
		// header"), and some older ones say by nothing else that a form is our own.
		h.Set("Referrer-Policy", "same-origin")
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(whole.Bytes()) // a reader who is gone needs no answer
}
