package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// shipped is what deploy has to agree with: what the Dockerfile makes.
type shipped struct{ port, config, folder string }

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// dockerfile reads the Dockerfile, and holds it to the default configuration.
func dockerfile(t *testing.T) shipped {
	t.Helper()
	text := readText(t, "Dockerfile")
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("no %s in the Dockerfile", pattern)
		}
		return found[1]
	}
	i := shipped{port: find(`(?m)^EXPOSE (\d+)$`), config: find(`(?m)^CMD \["-config", "(.+)"\]$`), folder: find(`(?m)^VOLUME \["(.+)"\]$`)}
	_, port, err := net.SplitHostPort(defaults().HTTP.Listen)
	if err != nil || port != i.port {
		t.Errorf("the Dockerfile exposes %s, http.listen is %s", i.port, defaults().HTTP.Listen)
	}
	if filepath.Dir(i.config) != i.folder || !strings.Contains(text, "\nWORKDIR "+i.folder+"\nVOLUME ") {
		t.Errorf("configuration and database are not in the volume: %+v", i)
	}
	return i
}

// endsIn says whether a program that is told to end has the time that it takes.
func endsIn(t *testing.T, file, given string) {
	t.Helper()
	if d, err := time.ParseDuration(given); err != nil || d <= endTime {
		t.Errorf("%s gives %s, the program may take %s to end", file, given, endTime)
	}
}

func TestCompose(t *testing.T) {
	i := dockerfile(t)
	var file struct {
		Services map[string]struct {
			Build, Image, Restart string
			StopGracePeriod       string `yaml:"stop_grace_period"`
			ReadOnly              bool   `yaml:"read_only"`
			Ports, Expose         []string
			Volumes               []string
			Tmpfs                 []string
			DependsOn             []string `yaml:"depends_on"`
			CapDrop               []string `yaml:"cap_drop"`
			SecurityOpt           []string `yaml:"security_opt"`
			Environment           map[string]string
		}
		Volumes map[string]map[string]string
	}
	decoder := yaml.NewDecoder(strings.NewReader(readText(t, "deploy/compose.yaml")))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	bot, proxy := file.Services["troupe"], file.Services["caddy"]
	if len(file.Services) != 2 || bot.Build != ".." || bot.Restart != "unless-stopped" || proxy.Restart != "unless-stopped" {
		t.Errorf("%+v", file.Services)
	}
	endsIn(t, "compose.yaml", bot.StopGracePeriod)
	if !slices.Equal(bot.Expose, []string{i.port}) || len(bot.Ports) > 0 {
		t.Errorf("the bot is to be reached by the proxy alone, at %s: %v %v", i.port, bot.Expose, bot.Ports)
	}
	if !slices.Equal(bot.Volumes, []string{"../data:" + i.folder}) {
		t.Errorf("the bot's folder is %v", bot.Volumes)
	}
	caddy := readText(t, "deploy/Caddyfile")
	if want := "reverse_proxy troupe:" + i.port; !strings.Contains(caddy, want) {
		t.Errorf("no %q in the Caddyfile", want)
	}
	for _, name := range regexp.MustCompile(`\{\$(\w+)\}`).FindAllStringSubmatch(caddy, -1) {
		if proxy.Environment[name[1]] == "" {
			t.Errorf("compose.yaml does not give %s to the Caddyfile", name[1])
		}
	}
	if !slices.Contains(proxy.Volumes, "./Caddyfile:/etc/caddy/Caddyfile:ro") || !slices.Contains(proxy.Ports, "443:443") || !slices.Contains(proxy.Ports, "80:80") {
		t.Errorf("%+v", proxy)
	}
}

func TestFly(t *testing.T) {
	i := dockerfile(t)
	var file struct {
		App           string `toml:"app"`
		PrimaryRegion string `toml:"primary_region"`
		KillSignal    string `toml:"kill_signal"`
		KillTimeout   string `toml:"kill_timeout"`
		Build         struct {
			Dockerfile string `toml:"dockerfile"`
		} `toml:"build"`
		Deploy struct {
			Strategy string `toml:"strategy"`
		} `toml:"deploy"`
		Processes map[string]string `toml:"processes"`
		Files     []struct {
			GuestPath string   `toml:"guest_path"`
			LocalPath string   `toml:"local_path"`
			Processes []string `toml:"processes"`
		} `toml:"files"`
		Mounts []struct {
			Source      string   `toml:"source"`
			Destination string   `toml:"destination"`
			Processes   []string `toml:"processes"`
		} `toml:"mounts"`
		Service struct {
			Port      int      `toml:"internal_port"`
			Processes []string `toml:"processes"`
			HTTPS     bool     `toml:"force_https"`
			Stop      string   `toml:"auto_stop_machines"`
			Start     bool     `toml:"auto_start_machines"`
			Least     int      `toml:"min_machines_running"`
			Crowd     struct {
				Type string `toml:"type"`
				Soft int    `toml:"soft_limit"`
				Hard int    `toml:"hard_limit"`
			} `toml:"concurrency"`
			Checks []struct {
				Method   string `toml:"method"`
				Path     string `toml:"path"`
				Interval string `toml:"interval"`
				Timeout  string `toml:"timeout"`
				Grace    string `toml:"grace_period"`
			} `toml:"checks"`
		} `toml:"http_service"`
		VM []struct {
			Size   string `toml:"size"`
			Memory string `toml:"memory"`
		} `toml:"vm"`
	}
	decoder := toml.NewDecoder(strings.NewReader(readText(t, "deploy/fly.toml"))).DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	s := file.Service
	if s.Stop != "off" || s.Start || s.Least != 1 {
		t.Error("a machine that stops hears nothing from Discord")
	}
	if c := s.Crowd; c.Type != "connections" || c.Hard < 1000 || c.Soft > c.Hard || c.Hard > usualLimits().connections {
		t.Errorf("clients that wait are kept out: %+v", c)
	}
	if fmt.Sprint(s.Port) != i.port || !s.HTTPS || len(s.Checks) != 1 || s.Checks[0].Path != "/livez" {
		t.Errorf("%+v", s)
	}
	if len(file.Mounts) != 1 || file.Mounts[0].Destination != i.folder {
		t.Errorf("one volume at %s is wanted: %+v", i.folder, file.Mounts)
	}
	if len(file.Files) != 1 || file.Processes["app"] != "-config "+file.Files[0].GuestPath {
		t.Errorf("the configuration that is sent is not the one that is read: %+v, %v", file.Files, file.Processes)
	}
	if _, err := os.Stat(filepath.Join("deploy", file.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
	if file.KillSignal != "SIGTERM" || file.Deploy.Strategy != "immediate" {
		t.Errorf("%+v", file)
	}
	endsIn(t, "fly.toml", file.KillTimeout)
}

// TestUnit lets systemd itself read the unit, with a program that is there.
func TestUnit(t *testing.T) {
	text := readText(t, "deploy/troupe.service")
	if !strings.Contains(text, "\nExecStart=/usr/local/bin/troupe -config /etc/troupe/config.toml\n") || !strings.Contains(text, "\nWantedBy=multi-user.target\n") {
		t.Error("the unit does not start the program")
	}
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(text)
	if stop == nil {
		t.Fatal("no TimeoutStopSec")
	}
	endsIn(t, "troupe.service", stop[1]+"s")
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here, so that the unit was only read")
	}
	path := filepath.Join(t.TempDir(), "troupe.service")
	if err := os.WriteFile(path, []byte(strings.Replace(text, "ExecStart=/usr/local/bin/troupe", "ExecStart=/bin/sh", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil || strings.Contains(out.String(), "troupe.service") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
