package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"troupe/entities"
	"troupe/relay"
)

// longestPublicURL in bytes: MCP URLs and keys stand together in Discord's messages.
const longestPublicURL = 200

// source is where settings were read, to say in which line a bad one stands.
type source struct {
	file string
	doc  []byte
}

func (s source) fault(key, problem string) *configError {
	return &configError{File: s.file, Line: s.line(key), Key: key, Problem: problem}
}

// line finds a dotted key's line, or 0.
func (s source) line(key string) int {
	var p unstable.Parser
	p.Reset(s.doc)
	var table string
	for p.NextExpression() {
		node := p.Expression()
		switch node.Kind {
		case unstable.Table, unstable.ArrayTable:
			name, _ := nameOf(node)
			table = name + "."
		case unstable.KeyValue:
			if name, at := nameOf(node); table+name == key {
				return p.Shape(at).Start.Line
			}
		default:
		}
	}
	return 0
}

// nameOf is the dotted key of a table or of a value, and where it stands.
func nameOf(node *unstable.Node) (name string, at unstable.Range) {
	var parts []string
	for it := node.Key(); it.Next(); {
		parts = append(parts, string(it.Node().Data))
		at = it.Node().Raw
	}
	return strings.Join(parts, "."), at
}

// check makes a config of settings. It goes through all keys and leaves those empty that are
// wrong. Token is the environment's.
func (s settings) check(from source, token string) (c config, faults configFaults) {
	token, fault := s.token(from, &c, token)
	if fault == nil {
		c.Token = token
	} else {
		faults = append(faults, fault)
	}
	for _, step := range []func(source, *config) *configError{
		s.checkAPI, s.checkOperators, s.checkDevGuilds, s.checkAdmit, s.checkListen, s.checkProxies, s.checkStore, s.checkRetention, s.checkMetrics, s.checkLevel, s.checkFormat, s.checkPublicURL, s.checkFormerURLs,
	} {
		if fault := step(from, &c); fault != nil {
			faults = append(faults, fault)
		}
	}
	return c, faults
}

func (s settings) checkAPI(from source, c *config) *configError {
	api := strings.TrimSuffix(s.Discord.APIURL, "/")
	if err := relay.CheckURL(api, "https", "http"); err != nil {
		return from.fault("discord.api_url", err.Error())
	}
	if u, err := url.Parse(api); err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return from.fault("discord.api_url", "write an address without password, ? and #, like https://discord.com/api/v10")
	}
	c.APIURL = api
	return nil
}

func (s settings) checkOperators(from source, c *config) *configError {
	list, err := ids(s.Discord.Operators)
	if err != nil {
		return from.fault("discord.operators", `write a list of Discord user ids, like ["123456789012345678"]: `+err.Error())
	}
	c.Operators = list
	return nil
}

func (s settings) checkDevGuilds(from source, c *config) *configError {
	list, err := ids(s.Discord.DevGuilds)
	if err != nil {
		return from.fault("discord.dev_guilds", `write a list of Discord server ids, like ["123456789012345678"]: `+err.Error())
	}
	c.DevGuilds = list
	return nil
}

func (s settings) checkAdmit(from source, c *config) *configError {
	switch admit := s.Discord.Admit.(type) {
	case string:
		switch admit {
		case "ask":
			c.Admission.Mode = entities.AdmitAsk
			return nil
		case "all":
			c.Admission.Mode = entities.AdmitAll
			return nil
		}
	case []any:
		if list, err := ids(admit); err == nil {
			c.Admission = entities.Admission{Mode: entities.AdmitListed, Guilds: list}
			return nil
		}
	}
	return from.fault("discord.admit", `write "ask", "all", or a list of server ids, like ["123456789012345678"]`)
}

// ids reads Discord ids, written as text or as numbers.
func ids(values []any) ([]snowflake.ID, error) {
	list := make([]snowflake.ID, 0, len(values))
	for i, value := range values {
		id, ok := id(value)
		if !ok {
			return nil, fmt.Errorf("entry %d is no id (right-click, Copy ID, with Discord's developer mode on)", i+1)
		}
		list = append(list, id)
	}
	return list, nil
}

// id reads one Discord id. Shorter ones than 15 digits were never given out.
func id(value any) (snowflake.ID, bool) {
	text, ok := value.(string)
	if number, is := value.(int64); is {
		text, ok = strconv.FormatInt(number, 10), true
	}
	if !ok || len(text) < 15 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	id, err := snowflake.Parse(text)
	return id, err == nil
}

func (s settings) checkListen(from source, c *config) *configError {
	_, port, err := net.SplitHostPort(s.HTTP.Listen)
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || (n == 0 && !isLoopback(s.HTTP.Listen)) {
		return from.fault("http.listen", `write an address and a port, like ":8080" or "127.0.0.1:8080"`)
	}
	c.Listen = s.HTTP.Listen
	return nil
}

func (s settings) checkPublicURL(from source, c *config) *configError {
	if c.APIURL == "" {
		return nil // what public_url must be depends on api_url, which has a fault of its own
	}
	public := strings.TrimSuffix(s.HTTP.PublicURL, "/")
	if public == "" {
		if c.sandboxed() {
			return nil
		}
		return from.fault("http.public_url", `it is missing. Write the https address under which this server is reached from outside, like "https://troupe.example.org": AI clients connect there, and Discord fetches the avatars`)
	}
	if problem := publicProblem(public, c.sandboxed()); problem != "" {
		return from.fault("http.public_url", problem)
	}
	c.PublicURL = public
	return nil
}

// sandboxed says whether Discord is replaced by something on this machine.
func (c *config) sandboxed() bool {
	api, err := url.Parse(c.APIURL)
	return err == nil && hostIsLoopback(api.Hostname())
}

// publicProblem says what keeps an address from being one under which this server is reached
// from outside, or "".
func publicProblem(public string, local bool) string {
	u, err := url.Parse(public)
	switch {
	case len(public) > longestPublicURL:
		return "it is too long; at most 200 characters fit into Discord's messages beside a key"
	case err != nil || u.Host == "" || u.Opaque != "" || (u.Scheme != "https" && u.Scheme != "http"):
		return `this is no web address. Write one like "https://troupe.example.org"`
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return `write the address without password, ? and #, like "https://troupe.example.org"`
	case !local && u.Scheme != "https":
		return "it must begin with https://, since keys travel there. A reverse proxy such as Caddy brings the certificate"
	case !local && hostIsLoopback(u.Hostname()):
		return "this address leads to one's own machine only. Write the one under which Discord and AI clients reach this server from outside"
	}
	return ""
}

func (s settings) checkFormerURLs(from source, c *config) *configError {
	if c.APIURL == "" {
		return nil
	}
	for i, former := range s.HTTP.FormerURLs {
		former = strings.TrimSuffix(former, "/")
		if problem := publicProblem(former, c.sandboxed()); problem != "" {
			return from.fault("http.former_urls", fmt.Sprintf("entry %d: %s", i+1, problem))
		}
		c.FormerURLs = append(c.FormerURLs, former)
	}
	return nil
}

// checkProxies also takes over legacy_sse and search_fetch, which cannot be wrong.
func (s settings) checkProxies(from source, c *config) *configError {
	c.LegacySSE, c.SearchFetch = s.HTTP.LegacySSE, s.HTTP.SearchFetch
	for i, written := range s.HTTP.Proxies {
		proxy, err := netip.ParsePrefix(written)
		if ip, alone := netip.ParseAddr(written); alone == nil {
			proxy, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		switch {
		case err != nil:
			return from.fault("http.trusted_proxies", fmt.Sprintf(`entry %d: write the address of a reverse proxy, like "127.0.0.1", or a network, like "10.0.0.0/8"`, i+1))
		case proxy.Bits() == 0:
			return from.fault("http.trusted_proxies", fmt.Sprintf("entry %d: this trusts everybody, and then anybody can say to be somebody else. Name your reverse proxy's own address or network", i+1))
		}
		c.Proxies = append(c.Proxies, proxy.Masked())
	}
	return nil
}

func (s settings) checkStore(from source, c *config) *configError {
	if err := entities.CheckDatabaseURL(s.Database.URL); err != nil {
		return from.fault("database.url", err.Error())
	}
	c.Database = s.Database.URL
	return nil
}

// longestRetention in days: what nobody asks for any more need not be kept.
const longestRetention = 365

func (s settings) checkRetention(from source, c *config) *configError {
	if s.Retention.Events < 1 || s.Retention.Events > longestRetention {
		return from.fault("retention.events", "write a number of days from 1 to 365")
	}
	c.EventLife = time.Duration(s.Retention.Events) * day
	return nil
}

func (s settings) checkMetrics(from source, c *config) *configError {
	listen := s.Metrics.Listen
	if listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(listen)
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || (n == 0 && !isLoopback(listen)) {
		return from.fault("metrics.listen", `write an address and a port, like "127.0.0.1:9090", or nothing`)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		c.Warnings = append(c.Warnings, "metrics.listen is open to everybody who reaches this machine, without a password: write 127.0.0.1 before the port, or the address of a network of your own")
	}
	c.Metrics = listen
	return nil
}

func (s settings) checkLevel(from source, c *config) *configError {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, ok := levels[s.Log.Level]
	if !ok {
		return from.fault("log.level", `write "debug", "info", "warn" or "error"`)
	}
	c.LogLevel = level
	return nil
}

func (s settings) checkFormat(from source, c *config) *configError {
	if s.Log.Format != "text" && s.Log.Format != "json" {
		return from.fault("log.format", `write "text" or "json"`)
	}
	c.LogJSON = s.Log.Format == "json"
	return nil
}

// token is the one to use: the environment's, or else what the settings name.
func (s settings) token(from source, c *config, fromEnvironment string) (token string, fault *configError) {
	const shape = "this is not a bot's token. Copy it from the Developer Portal (your application, Bot, Reset Token), alone and whole, without the word Bot before it"
	switch {
	case fromEnvironment != "":
		if token = strings.TrimSpace(fromEnvironment); !looksLikeToken(token) {
			return "", &configError{File: "environment", Key: tokenVariable, Problem: shape}
		}
	case s.Discord.Token != "" && s.Discord.TokenFile != "":
		return "", from.fault("discord.token_file", "discord.token is there too. Keep one of them")
	case s.Discord.TokenFile != "":
		data, err := readBounded(s.Discord.TokenFile, maxTokenSize)
		if err != nil {
			return "", from.fault("discord.token_file", "the file cannot be read ("+reason(err)+"). Name a file that holds the bot's token alone")
		}
		if token = strings.TrimSpace(string(data)); !looksLikeToken(token) {
			return "", from.fault("discord.token_file", "in that file: "+shape)
		}
		if open, err := readableByOthers(s.Discord.TokenFile); err == nil && open {
			c.Warnings = append(c.Warnings, "discord.token_file can be read by other users of this machine: chmod 600 it")
		}
	case s.Discord.Token != "":
		if token = strings.TrimSpace(s.Discord.Token); !looksLikeToken(token) {
			return "", from.fault("discord.token", shape)
		}
	default:
		return "", from.fault("discord.token", "the bot's token is missing. Copy it from the Developer Portal (your application, Bot, Reset Token) to here, to discord.token_file, or to the environment variable "+tokenVariable)
	}
	return token, nil
}

// looksLikeToken says whether text has the form of a bot's token: three parts between dots,
// the first of which is the application's id in base64.
func looksLikeToken(text string) bool {
	first, rest, _ := strings.Cut(text, ".")
	if strings.Count(rest, ".") != 1 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	number, err := base64.RawStdEncoding.DecodeString(first)
	if err != nil {
		return false
	}
	_, err = snowflake.Parse(string(number))
	return err == nil
}

func readableByOthers(path string) (bool, error) {
	if runtime.GOOS == "windows" {
		return false, errors.ErrUnsupported
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", path, err)
	}
	return info.Mode().Perm()&0o077 != 0, nil
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && hostIsLoopback(host)
}

// hostIsLoopback says whether a name leads to this machine and nowhere else.
func hostIsLoopback(host string) bool {
	if host = strings.TrimSuffix(strings.ToLower(host), "."); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.IsUnspecified())
}
