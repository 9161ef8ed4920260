package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// serveInstance starts an HTTP server in front of an instance whose public name is localhost.
func serveInstance(t *testing.T, wrap func(http.Handler) http.Handler) (i *instance, address string) {
	t.Helper()
	i, err := newInstance("https://troupe.example.org")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+instancePath, i)
	server := httptest.NewServer(wrap(mux))
	t.Cleanup(server.Close)
	return i, server.URL
}

func bare(next http.Handler) http.Handler { return next }

// proxied puts a reverse proxy in front, which changes requests.
func proxied(t *testing.T, flush time.Duration, change func(*http.Request)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		behind := httptest.NewServer(next)
		t.Cleanup(behind.Close)
		to, err := url.Parse(behind.URL)
		if err != nil {
			t.Fatal(err)
		}
		return &httputil.ReverseProxy{Transport: &http.Transport{DisableKeepAlives: true}, FlushInterval: flush, Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
			change(r.Out)
		}}
	}
}

// keeping is a proxy that delivers an answer when it has all of it.
func keeping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := httptest.NewRecorder()
		next.ServeHTTP(kept, r)
		w.WriteHeader(kept.Code)
		_, _ = w.Write(kept.Body.Bytes()) // the asker is here
	})
}

func always(status int, header ...string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<!doctype html>") // the asker is here
		})
	}
}

// TestReach words what stands between an address and the program.
func TestReach(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		way  func(http.Handler) http.Handler
		want string
		kind finding
	}{
		"straight":          {bare, "it leads here", finding{}},
		"a proxy":           {proxied(t, -1, func(*http.Request) {}), "it leads here", finding{}},
		"another name":      {proxied(t, -1, func(r *http.Request) { r.Host = "inside:8080" }), "Host header", finding{broken: true}},
		"no Authorization":  {proxied(t, -1, func(r *http.Request) { r.Header.Del("Authorization") }), "Authorization header", finding{broken: true}},
		"kept back":         {keeping, "keeps answers back", finding{doubt: true}},
		"another server":    {always(http.StatusOK, "Server", "nginx"), `another server ("nginx") (HTTP 200)`, finding{broken: true}},
		"not there":         {always(http.StatusNotFound), "another server (HTTP 404)", finding{broken: true}},
		"elsewhere":         {always(http.StatusMovedPermanently, "Location", "https://www.example.org/"), `"https://www.example.org/"`, finding{broken: true}},
		"nothing behind it": {always(http.StatusBadGateway), "does not reach this program", finding{broken: true}},
		"a password":        {always(http.StatusUnauthorized), "protection against bots", finding{broken: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, address := serveInstance(t, c.way)
			found, err := newAsker(directTransport()).ask(t.Context(), address)
			f := judge(i.nonce, found, err)
			if !strings.Contains(f.text, c.want) || f.broken != c.kind.broken || f.doubt != c.kind.doubt {
				t.Errorf("%+v (%+v, %v)", f, found, err)
			}
		})
	}
	t.Run("another troupe", func(t *testing.T) {
		t.Parallel()
		_, address := serveInstance(t, bare)
		other, err := newInstance(address)
		if err != nil {
			t.Fatal(err)
		}
		found, err := newAsker(directTransport()).ask(t.Context(), address)
		if f := judge(other.nonce, found, err); !f.broken || !strings.Contains(f.text, "another troupe") {
			t.Errorf("%+v", f)
		}
	})
}

// TestReachInPieces reads an answer that comes piece by piece.
func TestReachInPieces(t *testing.T) {
	t.Parallel()
	said := "data: {\"troupe\":\"x\",\"host\":true,\"password\":true}\n\ndata: end\n\n"
	found, err := newAsker(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(iotest.OneByteReader(strings.NewReader(said)))}, nil
	})).ask(t.Context(), "https://troupe.test")
	if err != nil || found.Troupe != "x" || !found.Host || !found.Password {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestReachInACrowd finds the instance while strangers ask it as much as they can.
func TestReachInACrowd(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	address := "http://" + d.program.Addr()
	for range 2 * mostInstance {
		strange, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", d.program.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = strange.Close() }()
		if _, err := io.WriteString(strange, strings.Repeat("GET "+instancePath+" HTTP/1.1\r\nHost: localhost\r\n\r\n", 5)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(strange, make([]byte, 12)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := newAsker(directTransport()).ask(t.Context(), address)
	if f := judge(d.program.instance.nonce, found, err); f.broken || f.doubt {
		t.Errorf("%+v (%+v, %v)", f, found, err)
	}
}

// TestUnreached words what keeps anybody from answering at all.
func TestUnreached(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	selfSigned := httptest.NewUnstartedServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	t.Cleanup(selfSigned.Close)
	trusting := directTransport()
	trusting.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	trusting.TLSClientConfig.RootCAs.AddCert(selfSigned.Certificate())
	trusting.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, selfSigned.Listener.Addr().String())
	}
	failing := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	for name, c := range map[string]struct {
		transport http.RoundTripper
		address   string
		want      string
		broken    bool
	}{
		"refused":       {directTransport(), closed.URL, "connection is refused", false},
		"no TLS":        {directTransport(), strings.Replace(plain.URL, "http:", "https:", 1), "does not speak https", true},
		"self-signed":   {directTransport(), selfSigned.URL, "signed by nobody", true},
		"another name":  {trusting, "https://troupe.test", "for another name", true},
		"no such name":  {failing(&net.DNSError{Name: "troupe.test", IsNotFound: true}), "https://troupe.test", `"troupe.test" is not in DNS`, true},
		"no DNS":        {failing(&net.DNSError{Name: "troupe.test", IsTimeout: true}), "https://troupe.test", "DNS does not answer", false},
		"never":         {failing(context.DeadlineExceeded), "https://troupe.test", "nothing answers there in time", false},
		"anything else": {failing(errors.New("no route")), "https://troupe.test", "cannot be reached from this machine (no route)", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newAsker(c.transport).ask(t.Context(), c.address)
			f := judge("x", reached{}, err)
			if !strings.Contains(f.text, c.want) || f.broken != c.broken || f.doubt == c.broken {
				t.Errorf("%+v (%v)", f, err)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestAnEndlessAnswer reads no more than an instance says.
func TestAnEndlessAnswer(t *testing.T) {
	t.Parallel()
	var read counted
	_, err := newAsker(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: &read}, nil
	})).ask(t.Context(), "https://troupe.test")
	if _, ok := errors.AsType[*strangerError](err); !ok || int(read) > 2*maxInstanceAnswer {
		t.Errorf("%d bytes were read: %v", int(read), err)
	}
}

// counted is a body without an end, and how much of it was read.
type counted int

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	*c += counted(len(p))
	return len(p), nil
}

func (c *counted) Close() error { return nil }

// TestCheckReach looks at an address for -check, with and without a program that runs.
func TestCheckReach(t *testing.T) {
	t.Parallel()
	check := func(cfg config) string {
		var out bytes.Buffer
		k := &checkup{out: &out}
		k.reach(t.Context(), cfg)
		return out.String()
	}
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	if got := check(config{Listen: listen, PublicURL: "http://" + listen}); !strings.HasPrefix(got, "ok   public_url") {
		t.Errorf("without a program that runs: %s", got)
	}
	_, running := serveInstance(t, bare)
	if got := check(config{Listen: strings.TrimPrefix(running, "http://"), PublicURL: running}); !strings.HasPrefix(got, "ok   public_url") {
		t.Errorf("beside the program: %s", got)
	}
	_, other := serveInstance(t, bare)
	if got := check(config{Listen: strings.TrimPrefix(running, "http://"), PublicURL: other}); !strings.HasPrefix(got, "FIX  public_url") || !strings.Contains(got, "another troupe") {
		t.Errorf("another one's address: %s", got)
	}
	_, foreign := serveInstance(t, always(http.StatusOK))
	if got := check(config{Listen: strings.TrimPrefix(foreign, "http://"), PublicURL: other}); !strings.HasPrefix(got, "FIX  http.listen") {
		t.Errorf("a port that is taken: %s", got)
	}
	if got := check(config{Listen: listen}); got != "" {
		t.Errorf("nothing was asked for: %s", got)
	}
}

// TestOutlook remembers a look for a minute.
func TestOutlook(t *testing.T) {
	t.Parallel()
	looks, now := 0, time.Now()
	o := &outlook{now: func() time.Time { return now }, look: func(context.Context) finding {
		looks++
		return finding{broken: looks == 1, text: fmt.Sprint("look ", looks)}
	}}
	for range 3 {
		if got := o.problem(t.Context()); got != "look 1" {
			t.Error(got)
		}
	}
	now = now.Add(outlookLife + time.Second)
	if got := o.problem(t.Context()); got != "" || looks != 2 {
		t.Errorf("%q after %d looks", got, looks)
	}
}

// TestLocalAddress is where a program on this machine is asked.
func TestLocalAddress(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://127.0.0.1:80", "[::]:80": "http://127.0.0.1:80",
		"127.0.0.1:9": "http://127.0.0.1:9", "[::1]:9": "http://[::1]:9", "10.0.0.7:1": "http://10.0.0.7:1",
	} {
		if got := localAddress(listen); got != want {
			t.Errorf("%s: %s", listen, got)
		}
	}
}
