// Command troupe runs one Discord bot with many AI identities, each with an MCP endpoint of
// its own. This package only reads the configuration, builds the parts in order, serves, and
// closes them in reverse.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"troupe/relay"
)

const usage = `troupe: one Discord bot, many AI identities, each with its own MCP URL.

  troupe -sandbox           try it now: needs no Discord, no token, no configuration
  troupe -config FILE       serve; without -config, ./config.toml is read
  troupe -check             say whether configuration, token, intents and permissions are right
  troupe -version

The bot's token may come from the environment variable TROUPE_DISCORD_TOKEN.
config.example.toml documents the configuration.
`

// Exit codes: all well, something stops the program, it was called in a wrong way.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// command is one call of the program: what it was told and where it reads and writes.
type command struct {
	args   []string // without the program's name
	getenv func(string) string
	in     io.Reader
	out    io.Writer
	err    io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// From the first signal on, a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(command{args: os.Args[1:], getenv: os.Getenv, in: os.Stdin, out: os.Stdout, err: os.Stderr}.run(ctx))
}

// run does what the arguments say and gives the exit code.
func (c command) run(ctx context.Context) int {
	flags := flag.NewFlagSet("troupe", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	path := flags.String("config", "", "")
	check := flags.Bool("check", false, "")
	demo := flags.Bool("sandbox", false, "")
	showVersion := flags.Bool("version", false, "")
	err := flags.Parse(c.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(c.out, usage) // when nobody reads it there is nobody to tell
		return exitOK
	case err != nil:
		return c.misused(err.Error())
	case flags.NArg() > 0:
		return c.misused(fmt.Sprintf("%q is no argument of it", flags.Arg(0)))
	case *demo && *check:
		return c.misused("-sandbox and -check exclude each other")
	case *showVersion:
		_, _ = fmt.Fprintln(c.out, "troupe", currentVersion())
		return exitOK
	case *demo:
		return c.exit(c.sandbox(ctx))
	}
	cfg, err := loadConfig(*path, c.getenv)
	if *check {
		return c.exit(c.check(ctx, cfg, err))
	}
	if err != nil {
		return c.exit(err)
	}
	return c.exit(c.serve(ctx, cfg))
}

func (c command) misused(problem string) int {
	_, _ = fmt.Fprintf(c.err, "troupe: %s; troupe -h shows how it is called\n", oneLine(problem))
	return exitUsage
}

// exit says in one line what stopped the program, if anything did.
func (c command) exit(err error) int {
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintf(c.err, "troupe: %s\n", oneLine(err.Error()))
	return exitFailed
}

// serve runs the bot until ctx ends.
func (c command) serve(ctx context.Context, cfg config) error {
	log := newLog(c.err, cfg)
	for _, warning := range cfg.Warnings {
		log.Warn("the configuration works, but could be better", "warning", warning)
	}
	p, err := newProgram(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("troupe serves", "version", currentVersion(), "listen", p.Addr(), "public_url", p.publicURL)
	err = p.Run(ctx)
	log.Info("troupe ends")
	return err
}

// newLog writes to w as the configuration says, without the token.
func newLog(w io.Writer, cfg config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if cfg.LogJSON {
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(relay.Redact(handler, cfg.Token))
}
