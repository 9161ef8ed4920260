package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"troupe/entities"
)

// cdnHosts are Discord's own, where what people upload is found.
var cdnHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

const uploadTimeout = 10 * time.Second

// FetchUpload downloads a picture that a person uploaded to Discord, at most
// entities.MaxUpload bytes. It asks Discord's own hosts only (or the host of another api_url),
// follows no redirect and goes to no private address.
func (r *Relay) FetchUpload(ctx context.Context, raw string) ([]byte, error) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil {
		return nil, errNotDiscords
	}
	client, err := r.uploadClient(u)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, errNotDiscords
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, errors.Join(entities.Refuse(entities.Unavailable, "The picture could not be fetched from Discord. Try again."), scrubError(err))
	}
	defer func() { _ = resp.Body.Close() }() // nothing is left to lose
	if resp.StatusCode != http.StatusOK {
		return nil, entities.Refuse(entities.Unavailable, "The picture could not be fetched from Discord. Upload it again.")
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, entities.MaxUpload+1))
	if err != nil {
		return nil, fmt.Errorf("fetch an upload: %w", scrubError(err))
	}
	if len(data) > entities.MaxUpload {
		return nil, entities.Refuse(entities.Invalid, "The picture is larger than %d MiB. Choose a smaller one.", entities.MaxUpload>>20)
	}
	return data, nil
}

var errNotDiscords = entities.Refuse(entities.Invalid, "This picture is not one that was uploaded to Discord.")

func (r *Relay) uploadClient(u *url.URL) (*http.Client, error) {
	api, err := url.Parse(r.cfg.APIURL)
	if err != nil {
		return nil, fmt.Errorf("read the API's address: %w", err)
	}
	dialer := &net.Dialer{Timeout: uploadTimeout}
	switch {
	case u.Scheme == "https" && slices.Contains(cdnHosts, u.Host):
		dialer.Control = publicOnly
	case u.Scheme == api.Scheme && u.Hostname() == api.Hostname() && api.Hostname() != "discord.com":
	default:
		return nil, errNotDiscords
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: uploadTimeout, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// publicOnly refuses addresses that are not on the public internet, after the name was
// looked up, so that no name can point inside.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read the address %q: %w", address, err)
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return fmt.Errorf("%s is not a public address", ip)
	}
	return nil
}
