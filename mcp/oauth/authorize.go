package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"troupe/entities"
)

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
	of := consent{client: c, redirect: redirect, state: q.Get("state"), challenge: q.Get("code_challenge"), resource: q.Get("resource"), ends: s.now().Add(consentLife)}
	if no := s.examine(q, &of); no != nil {
		s.sendBack(w, r, of, url.Values{"error": {no.code}, "error_description": {no.text}})
		return
	}
	s.ask(w, r, of, "")
}

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
	case len(of.state) > 4096:
		return bad("invalid_request", "The state is too long.")
	case q.Get("prompt") == "none":
		return bad("interaction_required", "A person must enter a code.")
	}
	return nil
}

// sendBack sends the person back to the client.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, of consent, answer url.Values) {
	to, err := url.Parse(of.redirect)
	if err != nil {
		s.refuse(w, bad("invalid_request", "The address to which you would be sent cannot be read."))
		return
	}
	if of.state != "" && len(of.state) <= 4096 {
		answer.Set("state", of.state)
	}
	answer.Set("iss", s.issuer)
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += answer.Encode()
	// 303 has the browser drop the form with the one-time code.
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

func (s *Server) cookieName() string {
	if s.secure {
		return "__Host-troupe-consent"
	}
	return "troupe-consent"
}

// ask shows the page, under a new token each time.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, of consent, trouble string) {
	token, err := s.secret()
	if err == nil && of.browser == "" {
		if cookie, missing := r.Cookie(s.cookieName()); missing == nil && len(cookie.Value) == 43 {
			of.browser = cookie.Value // another page of this browser stays good
		} else {
			of.browser, err = s.secret()
		}
	}
	if err != nil {
		s.refuse(w, s.broke(err, "open a consent page"))
		return
	}
	s.consents.put(token, of, s.now())
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: of.browser, Path: "/", MaxAge: int(consentLife.Seconds()), Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	writeConsent(w, of, token, trouble)
}

// answer takes the person's answer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if err := new(http.CrossOriginProtection).Check(r); err != nil {
		s.refuse(w, &fault{status: http.StatusForbidden, text: "This was sent by another site's page. Start again in the program that you want to connect."})
		return
	}
	values, no := form(r)
	if no != nil {
		s.refuse(w, no)
		return
	}
	var browser string
	if cookie, err := r.Cookie(s.cookieName()); err == nil {
		browser = cookie.Value
	}
	of, ok := s.consents.take(values.Get("request"), browser, s.now())
	if !ok {
		s.refuse(w, bad("invalid_request", "This page was answered already, is too old, or was opened in another browser. Start again in the program that you want to connect."))
		return
	}
	if values.Has("deny") {
		s.sendBack(w, r, of, url.Values{"error": {"access_denied"}, "error_description": {"The person said no."}})
		return
	}
	s.decide(w, r, of, values.Get("code"))
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request, of consent, typed string) {
	from := s.address(r)
	if pause := s.guesses.full(from, s.now()); pause > 0 {
		(&page{status: http.StatusTooManyRequests, title: "Too many wrong codes", text: "Too many wrong codes came from your network. Wait 10 minutes and start again in the program that you want to connect."}).write(w)
		return
	}
	if strings.TrimSpace(typed) == "" || len(typed) > 32 {
		typed = ""
	}
	code, err := s.registry.Consent(r.Context(), actor, entities.Consent{
		Code: typed, Want: of.want, ClientID: of.client.id, ClientName: of.client.name, RedirectURI: of.redirect, Resource: of.resource, Challenge: of.challenge,
	})
	switch {
	case err == nil:
		s.sendBack(w, r, of, url.Values{"code": {code}})
	case errors.Is(err, entities.ErrConnectCode):
		s.guesses.note(from, s.now())
		if of.wrong++; of.wrong >= maxGuesses {
			s.sendBack(w, r, of, url.Values{"error": {"access_denied"}, "error_description": {"Too many wrong codes."}})
			return
		}
		s.ask(w, r, of, entities.ErrConnectCode.Text)
	default:
		s.refuse(w, s.broke(err, "take a consent"))
	}
}
