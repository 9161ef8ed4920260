package oauth

import (
	"net/http"
	"net/url"
	"regexp"
)

const maxState = 4096 // bytes

// challenges are SHA-256 sums, as PKCE writes them.
var challenges = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorize opens the consent page. What is wrong with the client or its redirect is said on a
// page: nobody is sent to an address that was not checked.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.refuse(w, bad("invalid_request", "This address cannot be read."))
		return
	}
	if len(q["client_id"]) != 1 || len(q["redirect_uri"]) > 1 {
		s.refuse(w, bad("invalid_request", "The program that sent you here did not say who it is."))
		return
	}
	c, no := s.client(r.Context(), q.Get("client_id"), s.address(r))
	if no != nil {
		s.refuse(w, no)
		return
	}
	redirect := q.Get("redirect_uri")
	if redirect == "" && len(c.redirects) == 1 {
		redirect = c.redirects[0]
	}
	if !c.sendsTo(redirect) {
		s.refuse(w, bad("invalid_request", "The program that sent you here wants you sent to an address that is not registered as its own."))
		return
	}
	of := consent{client: c, redirect: redirect, state: q.Get("state"), challenge: q.Get("code_challenge"), resource: canonical(q.Get("resource")), ends: s.now().Add(consentLife)}
	if no := s.examine(q, &of); no != nil {
		s.report(w, r, of, no)
		return
	}
	s.ask(w, r, of, "")
}

// report tells a client what is wrong with its request. Nobody said yes to the client yet, and
// anybody may register any address: so a person is not sent there unasked, as RFC 9700, 4.11.2
// wants, unless it is a vendor's that is known here, or on their own machine.
func (s *Server) report(w http.ResponseWriter, r *http.Request, of consent, no *fault) {
	answer := url.Values{"error": {no.code}, "error_description": {no.text}}
	to, ok := s.returnTo(of, answer)
	switch {
	case !ok:
		s.refuse(w, unreadable)
	case of.client.verified || isLoopback(to):
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
	default:
		writeReport(w, of, no, to)
	}
}

var unreadable = bad("invalid_request", "The address to which you would be sent cannot be read.")

// examine finds what is wrong with a request whose client may be told.
func (s *Server) examine(q url.Values, of *consent) *fault {
	if no := single(q); no != nil {
		return no
	}
	if of.resource == "" {
		of.resource = s.issuer + "/mcp"
	}
	var ours bool
	of.want, ours = s.target(of.resource)
	switch {
	case q.Get("response_type") == "":
		return bad("invalid_request", "The response_type is missing.")
	case q.Get("response_type") != "code":
		return bad("unsupported_response_type", "response_type must be code.")
	case q.Has("response_mode") && q.Get("response_mode") != "query":
		return bad("invalid_request", "response_mode must be query.")
	case q.Has("request"), q.Has("request_uri"):
		return bad("request_not_supported", "Request objects are not taken.")
	case q.Get("code_challenge_method") != "S256" || !challenges.MatchString(of.challenge):
		return bad("invalid_request", "PKCE with S256 is needed.")
	case !ours:
		return bad("invalid_target", "The resource is no address of an MCP server here.")
	case len(of.state) > maxState:
		return bad("invalid_request", "The state is too long.")
	case q.Get("prompt") == "none":
		return bad("interaction_required", "A person must enter a code.")
	}
	return nil
}

// returnTo is the client's address with an answer for it.
func (s *Server) returnTo(of consent, answer url.Values) (*url.URL, bool) {
	to, err := url.Parse(of.redirect)
	if err != nil {
		return nil, false
	}
	if of.state != "" && len(of.state) <= maxState {
		answer.Set("state", of.state)
	}
	answer.Set("iss", s.issuer)
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += answer.Encode()
	return to, true
}

// sendBack sends the person who has answered back to the client.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, of consent, answer url.Values) {
	to, ok := s.returnTo(of, answer)
	if !ok {
		s.refuse(w, unreadable)
		return
	}
	// 303 has the browser drop the form with the one-time code.
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// cookieName makes browsers take the cookie from this host over https only. It is for the whole
// host, as that prefix demands, also where this server has a path of it: what stands in it says
// nothing to others.
func (s *Server) cookieName() string {
	if s.secure {
		return "__Host-troupe-consent"
	}
	return "troupe-consent"
}

// ask shows the page, under a new token each time.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, of consent, trouble string) {
	var err error
	if of.browser == "" {
		if cookie, missing := r.Cookie(s.cookieName()); missing == nil && len(cookie.Value) == browserSize {
			of.browser = cookie.Value // another page of this browser stays good
		} else {
			of.browser, err = s.secret()
		}
	}
	var token string
	if err == nil {
		token, err = s.consents.put(of)
	}
	if err != nil {
		s.refuse(w, s.broke(err, "open a consent page"))
		return
	}
	//nolint:gosec // Secure wherever the issuer is https; else it is on this machine
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: of.browser, Path: "/", MaxAge: int(consentLife.Seconds()), Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	writeConsent(w, http.StatusOK, of, token, trouble)
}
