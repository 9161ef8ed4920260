package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"github.com/pelletier/go-toml/v2"

	"troupe/entities"
)

// goodToken has the form of a bot's token and belongs to no bot.
var goodToken = base64.RawStdEncoding.EncodeToString([]byte("123456789012345678")) + ".AAAAAA.not-a-secret-not-a-secret-not-a-secret"

func noEnvironment(string) string { return "" }

func tokenInEnvironment(name string) string {
	if name == tokenVariable {
		return goodToken
	}
	return ""
}

func writeConfig(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExampleConfigIsTheDefaults(t *testing.T) {
	doc, err := os.ReadFile("config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	var written settings
	decoder := toml.NewDecoder(strings.NewReader(string(doc)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&written); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(written, defaults()) {
		t.Errorf("config.example.toml says\n%+v\nthe defaults are\n%+v", written, defaults())
	}
	for _, key := range keysOf(reflect.TypeFor[settings](), "") {
		if (source{doc: doc}).line(key) == 0 {
			t.Errorf("config.example.toml does not have the key %s", key)
		}
	}
}

// keysOf lists the dotted keys that a struct takes.
func keysOf(structure reflect.Type, prefix string) []string {
	var keys []string
	for i := range structure.NumField() {
		field := structure.Field(i)
		name := prefix + field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(field.Type, name+".")...)
			continue
		}
		keys = append(keys, name)
	}
	return keys
}

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, `
discord.operators = ["223456789012345678", 323456789012345678]
discord.admit = ["423456789012345678"]
http.public_url = "https://troupe.example.org/"
http.former_urls = ["https://old.example.org/", "https://older.example.org"]
[log]
level = "debug"
format = "json"
`)
	got, err := loadConfig(path, tokenInEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	want := config{
		Token:      goodToken,
		APIURL:     "https://discord.com/api/v10",
		Operators:  []snowflake.ID{223456789012345678, 323456789012345678},
		Admission:  entities.Admission{Mode: entities.AdmitListed, Guilds: []snowflake.ID{423456789012345678}},
		DevGuilds:  []snowflake.ID{},
		Listen:     ":8080",
		PublicURL:  "https://troupe.example.org",
		FormerURLs: []string{"https://old.example.org", "https://older.example.org"},
		Database:   "sqlite:troupe.db", EventLife: 30 * day,
		LogLevel: slog.LevelDebug,
		LogJSON:  true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		mode     os.FileMode
		warnings int
	}{{"private", 0o600, 0}, {"open", 0o644, 1}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			secret := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(secret, []byte("\n "+goodToken+" \n"), test.mode); err != nil {
				t.Fatal(err)
			}
			c, err := loadConfig(writeConfig(t, fmt.Sprintf("discord.token_file = %q\nhttp.public_url = 'https://a.example'", secret)), noEnvironment)
			if err != nil {
				t.Fatal(err)
			}
			if c.Token != goodToken || len(c.Warnings) != test.warnings {
				t.Errorf("token read: %t, warnings: %q", c.Token == goodToken, c.Warnings)
			}
		})
	}
}

// badConfigs are starts that must be refused, with the key that the refusal must name and a
// part of its remedy.
var badConfigs = []struct {
	name, text, key, remedy string
	line                    int
}{
	{"unknown key", "[discord]\ntokn = 'x'", "discord.tokn", "config.example.toml", 2},
	{"unknown table", "[metrics]\nlisten = ''", "metrics", "config.example.toml", 1},
	{"key of another version", "[http]\nsse = true", "http.sse", "config.example.toml", 2},
	{"proxy is a name", "[http]\ntrusted_proxies = ['caddy']", "http.trusted_proxies", "10.0.0.0/8", 2},
	{"proxy is everybody", "[http]\ntrusted_proxies = ['127.0.0.1', '0.0.0.0/0']", "http.trusted_proxies", "entry 2", 2},
	{"wrong kind", "[discord]\n\ntoken = 3", "discord.token", "another kind", 3},
	{"table for a value", "[discord.token]\na = 1", "discord.token", "another kind", 1},
	{"no TOML", "[discord]\ntoken", "", "not TOML", 2},
	{"twice", "[log]\nlevel = 'info'\nlevel = 'info'", "level", "already defined", 3},
	{"no token", "", "discord.token", tokenVariable, 0},
	{"token with Bot", "discord.token = 'Bot " + goodToken + "'", "discord.token", "without the word Bot", 1},
	{"token of another kind", "discord.token = 'abcdef'", "discord.token", "Developer Portal", 1},
	{"token with a line break", "discord.token = \"" + goodToken + "\\nx\"", "discord.token", "alone and whole", 1},
	{"two tokens", "discord.token = 'a'\ndiscord.token_file = 'b'", "discord.token_file", "Keep one", 2},
	{"no token file", "discord.token_file = '/nowhere/at/all'", "discord.token_file", "cannot be read", 1},
	{"token file is a folder", "discord.token_file = '.'", "discord.token_file", "cannot be read", 1},
	{"token file without a token", "discord.token_file = 'config.example.toml'", "discord.token_file", "Developer Portal", 1},
	{"api without https", "discord.api_url = 'http://discord.com/api/v10'", "discord.api_url", "https", 1},
	{"api is no URL", "discord.api_url = 'discord'", "discord.api_url", "URL", 1},
	{"api with a password", "discord.api_url = 'https://a:b@discord.com/api/v10'", "discord.api_url", "without password", 1},
	{"operator is a name", "discord.operators = ['ada']", "discord.operators", "ids", 1},
	{"operator is a part of a number", "discord.operators = [12.5]", "discord.operators", "ids", 1},
	{"operators is no list", "discord.operators = '123456789012345678'", "discord.operators", "another kind", 1},
	{"admit is a wrong word", "discord.admit = 'maybe'", "discord.admit", `"ask", "all"`, 1},
	{"admit is a truth", "discord.admit = true", "discord.admit", `"ask", "all"`, 1},
	{"admit has a bad id", "discord.admit = ['123456789012345678', 'x']", "discord.admit", "server ids", 1},
	{"dev guild is a list", "discord.dev_guilds = [['123456789012345678']]", "discord.dev_guilds", "ids", 1},
	{"listen without port", "http.listen = 'localhost'", "http.listen", "port", 1},
	{"listen beyond all ports", "http.listen = ':80800'", "http.listen", "port", 1},
	{"no public_url", "http.listen = ':8080'", "http.public_url", "is missing", 0},
	{"public_url without https", "http.public_url = 'http://troupe.example.org'", "http.public_url", "https://", 1},
	{"public_url on loopback", "http.public_url = 'https://localhost:8080'", "http.public_url", "from outside", 1},
	{"public_url on loopback in numbers", "http.public_url = 'https://[::1]:8080'", "http.public_url", "from outside", 1},
	{"public_url with a query", "http.public_url = 'https://troupe.example.org/?a=b'", "http.public_url", "without", 1},
	{"public_url is no URL", "http.public_url = 'troupe.example.org'", "http.public_url", "https://", 1},
	{"former URL without https", "http.public_url = 'https://a.example'\nhttp.former_urls = ['https://a.example', 'http://b.example']", "http.former_urls", "entry 2: it must begin with https://", 2},
	{"public_url is very long", "http.public_url = 'https://" + strings.Repeat("a", 200) + ".example'", "http.public_url", "200", 1},
	{"database of another kind", "database.url = 'mysql://x'", "database.url", "sqlite:", 1},
	{"postgres", "database.url = 'postgres://u:hunter2/x@h/db'", "database.url", "%2F for /", 1},
	{"database without a path", "database.url = 'sqlite:'", "database.url", "path", 1},
	{"events kept for no time", "[retention]\nevents = 0", "retention.events", "from 1 to 365", 2},
	{"events kept for ever", "[retention]\nevents = 100000", "retention.events", "from 1 to 365", 2},
	{"level", "[log]\nlevel = 'loud'", "log.level", `"warn"`, 2},
	{"format", "log.format = 'xml'", "log.format", `"json"`, 1},
	{"a very long unknown key", strings.Repeat("a", 5000) + " = 1", "aaaa", "config.example.toml", 1},
	{"deep nesting", "discord.admit = " + strings.Repeat("[", 12000), "", "not TOML", 1},
	{"many unknown keys", manyKeys(), "k", "config.example.toml", 1},
	{"too large", strings.Repeat("#", maxConfigSize+1), "", "larger", 0},
}

// manyKeys is a config of the largest size with as many unknown keys as fit.
func manyKeys() string {
	var b strings.Builder
	for i := 0; b.Len() < maxConfigSize-20; i++ {
		fmt.Fprintf(&b, "k%d=1\n", i)
	}
	return b.String()
}

func TestBadConfigs(t *testing.T) {
	t.Parallel()
	for _, test := range badConfigs {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			path, getenv := writeConfig(t, test.text), tokenInEnvironment
			if strings.HasPrefix(test.key, "discord.token") {
				getenv = noEnvironment
			}
			_, err := loadConfig(path, getenv)
			problem, ok := errors.AsType[*configError](err)
			if !ok {
				t.Fatalf("got %v, want a refusal", err)
			}
			if !strings.HasPrefix(problem.Key, test.key) || !strings.Contains(problem.Problem, test.remedy) || problem.Line != test.line || problem.File != path {
				t.Errorf("got %q (key %q, line %d); want the key %q, line %d and %q in it", err, problem.Key, problem.Line, test.key, test.line, test.remedy)
			}
			checkOneLine(t, err)
			// A second is what people are promised; the race detector may take several.
			if took := time.Since(begin); took > 4*time.Second {
				t.Errorf("the refusal took %s", took)
			}
		})
	}
}

func checkOneLine(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if strings.ContainsAny(text, "\n\r") || len(text) > 600 {
		t.Errorf("not one line for people: %q", text)
	}
	if strings.Contains(text, "not-a-secret") || strings.Contains(text, "hunter2") {
		t.Errorf("the refusal tells a secret: %q", text)
	}
}

// TestAllFaultsAtOnce has a fault in every key that can have one of its own.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, `
tokn = "x"
[discord]
operators = ["ada"]
admit = "maybe"
dev_guilds = ["x"]
[http]
listen = "x"
sse = true
trusted_proxies = ["x"]
[database]
url = "x"
[retention]
events = 0
[log]
level = "loud"
format = "xml"
`)
	c, err := loadConfig(path, tokenInEnvironment)
	faults, ok := errors.AsType[configFaults](err)
	if !ok {
		t.Fatalf("got %v, want faults", err)
	}
	var keys []string
	for _, fault := range faults {
		keys = append(keys, fault.Key)
		checkOneLine(t, fault)
	}
	want := []string{
		"tokn", "http.sse", "discord.operators", "discord.dev_guilds", "discord.admit",
		"http.listen", "http.trusted_proxies", "database.url", "retention.events", "log.level", "log.format", "http.public_url",
	}
	if !slices.Equal(keys, want) {
		t.Errorf("the faults are those of %q, want %q", keys, want)
	}
	if err.Error() != faults[0].Error() {
		t.Errorf("a start says %q, not the first fault", err)
	}
	if empty := (config{Token: goodToken, APIURL: defaults().Discord.APIURL}); !reflect.DeepEqual(c, empty) {
		t.Errorf("of a bad configuration is taken over\n%+v\nwant\n%+v", c, empty)
	}
}

func TestNoConfigFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := loadConfig("", noEnvironment)
	if problem, ok := errors.AsType[*configError](err); !ok || !strings.Contains(problem.Problem, "-sandbox") || !strings.Contains(problem.Problem, "config.example.toml") {
		t.Errorf("without file and token: %v", err)
	}
	_, err = loadConfig("other.toml", tokenInEnvironment)
	if problem, ok := errors.AsType[*configError](err); !ok || problem.File != "other.toml" {
		t.Errorf("with a file that is not there: %v", err)
	}
	// With the token in the environment only public_url is missing.
	_, err = loadConfig("", tokenInEnvironment)
	if problem, ok := errors.AsType[*configError](err); !ok || problem.Key != "http.public_url" {
		t.Errorf("with the environment alone: %v", err)
	}
}

func TestEnvironmentTokenGoesFirst(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, "discord.token = 'broken'\nhttp.public_url = 'https://troupe.example.org'")
	if c, err := loadConfig(path, tokenInEnvironment); err != nil || c.Token != goodToken {
		t.Errorf("token taken: %t, %v", c.Token == goodToken, err)
	}
	_, err := loadConfig(path, func(string) string { return "broken" })
	if problem, ok := errors.AsType[*configError](err); !ok || problem.Key != tokenVariable {
		t.Errorf("a broken token in the environment: %v", err)
	}
}

func TestLoopbackNeedsNoPublicURL(t *testing.T) {
	t.Parallel()
	for _, api := range []string{"http://127.0.0.1:9/api/v10", "http://localhost:9/api/v10", "http://[::1]:9/api/v10"} {
		c, err := loadConfig(writeConfig(t, "discord.api_url = '"+api+"'\nhttp.listen = '127.0.0.1:0'"), tokenInEnvironment)
		if err != nil || c.PublicURL != "" || c.APIURL != api {
			t.Errorf("%s: %+v, %v", api, c.PublicURL, err)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, bad := range badConfigs {
		if len(bad.text) < 1000 {
			f.Add(bad.text)
		}
	}
	example, err := os.ReadFile("config.example.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("discord.token = '" + goodToken + "'\nhttp.public_url = 'https://troupe.example.org'")
	f.Fuzz(func(t *testing.T, text string) {
		s, faults, err := decodeSettings("config.toml", []byte(text))
		if problem, ok := errors.AsType[*configError](err); ok {
			faults = append(faults, problem)
		} else if err != nil {
			t.Fatalf("not a refusal: %v", err)
		} else {
			// A token file could be any file of this machine.
			s.Discord.TokenFile = ""
			_, wrong := s.check(source{file: "config.toml", doc: []byte(text)}, "")
			faults = append(faults, wrong...)
		}
		for _, fault := range faults {
			if strings.ContainsAny(fault.Error(), "\n\r") {
				t.Fatalf("more than one line: %q", fault)
			}
		}
	})
}
