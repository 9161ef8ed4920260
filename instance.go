package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// instancePath is where an instance says which one it is, so that it is found out whether
// http.public_url leads to it.
const instancePath = "/instance"

const (
	maxInstanceAnswer = 4 << 10 // bytes
	mostInstance      = 16      // answers at once that make a pause
	// instancePause is between the two halves of the answer. A proxy that keeps answers back
	// until they are whole delivers both at once.
	instancePause = 600 * time.Millisecond
	reachTime     = 10 * time.Second
)

// identity is what an instance says about itself and about how a question reached it. The nonce
// is random, made anew at every start, and good for nothing else.
type identity struct {
	Troupe   string `json:"troupe"`   // the nonce
	Host     bool   `json:"host"`     // the question named the host of one of its addresses
	Password bool   `json:"password"` // it came with an Authorization header
	Crowded  bool   `json:"crowded"`  // so many ask that the answer makes no pause
}

// instance is one run of the program, as others see it from outside.
type instance struct {
	nonce string
	hosts []string // names under which it may be asked for
	// pauses has one token for every answer that pauses: anybody can ask, and holds nothing.
	pauses chan struct{}
}

func newInstance(addresses ...string) (*instance, error) {
	i := &instance{nonce: rand.Text(), pauses: make(chan struct{}, mostInstance)}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("read the address of this server: %w", err)
		}
		i.hosts = append(i.hosts, strings.ToLower(u.Hostname()))
	}
	return i, nil
}

// ServeHTTP answers in two halves: who this is, and after a pause, that it is the end.
func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	crowded := false
	select {
	case i.pauses <- struct{}{}:
		defer func() { <-i.pauses }()
	default:
		crowded = true
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	first, err := json.Marshal(identity{
		Troupe: i.nonce, Password: r.Header.Get("Authorization") != "", Crowded: crowded,
		Host: slices.Contains(i.hosts, strings.ToLower(host)) || hostIsLoopback(host),
	})
	if err != nil {
		answer(w, http.StatusInternalServerError, "broken")
		return
	}
	// As the answers of tools that wait: some proxies decide by these whether to keep them back.
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	header.Set("X-Content-Type-Options", "nosniff")
	if _, err := fmt.Fprintf(w, "data: %s\n\n", first); err != nil {
		return // nobody is there any more
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	if !crowded {
		select {
		case <-time.After(instancePause):
		case <-r.Context().Done():
			return
		}
	}
	_, _ = io.WriteString(w, "data: end\n\n") // a client that is gone needs no end
}

// asker finds out where an address leads.
type asker struct {
	client *http.Client
	now    func() time.Time
}

// newAsker makes one that goes to the address which it is given and nowhere else.
func newAsker(transport http.RoundTripper) asker {
	return asker{now: time.Now, client: &http.Client{
		Transport: transport, Timeout: reachTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// reached is how an instance was found at an address.
type reached struct {
	identity
	Kept bool // the answer was kept back until it was whole
}

// strangerError says that something else than troupe answers at an address.
type strangerError struct {
	status int
	server string // as it calls itself
	moved  string // where it sends whoever asks
}

func (e *strangerError) Error() string { return fmt.Sprintf("it answers with HTTP %d", e.status) }

// ask asks at an address which instance is there. It asks only once.
func (a asker) ask(ctx context.Context, address string) (found reached, err error) {
	// Nothing on the way has an answer to a question that was never asked before.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+instancePath+"?"+rand.Text(), nil)
	if err != nil {
		return found, fmt.Errorf("ask which server is there: %w", err)
	}
	req.Header.Set("Authorization", "Bearer none")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("User-Agent", "troupe")
	resp, err := a.client.Do(req)
	if err != nil {
		return found, fmt.Errorf("ask which server is there: %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	strange := &strangerError{status: resp.StatusCode, server: resp.Header.Get("Server"), moved: resp.Header.Get("Location")}
	if resp.StatusCode != http.StatusOK {
		return found, strange
	}
	body := bufio.NewReader(io.LimitReader(resp.Body, maxInstanceAnswer))
	line, err := body.ReadString('\n')
	begun := a.now()
	if err != nil {
		return found, strange
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return found, fmt.Errorf("read the answer: %w", err)
	}
	kept := a.now().Sub(begun) < instancePause/4
	said, ok := strings.CutPrefix(line, "data: ")
	if !ok || json.Unmarshal([]byte(said), &found.identity) != nil || found.Troupe == "" {
		return found, strange
	}
	found.Kept = kept && !found.Crowded
	return found, nil
}

// directTransport goes the way that clients take, past the proxies that this machine may have for
// its own requests.
func directTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: reachTime}).DialContext,
		TLSHandshakeTimeout: reachTime, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10,
	}
}
