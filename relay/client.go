package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/disgoorg/disgo"
	"github.com/disgoorg/disgo/bot"
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"
)

// requestTimeout bounds one REST call. Discord answers within a few seconds or not at all.
const requestTimeout = 20 * time.Second

// connectClient makes disgo's client with our own limiter and a quiet log. It asks nothing of
// Discord yet: disgo's shard manager is made in Run, since making it needs an answer.
func (r *Relay) connectClient() error {
	log := slog.New(quiet(r.log.Handler()))
	r.limiter = newRateLimiter(rateConfig{Now: r.now, Log: r.log, Hidden: r.slowed})
	r.http = &http.Client{
		Timeout: requestTimeout,
		// The token goes to the configured address and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client, err := disgo.New(r.cfg.Token,
		bot.WithLogger(log),
		bot.WithRestClientConfigOpts(
			rest.WithURL(r.cfg.APIURL), rest.WithHTTPClient(r.http), rest.WithLogger(log), rest.WithRateLimiter(turnstile{r.limiter, newReadPace()}),
		),
		bot.WithRestConfigOpts(rest.WithDefaultAllowedMentions(nobody())),
	)
	if err != nil {
		// The error could quote the token.
		return errors.New("the bot's token does not have the form of a Discord token: copy it anew from the Developer Portal, page Bot")
	}
	r.disc = client
	return nil
}

// errNotSent marks errors of requests that our own limiter held back: they never left.
var errNotSent = errors.New("not sent")

// turnstile is the limiter as disgo uses it, with its refusals marked, behind the bounds of what
// entities read.
type turnstile struct {
	*rateLimiter
	reads *readPace
}

// answerTime is what a request keeps of its time for Discord's answer: one that went out at the
// last moment would leave open whether it was done.
const answerTime = 3 * time.Second

// Wait waits until the request may go out, as long as there is time for the answer.
func (t turnstile) Wait(ctx context.Context, endpoint *rest.CompiledEndpoint) error {
	if err := t.reads.wait(ctx, endpoint, t.now); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	inTime := ctx
	if deadline, has := ctx.Deadline(); has {
		keep := min(answerTime, time.Until(deadline)/2)
		early, cancel := context.WithDeadline(ctx, deadline.Add(-keep))
		defer cancel()
		inTime = early
	}
	err := t.rateLimiter.Wait(inTime, endpoint)
	switch {
	case err == nil:
		return nil
	case inTime.Err() != nil && ctx.Err() == nil:
		err = &LongWaitError{Wait: shortestPause} // those in front took longer than they should
	}
	return fmt.Errorf("%w: %w", errNotSent, err)
}

// nobody is the explicit "ping nobody" that every message carries.
func nobody() discord.AllowedMentions {
	return discord.AllowedMentions{Parse: []discord.AllowedMentionType{}, Roles: []snowflake.ID{}, Users: []snowflake.ID{}}
}

// Handle registers what answers interactions, and the commands to announce. Call it before
// Run.
func (r *Relay) Handle(listener bot.EventListener, definitions []discord.ApplicationCommandCreate) {
	r.disc.AddEventListeners(listener)
	r.commands = definitions
}

// AvatarURL is where Discord fetches an avatar; "" for none.
func (r *Relay) AvatarURL(hash string) string {
	if hash == "" {
		return ""
	}
	return r.cfg.PublicURL + "/avatars/" + hash + ".png"
}

// messageLink leads to a message; of direct messages the guild is 0.
func messageLink(guild, channel, message snowflake.ID) string {
	var room [96]byte // every message that is shown has one
	link := append(room[:0], "https://discord.com/channels/"...)
	if guild == 0 {
		link = append(link, "@me"...)
	} else {
		link = strconv.AppendUint(link, uint64(guild), 10)
	}
	link = strconv.AppendUint(append(link, '/'), uint64(channel), 10)
	link = strconv.AppendUint(append(link, '/'), uint64(message), 10)
	return string(link)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
