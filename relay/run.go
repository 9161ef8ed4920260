package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/disgo/sharding"
	"github.com/disgoorg/snowflake/v2"
)

// Intents are the gateway events that the bot cannot do without. Message Content is privileged:
// it is a switch in the Developer Portal.
const Intents = gateway.IntentGuilds | gateway.IntentGuildMessages | gateway.IntentMessageContent |
	gateway.IntentGuildMessageReactions | gateway.IntentGuildWebhooks |
	gateway.IntentDirectMessages | gateway.IntentDirectMessageReactions

// MembersIntent is privileged too. Without it Discord does not tell when owners of entities
// change their roles or leave; they are then asked for again and again.
const MembersIntent = gateway.IntentGuildMembers

// Flags of an application that say that its bot may have message content, and members. Discord:
// the "limited" ones stand for bots on few servers, where the switch alone is enough.
const (
	MessageContentFlags = discord.ApplicationFlagGatewayMessageContent | discord.ApplicationFlagGatewayMessageContentLimited
	MembersFlags        = discord.ApplicationFlagGatewayGuildMembers | discord.ApplicationFlagGatewayGuildMemberLimited
)

// Permissions are what the bot's role needs on a server.
const Permissions = discord.PermissionViewChannel | discord.PermissionSendMessages | discord.PermissionSendMessagesInThreads |
	discord.PermissionCreatePublicThreads | discord.PermissionManageWebhooks | discord.PermissionReadMessageHistory | discord.PermissionAddReactions |
	discord.PermissionUseExternalEmojis | discord.PermissionEmbedLinks | discord.PermissionAttachFiles

// InviteURL is where an admin invites the bot with what it needs.
func InviteURL(application snowflake.ID) string {
	return fmt.Sprintf("https://discord.com/oauth2/authorize?client_id=%d&scope=bot+applications.commands&permissions=%d", application, Permissions)
}

const (
	longestPause = time.Minute     // between attempts to reach Discord
	closeTimeout = 5 * time.Second // for saying goodbye to the gateway
)

// Run connects to Discord and serves until ctx ends. While Discord is down it keeps trying. When
// an intent is refused it tries once more without [MembersIntent]. When that is refused too, or
// the token, it stays, says who can mend it in [Relay.Status], and does not log in again and
// again. An error is a reason for the program to end: the database belongs to another bot, or
// does not answer.
func (r *Relay) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	var owned sync.WaitGroup
	ingesting, stopIngest := context.WithCancel(context.WithoutCancel(ctx))
	owned.Go(func() { r.ingest(ingesting) })
	owned.Go(func() { r.noteTold(ingesting) })
	owned.Go(func() { r.lookAfterGuilds(ctx) })
	owned.Go(func() { r.homeStrays(ctx) })
	owned.Go(func() { r.attendDMs(ctx) })
	owned.Go(func() { r.catchUp(ctx) })
	owned.Go(func() { r.askForOwners(ctx) })
	owned.Go(func() { r.keepRecords(ctx) })
	owned.Go(func() { r.tellAdmins(ctx) })
	owned.Go(func() { r.tellRests(ctx) })
	owned.Go(func() { r.retain(ctx) })
	defer owned.Wait()
	defer stopIngest()
	defer end()

	r.state.set(r.now(), "connecting", "")
	if !r.persist(ctx, "ask Discord about the application", r.introduce) {
		<-ctx.Done()
		return nil
	}
	if err := r.registry.Adopt(ctx, keeper, r.disc.ApplicationID, r.cfg.AdoptApplication); err != nil {
		return err
	}
	owned.Go(func() { r.announceInTime(ctx) })
	owned.Go(func() { r.recover(ctx) })
	if r.connected(ctx, r.refused) {
		// Whatever is refused now, it is not what can be done without.
		r.connected(ctx, nil)
	}
	return nil
}

// connected keeps the gateway's connection until ctx ends, or until Discord refuses an intent
// that the bot can do without. It says whether to go on without that one.
func (r *Relay) connected(ctx context.Context, refused <-chan struct{}) (again bool) {
	var shards sharding.ShardManager
	opened := r.persist(ctx, "open the gateway", func(ctx context.Context) (err error) {
		shards, err = r.openShards(ctx)
		return err
	})
	select {
	case <-refused:
		again = true
		r.log.Warn("Discord refused an intent; it is tried without that of members", "remedy", DegradedRemedy)
		r.degraded.Store(true)
		r.world.HoldMembers(memberLife)
	case <-ctx.Done():
	}
	if opened {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		shards.Close(closing)
	}
	return again && ctx.Err() == nil
}

// Close ends what is left after Run: requests that are under way get until ctx ends.
func (r *Relay) Close(ctx context.Context) {
	r.stop.Do(func() {
		r.limiter.Close(ctx)
		r.die()
		r.speeches.running.Wait()
		r.http.CloseIdleConnections()
	})
}

// persist repeats an attempt, with longer and longer pauses, until it succeeds. It gives up
// when ctx ends or when only a person can mend it.
func (r *Relay) persist(ctx context.Context, what string, attempt func(context.Context) error) bool {
	pause := time.Second
	for {
		err := attempt(ctx)
		switch {
		case err == nil:
			r.state.set(r.now(), "connecting", "")
			return true
		case ctx.Err() != nil:
			return false
		case tokenRefused(err):
			r.state.set(r.now(), "token refused", tokenRemedy)
			r.log.Error("the token was refused", "remedy", tokenRemedy)
			return false
		}
		r.state.set(r.now(), "waiting for Discord", "Discord cannot be reached; it is tried again on its own. If this lasts, look at discord.api_url and the network.")
		r.log.Warn("Discord cannot be reached; trying again", "what", what, "err", scrubError(err), "pause", pause)
		if !sleep(ctx, pause) {
			return false
		}
		pause = min(2*pause, longestPause)
	}
}

// sleep waits for about a pause; it says false when ctx ended meanwhile.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause + rand.N(pause/4)) //nolint:gosec // spreads load, no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func tokenRefused(err error) bool {
	var (
		refused *rest.Error
		token   *TokenRefusedError
	)
	if errors.As(err, &token) {
		return true
	}
	return errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode == http.StatusUnauthorized
}

// introduce learns who the bot is and who runs it.
func (r *Relay) introduce(ctx context.Context) error {
	app, err := r.application(ctx)
	if err != nil {
		return fmt.Errorf("read the application: %w", err)
	}
	// Of old applications it differs from the bot's user id, which the token begins with.
	r.disc.ApplicationID = app.ID
	r.state.introduced(app.Name, InviteURL(app.ID))
	r.flags = app.Flags
	operators := r.cfg.Operators
	if len(operators) == 0 {
		operators = owners(*app)
	}
	if err := r.registry.SetOperators(ctx, keeper, operators); err != nil {
		return err
	}
	r.world.SetApplication(app.Name)
	r.log.Info("this is the bot", "application", app.ID, "name", app.Name, "invite", InviteURL(app.ID))
	return nil
}

// application reads the bot's application. An API that is compatible with Discord's may have
// only the older of its two addresses.
func (r *Relay) application(ctx context.Context) (*discord.Application, error) {
	app, err := r.disc.Rest.GetCurrentApplication(rest.WithCtx(ctx))
	var refused *rest.Error
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode == http.StatusNotFound {
		return r.disc.Rest.GetBotApplicationInfo(rest.WithCtx(ctx))
	}
	return app, err
}

func owners(app discord.Application) []snowflake.ID {
	if app.Team != nil {
		var members []snowflake.ID
		for _, m := range app.Team.Members {
			if m.MembershipState == discord.MembershipStateAccepted {
				members = append(members, m.User.ID)
			}
		}
		return members
	}
	if app.Owner != nil {
		return []snowflake.ID{app.Owner.ID}
	}
	return nil
}

// announceInTime tells Discord the commands; entities can speak and hear meanwhile. What
// Discord definitely refuses is not tried again.
func (r *Relay) announceInTime(ctx context.Context) {
	pause := time.Second
	for {
		err := r.announce(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.log.Error("announce the commands", "err", scrubError(err))
		if hopeless(err) || !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// announce tells Discord the commands.
func (r *Relay) announce(ctx context.Context) error {
	if len(r.cfg.DevGuilds) == 0 {
		if _, err := r.disc.Rest.SetGlobalCommands(r.disc.ApplicationID, r.commands, rest.WithCtx(ctx)); err != nil {
			return fmt.Errorf("set the commands: %w", err)
		}
		return nil
	}
	for _, guild := range r.cfg.DevGuilds {
		if _, err := r.disc.Rest.SetGuildCommands(r.disc.ApplicationID, guild, r.commands, rest.WithCtx(ctx)); err != nil {
			return fmt.Errorf("set the commands of guild %d: %w", guild, err)
		}
	}
	return nil
}
