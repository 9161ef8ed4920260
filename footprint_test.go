package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

const (
	crowd     = 1000     // entities
	footprint = 48 << 10 // KiB that the idle program may take with them
	stillness = 25       // looks in a row without work count as idle
)

// TestFootprint starts the real binary with 1,000 entities, with the stand-in in this process,
// and looks at its memory once it is connected and has nothing left to do.
func TestFootprint(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc, which only Linux has")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s, _ := startCrowd(ctx, t, sandbox.Config{})
	rss, err := s.resident(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("with %d entities the idle program takes %.1f MiB of memory (VmRSS); at most %d MiB are allowed", crowd, float64(rss)/1024, footprint>>10)
	if rss > footprint {
		t.Errorf("%d KiB are more than %d KiB", rss, footprint)
	}
}

// startCrowd starts the real binary with 1,000 entities, with the stand-in in this process, and
// gives them.
func startCrowd(ctx context.Context, t *testing.T, cfg sandbox.Config) (*stage, []entities.Created) {
	t.Helper()
	stand, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	})
	world, err := stand.Seed()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	binary := builtProgram(t)
	all := populate(ctx, t, filepath.Join(folder, "troupe.db"), world)

	s := &stage{discord: stand, world: world, folder: folder, token: stand.Token(), clients: map[string]*client{}}
	t.Setenv("PATH", filepath.Dir(binary)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := s.start(ctx, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ending, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.stop(ending, nil); err != nil {
			t.Error(err)
		}
	})
	last := all[len(all)-1]
	s.clients["last"] = newClient("http://"+s.bot.addr+"/mcp/"+string(last.Entity.ID), last.Key)
	if err := s.status(ctx, []string{"200", "last"}); err != nil {
		t.Fatalf("the entities are not there: %v", err)
	}
	s.clients["last"].http.CloseIdleConnections()
	return s, all
}

// resident waits until the program has nothing left to do, and gives the memory that it takes
// then, in KiB.
func (s *stage) resident(ctx context.Context) (int, error) {
	pid := s.bot.cmd.Process.Pid
	if err := idle(ctx, pid); err != nil {
		return 0, err
	}
	return residentKiB(pid)
}

// populate writes entities into a database, each with a channel and a key.
func populate(ctx context.Context, t *testing.T, path string, world sandbox.Demo) []entities.Created {
	t.Helper()
	known := entities.NewWorld()
	guild, general := snowflake.ID(world.Guild), snowflake.ID(world.General)
	known.PutGuild(entities.Guild{ID: guild, OwnerID: snowflake.ID(world.Olivia), Available: true}, nil, entities.Membership{},
		[]entities.Channel{{ID: general, GuildID: guild, Type: discord.ChannelTypeGuildText, Name: "general"}})
	registry, err := entities.Open(ctx, entities.Config{
		Database: "sqlite:" + path, Admission: entities.Admission{Mode: entities.AdmitAll}, World: known, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	rights := discord.PermissionManageGuild | discord.PermissionViewChannel
	owner := entities.Member(snowflake.ID(world.Olivia), guild, rights)
	all := make([]entities.Created, crowd)
	for n := range all {
		all[n], err = registry.Create(ctx, owner, entities.NewEntity{
			Name: fmt.Sprintf("Entity %04d", n), Persona: strings.Repeat("You like clear words. ", 20),
			Here: entities.ChosenChannel{ID: general, Permissions: rights},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := registry.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// idle waits until a process has done no work for a while.
func idle(ctx context.Context, pid int) error {
	var before string
	still := 0
	return within(ctx, func() error {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 13 {
			return fmt.Errorf("read %q", stat)
		}
		// User and system time, proc_pid_stat(5) fields 14 and 15, in ticks.
		now := fields[11] + " " + fields[12]
		if still++; now != before {
			before, still = now, 0
		}
		if still < stillness {
			return errors.New("the program is busy")
		}
		return nil
	})
}

func residentKiB(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		}
	}
	return 0, errors.New("no VmRSS")
}
