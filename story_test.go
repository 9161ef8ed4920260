package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"troupe/entities/leaktest"
	"troupe/relay/sandbox"
)

const (
	openAPIVariable = "DISCORD_OPENAPI"
	patience        = 20 * time.Second
	glance          = 10 * time.Millisecond
)

// stage is what one story plays on: a Discord stand-in with two servers, the program, and the
// AIs that have a key.
type stage struct {
	discord *sandbox.Discord
	world   sandbox.Demo
	folder  string
	token   string

	bot     *process
	typed   io.WriteCloser // what the sandbox reads
	reply   sandbox.Reply
	asked   sandbox.Reply // the last answer to a command
	held    sandbox.Reply // an answer that somebody goes on with later
	last    sandbox.ID    // what a person said last
	stands  sandbox.ID    // the line that was last found where it should be
	clients map[string]*client
	answer  string // of the last call
	// settings are the configuration's lines with which it was started last, in the tests of clients
	// that are not ours.
	settings []string
	failed   bool
}

type stageKey struct{}

// onStage makes a command of a method of the stage. A story's "!" says that the method fails.
func onStage(do func(s *stage, ctx context.Context, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		s, ok := ts.Value(stageKey{}).(*stage)
		if !ok {
			ts.Fatalf("there is no stage")
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := do(s, ctx, args)
		switch {
		case neg && err == nil:
			ts.Fatalf("this was to fail")
		case !neg && err != nil:
			if s.bot != nil {
				ts.Logf("[the program's log]\n%s", s.bot.log.text())
			}
			ts.Fatalf("%v", err)
		case err != nil:
			ts.Logf("as it should: %v", err)
		}
	}
}

func setStage(env *testscript.Env) error {
	discord, err := sandbox.Start(sandbox.Config{OpenAPI: os.Getenv(openAPIVariable)})
	if err != nil {
		return err
	}
	world, err := discord.Seed()
	if err != nil {
		return err
	}
	if err := discord.SeedOther(&world); err != nil {
		return err
	}
	s := &stage{discord: discord, world: world, folder: env.WorkDir, token: discord.Token(), clients: map[string]*client{}}
	env.Values[stageKey{}] = s
	env.Setenv(tokenVariable, "")
	env.Setenv("TOKEN", s.token)
	env.Setenv("WRONG", strings.Split(s.token, ".")[0]+".AAAAAA.this-token-was-reset-long-ago-and-is-refused")
	env.Setenv("API", discord.APIURL())
	env.Setenv("GUILD", world.Guild.String())
	env.Setenv("OTHER", world.OtherGuild.String())
	env.Defer(func() {
		if problem := s.strike(); problem != nil {
			env.T().Fatal(problem)
		}
	})
	return os.WriteFile(filepath.Join(env.WorkDir, "picture.png"), picture(), 0o600)
}

// strike takes the stage down and says what nobody may leave behind: a program that does not
// end, a secret in its log, or a request that Discord's own description does not know.
func (s *stage) strike() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var problems []error
	for _, c := range s.clients {
		problems = append(problems, c.close())
	}
	if s.bot != nil {
		problems = append(problems, s.stop(ctx, nil))
	}
	if left, err := filepath.Glob(filepath.Join(s.folder, "troupe-sandbox-*")); err != nil || len(left) > 0 {
		problems = append(problems, fmt.Errorf("the sandbox left %q (%w)", left, err))
	}
	databases, err := filepath.Glob(filepath.Join(s.folder, "*.db")) // backups too
	problems = append(problems, err)
	for _, database := range databases {
		problems = append(problems, leaktest.Files(database, s.discord.Confided()...))
	}
	for _, departure := range s.discord.Departures() {
		if !departure.Refused {
			problems = append(problems, fmt.Errorf("not as Discord describes its API: %+v", departure))
		}
	}
	return errors.Join(append(problems, s.discord.Close())...)
}

// picture is a small PNG to upload.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 96, 64))
	for x := range 96 {
		for y := range 64 {
			img.Set(x, y, color.RGBA{R: uint8(2 * x), G: uint8(3 * y), B: 120, A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// within repeats a question until its answer is nil, and gives the last answer otherwise.
func within(ctx context.Context, ask func() error) error {
	again := time.NewTicker(glance)
	defer again.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("not in time: %w", err)
		}
	}
}

// start [-unready] [-token TOKEN] [KEY=VALUE...] starts the program and waits until it is
// ready. KEY=VALUE are lines of its configuration.
func (s *stage) start(ctx context.Context, args []string) error {
	token, ready := s.token, true
	text := fmt.Sprintf("discord.api_url = %q\n", s.discord.APIURL())
	admit, listen := `discord.admit = "all"`, `http.listen = "127.0.0.1:0"`
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-unready":
			ready = false
		case args[i] == "-token":
			i++
			token = args[i]
		case strings.HasPrefix(args[i], "discord.admit"):
			admit = args[i]
		case strings.HasPrefix(args[i], "http.listen"):
			listen = args[i]
		default:
			text += args[i] + "\n"
		}
	}
	if err := os.WriteFile(filepath.Join(s.folder, "config.toml"), []byte(text+admit+"\n"+listen+"\n"), 0o600); err != nil {
		return err
	}
	path, err := exec.LookPath("troupe")
	if err != nil {
		return err
	}
	s.bot, err = launch(path, s.folder, nil, []string{tokenVariable + "=" + token}, "-config", "config.toml")
	if err != nil {
		return err
	}
	if err := s.bot.serving(ctx); err != nil {
		return err
	}
	for _, c := range s.clients {
		c.follow(s.bot.addr)
	}
	if !ready {
		return nil
	}
	if err := s.get(ctx, []string{"/readyz", "200"}); err != nil {
		return err
	}
	return within(ctx, func() error {
		if _, err := s.discord.Slash(s.world.Olivia, s.world.Guild, s.world.General, "/status", nil); err != nil {
			return fmt.Errorf("the commands are not announced: %w", err)
		}
		return nil
	})
}

// end [-term] ends the program, as Ctrl-C does or by SIGTERM, and looks through its log.
func (s *stage) stop(ctx context.Context, args []string) error {
	bot := s.bot
	s.bot = nil
	signal := os.Signal(os.Interrupt)
	if slices.Contains(args, "-term") {
		signal = syscall.SIGTERM
	}
	begin := time.Now()
	if err := bot.end(ctx, signal); err != nil {
		return fmt.Errorf("the program's end: %w\n%s", err, bot.log.text())
	}
	if took := time.Since(begin); took > 10*time.Second {
		return fmt.Errorf("the program took %s to end", took)
	}
	log := bot.log.text()
	if strings.Contains(log, s.token) || (s.typed == nil && shownKey.MatchString(log)) {
		return errors.New("a secret stands in the log")
	}
	if strings.Contains(log, "level=ERROR") && !strings.Contains(log, "refused") {
		return fmt.Errorf("errors in the log:\n%s", log)
	}
	return nil
}

// get PATH STATUS [TEXT] waits until the program answers like this.
func (s *stage) get(ctx context.Context, args []string) error {
	return within(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.bot.addr+args[0], nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}
		if fmt.Sprint(resp.StatusCode) != args[1] || !strings.Contains(string(body), strings.Join(args[2:], " ")) {
			return fmt.Errorf("%s answers %d %q", args[0], resp.StatusCode, body)
		}
		return nil
	})
}

// expand FILE puts the variables into a file of the story.
func (s *stage) expand(_ context.Context, args []string) error {
	path := filepath.Join(s.folder, args[0])
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.ReplaceAll(string(data), "${API}", s.discord.APIURL())), 0o600)
}

// demo starts the sandbox, with a terminal, and takes the URL and key that it prints as ada's.
func (s *stage) demo(ctx context.Context, _ []string) error {
	path, err := exec.LookPath("troupe")
	if err != nil {
		return err
	}
	in, typed, err := os.Pipe()
	if err != nil {
		return err
	}
	s.typed = typed
	s.bot, err = launch(path, s.folder, in, []string{tokenVariable + "=nonsense"}, "-sandbox")
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	if err := s.logged(ctx, []string{"nothing remains"}); err != nil {
		return err
	}
	text := s.bot.log.text()
	s.clients["ada"] = newClient(shownURL.FindString(text), shownKey.FindString(text))
	return nil
}

// type LINE types into the sandbox's terminal.
func (s *stage) types(_ context.Context, args []string) error {
	_, err := fmt.Fprintln(s.typed, args[0])
	return err
}

// hangup ends what is typed, as for a program that nobody types to.
func (s *stage) hangUp(context.Context, []string) error { return s.typed.Close() }

// logged TEXT waits until a text stands in what the program wrote.
func (s *stage) logged(ctx context.Context, args []string) error {
	return within(ctx, func() error {
		if !strings.Contains(s.bot.log.text(), args[0]) {
			return fmt.Errorf("not in the log:\n%s", s.bot.log.text())
		}
		return nil
	})
}
