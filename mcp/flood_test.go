package mcp_test

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"troupe/entities"
	"troupe/mcp"
)

// cpu is how much time of a processor this process has had.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wellFormed is a key or token that could have been made, with the given public part.
func wellFormed(id string, n int) string {
	letters := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	secret := sha256.Sum256([]byte(strconv.Itoa(n)))
	if id == "" {
		id = letters.EncodeToString(secret[:10])
	}
	token := "troupe_" + id + "_" + letters.EncodeToString(secret[:])
	return token + letters.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(token))))
}

// publicPart is that of a key or token.
func publicPart(token string) string { return strings.Split(token, "_")[1] }

// TestFlood sends wrong keys of every kind from 50 addresses, each over the wire, and counts what
// that costs: at 500 a second at most 15 % of a processor, the clients' own part included. The
// right key is taken meanwhile from wherever it comes, and the database is asked for nothing but
// ids that nobody has. TEST_FULL=1 makes it 100,000 keys of each kind.
func TestFlood(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes it slow")
	}
	s := newStage(t)
	ada, bob := s.entity(t, "Ada", "", s.general), s.entity(t, "Bob", "", s.general)
	granted := s.grant(t, ada, publicURL+"/mcp/"+string(ada.Entity.ID))
	mcp.TrustProxies(s.server, netip.MustParsePrefix("127.0.0.0/8"))
	broken := []string{"", "x", bob.Key, ada.Key + "x", strings.Repeat("0", 4000), ada.Key[:len(ada.Key)-1], "troupe_" + strings.Repeat("a", 80)}
	for i, c := range []struct {
		name string
		key  func(n int) string
		asks bool // the database, once for each
	}{
		{"keys that are none", func(n int) string { return broken[n%len(broken)] }, false},
		{"an unknown id", func(n int) string { return wellFormed("", n) }, true},
		{"a key's id", func(n int) string { return wellFormed(publicPart(ada.Key), n) }, false},
		{"a token's id", func(n int) string { return wellFormed(publicPart(granted.Access), n) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.flood(t, ada, fmt.Sprintf("198.51.%d.", i), granted.Access, c.key); !c.asks && got > 100 {
				t.Errorf("the database was asked %d times", got)
			}
		})
	}
	if strings.Count(s.log.String(), "too many refused keys") > 4*200 {
		t.Error("the log is flooded too")
	}
}

// flood sends wrong keys from one network, and the right ones now and then. It says how often the
// database was asked.
func (s *stage) flood(t *testing.T, who entities.Created, network, token string, key func(n int) string) (asked int64) {
	t.Helper()
	keys := 1_500
	if os.Getenv("TEST_FULL") != "" {
		keys = 100_000
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	post := func(key, from string) int {
		r := s.request(t, http.MethodPost, who, ping)
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("X-Forwarded-For", from)
		answer, err := transport.RoundTrip(r)
		must(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		must(t, err)
		must(t, answer.Body.Close())
		return answer.StatusCode
	}
	questions := func() int64 { return s.registry.Times().Read.Count() }
	asked = questions()
	before, began, statuses, without := cpu(t), time.Now(), map[int]int{}, 0
	for i := range keys {
		if key(i) == "" {
			without++ // who has none yet is told where to get one, as often as they ask
		}
		from := network + strconv.Itoa(i%50)
		statuses[post(key(i), from)]++
		if i%500 == 0 {
			for _, right := range []string{who.Key, token} {
				if here, there := post(right, from), post(right, "203.0.113.9"); here != 200 || there != 200 {
					t.Errorf("the right key: %d from there, %d from elsewhere", here, there)
				}
			}
		}
	}
	each := (cpu(t) - before) / time.Duration(keys)
	asked = questions() - asked
	share := float64(each) * 500 / float64(time.Second)
	t.Logf("%v for each key: %.1f %% of a processor at 500 a second; %v; the database was asked %d times", each, 100*share, statuses, asked)
	if share > 0.15 {
		t.Errorf("%.1f %% of a processor", 100*share)
	}
	if statuses[401]+statuses[429] != keys || statuses[401]-without > 50*mcp.MaxFailures*(1+int(time.Since(began)/time.Minute)+1) {
		t.Errorf("%v", statuses)
	}
	return asked
}

// TestCaller believes proxies that are ours, and nobody else.
func TestCaller(t *testing.T) {
	s := newStage(t)
	mcp.TrustProxies(s.server, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	for name, c := range map[string]struct {
		from, want string
		forwarded  []string
	}{
		"straight":                         {"192.0.2.1:5", "192.0.2.1", nil},
		"straight, with a tale":            {"192.0.2.1:5", "192.0.2.1", []string{"203.0.113.7"}},
		"by a proxy":                       {"10.0.0.1:5", "203.0.113.7", []string{"203.0.113.7"}},
		"by a proxy, with a tale":          {"10.0.0.1:5", "203.0.113.7", []string{"1.1.1.1, 203.0.113.7"}},
		"by a proxy, with a header before": {"10.0.0.1:5", "203.0.113.7", []string{"1.1.1.1", "203.0.113.7"}},
		"by two proxies":                   {"[::1]:5", "203.0.113.7", []string{"1.1.1.1, 203.0.113.7, 10.2.3.4"}},
		"by proxies only":                  {"[::1]:5", "10.1.1.1", []string{"10.1.1.1, 10.2.3.4"}},
		"by a proxy that says nothing":     {"10.0.0.1:5", "10.0.0.1", nil},
		"by a proxy that says nonsense":    {"10.0.0.1:5", "10.0.0.1", []string{"203.0.113.7, unknown"}},
		"IPv4 in IPv6":                     {"[::ffff:10.0.0.1]:5", "203.0.113.7", []string{"::ffff:203.0.113.7"}},
		"no address":                       {"@", "invalid IP", []string{"203.0.113.7"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = c.from, c.forwarded
			if got := mcp.Caller(s.server, r).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestForwardedHost takes the name under which a client came from a proxy that is ours.
func TestForwardedHost(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	post := func(host, forwarded string) int {
		r := s.request(t, http.MethodPost, ada, ping)
		r.Host = host
		r.Header.Set("X-Forwarded-Host", forwarded)
		status, _, _ := send(t, r)
		return status
	}
	if got := post("troupe:8080", "troupe.example"); got != 403 {
		t.Errorf("a proxy that is not ours: %d", got)
	}
	mcp.TrustProxies(s.server, netip.MustParsePrefix("192.0.2.0/24"))
	if got := post("troupe:8080", "troupe.example"); got != 403 {
		t.Errorf("a proxy that is not ours, where there is one: %d", got)
	}
	mcp.TrustProxies(s.server, netip.MustParsePrefix("127.0.0.0/8"))
	for forwarded, want := range map[string]int{"troupe.example": 200, "evil.example": 403, "troupe.example, evil.example": 403} {
		if got := post("troupe:8080", forwarded); got != want {
			t.Errorf("%s: %d, want %d", forwarded, got, want)
		}
	}
}
