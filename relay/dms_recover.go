package relay

import (
	"context"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// repeatDM answers a call that was made before with what became of its line.
func (r *Relay) repeatDM(ctx context.Context, actor entities.Actor, user snowflake.ID, begun entities.Begun) (Sent, error) {
	if s := r.speeches.of(begun.Line.ID); s != nil {
		return r.outcome(ctx, s)
	}
	if begun.Line.State == entities.LineUnknown || begun.Line.State == entities.LineSending {
		if err := r.findLetters(ctx, begun); err != nil {
			r.log.Warn("look for a direct message whose outcome is not known", "err", scrubError(err))
		}
	}
	begun, err := r.registry.Outcome(ctx, ingest, begun.Line.ID)
	if err != nil {
		return Sent{}, err
	}
	if _, err := r.mayWrite(ctx, actor, user); err != nil {
		return Sent{}, err
	}
	r.answered(ctx, begun.Line)
	return standing(entities.Permit{}, begun)
}

// findLetters looks in direct messages for the parts of a line of which it is not known whether
// Discord took them.
func (r *Relay) findLetters(ctx context.Context, begun entities.Begun) error {
	messages, err := r.disc.Rest.GetMessages(begun.Line.ChannelID, 0, 0, 0, MaxHistory, rest.WithCtx(ctx))
	if err != nil {
		return err
	}
	ids := make([]snowflake.ID, 0, len(messages))
	for _, m := range messages {
		ids = append(ids, m.ID)
	}
	owned, err := r.registry.Speakers(ctx, ingest, ids)
	if err != nil {
		return err
	}
	for _, part := range begun.Parts {
		for _, m := range messages {
			if _, known := owned[m.ID]; known || part.MessageID != 0 || m.Author.ID != r.world.Bot() || m.CreatedAt.Before(begun.Line.At.Add(-time.Minute)) {
				continue
			}
			hash, err := r.registry.Fingerprint(ctx, ingest, "", m.Content)
			if err != nil {
				return err
			}
			if string(hash) == string(part.Hash) {
				if err := r.registry.Land(ctx, ingest, begun.Line, part.Part, begun.Line.ChannelID, m.ID); err != nil {
					return err
				}
				owned[m.ID] = entities.Entity{ID: begun.Line.EntityID}
				break
			}
		}
	}
	return nil
}

// recoverDM learns what became of a direct message that was under way when the program ended.
func (r *Relay) recoverDM(ctx context.Context, begun entities.Begun) error {
	if err := r.findLetters(ctx, begun); err != nil && !hopeless(err) {
		return err
	}
	if begun.Line.State == entities.LineSending {
		return r.registry.Settle(ctx, ingest, begun.Line.ID, entities.LineUnknown)
	}
	return nil
}
