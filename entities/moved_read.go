package entities

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Bounds of what one look counts in the database.
const (
	mostCounted  = 5 * MostUnread // events in all channels
	leastCounted = 500            // events of a channel, though those before it took everything
	latelySpoken = 100            // events of a channel among which its last speakers are looked for
)

// read counts in the database, channel by channel. Its cost is bounded, however much is unread.
func (s *stock) read(db *gorm.DB) error {
	channels, err := s.channels(db)
	if err != nil {
		return err
	}
	room := mostCounted
	for _, c := range channels {
		from, hears := s.after(c.GuildID, c.ChannelID)
		if !hears {
			continue
		}
		seen, err := s.readChannel(db, c, from, max(room, leastCounted))
		if err != nil {
			return err
		}
		room -= seen
	}
	return s.readTimes(db)
}

// channelRow is a channel with events, the last of which stands at a position.
type channelRow struct {
	GuildID, ChannelID snowflake.ID
	Latest             int64
}

// readLogged lists the channels with events after a position. It steps from channel to channel in
// the index, and so costs the more the more channels there are, not events.
func readLogged(db *gorm.DB, after int64) (all []channelRow, err error) {
	err = db.Raw(`WITH RECURSIVE steps(id) AS (
			SELECT min(channel_id) FROM events
			UNION ALL SELECT (SELECT min(channel_id) FROM events WHERE channel_id > steps.id) FROM steps WHERE steps.id IS NOT NULL
		)
		SELECT * FROM (SELECT id AS channel_id, (SELECT guild_id FROM events WHERE channel_id = steps.id ORDER BY seq DESC LIMIT 1) AS guild_id,
			(SELECT max(seq) FROM events WHERE channel_id = steps.id) AS latest FROM steps WHERE id IS NOT NULL) AS logged
		WHERE latest > ?`, after).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read which channels the event log has: %w", err)
	}
	return all, nil
}

// channels lists the channels of the entity's guilds with events after the lowest position.
func (s *stock) channels(db *gorm.DB) ([]channelRow, error) {
	all, err := readLogged(db, s.lowest())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c channelRow) bool { return s.entry.stays[c.GuildID] == nil }), nil
}

// readChannel counts the oldest unread events of a channel, and says how many it looked at.
func (s *stock) readChannel(db *gorm.DB, c channelRow, from int64, most int) (seen int, err error) {
	most = min(most, 2*MostUnread)
	seen, err = s.window(db, c, from, "events.seq", most, func(n *noted) bool {
		s.count(n)
		m := s.found[c.ChannelID]
		return m == nil || !m.More
	})
	m := s.found[c.ChannelID]
	if err != nil || seen < most && (m == nil || !m.More) {
		return seen, err
	}
	var late []*noted
	_, err = s.window(db, c, from, "events.seq DESC", latelySpoken, func(n *noted) bool {
		late = append(late, n)
		return true
	})
	if err != nil {
		return seen, err
	}
	for _, n := range slices.Backward(late) {
		if m == nil {
			s.count(n)
		} else if n.Kind == EventMessage {
			m.speak(&n.Event)
		}
	}
	if m = s.found[c.ChannelID]; m != nil {
		m.More = true
	}
	return seen, nil
}

// What became of the messages of a page, and which message was changed. Each is one step in an
// index, and SQLite uses that of the changes only when it is worded so.
const (
	isDeleted = `CASE WHEN kind = 'message' AND EXISTS (SELECT 1 FROM events AS changes
		WHERE (changes.kind = 'edit' OR changes.kind = 'delete') AND changes.kind = 'delete' AND changes.message_id = events.message_id) THEN 1 ELSE 0 END`
	saidAt = `CASE WHEN kind = 'edit' OR kind = 'delete' THEN
		coalesce((SELECT said.seq FROM events AS said WHERE said.kind = 'message' AND said.message_id = events.message_id), 0) ELSE 0 END`
)

// window reads some events of a channel after a position, until take wants no more of those that
// count. It leaves out when they were.
func (s *stock) window(db *gorm.DB, c channelRow, from int64, order string, most int, take func(*noted) bool) (seen int, err error) {
	rows, err := db.Raw("SELECT events.seq, kind, message_id, author_id, author_entity, events.entity_id, coalesce(addresses.reason, ''), "+
		isDeleted+", "+saidAt+` FROM events LEFT JOIN addresses ON addresses.seq = events.seq AND addresses.entity_id = ?
		WHERE channel_id = ? AND events.seq > ? ORDER BY `+order+" LIMIT ?", s.entry.ID, c.ChannelID, from, most).Rows()
	if err != nil {
		return 0, fmt.Errorf("read what is unread in a channel: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var reason AddressReason
		var deleted bool
		n := &noted{Event: Event{GuildID: c.GuildID, ChannelID: c.ChannelID}}
		if err := rows.Scan(&n.Seq, &n.Kind, &n.MessageID, &n.AuthorID, &n.AuthorEntity, &n.EntityID, &reason, &deleted, &n.said); err != nil {
			return seen, fmt.Errorf("read what is unread in a channel: %w", err)
		}
		seen++
		if reason != "" {
			n.to = []Address{{EntityID: s.entry.ID, Reason: reason}}
		}
		if !deleted && n.counts(s.entry) && !take(n) {
			break
		}
	}
	return seen, rows.Err()
}

// readTimes finds out since when something is unread in the channels that were found.
func (s *stock) readTimes(db *gorm.DB) error {
	for part := range slices.Chunk(slices.Collect(maps.Values(s.found)), 500) {
		var first []int64
		for _, m := range part {
			first = append(first, m.begun)
		}
		var rows []Event
		if err := db.Select("seq", "at").Where("seq IN ?", first).Find(&rows).Error; err != nil {
			return fmt.Errorf("read since when something is unread: %w", err)
		}
		for _, row := range rows {
			for _, m := range part {
				if m.begun == row.Seq {
					m.Since = row.At
				}
			}
		}
	}
	return nil
}
