package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
)

const style = `:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}` +
	`h1{font-size:1.4rem}input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;margin:.3rem 0}` +
	`input{font-size:1.4rem;letter-spacing:.2em;text-transform:uppercase;text-align:center}.host{font-weight:bold}.trouble{border-left:.3rem solid #c33;padding-left:.6rem}`

// styleHash is the SHA-256 of style, for the Content-Security-Policy.
var styleHash = sha256Base64(style)

var pages = template.Must(template.New("pages").Parse(`{{define "head"}}<!doctype html>
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
<h1>{{.Title}}</h1>
{{end}}{{define "consent"}}{{template "head" .}}<p><strong>{{.Client}}</strong>{{if not .Verified}} (it calls itself so; nobody has verified that){{end}} wants to read and write in Discord as an entity of yours.</p>
<p>Afterwards you are sent to <span class="host">{{.Host}}</span>. Go on only if you came from there just now.</p>
{{if .Trouble}}<p class="trouble" role="alert">{{.Trouble}}</p>
{{end}}<form method="post" action="authorize" autocomplete="off">
<input type="hidden" name="request" value="{{.Token}}">
<p><label for="code">Type <code>/entity connect</code> in Discord and enter the code that it shows:</label></p>
<input id="code" name="code" maxlength="16" autocapitalize="characters" autocomplete="one-time-code" spellcheck="false" autofocus>
<button type="submit">Connect</button>
<button type="submit" name="deny" value="1">Cancel</button>
</form>
</body>
</html>
{{end}}{{define "notice"}}{{template "head" .}}<p>{{.Text}}</p>
</body>
</html>
{{end}}`))

type page struct {
	status      int
	title, text string
}

func pageHeaders(w http.ResponseWriter, action string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+styleHash+"'; form-action "+action+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// write shows a page that asks nothing.
func (p *page) write(w http.ResponseWriter) {
	pageHeaders(w, "'none'")
	w.WriteHeader(p.status)
	_ = pages.ExecuteTemplate(w, "notice", map[string]any{"Title": p.title, "Text": p.text, "Style": template.CSS(style)}) //nolint:gosec // a constant; a reader who is gone needs no answer
}

func (s *Server) refuse(w http.ResponseWriter, no *fault) {
	(&page{status: no.status, title: "This does not work", text: no.text}).write(w)
}

// writeConsent asks a person for the one-time code. Browsers check a form's target after
// redirects too, so the client's own origin stands in the policy.
func writeConsent(w http.ResponseWriter, of consent, token, trouble string) {
	to, err := url.Parse(of.redirect)
	if err != nil {
		to = &url.URL{}
	}
	pageHeaders(w, "'self' "+to.Scheme+"://"+to.Host)
	w.WriteHeader(http.StatusOK)
	_ = pages.ExecuteTemplate(w, "consent", map[string]any{ // a reader who is gone needs no answer
		"Title": "Connect to Discord", "Client": of.client.name, "Verified": of.client.verified, "Host": to.Host, "Token": token, "Trouble": trouble, "Style": template.CSS(style), //nolint:gosec // a constant
	})
}

func sha256Base64(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
