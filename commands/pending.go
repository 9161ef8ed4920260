package commands

import (
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// pendingTime is how long a form or a question stays good; Discord lets the messages
	// around it be changed for as long.
	pendingTime = 15 * time.Minute
	// mostPending bounds what is kept in all, mostPendingEach for one person; the oldest goes.
	mostPending     = 1000
	mostPendingEach = 8
	tokenBytes      = 16
)

var tokenLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// pending keeps what a form or a button goes on with, under a token that nobody can guess.
// Each is good for one person in one guild, for 15 minutes, and for one use.
type pending[T any] struct {
	now    func() time.Time
	random io.Reader
	mu     sync.Mutex
	kept   []keptFor[T] // oldest first
}

type keptFor[T any] struct {
	token string
	user  snowflake.ID
	guild snowflake.ID
	ends  time.Time
	value T
}

func newPending[T any](now func() time.Time, random io.Reader) pending[T] {
	return pending[T]{now: now, random: random}
}

// put keeps a value for the actor and gives its token.
func (p *pending[T]) put(actor entities.Actor, value T) (string, error) {
	buf := make([]byte, tokenBytes)
	if _, err := io.ReadFull(p.random, buf); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	token := tokenLetters.EncodeToString(buf)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tidy(actor.User())
	p.kept = append(p.kept, keptFor[T]{token: token, user: actor.User(), guild: actor.Guild(), ends: p.now().Add(pendingTime), value: value})
	return token, nil
}

// tidy drops what is too old, and makes room for one more of this user's.
func (p *pending[T]) tidy(user snowflake.ID) {
	now, own := p.now(), 0
	p.kept = slices.DeleteFunc(p.kept, func(k keptFor[T]) bool { return !k.ends.After(now) })
	for _, k := range p.kept {
		if k.user == user {
			own++
		}
	}
	if own >= mostPendingEach {
		oldest := slices.IndexFunc(p.kept, func(k keptFor[T]) bool { return k.user == user })
		p.kept = slices.Delete(p.kept, oldest, oldest+1)
	}
	if len(p.kept) >= mostPending {
		p.kept = slices.Delete(p.kept, 0, 1)
	}
}

// look gives what is kept under a token for this actor, and leaves it there.
func (p *pending[T]) look(actor entities.Actor, token string) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, err := p.find(actor, token)
	if err != nil {
		var none T
		return none, err
	}
	return p.kept[at].value, nil
}

// take gives what is kept under a token for this actor, once.
func (p *pending[T]) take(actor entities.Actor, token string) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, err := p.find(actor, token)
	if err != nil {
		var none T
		return none, err
	}
	value := p.kept[at].value
	p.kept = slices.Delete(p.kept, at, at+1)
	return value, nil
}

// drop forgets what is kept under a token.
func (p *pending[T]) drop(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = slices.DeleteFunc(p.kept, func(k keptFor[T]) bool { return k.token == token })
}

var errGone = entities.Refuse(entities.NotFound, "This is used up: it was answered already, is older than 15 minutes, or belongs to somebody else. Give the command again.")

func (p *pending[T]) find(actor entities.Actor, token string) (int, error) {
	now := p.now()
	at := slices.IndexFunc(p.kept, func(k keptFor[T]) bool {
		return k.token == token && k.user == actor.User() && k.guild == actor.Guild() && k.ends.After(now)
	})
	if at < 0 {
		return 0, errGone
	}
	return at, nil
}
