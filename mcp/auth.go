package mcp

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"troupe/entities"
)

// unauthorized is the answer to a missing, wrong, old or foreign key. It is the same for all
// of them, and for entities that exist and that do not.
var unauthorized = &refusal{
	status: http.StatusUnauthorized, code: codeUnauthorized,
	text: "This address needs the entity's own key as the header \"Authorization: Bearer troupe_…\", or a client that signs in with OAuth. The entity's owner gets a new key with /entity key in Discord, and a code to sign in with /entity connect.",
}

// wasRefused stands in the challenge to a credential that was sent: OAuth clients renew it.
const wasRefused = `error="invalid_token", `

// authenticate finds the entity that calls. Its key must be that of the entity that
// the address names, when it names one, and a token must be for this address.
func (s *Server) authenticate(r *http.Request) (entities.Actor, *refusal) {
	want, no := wanted(r)
	if no != nil {
		return entities.Actor{}, no
	}
	if len(r.Header.Values("Authorization")) == 0 {
		s.refused.Add(1)
		// So every OAuth client begins, and a vendor's come from few addresses: it is no failure.
		return entities.Actor{}, s.challenged(r, "")
	}
	actor, err := s.registry.Authenticate(r.Context(), bearer(r), want)
	if err == nil && s.grantedFor(r, want, actor.Resource()) {
		return actor, nil
	}
	if _, refused := entities.AsRefusal(err); err != nil && !refused {
		return entities.Actor{}, &refusal{status: http.StatusServiceUnavailable, code: codeInternal, text: s.broke(err, "authenticate"), pause: 1}
	}
	s.refused.Add(1)
	if errors.Is(err, entities.ErrTokenOver) {
		return entities.Actor{}, s.challenged(r, wasRefused)
	}
	from := network(s.caller(r))
	pause, reached := s.failures.note(from, s.now())
	if reached {
		s.log.Warn("too many refused keys from one address", "address", from.String())
	}
	if pause > 0 {
		return entities.Actor{}, &refusal{
			status: http.StatusTooManyRequests, code: codeBusy, pause: seconds(pause),
			text: "Too many refused keys from your address. Check the key; a right one is taken at any time.",
		}
	}
	return entities.Actor{}, s.challenged(r, wasRefused)
}

// bearer takes the key out of the Authorization header, or gives "".
func bearer(r *http.Request) string {
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return ""
	}
	scheme, key, _ := strings.Cut(given[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// keyNames are the query parameters by which clients of other servers send credentials.
var keyNames = []string{"key", "api_key", "apikey", "api-key", "token", "access_token", "auth", "authorization", "bearer"}

// keyInQuery says whether an address carries a credential, which would end in histories and
// in the logs of every proxy on the way.
func keyInQuery(u *url.URL) bool {
	if strings.Contains(u.RawQuery, "troupe_") {
		return true
	}
	for name, values := range u.Query() {
		if slices.Contains(keyNames, strings.ToLower(name)) {
			return true
		}
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "troupe_") }) {
			return true
		}
	}
	return false
}
