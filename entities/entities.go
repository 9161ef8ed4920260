// Package entities holds what exists and decides who may do what: the registry of entities,
// their keys, presences and channel rules, and the facts about Discord that rights depend on.
// Whoever reads or changes something brings an [Actor], or a [Permit] that one was given;
// nothing here speaks to Discord or serves HTTP.
package entities

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// Config is what a [Registry] needs.
type Config struct {
	// Database is "sqlite:PATH", whose file is made when it is missing, or the URL of a
	// PostgreSQL database.
	Database string
	// Holder names this process to others that want the same database. Default: [ThisProcess]
	// of "troupe".
	Holder string
	// Admission says which servers are served.
	Admission Admission
	// Operators are the Discord users who run this instance. [Registry.SetOperators] changes
	// them once Discord has told who owns the application.
	Operators []snowflake.ID
	// World is what is known of Discord; relay fills it.
	World *World
	// EventLife is how long the event log keeps what happened. Default: [UsualEventLife].
	EventLife time.Duration
	// Log receives what goes wrong inside. Required.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random is where secrets and ids come from. Default: crypto/rand.
	Random io.Reader

	steps []step // that only tests add
}

// Registry is the one authority over entities. It is safe for concurrent use.
type Registry struct {
	world     *World
	admission Admission
	log       *slog.Logger
	eventLife time.Duration
	now       func() time.Time
	random    io.Reader

	db        database
	times     Times
	writing   sync.Mutex // held over a transaction and the roster's change that follows it
	roster    roster
	uses      uses
	cursorKey []byte
	latest    atomic.Int64 // the event log's last position, before anybody can see it there
	tail      tail
	marking   marking
	// While writing is held:
	seqs     numbers // of events
	lineIDs  numbers
	decoding chan struct{}

	operators   atomic.Pointer[[]snowflake.ID]
	judge       func(matter) error // the gate's decision
	pace        pace
	outbox      outbox
	guard       guard
	choices     choices
	credentials credentials
	guesses     guesses
	revoked     hooks[ID]
	ended       hooks[Ended]
	rested      hooks[Rest]
	refusals    refusals
}

// Open takes the database for this process alone, brings its tables up to date and reads the
// registry. What stops it is worded for whoever wrote Config.Database.
func Open(ctx context.Context, cfg Config) (*Registry, error) {
	if cfg.World == nil || cfg.Log == nil {
		return nil, errors.New("entities: World and Log are required")
	}
	cfg.fill()
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	r := &Registry{
		world: cfg.World, admission: cfg.Admission, log: cfg.Log, eventLife: cfg.EventLife, now: cfg.Now, random: cfg.Random, db: db,
		roster: newRoster(), uses: uses{written: map[string]time.Time{}}, decoding: make(chan struct{}, maxDecoding),
		judge: judge, pace: newPace(), outbox: newOutbox(), guard: newGuard(),
	}
	if err := timed(db.reader, &r.times.Read); err != nil {
		return nil, errors.Join(err, db.close())
	}
	r.operators.Store(&cfg.Operators)
	if err := r.load(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return r, nil
}

// fill gives what is left out its default.
func (c *Config) fill() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.EventLife == 0 {
		c.EventLife = UsualEventLife
	}
	if c.Holder == "" {
		c.Holder = ThisProcess("troupe")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func (r *Registry) load(ctx context.Context) error {
	key, err := r.instanceSecret(ctx)
	if err != nil {
		return fmt.Errorf("read the instance's secret: %w", err)
	}
	r.cursorKey = key
	latest, err := lastPosition(r.db.reader.WithContext(ctx))
	if err != nil {
		return err
	}
	r.latest.Store(latest)
	r.seqs.last = latest
	r.tail.reset(latest)
	if err := r.db.reader.WithContext(ctx).Model(&Line{}).Select("coalesce(max(id), 0)").Scan(&r.lineIDs.last).Error; err != nil {
		return fmt.Errorf("read the last line's number: %w", err)
	}
	if err := r.readRoster(ctx); err != nil {
		return err
	}
	if err := r.readChoices(ctx); err != nil {
		return err
	}
	if err := r.readLines(ctx); err != nil {
		return err
	}
	return r.readGuard(ctx)
}

// Close ends the registry. Nothing may be called after it.
func (r *Registry) Close() error {
	return r.db.close()
}

// Lost gets one error, fit to be the program's last word, when another process has taken the
// database over, which happens with PostgreSQL only, or when a disk did not keep what was
// written: what is in memory here is no longer true, nothing can be written, and the program
// must end.
func (r *Registry) Lost() <-chan error { return r.db.hold.lost() }

// World is what is known of Discord.
func (r *Registry) World() *World { return r.world }

// Ping says whether the database answers, for health checks.
func (r *Registry) Ping(ctx context.Context) error {
	db, err := r.db.reader.DB()
	if err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// SetOperators replaces the users who run this instance.
func (r *Registry) SetOperators(ctx context.Context, actor Actor, users []snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actKeep, ""); err != nil {
		return err
	}
	r.operators.Store(&users)
	return nil
}

// Operators are the users who run this instance.
func (r *Registry) Operators(ctx context.Context, actor Actor) ([]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actServers, ""); err != nil {
		return nil, err
	}
	return r.runners(), nil
}

func (r *Registry) runners() []snowflake.ID { return *r.operators.Load() }

// Counts is how much there is, for people who look after the instance.
type Counts struct {
	Entities int
	Guilds   int // that are served
	Dormant  int // that wait for the operator
}

// Count counts for an admin of the guild where they act, or an operator.
func (r *Registry) Count(ctx context.Context, actor Actor) (Counts, error) {
	if _, err := r.pass(ctx, actor, actStatus, ""); err != nil {
		return Counts{}, err
	}
	var counts Counts
	for _, guild := range r.world.Guilds() {
		switch {
		case r.serves(guild.ID):
			counts.Guilds++
		case r.dormant(guild.ID):
			counts.Dormant++
		}
	}
	counts.Entities = len(r.roster.all())
	return counts, nil
}

// numbers gives numbers that grow. They are times in microseconds where those do grow, so that
// none comes twice even when the rows that had the last ones are gone and the program starts anew.
type numbers struct{ last int64 }

func (n *numbers) next(now time.Time) int64 {
	n.last = max(n.last+1, now.UnixMicro())
	return n.last
}
