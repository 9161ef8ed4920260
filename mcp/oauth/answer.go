package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"troupe/entities"
)

// answer takes the person's answer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.refuse(w, &fault{status: http.StatusForbidden, text: "This was sent by another site's page."})
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
	of, ok := s.consents.read(values.Get("request"), browser, s.now())
	if !ok {
		s.refuse(w, stale)
		return
	}
	// What the client is may have changed since, and it may have ended.
	if of.client, no = s.client(r.Context(), of.client.id, s.address(r)); no != nil {
		s.refuse(w, no)
		return
	}
	if of.want, ok = s.target(of.resource); !ok || !of.client.sendsTo(of.redirect) {
		s.refuse(w, stale)
		return
	}
	if values.Has("deny") {
		if !s.consents.take(values.Get("request")) {
			s.refuse(w, stale)
			return
		}
		s.sendBack(w, r, of, url.Values{"error": {"access_denied"}, "error_description": {"The person said no."}})
		return
	}
	s.decide(w, r, of, values)
}

var stale = bad("invalid_request", "This page was answered already, is too old, or was opened in another browser.")

// decide lets an address try a few short codes a minute. Those that are given out while somebody
// guesses are long, and taken whoever guesses from the same address: see entities.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, of consent, values url.Values) {
	from, typed := s.address(r), codeLetters(values.Get("code"))
	short := !entities.IsLongCode(typed)
	if short {
		if pause := s.guesses.take(from, s.now()); pause > 0 {
			(&fault{pause: pause}).after(w)
			writeConsent(w, http.StatusTooManyRequests, of, values.Get("request"), "Too many wrong codes came from your network. Wait a minute and enter the code again. "+
				"If this happens again, get another code with /entity connect: while codes are being guessed it gives longer ones, which are taken at once.")
			return // and the page stays good
		}
	}
	spared := func() {
		if short {
			s.guesses.giveBack(from)
		}
	}
	if !s.consents.take(values.Get("request")) {
		spared()
		s.refuse(w, stale)
		return
	}
	code, err := s.registry.Consent(r.Context(), actor, entities.Consent{
		Code: typed, Want: of.want, ClientID: of.client.id, ClientName: of.client.name, RedirectURI: of.redirect, Resource: of.resource, Challenge: of.challenge,
	})
	switch {
	case err == nil:
		spared()
		s.sendBack(w, r, of, url.Values{"code": {code}})
	case errors.Is(err, entities.ErrConnectCode):
		if of.wrong++; of.wrong >= maxGuesses {
			s.sendBack(w, r, of, url.Values{"error": {"access_denied"}, "error_description": {"Too many wrong codes."}})
			return
		}
		s.ask(w, r, of, entities.ErrConnectCode.Text)
	default:
		spared()
		s.refuse(w, s.broke(err, "take a consent"))
	}
}

// codeLetters takes away what people, and what they copy from, put between a code's characters:
// spaces and dashes of all kinds. What is longer than any code is none.
func codeLetters(typed string) string {
	typed = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, typed)
	if len(typed) > 32 {
		return ""
	}
	return typed
}
