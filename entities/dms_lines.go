package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// in is the permit to say a line in the person's channel of direct messages.
func (p DMPermit) in(channel snowflake.ID) Permit {
	return Permit{entity: p.entity, channel: Channel{ID: channel}}
}

// speaker is under which name a line is said; "" in direct messages, where the text says it.
func (p Permit) speaker() string {
	if p.guild.ID == 0 {
		return ""
	}
	return p.entity.Name
}

var errNoPermit = Refuse(NotAllowed, "What an entity and a person write to each other follows from a permit of its own, which this is not.")

// own says no to a permit that is not the actor's.
func (p DMPermit) own(m matter, channel snowflake.ID) error {
	if p.user == 0 || p.entity.ID != m.entry.ID || channel == 0 {
		return errNoPermit
	}
	return nil
}

// BeginDM is [Registry.Begin] for what an entity writes to a person, in their channel of direct
// messages. Its limit is one of its own; there is no loop guard, and of the rules its owner's hold.
func (r *Registry) BeginDM(ctx context.Context, actor Actor, permit DMPermit, channel snowflake.ID, draft Draft) (Begun, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Begun{}, err
	}
	if err := permit.own(m, channel); err != nil {
		return Begun{}, err
	}
	return r.begin(ctx, actor, m, permit.in(channel), draft)
}

// KnownDM is [Registry.Known] for what an entity writes to a person.
func (r *Registry) KnownDM(ctx context.Context, actor Actor, permit DMPermit, channel snowflake.ID, draft Draft) (Begun, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return Begun{}, err
	}
	if err := permit.own(m, channel); err != nil {
		return Begun{}, err
	}
	return r.known(ctx, permit.in(channel), draft)
}

// Correspondence lists the newest messages between an entity and a person before one, 0 for none:
// its own lines, and what the person wrote to it. What stands in the same channel besides them is
// others'.
func (r *Registry) Correspondence(ctx context.Context, actor Actor, permit DMPermit, before snowflake.ID, limit int) ([]snowflake.ID, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	if permit.channel == 0 {
		return nil, nil
	}
	if err := permit.own(m, permit.channel); err != nil {
		return nil, err
	}
	if before == 0 {
		before = snowflake.ID(1<<63 - 1)
	}
	var ids []snowflake.ID
	err = r.db.reader.WithContext(ctx).Raw(`SELECT message_id FROM ownerships WHERE entity_id = ? AND channel_id = ? AND guild_id = 0 AND message_id < ?
		UNION SELECT message_id FROM events WHERE kind = 'dm' AND entity_id = ? AND channel_id = ? AND author_id = ? AND message_id < ?
		ORDER BY message_id DESC LIMIT ?`,
		m.entry.ID, permit.channel, before, m.entry.ID, permit.channel, permit.user, before, limit).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("read what an entity and a person wrote: %w", err)
	}
	return ids, nil
}

// Correspondent is a person with whom an entity exchanged direct messages.
type Correspondent struct {
	User    snowflake.ID
	Channel snowflake.ID
	Last    snowflake.ID // their newest message, or the entity's to them
	At      time.Time    // of it
}

// mostCorrespondents is how many conversations are listed at most.
const mostCorrespondents = 50

// Correspondents lists the people with whom an entity exchanged direct messages, the newest first,
// while it may exchange any. A refusal for which [Lacks] finds something is not final.
func (r *Registry) Correspondents(ctx context.Context, actor Actor) ([]Correspondent, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	if _, err := r.privately(m.entry); err != nil {
		return nil, err
	}
	var rows []DM
	err = r.db.reader.WithContext(ctx).Raw(`SELECT dms.user_id, dms.channel_id, max(told.message_id) AS message_id FROM dms JOIN (
			SELECT channel_id, message_id FROM ownerships WHERE entity_id = ? AND guild_id = 0
			UNION SELECT channel_id, message_id FROM events WHERE kind = 'dm' AND entity_id = ?
		) AS told ON told.channel_id = dms.channel_id GROUP BY dms.user_id, dms.channel_id ORDER BY message_id DESC LIMIT ?`,
		m.entry.ID, m.entry.ID, mostCorrespondents).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read with whom an entity wrote: %w", err)
	}
	found := make([]Correspondent, 0, len(rows))
	for _, row := range rows {
		found = append(found, Correspondent{User: row.UserID, Channel: row.ChannelID, Last: row.MessageID, At: row.MessageID.Time().UTC()})
	}
	return found, nil
}
