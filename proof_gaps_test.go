package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// mostShare is a fifth of the 50 requests that Discord allows a bot in a second.
const mostShare = 10

// mostPatience is how long a proof of gaps may take before it is called stuck. A machine with much
// to do needs most of it for the building of the program.
const mostPatience = 6 * time.Minute

// patiently is a context for a proof that takes longer in the full round.
func patiently(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), time.Duration(round(1, 6))*mostPatience)
}

// deafened is the real program with readers, which misses what is said while it is away.
type deafened struct {
	*company
	*mortal
	spoken  *spoken
	readers []*reader
}

// deafen starts the program on a server with rooms, in each of which an entity reads.
func deafen(ctx context.Context, t *testing.T, rooms int) *deafened {
	t.Helper()
	d := &deafened{company: gather(t, sandbox.Config{}, rooms, rooms)}
	d.spoken = &spoken{discord: d.discord, lines: map[sandbox.ID]int{}}
	d.mortal = newMortal(ctx, t, d.company)
	t.Cleanup(func() {
		if t.Failed() && d.process != nil {
			t.Logf("%+v; the end of the program's log:\n%s", d.discord.GatewayCounts(), d.process.log.tail())
		}
	})
	d.live(ctx, t)
	for _, who := range d.cast {
		r, err := d.befriend(ctx, d.spoken, who)
		if err == nil {
			_, err = r.read(ctx, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		d.readers = append(d.readers, r)
	}
	return d
}

// live starts the program, and waits until it is connected too.
func (d *deafened) live(ctx context.Context, t *testing.T) {
	t.Helper()
	d.mortal.live(ctx, t)
	if err := d.discord.WaitReady(ctx); err != nil { // what is not connected cannot be dropped
		t.Fatal(err)
	}
}

// kill ends the program as kill -9 does.
func (d *deafened) kill(t *testing.T) {
	t.Helper()
	if err := d.process.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-d.process.done
}

// each does something for every reader.
func (d *deafened) each(t *testing.T, do func(*reader) error) {
	t.Helper()
	for _, r := range d.readers {
		if err := do(r); err != nil {
			t.Fatal(err)
		}
	}
}

// gossip has people say some lines to every reader.
func (d *deafened) gossip(t *testing.T, lines int) {
	t.Helper()
	d.each(t, func(r *reader) error { return r.told(lines) })
	d.each(t, (*reader).written)
}

// missed has much said while the program hears nothing, also in a thread that is opened meanwhile.
// By turns that one, the oldest thread, or both are archived before it hears again.
func (d *deafened) missed(t *testing.T, turn, lines int) {
	t.Helper()
	d.gossip(t, lines)
	d.each(t, func(r *reader) error {
		if err := r.openThread(); err != nil {
			return err
		}
		newest := r.threads[len(r.threads)-1]
		if err := d.spoken.say(d.discord.OwnerID(), newest, 5); err != nil {
			return err
		}
		if turn%3 != 0 {
			if err := r.archive(r.threads[0]); err != nil {
				return err
			}
		}
		if turn%3 != 1 {
			return r.archive(newest)
		}
		return nil
	})
}

// sum is how much was said in all.
func (d *deafened) sum() (lines, channels int) {
	for _, said := range d.spoken.lines {
		lines += said
	}
	return lines, len(d.spoken.lines)
}

// TestMissed has much said in twelve rooms while the program does not run. When it runs again all
// of that is heard once and in order, at no more than a fifth of what Discord allows a bot.
// TEST_FULL=1 makes it 12,000 messages.
func TestMissed(t *testing.T) {
	t.Parallel()
	const rooms = 12
	ctx, cancel := patiently(t)
	defer cancel()
	d := deafen(ctx, t, rooms)
	d.end(t)
	missed := round(120, 1000)
	d.each(t, func(r *reader) error { return d.spoken.say(d.discord.OwnerID(), r.who.room, missed) })
	begin, before := time.Now(), len(d.discord.Requests())
	d.live(ctx, t)
	hearAll(ctx, t, d.readers)
	took := time.Since(begin)
	reads := 0
	for _, r := range d.discord.Requests()[before:] {
		if r.Method == http.MethodGet && (strings.HasSuffix(r.Path, "/messages") || strings.Contains(r.Path, "/threads/archived/")) {
			reads++
		}
	}
	t.Logf("%d messages in %d rooms are back after %s, with %d requests for what was missed: %.1f a second", rooms*missed, rooms, took.Round(time.Millisecond), reads, float64(reads)/took.Seconds())
	if most := int(mostShare*took.Seconds()) + mostShare; took > 90*time.Second || reads > most {
		t.Errorf("it took %s and %d requests, at most %d are allowed", took, reads, most)
	}
	d.end(t)
}

// TestMissedInRestarts ends the program again and again while people talk, by a signal and by
// kill -9 in turn. TEST_FULL=1 makes it 50 times.
func TestMissedInRestarts(t *testing.T) {
	t.Parallel()
	restarts := round(4, 50)
	ctx, cancel := patiently(t)
	defer cancel()
	d := deafen(ctx, t, 3)
	for n := range restarts {
		d.gossip(t, 7)
		if n%2 == 0 {
			d.end(t)
		} else {
			d.kill(t)
		}
		d.missed(t, n, 30)
		d.live(ctx, t)
		d.gossip(t, 5)
		hearAll(ctx, t, d.readers)
	}
	d.end(t)
	lines, channels := d.sum()
	t.Logf("%d restarts, %d messages in %d channels", restarts, lines, channels)
}

// TestMissedInDrops ends sessions for good again and again while people talk. TEST_FULL=1 makes
// it 50 times.
func TestMissedInDrops(t *testing.T) {
	t.Parallel()
	drops := round(3, 50)
	ctx, cancel := patiently(t)
	defer cancel()
	d := deafen(ctx, t, 3)
	for n := range drops {
		d.gossip(t, 5)
		before := d.discord.GatewayCounts().Identifies
		if n%2 == 0 {
			d.discord.CloseCode(4009)
		} else {
			d.discord.DropForGood()
		}
		d.missed(t, n, 30)
		if err := d.discord.WaitCounts(ctx, func(counts sandbox.GatewayCounts) bool { return counts.Identifies > before }); err != nil {
			t.Fatal(err)
		}
		d.gossip(t, 5)
	}
	hearAll(ctx, t, d.readers)
	d.end(t)
	lines, channels := d.sum()
	t.Logf("%d sessions lost, %d messages in %d channels", drops, lines, channels)
}

// TestMissedInResumes cuts the connection again and again while people say 200 lines a second, and
// entities read. No session is lost. TEST_FULL=1 makes it 500 times.
func TestMissedInResumes(t *testing.T) {
	t.Parallel()
	drops := round(6, 500)
	ctx, cancel := patiently(t)
	defer cancel()
	d := deafen(ctx, t, 3)
	ways := []func(){
		d.discord.Drop, d.discord.Reconnect, func() { d.discord.CloseCode(4000) }, func() { d.discord.InvalidateSessions(true) },
	}
	begin, hush, end := time.Now(), d.talk(ctx), listen(ctx, d.readers)
	for n := range drops {
		before := d.discord.GatewayCounts().Resumes
		ways[n%len(ways)]()
		if err := d.discord.WaitCounts(ctx, func(counts sandbox.GatewayCounts) bool { return counts.Resumes > before }); err != nil {
			t.Fatal(err)
		}
	}
	if err := hush(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	hearAll(ctx, t, d.readers)
	if counts := d.discord.GatewayCounts(); counts.Identifies != 1 {
		t.Errorf("a session was lost: %+v", counts)
	}
	d.end(t)
	lines, channels := d.sum()
	t.Logf("%d drops in %s, %d messages in %d channels: %.0f a second", drops, took.Round(time.Second), lines, channels, float64(lines)/took.Seconds())
}

// talk has people say 200 lines a second until it is ended, which says what went wrong.
func (d *deafened) talk(ctx context.Context) (end func() error) {
	talking, stop := context.WithCancel(ctx)
	var (
		wrong error
		lines sync.WaitGroup
	)
	lines.Go(func() {
		tick := time.NewTicker(time.Second / 200)
		defer tick.Stop()
		begin := time.Now()
		for said := 0; wrong == nil; {
			select {
			case <-tick.C:
			case <-talking.Done():
				return
			}
			for ; said < int(time.Since(begin).Seconds()*200) && wrong == nil; said++ { // what a busy machine left out, too
				r, who, where := d.readers[said%len(d.readers)], d.discord.OwnerID(), sandbox.ID(0)
				switch turn := said / len(d.readers) % 100; {
				case turn == 0:
					who, where = r.friend, r.private
				case turn%3 == 0:
					where = r.threads[0]
				default:
					where = r.who.room
				}
				wrong = d.spoken.say(who, where, 1)
			}
		}
	})
	return func() error {
		stop()
		lines.Wait()
		return wrong
	}
}

// TestMissedInALongOutage takes Discord out of reach, once so that sessions outlive it and once so
// that they do not. TEST_FULL=1 makes it 60 seconds each time.
func TestMissedInALongOutage(t *testing.T) {
	t.Parallel()
	length := time.Duration(round(3, 60)) * time.Second
	ctx, cancel := patiently(t)
	defer cancel()
	d := deafen(ctx, t, 3)
	for n, how := range []sandbox.Outage{sandbox.Unreachable, sandbox.Unavailable} {
		d.gossip(t, 7)
		if n > 0 {
			d.discord.DropForGood()
		}
		d.discord.GoDown(how)
		begin := time.Now()
		err := watch(ctx, length, func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		d.missed(t, n, round(60, 900))
		d.discord.ComeBack()
		back := time.Now()
		d.gossip(t, 5)
		hearAll(ctx, t, d.readers)
		t.Logf("after an outage of %s all is heard in %s", back.Sub(begin).Round(time.Second), time.Since(back).Round(time.Second))
	}
	d.end(t)
	lines, channels := d.sum()
	t.Logf("%d messages in %d channels; %+v", lines, channels, d.discord.GatewayCounts())
}
