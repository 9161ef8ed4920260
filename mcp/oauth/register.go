package oauth

import (
	"io"
	"mime"
	"net/http"
	"slices"

	"troupe/entities"
)

// register takes a client's own description: RFC 7591.
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	if open(w, r, "POST") {
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		bad("invalid_client_metadata", "Send JSON: Content-Type: application/json.").write(w)
		return
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		(&fault{status: http.StatusRequestEntityTooLarge, code: "invalid_client_metadata", text: "A description has at most 16 KiB."}).write(w)
		return
	}
	d, no := readDescription(raw)
	if no == nil {
		no = d.check(entities.MaxRedirects)
	}
	if d.AuthMethod == "" {
		d.AuthMethod = "client_secret_basic" // RFC 7591's default
	}
	if no == nil && !slices.Contains(methods, d.AuthMethod) {
		no = bad("invalid_client_metadata", "token_endpoint_auth_method must be none, client_secret_post or client_secret_basic.")
	}
	if no != nil {
		no.write(w)
		return
	}
	if pause := s.registers.take(s.address(r), s.now()); pause > 0 {
		(&fault{status: http.StatusTooManyRequests, code: "temporarily_unavailable", text: "Too many clients were registered from your address.", pause: pause}).write(w)
		return
	}
	kept, secret, err := s.registry.RegisterClient(r.Context(), actor, entities.NewClient{
		Name: plainName(d.ClientName, d.RedirectURIs[0]), AuthMethod: d.AuthMethod, Redirects: d.RedirectURIs,
	})
	if err != nil {
		s.broke(err, "register a client").write(w)
		return
	}
	answer := map[string]any{
		"client_id": kept.ID, "client_id_issued_at": kept.CreatedAt.Unix(), "client_name": kept.Name, "redirect_uris": kept.Redirects,
		"token_endpoint_auth_method": kept.AuthMethod, "grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "scope": scope,
	}
	if d.Type != "" {
		answer["application_type"] = d.Type
	}
	if secret != "" {
		answer["client_secret"], answer["client_secret_expires_at"] = secret, 0
	}
	writeJSON(w, http.StatusCreated, answer)
}
