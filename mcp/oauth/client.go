package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"troupe/entities"
)

var methods = []string{"none", "client_secret_post", "client_secret_basic"}

const maxName = 80 // characters of a client's name that are shown

// client is a program that wants to be an entity.
type client struct {
	id        string
	name      string
	verified  bool // a vendor's, as it is known here; what others say of themselves nobody has checked
	redirects []string
	kept      entities.OAuthClient // with AuthMethod "none" for those that describe themselves
}

// client finds who a client id names.
func (s *Server) client(ctx context.Context, id string, from netip.Prefix) (client, *fault) {
	if strings.HasPrefix(id, "https://") {
		return s.described(ctx, id, from)
	}
	kept, err := s.registry.Client(ctx, actor, id)
	if _, refused := entities.AsRefusal(err); refused {
		return client{}, bad("invalid_client", "This client is not registered here, or not any more. Register it anew.")
	}
	if err != nil {
		return client{}, s.broke(err, "find a client")
	}
	return client{id: id, name: kept.Name, redirects: kept.Redirects, kept: kept}, nil
}

// sendsTo says whether a client may have its users sent back to an address.
func (c client) sendsTo(uri string) bool {
	if slices.Contains(c.redirects, uri) {
		return redirectable(uri)
	}
	given, err := url.Parse(uri)
	if err != nil || !redirectable(uri) || !isLoopback(given) {
		return false
	}
	// RFC 8252: a program on the user's own machine gets any port.
	return slices.ContainsFunc(c.redirects, func(registered string) bool {
		known, err := url.Parse(registered)
		return err == nil && isLoopback(known) && known.Hostname() == given.Hostname() && known.EscapedPath() == given.EscapedPath() && known.RawQuery == given.RawQuery
	})
}

// redirectHosts are names and addresses, with a port at most. What else Go takes for a host could
// look like another one to a person, or be read otherwise by a browser.
var redirectHosts = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$`)

// redirectable says whether an address can be one of a client: https, or this machine's own, and
// written in ASCII as RFC 3986 wants.
func redirectable(uri string) bool {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\*#"<>`, r) }
	if len(uri) > 1000 || strings.ContainsFunc(uri, odd) {
		return false
	}
	u, err := url.Parse(uri)
	if err != nil || u.User != nil || !redirectHosts.MatchString(u.Host) {
		return false
	}
	return u.Scheme == "https" || isLoopback(u)
}

func isLoopback(u *url.URL) bool {
	return u.Scheme == "http" && loopbackHost(u.Hostname())
}

func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// plainName is a client's name without what could make it look like another text.
func plainName(name, uri string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsSpace(r) && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ") // in one line
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	if name = strings.TrimSpace(name); name == "" {
		if u, err := url.Parse(uri); err == nil {
			return u.Host
		}
	}
	return name
}

// description is what a client says of itself, when it registers (RFC 7591) or at its address.
type description struct {
	ClientID      string          `json:"client_id"`
	ClientName    string          `json:"client_name"`
	RedirectURIs  []string        `json:"redirect_uris"`
	AuthMethod    string          `json:"token_endpoint_auth_method"`
	GrantTypes    []string        `json:"grant_types"`
	ResponseTypes []string        `json:"response_types"`
	Type          string          `json:"application_type"`
	Secret        json.RawMessage `json:"client_secret"`
}

func (d *description) check(mostRedirects int) *fault {
	if len(d.RedirectURIs) == 0 || len(d.RedirectURIs) > mostRedirects {
		return bad("invalid_redirect_uri", fmt.Sprintf("Between 1 and %d redirect_uris are needed.", mostRedirects))
	}
	slices.Sort(d.RedirectURIs)
	d.RedirectURIs = slices.Compact(d.RedirectURIs)
	switch {
	case slices.ContainsFunc(d.RedirectURIs, func(uri string) bool { return !redirectable(uri) }):
		return bad("invalid_redirect_uri", "A redirect_uri must be https, or http on localhost, without a fragment.")
	case len(d.GrantTypes) > 0 && !slices.Contains(d.GrantTypes, "authorization_code"):
		return bad("invalid_client_metadata", "grant_types must have authorization_code.")
	case len(d.ResponseTypes) > 0 && !slices.Contains(d.ResponseTypes, "code"):
		return bad("invalid_client_metadata", "response_types must have code.")
	case d.Type != "" && d.Type != "web" && d.Type != "native":
		return bad("invalid_client_metadata", "application_type must be web or native.")
	}
	return nil
}

func readDescription(raw []byte) (description, *fault) {
	var d description
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, bad("invalid_client_metadata", "This is not the JSON object that RFC 7591 describes.")
	}
	return d, nil
}
