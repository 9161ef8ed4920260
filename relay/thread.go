package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// ThreadRequest opens a thread.
type ThreadRequest struct {
	Channel snowflake.ID // a text or announcement channel
	Name    string       // 1 to 100 characters
	// Message is what the thread hangs on; 0 for a thread of its own.
	Message snowflake.ID
	// Content is said in it at once; "" for nothing.
	Content string
}

// StartedThread is a thread that was opened.
type StartedThread struct {
	ThreadID snowflake.ID
	Link     string
	// Said is what became of the first line; zero without one.
	Said Sent
	// Unsaid is why the first line was not said; nil when it was, or when there is none.
	Unsaid error
}

// StartThread opens a public thread for an entity, and speaks in it when there is something to
// say. A thread counts as a line, and its first line as another. Once the thread is there no
// error is returned any more.
func (r *Relay) StartThread(ctx context.Context, actor entities.Actor, req ThreadRequest) (StartedThread, error) {
	right := entities.StartThread
	if req.Content = strings.TrimSpace(req.Content); req.Content != "" {
		right = entities.StartTalk
	}
	permit, err := r.mayStart(ctx, actor, right, req)
	if err != nil {
		return StartedThread{}, err
	}
	if req.Name, err = r.checkThread(ctx, actor, permit, req); err != nil {
		return StartedThread{}, err
	}
	giveBack, err := r.registry.Spend(ctx, actor, permit)
	if err != nil {
		return StartedThread{}, err
	}
	makeRoom := func() {}
	if right == entities.StartTalk { // kept free for the line, so that it is not refused when the thread is there
		if makeRoom, err = r.registry.Spend(ctx, actor, permit); err != nil {
			giveBack()
			return StartedThread{}, err
		}
	}
	thread, err := r.openThread(ctx, actor, right, req)
	makeRoom()
	if err != nil {
		if undone(err) {
			giveBack()
		}
		return StartedThread{}, wordThread(err)
	}
	started := StartedThread{ThreadID: thread, Link: channelLink(permit.Guild().ID, thread)}
	if right == entities.StartTalk {
		started.Said, started.Unsaid = r.Say(ctx, actor, Line{Channel: thread, Content: req.Content})
	}
	return started, nil
}

// mayStart authorizes a thread, and what it hangs on.
func (r *Relay) mayStart(ctx context.Context, actor entities.Actor, right entities.Right, req ThreadRequest) (entities.Permit, error) {
	permit, err := r.Authorize(ctx, actor, right, req.Channel)
	if err != nil || req.Message == 0 {
		return permit, err
	}
	return permit, r.may(ctx, actor, entities.ReadHistory, req.Channel)
}

// checkThread says what is wrong with a thread before anything is done, and gives its name.
func (r *Relay) checkThread(ctx context.Context, actor entities.Actor, permit entities.Permit, req ThreadRequest) (name string, err error) {
	where := permit.Channel()
	switch {
	case where.IsForum():
		return "", entities.Refuse(entities.Invalid, "That channel is a forum: send_message with thread_name opens a post there.")
	case where.IsThread():
		return "", entities.Refuse(entities.Invalid, "That is a thread already, and threads have none of their own. Name its channel, or speak in it with send_message.")
	case where.Type != discord.ChannelTypeGuildText && where.Type != discord.ChannelTypeGuildNews:
		return "", entities.Refuse(entities.Invalid, "That channel cannot have threads. Choose a text channel.")
	}
	name = strings.Join(strings.Fields(strings.ToValidUTF8(req.Name, "\uFFFD")), " ")
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxThreadName {
		return "", entities.Refuse(entities.Invalid, "name is the thread's title, of 1 to %d characters.", MaxThreadName)
	}
	// A title is speech, but nothing in it is a mention: only whether it may be said counts.
	if _, _, err := r.mendText(ctx, actor, permit, name); err != nil {
		return "", err
	}
	if req.Content == "" {
		return name, nil
	}
	line := Line{Channel: req.Channel, Content: req.Content}
	s, err := r.compose(ctx, actor, permit, line)
	if err != nil {
		return "", err
	}
	return name, r.registry.Screen(ctx, actor, permit, s.said)
}

// openThread makes the thread on Discord; what it made is known at once.
func (r *Relay) openThread(ctx context.Context, actor entities.Actor, right entities.Right, req ThreadRequest) (snowflake.ID, error) {
	// A client that hangs up must not leave a thread of which nobody knows.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.patience.post)
	defer cancel()
	endpoint, body := rest.CreateThread.Compile(nil, req.Channel), discord.ThreadCreate(discord.GuildPublicThreadCreate{Name: req.Name})
	if where, _ := r.world.Channel(req.Channel); where.Type == discord.ChannelTypeGuildNews {
		body = discord.GuildNewsThreadCreate{Name: req.Name}
	}
	var raw json.RawMessage
	err := r.guarded(ctx, func() error {
		_, err := r.mayStart(ctx, actor, right, req)
		return err
	}, func(opts ...rest.RequestOpt) error {
		if req.Message == 0 {
			return r.disc.Rest.Do(endpoint, body, &raw, opts...)
		}
		return r.disc.Rest.Do(rest.CreateThreadWithMessage.Compile(nil, req.Channel, req.Message), discord.ThreadCreateFromMessage{Name: req.Name}, &raw, opts...)
	})
	if err != nil {
		return 0, fmt.Errorf("open a thread: %w", err)
	}
	var made struct {
		ID snowflake.ID `json:"id"`
	}
	if json.Unmarshal(raw, &made) != nil || made.ID == 0 {
		return 0, errors.New("open a thread: Discord gave no id")
	}
	if known, err := decode[discord.UnmarshalChannel](raw); err == nil {
		if thread, ok := known.Channel.(discord.GuildThread); ok {
			r.learnThread(thread, true)
		}
	}
	return made.ID, nil
}

// wordThread words why a thread was not opened, or that Discord did not say whether it was.
func wordThread(err error) error {
	switch {
	case code(err) == rest.JSONErrorCodeUnknownMessage:
		return entities.Refuse(entities.NotFound, "There is no such message in that channel, so no thread can hang on it.")
	case undone(err):
		return word(err)
	default:
		return entities.Refuse(entities.Unavailable, "Discord did not say whether it opened the thread. list_channels shows whether it is there; do not open it again before you have looked.")
	}
}

func channelLink(guild, channel snowflake.ID) string {
	return fmt.Sprintf("https://discord.com/channels/%d/%d", guild, channel)
}
