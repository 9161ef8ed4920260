package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// process is one run of the program.
type process struct {
	cmd  *exec.Cmd
	log  journal
	addr string
	done chan struct{}
	err  error // of its end, once done is closed
}

// journal keeps what a process writes.
type journal struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.data.Write(p)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.data.String()
}

// launch runs the program. It gets nothing of this process's environment but the variables.
func launch(path, folder string, in io.Reader, variables []string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdin, p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = in, folder, append(variables, "TMPDIR="+folder, "PATH="+os.Getenv("PATH")), &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// serving waits until the program says where it listens.
func (p *process) serving(ctx context.Context) error {
	return within(ctx, func() error {
		select {
		case <-p.done:
			return fmt.Errorf("the program ended: %w\n%s", p.err, p.log.text())
		default:
		}
		_, rest, found := strings.Cut(p.log.text(), `msg="troupe serves"`)
		_, rest, listens := strings.Cut(rest, "listen=")
		if !found || !listens || !strings.Contains(rest, "\n") {
			return errors.New("it does not say where it listens")
		}
		p.addr = strings.Fields(rest)[0]
		return nil
	})
}

// end asks the program to end, by the signal of Ctrl-C or another, and waits.
func (p *process) end(ctx context.Context, signal os.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return errors.Join(errors.New("the program does not end"), p.cmd.Process.Kill())
	}
}
