package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"troupe/entities/agetest"
)

// converse runs a program of node's, and does for it what it asks for. It gives what it wrote.
func (s *stage) converse(ctx context.Context, t *testing.T, folder string, c foreignClient) (string, error) {
	t.Helper()
	ada := s.clients["ada"]
	address := ada.url
	if c.form != "" {
		base, id, _ := strings.Cut(address, "/mcp/")
		address = base + strings.ReplaceAll(c.form, "$ID", id)
	}
	if c.goes != nil {
		return "", c.goes(ctx, s, address)
	}
	args := make([]string, len(c.script))
	for i, arg := range c.script {
		args[i] = strings.NewReplacer("$URL", address, "$KEY", ada.key).Replace(arg)
	}
	args[0] = filepath.Join(folder, args[0])
	cmd := exec.CommandContext(ctx, nodeIn(folder), args...)
	nowhere := t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + nowhere, "NO_PROGRAMS=" + nowhere, "NO_COLOR=1", "MCP_URL=" + address, "MCP_KEY=" + ada.key}
	cmd.Dir, cmd.WaitDelay = folder, patience
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	said, asked := s.serveForeign(ctx, out, in)
	err = cmd.Wait()
	return said + errs.String(), errors.Join(asked, err)
}

// nodeIn is the Node.js that npm installed, or that of this machine.
func nodeIn(folder string) string {
	if found, err := filepath.Glob(filepath.Join(folder, "node_modules/node-linux-*/bin/node")); err == nil && len(found) > 0 {
		return found[0]
	}
	return "node"
}

// serveForeign reads what a client writes until it ends, and answers what it asks for.
func (s *stage) serveForeign(ctx context.Context, out io.Reader, in io.Writer) (string, error) {
	var all strings.Builder
	var problem error
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		what, asks := strings.CutPrefix(lines.Text(), "ask ")
		if !asks {
			continue
		}
		answer, err := s.oblige(ctx, what)
		if err != nil {
			problem, answer = errors.Join(problem, err), "no"
		}
		if _, err := fmt.Fprintln(in, answer); err != nil {
			problem = errors.Join(problem, err)
		}
	}
	return all.String(), errors.Join(problem, lines.Err())
}

var shownCode = regexp.MustCompile(`\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b`)

// oblige does what only somebody on Discord can do, or only time.
func (s *stage) oblige(ctx context.Context, what string) (string, error) {
	if text, says := strings.CutPrefix(what, "say "); says {
		return "said", s.say(ctx, []string{"mia", "#general", text})
	}
	switch what {
	case "code":
		return s.code(ctx)
	case "expire":
		return "expired", s.expire(ctx)
	case "end":
		if err := s.slash(ctx, []string{"olivia", "/entity connect entity:Ada"}); err != nil {
			return "", err
		}
		if err := s.pick(ctx, []string{"olivia", "Disconnect…", "Everything that is connected"}); err != nil {
			return "", err
		}
		return "ended", s.replied(ctx, []string{"Disconnected from Ada, at once."})
	}
	return "", fmt.Errorf("it asks for %q", what)
}

// code is a fresh one-time code of Ada's owner.
func (s *stage) code(ctx context.Context) (string, error) {
	if err := s.slash(ctx, []string{"olivia", "/entity connect entity:Ada"}); err != nil {
		return "", err
	}
	code := shownCode.FindString(s.reply.Text())
	if code == "" {
		return "", fmt.Errorf("/entity connect shows no code: %q", s.reply.Text())
	}
	return code, nil
}

// expire has all access tokens end.
func (s *stage) expire(ctx context.Context) error {
	ended, err := s.dayLater(ctx)
	if err == nil && ended == 0 {
		err = errors.New("there is no access token that could end")
	}
	return err
}

// dayLater has the program end, a day pass, and the program come back at its address.
func (s *stage) dayLater(ctx context.Context) (ended int64, err error) {
	address := s.bot.addr
	if err := s.stop(ctx, nil); err != nil {
		return 0, err
	}
	if ended, err = agetest.Day(filepath.Join(s.folder, "troupe.db")); err != nil {
		return 0, err
	}
	return ended, s.start(ctx, append(slices.Clone(s.settings), fmt.Sprintf("http.listen = %q", address)))
}
