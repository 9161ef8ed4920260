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
	"gorm.io/gorm"
)

// Config is what a [Registry] needs.
type Config struct {
	// Database is "sqlite:PATH". The file is made when it is missing.
	Database string
	// Admission says which servers are served.
	Admission Admission
	// Operators are the Discord users who run this instance. [Registry.SetOperators] changes
	// them once Discord has told who owns the application.
	Operators []snowflake.ID
	// World is what is known of Discord; relay fills it.
	World *World
	// Log receives what goes wrong inside. Required.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random is where secrets and ids come from. Default: crypto/rand.
	Random io.Reader
}

// Registry is the one authority over entities. It is safe for concurrent use.
type Registry struct {
	world     *World
	admission Admission
	log       *slog.Logger
	now       func() time.Time
	random    io.Reader

	db        database
	writing   sync.Mutex // held over a transaction and the roster's change that follows it
	roster    roster
	uses      uses
	cursorKey []byte
	latest    atomic.Int64 // the event log's last position
	decoding  chan struct{}

	operators atomic.Pointer[[]snowflake.ID]
	revoked   hooks
	refusals  refusals
}

// Open opens the database, brings its tables up to date and reads the registry.
func Open(ctx context.Context, cfg Config) (*Registry, error) {
	if cfg.World == nil || cfg.Log == nil {
		return nil, errors.New("entities: World and Log are required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	db, err := openDatabase(ctx, cfg.Database)
	if err != nil {
		return nil, err
	}
	r := &Registry{
		world: cfg.World, admission: cfg.Admission, log: cfg.Log, now: cfg.Now, random: cfg.Random, db: db,
		roster: newRoster(), uses: uses{written: map[string]time.Time{}}, decoding: make(chan struct{}, maxDecoding),
	}
	r.operators.Store(&cfg.Operators)
	if err := r.load(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return r, nil
}

func (r *Registry) load(ctx context.Context) error {
	if err := migrate(r.db.writer.WithContext(ctx)); err != nil {
		return fmt.Errorf("bring the database's tables up to date: %w", err)
	}
	key, err := r.instanceSecret(ctx)
	if err != nil {
		return fmt.Errorf("read the instance's secret: %w", err)
	}
	r.cursorKey = key
	latest, err := latestSeq(r.db.reader.WithContext(ctx))
	if err != nil {
		return err
	}
	r.latest.Store(latest)
	return r.readRoster(ctx)
}

// Close ends the registry. Nothing may be called after it.
func (r *Registry) Close() error {
	return r.db.close()
}

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
func (r *Registry) SetOperators(users []snowflake.ID) { r.operators.Store(&users) }

// Operators are the users who run this instance.
func (r *Registry) Operators() []snowflake.ID { return *r.operators.Load() }

// change runs fn in one transaction and, when it is committed, apply on the roster, so that
// memory never shows what the disk does not have.
func (r *Registry) change(ctx context.Context, fn func(tx *gorm.DB) error, apply func(*roster)) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.db.writer.WithContext(ctx).Transaction(fn); err != nil {
		return err
	}
	if apply != nil {
		r.roster.mu.Lock()
		defer r.roster.mu.Unlock()
		apply(&r.roster)
	}
	return nil
}

// Counts is how much there is, for people who look after the instance.
type Counts struct {
	Entities int
	Guilds   int // that are served
	Dormant  int // that wait for the operator
}

// Count counts for an admin of the guild where they act, or an operator.
func (r *Registry) Count(ctx context.Context, actor Actor) (Counts, error) {
	if err := r.enter(ctx, actor); err != nil {
		return Counts{}, err
	}
	if !actor.manages() && !r.operates(actor) {
		return Counts{}, r.refused(ctx, actor, "status", "", actor.guild, Refuse(NotAllowed, "Only people with Manage Server can see this. Ask an admin of this server."))
	}
	var counts Counts
	for _, guild := range r.world.Guilds() {
		switch {
		case r.admits(guild.ID):
			counts.Guilds++
		case r.Dormant(guild.ID):
			counts.Dormant++
		}
	}
	r.roster.mu.RLock()
	defer r.roster.mu.RUnlock()
	for _, e := range r.roster.entities {
		if e.State != Deleted {
			counts.Entities++
		}
	}
	return counts, nil
}
