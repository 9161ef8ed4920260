package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

const (
	demoTime  = 30 * time.Second // for the demo to be ready
	demoPause = 20 * time.Millisecond
	demoName  = "Ada"
	demoHello = "Welcome, Ada! What brings you here?"
	demoRules = "You are Ada, a friendly guest of this server who likes clear words and good questions. Keep your answers short."
)

// demo is a Discord server that exists on this machine only, with the real bot on it.
type demo struct {
	discord *sandbox.Discord
	world   sandbox.Demo
	program *program
	entity  string // its id
	out     screen
}

// screen is a terminal that several speakers share.
type screen struct {
	mu sync.Mutex
	to io.Writer
}

func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.to, text) // a terminal that is gone reads nothing
}

// sandbox runs the demo until ctx ends. It takes nothing from the configuration, and leaves
// nothing behind.
func (c command) sandbox(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "troupe-sandbox-")
	if err != nil {
		return fmt.Errorf("make a folder for the sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	discord, err := sandbox.Start(sandbox.Config{Log: log})
	if err != nil {
		return fmt.Errorf("start the Discord stand-in: %w", err)
	}
	defer func() { err = errors.Join(err, discord.Close()) }()
	d := &demo{discord: discord, out: screen{to: c.out}}
	if d.world, err = discord.Seed(); err != nil {
		return fmt.Errorf("fill the Discord stand-in: %w", err)
	}
	cfg := config{
		Token: discord.Token(), APIURL: discord.APIURL(), Admission: entities.Admission{Mode: entities.AdmitAll},
		Listen: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(folder, "sandbox.db"), LogLevel: slog.LevelWarn,
	}
	if d.program, err = newProgram(ctx, cfg, newLog(c.err, cfg)); err != nil {
		return err
	}
	return d.run(ctx, c.in)
}

// run serves the demo until ctx ends or the bot breaks.
func (d *demo) run(ctx context.Context, in io.Reader) error {
	running, stop := context.WithCancel(ctx)
	var bot sync.WaitGroup
	ended := make(chan error, 1)
	bot.Go(func() { ended <- d.program.Run(running) })
	err := d.play(ctx, in, ended)
	stop()
	bot.Wait()
	select {
	case last := <-ended:
		err = errors.Join(err, last)
	default: // play has taken it
	}
	return err
}

// play makes the entity, says how to connect, and lets people talk.
func (d *demo) play(ctx context.Context, in io.Reader, ended <-chan error) error {
	made, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	welcome, err := d.create(made)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the sandbox's entity: %w", err)
	}
	cancel()
	d.out.print(welcome)
	deaf := d.discord.OnMessage(d.show)
	defer deaf()
	lines := make(chan string)
	// A read from a terminal cannot be called off: this one ends with the process.
	go typed(ctx, in, lines)
	// So that the first thing that is asked for with wait_for_messages is there.
	if _, err := d.discord.Say(d.world.Mia, d.world.General, demoHello); err != nil {
		return fmt.Errorf("greet the sandbox's entity: %w", err)
	}
	talk := talk{demo: d, who: "mia", where: d.world.General}
	for {
		select {
		case line := <-lines:
			if answer := talk.hear(ctx, line); answer != "" {
				d.out.print(answer + "\n")
			}
		case err := <-ended:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

var (
	shownURL = regexp.MustCompile(`http://\S+/mcp/[a-z0-9]+`)
	shownKey = regexp.MustCompile(`troupe_[a-z0-9_]+`)
	// shownConnectCode is a one-time code on a line of its own.
	shownConnectCode = regexp.MustCompile(`(?m)^[0-9A-Z]{8}$`)
)

// create makes the demo's entity as people do, by a slash command and a form, and takes the
// MCP URL and the key from the answer. It gives what to tell whoever sits at the terminal.
func (d *demo) create(ctx context.Context) (string, error) {
	form, err := d.command(ctx)
	if err != nil {
		return "", err
	}
	sent, err := d.discord.SubmitModal(d.world.Olivia, form, map[string]any{"name": demoName, "persona": demoRules, "channels": d.home()})
	if err != nil {
		return "", fmt.Errorf("fill the form in: %w", err)
	}
	reply, err := sent.WaitFinal(ctx)
	if err != nil {
		return "", fmt.Errorf("wait for the answer to the form: %w", err)
	}
	url, key := shownURL.FindString(reply.Text()), shownKey.FindString(reply.Text())
	if url == "" || key == "" {
		return "", fmt.Errorf("the bot answered without a URL and a key: %q", reply.Text())
	}
	d.entity = url[strings.LastIndexByte(url, '/')+1:]
	return invitation(url, key), nil
}

// connect makes a one-time code as the entity's owner does, and gives what to tell whoever sits
// at the terminal.
func (d *demo) connect(ctx context.Context) (string, error) {
	made, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	typed, err := d.discord.Slash(d.world.Olivia, d.world.Guild, d.world.General, "/entity connect", map[string]any{"entity": d.entity})
	if err != nil {
		return "", fmt.Errorf("type /entity connect: %w", err)
	}
	reply, err := typed.WaitFinal(made)
	if err != nil {
		return "", fmt.Errorf("wait for the one-time code: %w", err)
	}
	url, code := shownURL.FindString(reply.Text()), shownConnectCode.FindString(reply.Text())
	if url == "" || code == "" {
		return "", fmt.Errorf("the bot answered without a URL and a code: %q", reply.Text())
	}
	return fmt.Sprintf("  Give an AI client that signs in with OAuth the address %s\n  and the page that it opens this code, which is good once: %s", url, code), nil
}

// home are the channels that the demo's entity lives in.
func (d *demo) home() []sandbox.ID {
	return []sandbox.ID{d.world.General, d.world.Introductions, d.world.Ideas, d.world.Lab, d.world.Stories}
}

// command types /entity create as soon as the bot has come up and has announced it.
func (d *demo) command(ctx context.Context) (sandbox.Reply, error) {
	again := time.NewTicker(demoPause)
	defer again.Stop()
	for {
		var last error
		if d.program.relay.Status().Ready {
			typed, err := d.discord.Slash(d.world.Olivia, d.world.Guild, d.world.General, "/entity create", nil)
			if err == nil {
				return typed.Wait(ctx)
			}
			last = err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return sandbox.Reply{}, fmt.Errorf("the bot does not come up (%s): %w", d.program.relay.Status().Phase, errors.Join(ctx.Err(), last))
		}
	}
}

// invitation says how to connect an AI to the demo's entity.
func invitation(url, key string) string {
	return fmt.Sprintf(invitationText, url, key, demoName, clientName,
		commands.ClaudeCode(clientName, url, key), indented(commands.ClientJSON(clientName, url, key)),
		curl(url, key, "send_message", `{"channel":"#general","content":"Hello from Ada"}`),
		curl(url, key, "wait_for_messages", `{"timeout_s":20}`))
}

// clientName is what AI clients call the demo's entity.
const clientName = "ada"

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// curl is a line for a terminal that calls a tool.
func curl(url, key, tool, arguments string) string {
	return fmt.Sprintf(`curl -s %s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' `+
		`-d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":%s}}'`, url, key, tool, arguments)
}

const invitationText = `
This is troupe's sandbox: a Discord server that exists on this machine only, the real bot,
and %[3]s, an AI identity that waits for an AI. Nothing here reaches Discord.

  MCP URL  %[1]s
  key      %[2]s

Claude Code, in another terminal. Address and key are new at each start: if it says that %[4]s
is there already, type "claude mcp remove %[4]s" first.

  %[5]s

Other clients, with a settings file like this:

%[6]s

By hand in another terminal, to speak and to hear what was said since:

  %[7]s
  %[8]s

The answer ends with a next_cursor. To go on from there, ask again with it as the cursor:
"arguments":{"cursor":"…","timeout_s":20}. Without it you hear the same once more.

A client that signs in with OAuth takes the MCP URL alone: type /connect here for the one-time
code that its page asks for.

What is said on the server stands below. What you type is said by mia in #general; /help
tells more. Discord's slash commands, such as /entity create, cannot be typed here. Ctrl-C
ends it all, and nothing remains.

`
