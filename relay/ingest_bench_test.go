package relay_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

const (
	ingestBurst = 2000 // frames at once: less than what the inbox holds
	ingestPace  = 200  // messages a second, as on a very busy server
)

// hearing is a relay with entities in one channel, to which frames are fed as if they came from
// the gateway.
type hearing struct {
	tb       testing.TB
	reg      *entities.Registry
	relay    *relay.Relay
	feed     func([]byte)
	reader   entities.Actor // one of the entities
	guild    sandbox.ID
	channel  sandbox.ID
	log      *sql.DB // the database, to look into
	last     snowflake.ID
	messages int
	sequence int
}

// newHearing starts a relay with n entities that hear one channel.
func newHearing(tb testing.TB, n int) *hearing {
	tb.Helper()
	disc, err := sandbox.Start(sandbox.Config{NoIdentifyLimit: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := disc.Close(); err != nil {
			tb.Error(err)
		}
	})
	world, err := disc.Seed()
	if err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	path := filepath.Join(tb.TempDir(), "troupe.db")
	reg, err := entities.Open(tb.Context(), entities.Config{
		Database: "sqlite:" + path, Admission: entities.Admission{Mode: entities.AdmitAll}, World: entities.NewWorld(), Log: log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	r, err := relay.New(relay.Config{Registry: reg, Token: disc.Token(), APIURL: disc.APIURL(), PublicURL: "http://127.0.0.1", Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		running.Wait()
		r.Close(context.Background())
		if err := reg.Close(); err != nil {
			tb.Error(err)
		}
	})
	rows, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := rows.Close(); err != nil {
			tb.Error(err)
		}
	})
	h := &hearing{tb: tb, log: rows, reg: reg, relay: r, feed: r.Feed(), guild: world.Guild, channel: world.General}
	h.until("the relay is ready", func() bool { return r.Status().Ready })
	h.populate(n, world.Olivia)
	return h
}

func (h *hearing) populate(n int, owner sandbox.ID) {
	h.tb.Helper()
	rights := discord.PermissionManageGuild | discord.PermissionViewChannel
	boss := entities.Member(snowflake.ID(owner), snowflake.ID(h.guild), rights)
	for i := range n {
		made, err := h.reg.Create(h.tb.Context(), boss, entities.NewEntity{
			Name: fmt.Sprintf("Entity %04d", i), Here: entities.ChosenChannel{ID: snowflake.ID(h.channel), Permissions: rights},
		})
		if err != nil {
			h.tb.Fatal(err)
		}
		if i > 0 {
			continue
		}
		if h.reader, err = h.reg.Authenticate(h.tb.Context(), made.Key, made.Entity.ID); err != nil {
			h.tb.Fatal(err)
		}
		if _, err := h.relay.Channels(h.tb.Context(), h.reader); err != nil {
			h.tb.Fatal(err)
		}
	}
}

func (h *hearing) until(what string, holds func() bool) {
	h.tb.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			h.tb.Fatalf("waited in vain until %s", what)
		}
	}
}

// frames are n messages as Discord sends them, of 79 characters each, from a few people.
func (h *hearing) frames(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		h.messages++
		h.sequence++
		id := snowflake.New(time.Now()) + snowflake.ID(h.messages)
		who := 100 + i%20
		h.last = id
		all[i] = fmt.Appendf(nil, `{"t":"MESSAGE_CREATE","s":%d,"op":0,"d":{"type":0,"tts":false,"timestamp":"2026-11-23T09:41:07.123000+00:00","pinned":false,`+
			`"nonce":"%d","mentions":[],"mention_roles":[],"mention_everyone":false,"member":{"roles":["1234567890123456%02d","1234567890123457%02d"],`+
			`"premium_since":null,"pending":false,"nick":"Person %d","mute":false,"joined_at":"2024-02-03T04:05:06.789000+00:00","flags":0,"deaf":false,`+
			`"communication_disabled_until":null,"banner":null,"avatar":null},"id":"%d","flags":0,"embeds":[],"edited_timestamp":null,`+
			`"content":"%06d: the quick brown fox jumps over the lazy dog, and then it looks back at it","components":[],"channel_id":"%s","channel_type":0,`+
			`"author":{"username":"person%d","public_flags":0,"primary_guild":null,"id":"123456789012345%03d","global_name":"Person %d","display_name_styles":null,`+
			`"discriminator":"0","collectibles":null,"clan":null,"avatar_decoration_data":null,"avatar":"a_0123456789abcdef0123456789abcdef"},`+
			`"attachments":[],"guild_id":"%s"}}`,
			h.sequence, id, who%100, who%100, who, id, h.messages, h.channel, who, who, who, h.guild)
	}
	return all
}

// hear feeds frames and waits until all of them are in the event log.
func (h *hearing) hear(frames [][]byte, beat <-chan time.Time) {
	for _, frame := range frames {
		if beat != nil {
			<-beat
		}
		h.feed(frame)
	}
	h.settle()
}

// settle waits until what was fed is in the event log.
func (h *hearing) settle() {
	h.tb.Helper()
	h.until("everything is in the event log", func() bool {
		var newest int64
		if err := h.log.QueryRowContext(h.tb.Context(), "SELECT message_id FROM events ORDER BY seq DESC LIMIT 1").Scan(&newest); err != nil && !errors.Is(err, sql.ErrNoRows) {
			h.tb.Fatal(err)
		}
		return snowflake.ID(newest) == h.last
	})
}

// decode is what disgo alone does with the same frames.
func decode(tb testing.TB, frames [][]byte, beat <-chan time.Time) {
	for _, frame := range frames {
		if beat != nil {
			<-beat
		}
		var message gateway.Message
		if err := json.Unmarshal(frame, &message); err != nil {
			tb.Fatal(err)
		}
		if _, ok := message.D.(gateway.EventMessageCreate); !ok {
			tb.Fatalf("it is a %T", message.D)
		}
	}
}

// spent is the CPU, user and system, that something takes of this process.
func spent(tb testing.TB, do func()) time.Duration {
	tb.Helper()
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			tb.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	do()
	return used() - before
}

// ingestCosts gives what one message costs: all that we do with it, and disgo's decoding alone.
// They alternate, so that both meet the same weather on this machine.
func (h *hearing) costs(messages, slice, pace int) (ours, disgo time.Duration) {
	h.tb.Helper()
	var beat <-chan time.Time
	if pace > 0 {
		ticker := time.NewTicker(time.Second / time.Duration(pace))
		defer ticker.Stop()
		beat = ticker.C
	}
	for done := 0; done < messages; done += slice {
		frames := h.frames(min(slice, messages-done))
		disgo += spent(h.tb, func() { decode(h.tb, frames, beat) })
		ours += spent(h.tb, func() { h.hear(frames, beat) })
	}
	return ours / time.Duration(messages), disgo / time.Duration(messages)
}

// BenchmarkIngest measures the CPU from a frame to the event log, and its ratio to disgo's
// decoding of the same frames.
func BenchmarkIngest(b *testing.B) {
	for _, n := range []int{1, 1000} {
		whole := b
		begin := sync.OnceValue(func() *hearing { return newHearing(whole, n) })
		for name, pace := range map[string]int{"burst": 0, "paced": ingestPace} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				h := begin()
				h.tb = b
				ours, disgo := h.costs(b.N, ingestBurst, pace)
				b.ReportMetric(0, "ns/op") // the time is that of the pace
				b.ReportMetric(float64(ours.Nanoseconds()), "cpu-ns/message")
				b.ReportMetric(float64(disgo.Nanoseconds()), "cpu-ns/disgo")
				b.ReportMetric(float64(ours)/float64(disgo), "ratio")
			})
		}
	}
}

const (
	dearestIngest = 2.0 // times disgo's decoding
	dearestCrowd  = 1.2 // times as much with 1,000 entities as with one
)

// TestIngestCost holds what a message costs to a multiple of disgo's decoding, also with many
// entities in the channel. A machine that is busy otherwise is given several chances.
func TestIngestCost(t *testing.T) {
	if os.Getenv("TEST_FULL") == "" {
		t.Skip("TEST_FULL=1 measures CPU, which needs an idle machine")
	}
	one, many := newHearing(t, 1), newHearing(t, 1000)
	for name, c := range map[string]struct{ messages, slice, pace int }{"burst": {10_000, ingestBurst, 0}, "paced": {2000, 1000, ingestPace}} {
		var reasons []string
		for range 3 {
			reasons = nil
			few, disgo := one.costs(c.messages, c.slice, c.pace)
			lots, again := many.costs(c.messages, c.slice, c.pace)
			t.Logf("%s: %s with one entity, %s with 1,000; disgo alone %s and %s", name, few, lots, disgo, again)
			if ratio := float64(few) / float64(disgo); ratio > dearestIngest {
				reasons = append(reasons, fmt.Sprintf("%s: a message costs %.2f times disgo's decoding", name, ratio))
			}
			if ratio := float64(lots) / float64(few); ratio > dearestCrowd {
				reasons = append(reasons, fmt.Sprintf("%s: with 1,000 entities a message costs %.2f times as much as with one", name, ratio))
			}
			if len(reasons) == 0 {
				break
			}
		}
		for _, reason := range reasons {
			t.Error(reason)
		}
	}
}
