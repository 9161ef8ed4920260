package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"github.com/pelletier/go-toml/v2"

	"troupe/entities"
)

const (
	defaultConfig = "config.toml"
	tokenVariable = "TROUPE_DISCORD_TOKEN"

	maxConfigSize = 16 << 10 // bytes
	maxTokenSize  = 4 << 10  // bytes of a token file

	day = 24 * time.Hour
)

// settings are the config file as it is written. A key that is left out keeps its default.
type settings struct {
	Discord   discordSettings   `toml:"discord"`
	HTTP      httpSettings      `toml:"http"`
	Database  databaseSettings  `toml:"database"`
	Retention retentionSettings `toml:"retention"`
	Metrics   metricsSettings   `toml:"metrics"`
	Log       logSettings       `toml:"log"`
}

type discordSettings struct {
	Token     string `toml:"token"`
	TokenFile string `toml:"token_file"`
	APIURL    string `toml:"api_url"`
	Operators []any  `toml:"operators"`
	Admit     any    `toml:"admit"`
	DevGuilds []any  `toml:"dev_guilds"`
}

type httpSettings struct {
	Listen      string   `toml:"listen"`
	PublicURL   string   `toml:"public_url"`
	FormerURLs  []string `toml:"former_urls"`
	Proxies     []string `toml:"trusted_proxies"`
	LegacySSE   bool     `toml:"legacy_sse"`
	SearchFetch bool     `toml:"search_fetch"`
}

type databaseSettings struct {
	URL string `toml:"url"`
}

type retentionSettings struct {
	Events int `toml:"events"`
}

type metricsSettings struct {
	Listen string `toml:"listen"`
}

type logSettings struct {
	Level  string `toml:"level"`
	Format string `toml:"format"`
}

// config is what the program runs with: settings that were found good.
type config struct {
	Token     string
	APIURL    string
	Operators []snowflake.ID
	Admission entities.Admission
	DevGuilds []snowflake.ID

	Listen string
	// PublicURL is empty when it follows from the port that is listened on.
	PublicURL string
	// FormerURLs are earlier public URLs, under which clients may still come.
	FormerURLs []string
	// Proxies are the reverse proxies that are believed when they say who calls.
	Proxies []netip.Prefix
	// LegacySSE also serves MCP's first transport.
	LegacySSE bool
	// SearchFetch lists the tools search and fetch for every client.
	SearchFetch bool

	Database string
	// EventLife is how long the event log is kept.
	EventLife time.Duration

	// AdoptApplication is given on the command line, for one start.
	AdoptApplication bool

	// Metrics is where Prometheus asks; empty when nobody does.
	Metrics string

	LogLevel slog.Level
	LogJSON  bool

	// Warnings are what is allowed but unwise, to be logged at the start.
	Warnings []string
}

// configError is a setting that stops the start. It never holds the setting's value, which
// could be a secret in the wrong place.
type configError struct {
	File    string // or the name of an environment variable
	Line    int    // 0 when unknown
	Key     string // "discord.token"; "" when the file itself is at fault
	Problem string // what is wrong and what to do
}

func (e *configError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return oneLine(where + ": " + e.Problem)
}

// configFaults are all that is wrong with a configuration, and at least one. As an error it is
// the first of them: that is enough to stop a start.
type configFaults []*configError

func (f configFaults) Error() string { return f[0].Error() }

func (f configFaults) Unwrap() error { return f[0] }

// oneLine keeps a text on one line of a terminal, whatever stands in it.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

func defaults() settings {
	return settings{
		Discord:   discordSettings{APIURL: "https://discord.com/api/v10", Operators: []any{}, Admit: "ask", DevGuilds: []any{}},
		HTTP:      httpSettings{Listen: ":8080", FormerURLs: []string{}, Proxies: []string{}},
		Database:  databaseSettings{URL: "sqlite:troupe.db"},
		Retention: retentionSettings{Events: int(entities.UsualEventLife / day)},
		Log:       logSettings{Level: "info", Format: "text"},
	}
}

// loadConfig reads and checks the config file. With no path, config.toml is read if it is
// there. Getenv is asked for TROUPE_DISCORD_TOKEN, which goes before the file's token. With
// [configFaults] comes a config in which each faulty key is left empty.
func loadConfig(path string, getenv func(string) string) (config, error) {
	token := getenv(tokenVariable)
	file := cmp.Or(path, defaultConfig)
	doc, err := readBounded(file, maxConfigSize)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == "" && token == "":
		return config{}, &configError{File: file, Problem: "there is no such file here. Copy config.example.toml to config.toml and fill it in; or start with -sandbox, which needs no Discord at all"}
	case errors.Is(err, fs.ErrNotExist) && path == "":
		doc = nil // the token came by the environment: the rest has defaults
	case errors.Is(err, fs.ErrNotExist):
		return config{}, &configError{File: file, Problem: "there is no such file. Name yours with -config FILE; config.example.toml is one to start from"}
	case err != nil:
		return config{}, &configError{File: file, Problem: reason(err) + ". Name a readable TOML file with -config FILE"}
	}
	s, faults, err := decodeSettings(file, doc)
	if err != nil {
		return config{}, err
	}
	c, wrong := s.check(source{file: file, doc: doc}, token)
	if faults = append(faults, wrong...); len(faults) > 0 {
		return c, faults
	}
	return c, nil
}

// decodeSettings reads a config file strictly: every key that is not known is a fault. The
// error says why nothing of the file could be read.
func decodeSettings(file string, doc []byte) (s settings, unknown configFaults, err error) {
	s = defaults()
	decoder := toml.NewDecoder(bytes.NewReader(doc))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&s)
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		for _, key := range missing.Errors {
			line, _ := key.Position()
			unknown = append(unknown, &configError{File: file, Line: line, Key: dotted(key.Key()), Problem: "there is no such key. Remove it or correct it; config.example.toml lists them all"})
		}
		return s, unknown, nil
	}
	if broken, ok := errors.AsType[*toml.DecodeError](err); ok {
		return settings{}, nil, worded(file, broken)
	}
	if err != nil {
		return settings{}, nil, &configError{File: file, Problem: reason(err)}
	}
	return s, nil, nil
}

// worded says in a reader's words what the decoder met.
func worded(file string, broken *toml.DecodeError) *configError {
	line, _ := broken.Position()
	e := &configError{File: file, Line: line, Key: dotted(broken.Key())}
	problem := strings.TrimPrefix(broken.Error(), "toml: ")
	switch {
	case strings.HasPrefix(problem, "cannot decode"), strings.HasPrefix(problem, "cannot store"):
		// The decoder's own words name Go types.
		e.Problem = "this key wants another kind of value. config.example.toml shows which"
	default:
		e.Problem = "this is not TOML: " + problem + ". config.example.toml shows how it is written"
	}
	return e
}

// longestKey is how much of a key that somebody mistyped is worth repeating.
const longestKey = 60

func dotted(key toml.Key) string {
	name := []rune(strings.Join(key, "."))
	if len(name) > longestKey {
		return string(name[:longestKey]) + "…"
	}
	return string(name)
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names this path
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d KiB", limit>>10)
	}
	return data, nil
}

// reason is an error without the file's name, which stands before it already.
func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
