package oauth

import (
	"html/template"
	"net/http"
	"net/url"
)

// reports are pages with a way back to the client.
var reports = template.Must(template.Must(pages.Clone()).Parse(`{{define "report"}}{{template "head" .}}<p>{{.Text}}</p>
<p><a id="back" href="{{.Back}}" rel="noreferrer">Back to {{.Host}}</a>, if you know it.</p>
</body>
</html>
{{end}}`))

func writeReport(w http.ResponseWriter, of consent, no *fault, to *url.URL) {
	pageHeaders(w, "'none'")
	w.WriteHeader(no.status)
	_ = reports.ExecuteTemplate(w, "report", map[string]any{ // a reader who is gone needs no answer
		"Title": "This does not work", "Text": "What " + of.client.name + " asks for cannot be given: " + no.text, "Back": to.String(), "Host": to.Host, "Style": template.CSS(style), //nolint:gosec // a constant
	})
}
