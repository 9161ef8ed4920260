package oauth

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// What the tests look at from inside.
var (
	Public      = public
	PublicOnly  = publicOnly
	Describable = describable
	LifeOf      = lifeOf
	ErrPrivate  = errNotPublic
)

// ReadDocument reads a client's description as it would be taken.
func ReadDocument(raw []byte, id string) (name string, redirects []string, taken bool) {
	d, no := readDocument(raw, id)
	return d.ClientName, d.RedirectURIs, no == nil
}

// Target reads an address of a server with these base URLs.
func (s *Server) Target(address string) (want string, ours bool) {
	id, ours := s.target(address)
	return string(id), ours
}

// Fetch fetches as in earnest, but asks the resolver for names.
func Fetch(ctx context.Context, resolver *net.Resolver, address string) error {
	f := newFetcher(publicOnly)
	f.dialer.Resolver = resolver
	_, _, err := f.fetch(ctx, address)
	return err
}

// FetchFrom fetches as in earnest, but for where it connects to, which certificate it takes, and
// how long it waits, when that is not 0.
func FetchFrom(ctx context.Context, at netip.AddrPort, trust *tls.Config, wait time.Duration, address string) ([]byte, time.Duration, error) {
	f := newFetcher(func(string, string, syscall.RawConn) error { return nil })
	f.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return f.dialer.DialContext(ctx, network, at.String())
	}
	f.transport.TLSClientConfig = trust
	if wait > 0 {
		f.time = wait
	}
	return f.fetch(ctx, address)
}

// FetchTime is how long a fetch may take.
func FetchTime() time.Duration { return newFetcher(publicOnly).time }
