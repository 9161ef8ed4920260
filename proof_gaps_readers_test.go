package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay/sandbox"
)

// spoken counts what people said, channel by channel.
type spoken struct {
	discord *sandbox.Discord
	mu      sync.Mutex
	lines   map[sandbox.ID]int
}

// say has a person say some lines in a channel, which are numbered.
func (s *spoken) say(who, where sandbox.ID, lines int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	texts := make([]string, 0, lines)
	for n := range lines {
		texts = append(texts, fmt.Sprintf("spoken %05d", s.lines[where]+n))
	}
	posted, err := s.discord.SayAll(who, where, texts...)
	s.lines[where] += len(posted)
	return err
}

func (s *spoken) in(where sandbox.ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines[where]
}

// reader is a client that waits for what is said to its entity: in a room, its threads, and by a
// friend in direct messages.
type reader struct {
	company *company
	spoken  *spoken
	who     *speaker
	friend  sandbox.ID
	private sandbox.ID   // the friend's channel with the bot
	threads []sandbox.ID // below the room, the newest last
	cursor  string
	heard   map[sandbox.ID]int
}

// befriend makes a reader of an entity, with a friend who writes to it from now on.
func (c *company) befriend(ctx context.Context, s *spoken, who *speaker) (*reader, error) {
	r := &reader{company: c, spoken: s, who: who, heard: map[sandbox.ID]int{}}
	r.friend = c.discord.AddUser(sandbox.User{Username: "friend of " + strings.ToLower(who.name)})
	if err := c.discord.AddMember(c.guild, r.friend); err != nil {
		return nil, err
	}
	r.private = c.discord.DM(r.friend)
	err := within(ctx, func() error { // the commands are announced, and the server is known, after a while
		typed, err := c.discord.Slash(r.friend, c.guild, who.room, "/talk", map[string]any{"entity": who.name})
		if err != nil {
			return err
		}
		reply, err := typed.WaitFinal(ctx)
		if err == nil && !strings.Contains(reply.Text(), who.name) {
			err = errors.New(reply.Text())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("befriend %s: %w", who.name, err)
	}
	return r, r.openThread()
}

// openThread opens another thread below the reader's room.
func (r *reader) openThread() error {
	d := r.company.discord
	thread, err := d.AddThread(sandbox.Channel{ParentID: r.who.room, Name: fmt.Sprintf("thread %d", len(r.threads)), OwnerID: d.OwnerID()}, "")
	if err == nil {
		r.threads = append(r.threads, thread)
	}
	return err
}

func (r *reader) archive(thread sandbox.ID) error {
	return r.company.discord.ChangeChannel(thread, func(c *sandbox.Channel) { c.Archived = true })
}

// told has some lines said to the reader's entity: so many in the room, and a third of them in its
// first thread.
func (r *reader) told(lines int) error {
	owner := r.company.discord.OwnerID()
	return errors.Join(r.spoken.say(owner, r.who.room, lines), r.spoken.say(owner, r.threads[0], (lines+2)/3))
}

// written has the reader's friend write to its entity.
func (r *reader) written() error { return r.spoken.say(r.friend, r.private, 1) }

// lacking says what the reader has not heard yet; "" for nothing.
func (r *reader) lacking() string {
	for _, where := range append([]sandbox.ID{r.who.room, r.private}, r.threads...) {
		if said := r.spoken.in(where); r.heard[where] < said {
			return fmt.Sprintf("%d of %d messages were heard in %s", r.heard[where], said, where)
		}
	}
	return ""
}

// mostSilence is how often in a row a reader waits for nothing before it complains, 20 s each time.
const mostSilence = 6

// hearAll reads on until the reader has heard all that was said, and then once more.
func (r *reader) hearAll(ctx context.Context) error {
	for silence := 0; r.lacking() != ""; {
		news, err := r.read(ctx, 20)
		if err != nil {
			return err
		}
		if silence++; news > 0 {
			silence = 0
		}
		if silence > mostSilence {
			return errors.New(r.lacking() + ", and nothing came any more")
		}
	}
	more, err := r.read(ctx, 0)
	if err == nil && more > 0 {
		err = fmt.Errorf("%d items came after all that was said", more)
	}
	return err
}

// hearAll lets all readers do so.
func hearAll(ctx context.Context, t *testing.T, readers []*reader) {
	t.Helper()
	var reading sync.WaitGroup
	for _, r := range readers {
		reading.Go(func() {
			if err := r.hearAll(ctx); err != nil {
				t.Errorf("%s: %v", r.who.name, err)
			}
		})
	}
	reading.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// listen has the readers read until it is ended, which says what went wrong.
func listen(ctx context.Context, readers []*reader) (end func() error) {
	listening, stop := context.WithCancel(ctx)
	wrong := make([]error, len(readers))
	var reading sync.WaitGroup
	for n, r := range readers {
		reading.Go(func() {
			for listening.Err() == nil && wrong[n] == nil {
				_, wrong[n] = r.read(ctx, 2)
			}
		})
	}
	return func() error {
		stop()
		reading.Wait()
		return errors.Join(wrong...)
	}
}

// read waits for news once, and wants the next lines of each channel in order.
func (r *reader) read(ctx context.Context, seconds int) (items int, err error) {
	arguments := map[string]any{"timeout_s": seconds}
	if r.cursor != "" {
		arguments["cursor"] = r.cursor
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+time.Minute)
	defer cancel()
	var got answered
	var broken error
	err = within(ctx, func() error {
		got, broken = r.company.call(ctx, r.who, "wait_for_messages", arguments)
		if broken == nil && got.failed && strings.Contains(got.text, "Nothing is lost; try again") {
			return errors.New(got.text) // as it says, it is tried again
		}
		return nil
	})
	if err = errors.Join(err, broken); err == nil && got.failed {
		err = errors.New(got.text)
	}
	if err != nil {
		return 0, err
	}
	var news struct {
		Items []struct {
			Kind    string       `json:"kind"`
			Channel snowflake.ID `json:"channel_id"`
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"items"`
		Cursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(got.structured, &news); err != nil {
		return 0, fmt.Errorf("%q: %w", got.text, err)
	}
	for _, item := range news.Items {
		where, kind := sandbox.ID(item.Channel), "message"
		if where == r.private {
			kind = "dm"
		}
		if want := fmt.Sprintf("spoken %05d", r.heard[where]); item.Kind != kind || item.Message.Content != want {
			return 0, fmt.Errorf("a %s %q came from %s, not %q", item.Kind, item.Message.Content, where, want)
		}
		r.heard[where]++
	}
	r.cursor = news.Cursor
	return len(news.Items), nil
}
