package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// TestKilled kills the real program under load again and again, as kill -9 does. What it has
// called sent stands and has its owner, nothing stands twice though every call is made again
// until it is answered, and the database is whole. TEST_FULL=1 makes it 200 times.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := round(3, 200)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round(2, 40))*time.Minute)
	defer cancel()
	c := gather(t, sandbox.Config{NoRateLimits: true}, 8, round(24, 64))
	m := newMortal(ctx, t, c)
	m.live(ctx, t)
	load := m.load(ctx, 16)
	for range kills {
		m.die(ctx, t)
		m.live(ctx, t)
	}
	told := load.end(t)
	again := load.clarify(ctx, t, told)
	m.end(t)
	c.afterwards(t, told)
	t.Logf("%d kills: %d lines were called sent, %d of them only when asked again at the end; %d stay unknown, of which Discord was never asked for %d",
		kills, told.sent(), again, len(told)-told.sent(), c.unasked(told))
}

// mortal is the real program, as a process that gets killed.
type mortal struct {
	company *company
	folder  string
	binary  string
	addr    string
	process *process
	posted  atomic.Int64 // lines that Discord took
	random  *rand.Rand
}

// newMortal gives the program an address that outlives it.
func newMortal(ctx context.Context, t *testing.T, c *company) *mortal {
	t.Helper()
	m := &mortal{company: c, folder: filepath.Dir(c.database), random: rand.New(rand.NewPCG(7, 7))}
	m.binary = builtProgram(t)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = listener.Addr().String()
	text := fmt.Sprintf("discord.api_url = %q\ndiscord.admit = \"all\"\nhttp.listen = %q\ndatabase.url = \"sqlite:troupe.db\"\nlog.level = \"warn\"\n", c.discord.APIURL(), m.addr)
	if err := errors.Join(listener.Close(), os.WriteFile(filepath.Join(m.folder, "config.toml"), []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	c.moved(m.addr)
	t.Cleanup(c.discord.OnMessage(func(sandbox.Message) { m.posted.Add(1) }))
	return m
}

// live starts the program and waits until it serves.
func (m *mortal) live(ctx context.Context, t *testing.T) {
	t.Helper()
	var err error
	m.process, err = launch(m.binary, m.folder, nil, []string{tokenVariable + "=" + m.company.discord.Token()}, "-config", "config.toml")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.process.cmd.Process.Kill() }) // it is over already when all is well
	err = within(ctx, func() error {
		select {
		case <-m.process.done:
			return nil
		default:
		}
		got, err := m.company.call(ctx, m.company.cast[0], "whoami", struct{}{})
		if err == nil && got.failed {
			err = errors.New(got.text)
		}
		return err
	})
	select {
	case <-m.process.done:
		t.Fatalf("the program ended: %v\n%s", m.process.err, m.process.log.tail())
	default:
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, m.process.log.tail())
	}
}

// die kills the program some time after Discord has taken some more lines.
func (m *mortal) die(ctx context.Context, t *testing.T) {
	t.Helper()
	enough := m.posted.Load() + 1 + m.random.Int64N(12)
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := within(soon, func() error {
		if posted := m.posted.Load(); posted < enough {
			return fmt.Errorf("no load: %d lines, waiting for %d", posted, enough)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, m.process.log.tail())
	}
	moment := time.NewTimer(time.Duration(m.random.Int64N(int64(100 * time.Millisecond))))
	defer moment.Stop()
	<-moment.C
	if err := m.process.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-m.process.done
}

// end ends the program as people do.
func (m *mortal) end(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := m.process.end(ctx, os.Interrupt); err != nil {
		t.Errorf("%v\n%s", err, m.process.log.tail())
	}
}

// told is what senders were told in the end, line by line.
type told []fate

func (all told) sent() (sent int) {
	for _, f := range all {
		if f.answer.sent() {
			sent++
		}
	}
	return sent
}

// unasked counts the lines not called sent that never reached Discord at all.
func (c *company) unasked(all told) (unasked int) {
	asked := c.asked()
	for _, f := range all {
		if !f.answer.sent() && !asked[f.line.Content] {
			unasked++
		}
	}
	return unasked
}

// load are clients that say line after line.
type load struct {
	company *company
	stop    chan struct{}
	senders sync.WaitGroup
	mu      sync.Mutex
	told    told
	wrong   []error
}

func (m *mortal) load(ctx context.Context, senders int) *load {
	l := &load{company: m.company, stop: make(chan struct{})}
	for n := range senders {
		l.senders.Go(func() { l.send(ctx, n, senders) })
	}
	return l
}

// send says lines until the load ends, each until it is called sent, with its several entities
// by turns so that none comes up against its limits.
func (l *load) send(ctx context.Context, n, senders int) {
	cast := l.company.cast
	for i := n; ; i += senders {
		select {
		case <-l.stop:
			return
		default:
		}
		who := cast[i%len(cast)]
		f := fate{who: who, line: who.says(fmt.Sprintf("mortal line %06d", i), fmt.Sprintf("mortal-%06d", i))}
		doubts := 0
		var err error
		_, f.answer, err = l.company.insist(ctx, who, f.line, func(s said) bool {
			if s.Status == "unknown" {
				doubts++
			}
			return s.sent() || doubts > mostDoubts
		})
		l.note(f, err)
		if err != nil {
			return
		}
	}
}

// mostDoubts is how often a client asks about a line that nobody knows anything of. It may have
// been lost for good when the program died.
const mostDoubts = 5

func (l *load) note(f fate, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, f)
	if err != nil {
		l.wrong = append(l.wrong, err)
	}
}

// end ends the load after what is under way, and gives what the clients were told.
func (l *load) end(t *testing.T) told {
	t.Helper()
	close(l.stop)
	l.senders.Wait()
	wrong := &complaints{t: t}
	defer wrong.close()
	for _, err := range l.wrong {
		wrong.add("%v", err)
	}
	return l.told
}

// clarify asks once more about what is not known, and says how much of it was sent.
func (l *load) clarify(ctx context.Context, t *testing.T, all told) (again int) {
	t.Helper()
	for n, f := range all {
		if f.answer.sent() {
			continue
		}
		got, err := l.company.send(ctx, f.who, f.line)
		if err != nil {
			t.Error(err)
		}
		if all[n].answer = got; got.sent() {
			again++
		}
	}
	return again
}

// afterwards holds what the clients were told against what stands and what the database knows.
func (c *company) afterwards(t *testing.T, all told) {
	t.Helper()
	standing := c.standing()
	if doubles := doubled(t, standing); doubles > 0 {
		t.Errorf("%d lines stand more than once", doubles)
	}
	wrong := &complaints{t: t}
	defer wrong.close()
	owners := map[sandbox.ID]*speaker{}
	for _, f := range all {
		stands := standing[f.line.Content]
		switch {
		case f.answer.sent() && len(stands) == 0:
			wrong.add("%q was called sent and does not stand", f.line.Content)
		case !f.answer.sent() && len(stands) > 0:
			wrong.add("%q stands and was answered with %v", f.line.Content, f.answer)
		}
		for _, id := range stands {
			owners[id] = f.who
		}
	}
	c.owned(t, owners)
	c.whole(t)
}

// owned looks whose lines the database says they are.
func (c *company) owned(t *testing.T, owners map[sandbox.ID]*speaker) {
	t.Helper()
	guild := entities.Guild{ID: snowflake.ID(c.guild), OwnerID: snowflake.ID(c.discord.OwnerID()), Available: true}
	var rooms []entities.Channel
	for _, room := range c.rooms {
		rooms = append(rooms, entities.Channel{ID: snowflake.ID(room), GuildID: guild.ID, Type: discord.ChannelTypeGuildText})
	}
	registry, err := c.open(t.Context(), guild, rooms)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	}()
	wrong := &complaints{t: t}
	defer wrong.close()
	for id, who := range owners {
		found, err := registry.Speakers(t.Context(), entities.System("proof"), []snowflake.ID{snowflake.ID(id)})
		if err != nil || found[snowflake.ID(id)].ID != who.id {
			wrong.add("message %d is not known as %s's, but as %q's (%v)", id, who.name, found[snowflake.ID(id)].Name, err)
		}
	}
}

// whole has SQLite check its file.
func (c *company) whole(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", c.database)
	if err != nil {
		t.Fatal(err)
	}
	var verdict string
	err = db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict)
	if err = errors.Join(err, db.Close()); err != nil || verdict != "ok" {
		t.Errorf("the database is %q, %v", verdict, err)
	}
}
