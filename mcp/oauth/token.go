package oauth

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"

	"troupe/entities"
)

// form reads a body of single parameters.
func form(r *http.Request) (url.Values, *fault) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, bad("invalid_request", "Send a form: Content-Type: application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil {
		return nil, bad("invalid_request", "This form cannot be read, or is larger than 16 KiB.")
	}
	return r.PostForm, single(r.PostForm)
}

// single refuses parameters that are there twice, of which two readers may take different ones.
func single(values url.Values) *fault {
	for name, all := range values {
		if len(all) > 1 {
			if name == "resource" {
				return bad("invalid_target", "One resource is granted at a time.")
			}
			return bad("invalid_request", "A parameter is there twice.")
		}
	}
	return nil
}

// authenticated finds the client that calls, by the way in which it registered.
func (s *Server) authenticated(r *http.Request, values url.Values) (client, *fault) {
	no := &fault{status: http.StatusUnauthorized, code: "invalid_client", text: "This client is not known here, or did not prove who it is. Register it anew."}
	id, secret, basic := r.BasicAuth()
	if r.Header.Get("Authorization") != "" && !basic {
		return client{}, no
	}
	method := "client_secret_basic"
	if basic {
		var errs [2]error
		id, errs[0] = url.QueryUnescape(id)
		secret, errs[1] = url.QueryUnescape(secret)
		if errors.Join(errs[:]...) != nil || values.Has("client_secret") || (values.Has("client_id") && values.Get("client_id") != id) {
			return client{}, no
		}
	} else {
		id, secret, method = values.Get("client_id"), values.Get("client_secret"), "none"
		if secret != "" {
			method = "client_secret_post"
		}
	}
	if id == "" {
		return client{}, no
	}
	c, fault := s.bearer(r, id)
	switch {
	case fault != nil && fault.code == "invalid_client":
		return client{}, no
	case fault != nil:
		return client{}, fault
	case c.kept.AuthMethod != method || !c.kept.Proves(secret):
		return client{}, no
	}
	return c, nil
}

// bearer is the client that a code or token must belong to. Of one that describes itself nothing
// is to be fetched here: it is a public client, and what it brings was given to its id.
//
// A description may say private_key_jwt. Such a client is served as a public one all the same,
// and an assertion that it sends is not looked at: this server does not offer that method, every code is bound to
// PKCE's verifier and to the redirect of the description, and refresh tokens are rotated with
// reuse detection, which is what RFC 9700, 2.2.2 asks for of public clients.
func (s *Server) bearer(r *http.Request, id string) (client, *fault) {
	if describable(id) {
		c := client{id: id}
		c.kept.AuthMethod = "none"
		return c, nil
	}
	return s.client(r.Context(), id, s.address(r))
}

// called reads what a client sends, and finds the client.
func (s *Server) called(r *http.Request) (client, url.Values, *fault) {
	values, no := form(r)
	if no != nil {
		return client{}, nil, no
	}
	c, no := s.authenticated(r, values)
	return c, values, no
}

// token gives tokens for a code or a refresh token.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if open(w, r, "POST") {
		return
	}
	c, values, no := s.called(r)
	if no != nil {
		no.write(w)
		return
	}
	tokens, no := s.redeem(r, c, values)
	if no != nil {
		no.write(w)
		return
	}
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": tokens.Access, "token_type": "Bearer", "expires_in": int(tokens.Life.Seconds()), "refresh_token": tokens.Refresh, "scope": scope,
	})
}

// verifiers are what RFC 7636 allows.
var verifiers = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

func (s *Server) redeem(r *http.Request, c client, values url.Values) (entities.Tokens, *fault) {
	var (
		tokens entities.Tokens
		err    error
	)
	switch values.Get("grant_type") {
	case "authorization_code":
		switch {
		case values.Get("code") == "":
			return tokens, bad("invalid_request", "The code is missing.")
		case !verifiers.MatchString(values.Get("code_verifier")):
			return tokens, bad("invalid_request", "The code_verifier is missing, or not as RFC 7636 wants it.")
		}
		tokens, err = s.registry.Exchange(r.Context(), actor, entities.Exchange{
			Code: values.Get("code"), ClientID: c.id, RedirectURI: values.Get("redirect_uri"), Verifier: values.Get("code_verifier"), Resource: canonical(values.Get("resource")),
		})
	case "refresh_token":
		if values.Get("refresh_token") == "" {
			return tokens, bad("invalid_request", "The refresh_token is missing.")
		}
		tokens, err = s.registry.Refresh(r.Context(), actor, entities.Renewal{Refresh: values.Get("refresh_token"), ClientID: c.id, Resource: canonical(values.Get("resource"))})
	case "":
		return tokens, bad("invalid_request", "The grant_type is missing.")
	default:
		return tokens, bad("unsupported_grant_type", "grant_type must be authorization_code or refresh_token.")
	}
	switch {
	case err == nil:
		return tokens, nil
	case errors.Is(err, entities.ErrGrant):
		return tokens, bad("invalid_grant", entities.ErrGrant.Text)
	case errors.Is(err, entities.ErrTarget):
		return tokens, bad("invalid_target", entities.ErrTarget.Text)
	default:
		return tokens, s.broke(err, "give tokens")
	}
}

// revoke ends what a token belongs to: RFC 7009.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if open(w, r, "POST") {
		return
	}
	c, values, no := s.called(r)
	if no == nil && values.Get("token") == "" {
		no = bad("invalid_request", "The token is missing.")
	}
	if no != nil {
		no.write(w)
		return
	}
	if err := s.registry.Revoke(r.Context(), actor, values.Get("token"), c.id); err != nil {
		s.broke(err, "revoke a token").write(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}
