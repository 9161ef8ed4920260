package oauth_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/mcp/oauth"
)

// private has an address of every special-purpose network that IANA lists, its edges where they
// could be missed, and each way in which an IPv4 address hides in one of IPv6.
var private = []string{
	"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254",
	"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1",
	"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.254", "255.255.255.255",
	"::", "::1", "::2", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1",
	"100::1", "100:0:0:1::1", "2001::1", "2001:0:7f00:1::", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1", "2001:30::1", "2001:1ff:ffff::", "2001:db8::1",
	"2002:7f00:1::1", "2002:a00:1::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1",
	"fe80::1%eth0", "2606:4700::1%eth0", "::1%lo", "4000::1", "1::1",
}

var reachable = []string{"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450::1", "2001:200::1"}

func TestPublic(t *testing.T) {
	for _, address := range private {
		if ip := netip.MustParseAddr(address); oauth.Public(ip) {
			t.Errorf("%s is taken", address)
		}
	}
	for _, address := range reachable {
		if !oauth.Public(netip.MustParseAddr(address)) {
			t.Errorf("%s is refused", address)
		}
		at := netip.AddrPortFrom(netip.MustParseAddr(address), 443).String()
		if err := oauth.PublicOnly("tcp", at, nil); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	for _, at := range []string{"1.1.1.1:80", "1.1.1.1:8443", "1.1.1.1:22", "[2606:4700::1111]:444", "127.0.0.1:443", "[::1]:443", "[fe80::1%eth0]:443", "", "1.1.1.1", "client.example:443"} {
		if err := oauth.PublicOnly("tcp", at, nil); !errors.Is(err, oauth.ErrPrivate) {
			t.Errorf("%q: %v", at, err)
		}
	}
}

// What a client_id may look like, before anything is looked up for it.
func TestDescribable(t *testing.T) {
	for _, id := range []string{
		"http://client.example/c", "ftp://client.example/c", "client.example/c", "//client.example/c", "https:client.example/c", "https:///c", "https://client.example", "https://client.example/",
		"https://1.2.3.4/c", "https://[2606:4700::1]/c", "https://[::ffff:127.0.0.1]/c", "https://[fe80::1%25eth0]/c", "https://127.1/c", "https://2130706433/c", "https://0x7f000001/c", "https://0x7f.1/c", "https://0177.0.0.1/c", "https://017700000001/c",
		"https://a.1/c", "https://a.0x7f/c", "https://localhost/c", "https://intranet/c", "https://client.example./c", "https://.client.example/c", "https://client..example:1/c", "https://client.example:443/c", "https://client.example:/c", "https://client.example:8443/c",
		"https://a@client.example/c", "https://a:b@client.example/c", "https://client.example/c?a", "https://client.example/c#a", "https://client.example/../c", "https://client.example/./c", "https://client.example/a//c", "https://client.example/%63", `https://client.example\c`, `https://client.example/\c`,
		"https://cli ent.example/c", "https://client.example/c d", "https://cl\u0456ent.example/c", "https://client.example/\u0000", "https://client_.example;x/c", "https://client.example,evil/c", "https://client.example/" + strings.Repeat("a", 500),
	} {
		if oauth.Describable(id) {
			t.Errorf("%q is taken", id)
		}
	}
	for _, id := range []string{document, "https://client.example/a/b", "https://a-b.c.example/x.json", "https://client.example/app/", "https://xn--80ak6aa92e.example/c"} {
		if !oauth.Describable(id) {
			t.Errorf("%q is refused", id)
		}
	}
}

// answers is a name server that gives one IPv4 address for every name, and whatever else is asked
// for no address.
func answers(t *testing.T, ip [4]byte) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			asked := make([]byte, 512)
			n, from, err := conn.ReadFrom(asked)
			if err != nil {
				return
			}
			asked = asked[:n]
			end := 12
			for end < n && asked[end] != 0 {
				end += int(asked[end]) + 1
			}
			end += 5
			given := append([]byte{asked[0], asked[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, asked[12:end]...)
			if asked[end-3] == 1 { // A
				given[7] = 1
				given = append(append(given, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), ip[:]...)
			}
			_, _ = conn.WriteTo(given, from) // who does not get it asks again
		}
	})
	t.Cleanup(func() {
		must(t, conn.Close())
		serving.Wait()
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// A name that leads into a private network is found out when the connection is made, whatever it
// led to before.
func TestNamesOfPrivateAddresses(t *testing.T) {
	for _, ip := range [][4]byte{{127, 0, 0, 1}, {10, 0, 0, 1}, {169, 254, 169, 254}, {192, 168, 1, 1}, {0, 0, 0, 0}} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := oauth.Fetch(ctx, answers(t, ip), "https://rebound.client.example/c.json"); !errors.Is(err, oauth.ErrPrivate) {
			t.Errorf("%v: %v", ip, err)
		}
		cancel()
	}
	if err := oauth.Fetch(t.Context(), nil, "https://localhost/c.json"); !errors.Is(err, oauth.ErrPrivate) {
		t.Errorf("localhost: %v", err)
	}
}

func TestFetch(t *testing.T) {
	followed := false
	kind, good := "application/json", describes("", "")
	mux := http.NewServeMux()
	mux.HandleFunc("/c.json", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie")+r.Header.Get("Authorization")+r.Header.Get("Referer") != "" || r.Method != http.MethodGet {
			t.Errorf("asked with %v", r.Header)
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "public, max-age=600")
		_, _ = w.Write([]byte(good))
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/followed", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/followed", func(http.ResponseWriter, *http.Request) { followed = true })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(strings.Repeat(" ", 64<<10) + good))
	})
	mux.HandleFunc("/heads", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("a", 128<<10)) })
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Error("it asks for what unpacks")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	served := httptest.NewTLSServer(mux)
	defer served.Close()
	at := netip.MustParseAddrPort(served.Listener.Addr().String())
	pool := x509.NewCertPool()
	pool.AddCert(served.Certificate())
	trust := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	fetch := func(path string) error {
		_, _, err := oauth.FetchFrom(t.Context(), at, trust, 0, "https://example.com"+path)
		return err
	}
	raw, life, err := oauth.FetchFrom(t.Context(), at, trust, 0, "https://example.com/c.json")
	if err != nil || string(raw) != good || life != 10*time.Minute {
		t.Errorf("%q, %s, %v", raw, life, err)
	}
	for path, want := range map[string]string{"/moved": "is 302", "/away": "is 307", "/none": "is 404", "/large": "64 KiB", "/heads": "exceeded", "/gzip": "is 204"} {
		if err := fetch(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if followed {
		t.Error("a redirect was followed")
	}
	for _, kind = range []string{"text/html", "text/plain", "", "image/svg+xml", "text/json", "application/jsonp", "application"} {
		if err := fetch("/c.json"); err == nil || !strings.Contains(err.Error(), "not JSON") {
			t.Errorf("%q: %v", kind, err)
		}
	}
	for _, kind = range []string{"application/json; charset=utf-8", "application/oauth+json"} {
		if err := fetch("/c.json"); err != nil {
			t.Errorf("%q: %v", kind, err)
		}
	}
	if _, _, err := oauth.FetchFrom(t.Context(), at, &tls.Config{MinVersion: tls.VersionTLS12}, 0, "https://example.com/c.json"); err == nil {
		t.Error("a certificate that nobody vouches for is taken")
	}
	if _, _, err := oauth.FetchFrom(t.Context(), at, trust, 0, "https://client.example/c.json"); err == nil {
		t.Error("another's certificate is taken")
	}
}

// A server that is slow with its body, or its head, is given up, and the program does not wait
// for more than a few seconds in all.
func TestSlowDescriptions(t *testing.T) {
	over := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/head", func(http.ResponseWriter, *http.Request) { <-over })
	mux.HandleFunc("/body", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush() // a client that is gone is what is tested
		<-over
	})
	served := httptest.NewTLSServer(mux)
	defer served.Close()
	defer close(over)
	pool := x509.NewCertPool()
	pool.AddCert(served.Certificate())
	for _, path := range []string{"/head", "/body"} {
		_, _, err := oauth.FetchFrom(t.Context(), netip.MustParseAddrPort(served.Listener.Addr().String()), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, 200*time.Millisecond, "https://example.com"+path)
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
			t.Errorf("%s: %v", path, err)
		}
	}
	if oauth.FetchTime() != 5*time.Second {
		t.Errorf("it waits %s", oauth.FetchTime())
	}
}

// lives are what servers say of how long to keep an answer.
var lives = map[string]struct {
	cache, age string
	want       time.Duration
}{
	"nothing": {"", "", time.Hour}, "a time": {"max-age=600", "", 10 * time.Minute}, "a quoted time": {`max-age="600"`, "", 10 * time.Minute}, "none": {"max-age=0", "", 0},
	"not stored": {"no-store", "", 0}, "not stored, with a time": {"max-age=600, No-Store", "", 0}, "asked for again": {"no-cache", "", 0}, "aged": {"public, max-age=600", "500", 100 * time.Second},
	"too old": {"max-age=600", "700", 0}, "no number": {"max-age=x", "", 0}, "negative": {"max-age=-1", "", 0}, "huge": {"max-age=99999999999999999999", "", 0},
	"old without a time": {"public", "500", time.Hour}, "no age": {"max-age=600", "x", 10 * time.Minute}, "long": {"max-age=31536000", "", 365 * 24 * time.Hour},
}

func TestLives(t *testing.T) {
	for name, c := range lives {
		h := http.Header{}
		h.Set("Cache-Control", c.cache)
		h.Set("Age", c.age)
		if got := oauth.LifeOf(h); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
