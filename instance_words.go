package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// finding is what a look at http.public_url came to.
type finding struct {
	text string
	// broken: clients cannot come this way. Otherwise text is fine, or says what could be better.
	broken bool
	doubt  bool // it works, but not well, or that could not be found out from here
}

// judge words what was found at an address, for an instance that should be there.
func judge(nonce string, found reached, err error) finding {
	switch {
	case err != nil:
		return unreached(err)
	case found.Troupe != nonce:
		return finding{broken: true, text: "public_url leads to another troupe. Is the name's address in DNS that of this machine, and does the reverse proxy send it here?"}
	case !found.Host:
		return finding{broken: true, text: "the reverse proxy changes the Host header, so that clients would be turned away. Let it pass the name on that it was asked for (nginx: proxy_set_header Host $host)"}
	case !found.Password:
		return finding{broken: true, text: "something on the way takes the Authorization header out, without which nobody gets in. Let the reverse proxy pass it on, and switch off its own passwords for this address"}
	case found.Kept:
		return finding{doubt: true, text: "it leads here, but something on the way keeps answers back until they are whole, so that clients are told late. Switch that off for this address (nginx: proxy_buffering off)"}
	}
	return finding{text: "it leads here"}
}

// unreached words why nobody of ours answered.
func unreached(err error) finding {
	if stranger, ok := errors.AsType[*strangerError](err); ok {
		return finding{broken: true, text: stranger.words()}
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		if name.IsNotFound {
			return finding{broken: true, text: fmt.Sprintf("the name %q is not in DNS. Make an A or AAAA record for it that leads to this server; a new one may take an hour to be seen", name.Name)}
		}
		return finding{doubt: true, text: fmt.Sprintf("the name %q cannot be looked up from this machine (DNS does not answer)", name.Name)}
	}
	if text := certificateWords(err); text != "" {
		return finding{broken: true, text: text}
	}
	if refused := errors.Is(err, syscall.ECONNREFUSED); refused || isTimeout(err) {
		how := "nothing answers there in time"
		if refused {
			how = "the connection is refused"
		}
		return finding{doubt: true, text: how + ", as seen from this machine. Is the reverse proxy running, and is the port open in the firewall? Some routers do not lead back from inside: if a phone without Wi-Fi opens the address, all is well"}
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the address, which the reader knows
	}
	return finding{doubt: true, text: fmt.Sprintf("it cannot be reached from this machine (%v)", err)}
}

func isTimeout(err error) bool {
	slow, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || (ok && slow.Timeout())
}

// words says what answers there instead.
func (e *strangerError) words() string {
	who := "another server"
	if e.server != "" {
		who = fmt.Sprintf("another server (%.40q)", e.server)
	}
	switch {
	case e.moved != "":
		return fmt.Sprintf("public_url is sent on to %.200q. Write the address into http.public_url at which nobody is sent on, or correct the reverse proxy", e.moved)
	case e.status == http.StatusBadGateway, e.status == http.StatusServiceUnavailable, e.status == http.StatusGatewayTimeout:
		return fmt.Sprintf("%s answers there with HTTP %d: a reverse proxy that does not reach this program. Does it send to the port of http.listen?", who, e.status)
	case e.status == http.StatusUnauthorized, e.status == http.StatusForbidden:
		return fmt.Sprintf("%s answers there with HTTP %d: a password, or a protection against bots, stands before this program. Switch it off for this address", who, e.status)
	}
	return fmt.Sprintf("public_url leads to %s (HTTP %d), not to this program. Look at the name's address in DNS and at the reverse proxy", who, e.status)
}

// certificateWords says what is wrong with the certificate, or "".
func certificateWords(err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "that port does not speak https. A reverse proxy such as Caddy brings the certificate"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is for another name. Let the reverse proxy get one for this name"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the certificate is signed by nobody whom Discord and AI clients trust. Get one from Let's Encrypt, which Caddy does by itself"
	}
	if wrong, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if wrong.Reason == x509.Expired {
			return "the certificate has expired. Let the reverse proxy renew it"
		}
		return "the certificate is not valid for a server"
	}
	if strings.Contains(err.Error(), "remote error: tls:") {
		return "the server there ends the encrypted connection: it has no certificate for this name yet"
	}
	return ""
}

// outlook remembers for a while how public_url was found: /status is asked more often than that
// changes.
type outlook struct {
	look func(context.Context) finding
	now  func() time.Time

	mu   sync.Mutex
	last finding
	at   time.Time
}

// outlookLife is for how long a look is remembered.
const outlookLife = time.Minute

// problem says what is wrong with public_url, or "".
func (o *outlook) problem(ctx context.Context) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at.IsZero() || o.now().Sub(o.at) > outlookLife {
		o.last, o.at = o.look(ctx), o.now()
	}
	if o.last.broken || o.last.doubt {
		return o.last.text
	}
	return ""
}
