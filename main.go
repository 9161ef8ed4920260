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
  troupe -backup FILE       save everything to a new file; the bot may run meanwhile
  troupe -restore FILE      bring that back, here or on another host; the bot must not run
  troupe -rotate-all        end all keys of all entities, alone or with -restore
  troupe -adopt-application
                            serve, with the token of another Discord application than before
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

// call is what the arguments ask for.
type call struct {
	given     map[string]bool // flags, by name
	config    string
	backup    string
	restore   string
	rotateAll bool
	adopt     bool
}

// parse reads the arguments. The error says how they are wrong.
func parse(args []string) (call, error) {
	l := call{given: map[string]bool{}}
	flags := flag.NewFlagSet("troupe", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&l.config, "config", "", "")
	flags.StringVar(&l.backup, "backup", "", "")
	flags.StringVar(&l.restore, "restore", "", "")
	flags.BoolVar(&l.rotateAll, "rotate-all", false, "")
	flags.BoolVar(&l.adopt, "adopt-application", false, "")
	for _, name := range alone {
		if flags.Lookup(name) == nil {
			flags.Bool(name, false, "")
		}
	}
	if err := flags.Parse(args); err != nil {
		return l, err
	}
	if flags.NArg() > 0 {
		return l, fmt.Errorf("%q is no argument of it", flags.Arg(0))
	}
	flags.Visit(func(f *flag.Flag) {
		// A switch can be given as -check=false; a file can be called false.
		_, isSwitch := f.Value.(interface{ IsBoolFlag() bool })
		l.given[f.Name] = !isSwitch || f.Value.String() == "true"
	})
	first := ""
	for _, name := range alone {
		if !l.given[name] {
			continue
		}
		if l.adopt {
			return l, fmt.Errorf("-%s and -adopt-application exclude each other", name)
		}
		if first != "" && (first != "restore" || name != "rotate-all") {
			return l, fmt.Errorf("-%s and -%s exclude each other", first, name)
		}
		first = name
	}
	for name, file := range map[string]string{"backup": l.backup, "restore": l.restore} {
		if l.given[name] && file == "" {
			return l, fmt.Errorf("-%s wants the name of a file", name)
		}
	}
	return l, nil
}

// alone are the flags of which one call has one, but for -rotate-all, which goes with -restore.
var alone = []string{"version", "sandbox", "check", "backup", "restore", "rotate-all"}

// run does what the arguments say and gives the exit code.
func (c command) run(ctx context.Context) int {
	asked, err := parse(c.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(c.out, usage) // when nobody reads it there is nobody to tell
		return exitOK
	case err != nil:
		return c.misused(err.Error())
	case asked.given["version"]:
		_, _ = fmt.Fprintln(c.out, "troupe", currentVersion())
		return exitOK
	case asked.given["sandbox"]:
		return c.exit(c.sandbox(ctx))
	case asked.given["backup"]:
		return c.exit(c.backup(ctx, asked))
	case asked.given["restore"]:
		return c.exit(c.restore(ctx, asked))
	case asked.given["rotate-all"]:
		return c.exit(c.rotateAll(ctx, asked))
	}
	cfg, err := loadConfig(asked.config, c.getenv)
	cfg.AdoptApplication = asked.adopt
	if asked.given["check"] {
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

// newLog writes to w as the configuration says, without the token and the database's password.
func newLog(w io.Writer, cfg config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if cfg.LogJSON {
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(relay.Redact(handler, cfg.Token, databasePassword(cfg.Database)))
}
