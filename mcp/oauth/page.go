package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"troupe/mcp/webpage"
)

// consentPage names the client and where it sends people back to, and asks for the one-time code.
var consentPage = webpage.Parse(`<p><bdi>{{.Client}}</bdi> wants to read and write in Discord as an AI character of yours.
{{- if not .Verified}} It calls itself so; nobody has verified that.{{end}}</p>
<p class="to">If you connect, you are sent to {{if .Local}}a program on this computer:{{else}}this site:{{end}}<strong>{{.Host}}</strong></p>
<p>Go on only if you came from there just now to connect it.</p>
<form method="post" action="authorize" autocomplete="off">
<input type="hidden" name="request" value="{{.Token}}">
{{if .Trouble}}<p class="trouble" id="trouble" role="alert">{{.Trouble}}</p>
{{end}}<label for="code">Type <code>/entity connect</code> in Discord, choose the character, and enter the code that you get here:</label>
<input id="code" name="code" maxlength="40" autocapitalize="characters" autocomplete="one-time-code" autocorrect="off" spellcheck="false"{{if .Trouble}} aria-invalid="true" aria-describedby="trouble"{{end}} autofocus>
<button type="submit" class="go">Connect</button>
<button type="submit" name="deny" value="1">Cancel</button>
</form>
`)

// noticePage asks nothing.
var noticePage = webpage.Parse(`<p>{{.Text}}</p>
{{if .Back}}<p><a id="back" href="{{.Back}}" rel="noreferrer">Back to {{.Host}}</a>, if you know it.</p>
{{end}}`)

// notice is what a page says that asks nothing, and perhaps a way back.
type notice struct{ Text, Back, Host string }

const refusedTitle = "This does not work"

func (s *Server) refuse(w http.ResponseWriter, no *fault) {
	noticePage.Write(w, no.status, refusedTitle, "", notice{Text: no.text})
}

// writeReport says what is wrong with a client's request, with a way back to the client.
func writeReport(w http.ResponseWriter, of consent, no *fault, to *url.URL) {
	noticePage.Write(w, no.status, refusedTitle, "", notice{Text: "What " + of.client.name + " asks for cannot be given: " + no.text, Back: to.String(), Host: to.Host})
}

// writeConsent asks a person for the one-time code.
func writeConsent(w http.ResponseWriter, of consent, token, trouble string) {
	to, err := url.Parse(of.redirect)
	if err != nil {
		to = &url.URL{}
	}
	consentPage.Write(w, http.StatusOK, "Connect to Discord", "'self' "+source(to), map[string]any{
		"Client": of.client.name, "Verified": of.client.verified, "Local": isLoopback(to), "Host": to.Host, "Token": token, "Trouble": trouble,
	})
}

// source lets a form lead to a client: browsers check where a form's answer redirects to, too. A
// policy cannot name IPv6 addresses (CSP Level 3, 2.3.1), so for those any host is let through.
func source(to *url.URL) string {
	if strings.HasPrefix(to.Host, "[") {
		return to.Scheme + ":"
	}
	return to.Scheme + "://" + to.Host
}
