package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// ToldBy says whether an entity may be told now of what a person wrote to it, however long ago:
// not when the person blocked it since, nor when it may exchange direct messages nowhere any more.
// An outage takes nothing back. An error for which [Lacks] finds something is not final.
func (r *Registry) ToldBy(ctx context.Context, actor Actor, user snowflake.ID) (bool, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return false, err
	}
	return r.toldBy(r.db.reader.WithContext(ctx), m.entry, user)
}

func (r *Registry) toldBy(db *gorm.DB, e *entry, user snowflake.ID) (bool, error) {
	known, err := readAcquaintance(db, user, e.ID)
	if err != nil || known.Blocked {
		return false, err
	}
	if _, err := r.privately(e); err != nil {
		if _, open := Lacks(err); open {
			return false, err
		}
		return r.pends(e), nil
	}
	return true, nil
}

// toldBy decides once for all that a person wrote. What cannot be decided now is given, for who
// delivers it to ask again: only what is refused for good is no news.
func (s *survey) toldBy(ctx context.Context, user snowflake.ID) (bool, error) {
	if told, known := s.told[user]; known {
		return told, nil
	}
	told, err := s.registry.toldBy(s.registry.db.reader.WithContext(ctx), s.entry, user)
	if _, open := Lacks(err); open {
		told, err = true, nil
	}
	if err != nil {
		return false, err
	}
	if s.told == nil {
		s.told = map[snowflake.ID]bool{}
	}
	s.told[user] = told
	return told, nil
}

// Exchanged says which messages are between the entity and people in direct messages: its own
// lines, and what they wrote to it. Of all others it is to learn nothing, not even that they exist.
func (r *Registry) Exchanged(ctx context.Context, actor Actor, messages []snowflake.ID) (map[snowflake.ID]bool, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	own := map[snowflake.ID]bool{}
	if len(messages) == 0 {
		return own, nil
	}
	var ids []snowflake.ID
	err = r.db.reader.WithContext(ctx).Raw(`SELECT message_id FROM ownerships WHERE entity_id = ? AND guild_id = 0 AND message_id IN ?
		UNION SELECT message_id FROM events WHERE kind = 'dm' AND entity_id = ? AND message_id IN ?`, m.entry.ID, messages, m.entry.ID, messages).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("read which messages an entity exchanged: %w", err)
	}
	for _, id := range ids {
		own[id] = true
	}
	return own, nil
}
