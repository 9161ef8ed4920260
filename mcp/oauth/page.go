package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"troupe/mcp/webpage"
)

// consentPage names the client and where it sends people back to, and asks for the one-time code.
// That a name is only claimed stands before it, however long it is.
var consentPage = webpage.Parse(`<p>{{if .Verified}}<bdi>{{.Client}}</bdi>{{else}}A program that calls itself <bdi>{{.Client}}</bdi> (nobody has verified that){{end}} wants to read and write in Discord as an AI character of yours.
{{- with .Describer}} What is known of it comes from <b>{{.}}</b>.{{end}}</p>
<p class="to">If you connect, you are sent to {{if .Local}}a program on this computer:{{else}}this site:{{end}}<strong>{{.Host}}</strong></p>
<p>Go on only if you came from there just now to connect it.</p>
<form method="post" action="authorize" autocomplete="off">
<input type="hidden" name="request" value="{{.Token}}">
{{if .Trouble}}<p class="trouble" id="trouble" role="alert">{{.Trouble}}</p>
{{end}}<label for="code">Type <code>/entity connect</code> in Discord, choose the character, and enter the code that you get here:</label>
<input id="code" name="code" required maxlength="40" autocapitalize="characters" autocomplete="one-time-code" autocorrect="off" spellcheck="false"{{if .Trouble}} aria-invalid="true" aria-describedby="trouble"{{end}} autofocus>
<button type="submit" class="go">Connect</button>
<button type="submit" name="deny" value="1" formnovalidate>Cancel</button>
</form>
`)

// noticePage asks nothing.
var noticePage = webpage.Parse(`<p>{{with .Client}}What a program that calls itself <bdi>{{.}}</bdi> asks for cannot be given: {{end}}{{.Text}}</p>
<p>Nothing was connected. Start again in the program that you want to connect. If this happens again, remove the connection there and add it anew.</p>
{{if .Back}}<p><a id="back" href="{{.Back}}" rel="noreferrer">Back to {{.Host}}</a>, if you know it.</p>
{{end}}`)

// notice is what a page says that asks nothing, and perhaps a way back.
type notice struct{ Client, Text, Back, Host string }

const refusedTitle = "This does not work"

func (s *Server) refuse(w http.ResponseWriter, no *fault) {
	no.after(w)
	noticePage.Write(w, no.status, refusedTitle, "", notice{Text: no.text})
}

// writeReport says what is wrong with a client's request, with a way back to the client.
func writeReport(w http.ResponseWriter, of consent, no *fault, to *url.URL) {
	noticePage.Write(w, no.status, refusedTitle, "", notice{Client: of.client.name, Text: no.text, Back: to.String(), Host: to.Host})
}

// writeConsent asks a person for the one-time code.
func writeConsent(w http.ResponseWriter, status int, of consent, token, trouble string) {
	to, err := url.Parse(of.redirect)
	if err != nil {
		to = &url.URL{}
	}
	local := isLoopback(to)
	verified := of.client.verified && !local // any program on the person's machine may listen there
	describer := ""
	if id, err := url.Parse(of.client.id); err == nil && id.Scheme == "https" && !verified && !local {
		describer = id.Host
	}
	consentPage.Write(w, status, "Connect to Discord", "'self' "+sources(to), map[string]any{
		"Client": of.client.name, "Verified": verified, "Describer": describer, "Local": local, "Host": to.Host, "Token": token, "Trouble": trouble,
	})
}

// sources let a form lead to a client: browsers check where a form's answer redirects to, too, and
// where the client's own address leads on to, such as from claude.com to claude.ai. A policy cannot
// name IPv6 addresses (CSP Level 3, 2.3.1), so for those any host is let through.
func sources(to *url.URL) string {
	switch {
	case !isLoopback(to):
		return "https:"
	case strings.HasPrefix(to.Host, "["):
		return "https: http:"
	default:
		return "https: http://localhost:* http://127.0.0.1:* http://" + to.Host
	}
}
