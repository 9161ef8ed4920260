package mcp

import (
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
	text: "This address needs the entity's own key, sent as the header \"Authorization: Bearer troupe_…\". The entity's owner gets a new one with /entity key in Discord.",
}

// authenticate finds the entity that calls. Its key must be that of the entity that
// the address names, when it names one.
func (s *Server) authenticate(r *http.Request) (entities.Actor, *refusal) {
	want, no := wanted(r)
	if no != nil {
		return entities.Actor{}, no
	}
	if len(r.Header.Values("Authorization")) == 0 {
		// So begins every client that signs in with OAuth: nothing was tried, and nothing is counted.
		return entities.Actor{}, s.challenged(r)
	}
	actor, err := s.registry.Authenticate(r.Context(), bearer(r), want)
	if err == nil && want == "" && !s.givenFor(actor.Resource(), r.URL.Path) {
		err = errElsewhere
	}
	if err == nil {
		return actor, nil
	}
	if _, refused := entities.AsRefusal(err); !refused {
		return entities.Actor{}, &refusal{status: http.StatusServiceUnavailable, code: codeInternal, text: s.broke(err, "authenticate"), pause: 1}
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
	return entities.Actor{}, s.challenged(r)
}

var errElsewhere = entities.Refuse(entities.Unauthenticated, "This token was given for another address.")

// givenFor says whether a token for a resource, as its client typed it, is good at a path of ours
// that names no entity: RFC 8707. The other forms name the token's own entity, and / is where
// clients end up that leave the path out.
func (s *Server) givenFor(resource, path string) bool {
	return resource == "" || path == "/" || slices.ContainsFunc(s.publicURLs, func(base string) bool {
		rest, ours := strings.CutPrefix(strings.TrimSuffix(resource, "/"), base)
		return ours && (rest == "" || rest == "/mcp")
	})
}

// challenged is the refusal that tells a client where to sign in.
func (s *Server) challenged(r *http.Request) *refusal {
	no := *unauthorized
	no.challenge = s.challenge(r)
	return &no
}

// challenge tells OAuth clients where the address that they called is described: RFC 9728. A
// token that was sent and refused is named, so that they renew it.
func (s *Server) challenge(r *http.Request) string {
	base := s.publicURLs[0]
	for _, known := range s.publicURLs {
		if u, err := url.Parse(known); err == nil && hostname(u.Host) == s.host(r) {
			base = known
			break
		}
	}
	path := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		path += "?" + strings.NewReplacer(`"`, "%22", `\`, "%5C").Replace(r.URL.RawQuery)
	}
	refused := ""
	if bearer(r) != "" {
		refused = `error="invalid_token", `
	}
	return `Bearer realm="troupe", ` + refused + `resource_metadata="` + base + "/.well-known/oauth-protected-resource" + path + `", scope="discord"`
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
