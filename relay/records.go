package relay

import (
	"context"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// noticeTime is how long telling the admins of one guild may take.
const noticeTime = 30 * time.Second

// retainEvery is how often what was kept long enough is deleted.
const retainEvery = 24 * time.Hour

// record is something that happened on Discord and that the registry has to write down.
type record struct {
	what string
	do   func(context.Context) error
}

// put hands a record over. It must not wait.
func (r *Relay) put(next record) {
	if !r.records.put(next) {
		r.log.Error("the database is too slow: what happened on Discord is not written down", "lost", next.what)
	}
}

// keepRecords writes down in order what happened on Discord, until ctx ends. What cannot be
// written now is tried again: what comes after it may depend on it.
func (r *Relay) keepRecords(ctx context.Context) {
	for {
		next, ok := r.records.next(ctx)
		if !ok {
			return
		}
		for pause := time.Second; ; pause = min(2*pause, longestPause) {
			err := next.do(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			r.log.Error("write down what happened on Discord", "what", next.what, "err", scrubError(err))
			if _, final := entities.AsRefusal(err); final || entities.Unfit(err) || !sleep(ctx, pause) {
				break
			}
		}
	}
}

// retain deletes what was kept long enough, after the start and once a day, until ctx ends.
// Only when every server has come it is known which ones the bot is on again; it stands in
// line behind them.
func (r *Relay) retain(ctx context.Context) {
	for pause := r.patience.settled; sleep(ctx, pause); {
		if pause = r.patience.settled; r.Status().Ready {
			r.put(record{"delete what was kept long enough", func(ctx context.Context) error { return r.registry.Retain(ctx, keeper) }})
			pause = retainEvery
		}
	}
}

// rolled notes with which guilds a shard's session begins.
func (r *Relay) rolled(shard, shards int, guilds []snowflake.ID) {
	r.put(record{"note which servers the bot is on", func(ctx context.Context) error {
		return r.registry.Roll(ctx, keeper, shard, shards, guilds)
	}})
}

func (r *Relay) arrived(guild snowflake.ID) {
	r.put(record{"note that the bot is on a server", func(ctx context.Context) error {
		return r.registry.Arrive(ctx, keeper, guild)
	}})
}

func (r *Relay) departed(guild snowflake.ID) {
	r.put(record{"note that the bot was removed from a server", func(ctx context.Context) error {
		return r.registry.Depart(ctx, keeper, guild)
	}})
}

// away notes that a person is no member of a guild, which matters when they own entities there.
func (r *Relay) away(guild, user snowflake.ID, at time.Time) {
	if !r.world.Follows(guild, user) {
		return
	}
	r.world.SetMember(guild, entities.Membership{UserID: user}, false, at)
	r.put(record{"note that an owner left", func(ctx context.Context) error {
		if here, known := r.world.Here(guild, user, r.now()); here && known {
			return nil // they came back meanwhile
		}
		notice, err := r.registry.OwnerLeft(ctx, keeper, guild, user)
		if len(notice.Left) > 0 && notice.Channel != 0 && !r.notices.put(notice) {
			r.log.Warn("too many notices at once; one is not told", "guild", guild)
		}
		return err
	}})
}

// tellAdmins tells the admins of guilds what concerns them, until ctx ends.
func (r *Relay) tellAdmins(ctx context.Context) {
	for {
		notice, ok := r.notices.next(ctx)
		if !ok {
			return
		}
		r.tell(ctx, notice)
	}
}

// tell tells a guild's admins whose owner left, or who left by itself. That it cannot be told changes nothing:
// what was done stands in /entities too.
func (r *Relay) tell(ctx context.Context, notice entities.Notice) {
	ctx, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	if notice.Gone.ID != "" {
		r.tellGone(ctx, notice)
		return
	}
	names := make([]string, 0, len(notice.Left))
	for _, e := range notice.Left {
		names = append(names, "**"+Plain(e.Name)+"**")
	}
	text := strings.Join(names, ", ") + " cannot take part on this server any more, because the owner has left it. " +
		"An admin can let it go on with `/entity resume` when the owner is back, or take it out with `/entity leave`."
	mentions := nobody()
	_, err := r.disc.Rest.CreateMessage(notice.Channel, discord.MessageCreate{Content: Clip(text, MaxContent), AllowedMentions: &mentions}, rest.WithCtx(ctx))
	if err != nil {
		r.log.Warn("tell the admins that an owner left", "guild", notice.Guild, "channel", notice.Channel, "err", scrubError(err))
	}
}
