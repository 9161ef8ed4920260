package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
			rest.WithURL(r.cfg.APIURL), rest.WithHTTPClient(r.http), rest.WithLogger(log), rest.WithRateLimiter(turnstile{r.limiter}),
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

// turnstile is the limiter as disgo uses it, with its refusals marked.
type turnstile struct{ *rateLimiter }

// Wait waits until the request may go out.
func (t turnstile) Wait(ctx context.Context, endpoint *rest.CompiledEndpoint) error {
	if err := t.rateLimiter.Wait(ctx, endpoint); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	return nil
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

func messageLink(guild, channel, message snowflake.ID) string {
	return fmt.Sprintf("https://discord.com/channels/%d/%d/%d", guild, channel, message)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
