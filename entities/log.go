package entities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// isChange is worded as the index on changes is: SQLite uses it for nothing else.
const isChange = "(kind = 'edit' OR kind = 'delete')"

// find reads a page of events that could be news, oldest first: from memory, or what lies before
// from the database.
func (r *Registry) find(ctx context.Context, l lookup) ([]told, error) {
	if page, ok := r.tail.page(l); ok {
		return page, nil
	}
	return readPage(r.db.reader.WithContext(ctx), l)
}

// readPage does in SQL what [tail.page] does in memory.
func readPage(db *gorm.DB, l lookup) ([]told, error) {
	query := db.Table("events").Select("events.*, coalesce(addresses.reason, '') AS reason").Where("events.seq > ?", l.after)
	if l.scope == ScopeAddressed || l.scope == ScopeDM {
		query = query.Joins("JOIN addresses ON addresses.seq = events.seq AND addresses.entity_id = ? AND addresses.seq > ?", l.entry.ID, l.after)
	} else {
		query = query.Joins("LEFT JOIN addresses ON addresses.seq = events.seq AND addresses.entity_id = ?", l.entry.ID)
	}
	query = query.Where("events.entity_id IN ?", []ID{"", l.entry.ID})
	switch {
	case l.scope == ScopeDM:
		query = query.Where("addresses.reason = ?", ByDM)
	case l.scope == ScopeAddressed:
	case l.scope.Channel() != 0:
		query = query.Where("channel_id = ?", l.scope.Channel())
	default:
		query = query.Where("(guild_id IN ? OR events.entity_id = ?)", l.entry.guilds(), l.entry.ID)
	}
	for _, guild := range l.from.guilds() {
		if _, left := l.but[guild]; !left {
			query = query.Where("(guild_id <> ? OR events.seq > ?)", guild, l.from.of(guild).Seq)
		}
	}
	if len(l.from.Behind) > 0 {
		query = query.Where("(events.seq > ? OR guild_id IN ?)", l.from.Seq, l.from.guilds())
	}
	for guild := range l.but {
		query = query.Where("guild_id <> ?", guild)
	}
	var found []struct {
		Event  `gorm:"embedded"`
		Reason AddressReason
	}
	if err := query.Order("events.seq").Limit(l.most).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("read the event log: %w", err)
	}
	page := make([]told, 0, len(found))
	for _, row := range found {
		page = append(page, told{Item: Item{Event: row.Event, Reason: row.Reason}})
	}
	if err := followPage(db, page); err != nil {
		return nil, err
	}
	return page, markCalls(db, l.entry.ID, page)
}

// markCalls finds the edits that address an entity which their messages did not.
func markCalls(db *gorm.DB, id ID, page []told) error {
	var said []int64
	for _, row := range page {
		if row.Event.Kind == EventEdit && row.Reason != "" {
			said = append(said, row.said)
		}
	}
	if len(said) == 0 {
		return nil
	}
	var addressed []int64
	if err := db.Model(&Address{}).Where("entity_id = ? AND seq IN ?", id, said).Pluck("seq", &addressed).Error; err != nil {
		return fmt.Errorf("read whom edited messages addressed: %w", err)
	}
	for i := range page {
		row := &page[i]
		row.calls = row.Event.Kind == EventEdit && row.Reason != "" && !slices.Contains(addressed, row.said)
	}
	return nil
}

// followPage notes what became of the messages of a page.
func followPage(db *gorm.DB, page []told) error {
	var messages, changed []snowflake.ID
	for _, row := range page {
		switch row.Event.Kind {
		case EventEdit, EventDelete:
			changed = append(changed, row.Event.MessageID)
			messages = append(messages, row.Event.MessageID)
		case EventMessage, EventDM:
			messages = append(messages, row.Event.MessageID)
		case EventReaction, EventGap:
		}
	}
	changes, err := readChanges(db, messages)
	if err != nil {
		return err
	}
	said, err := readMessages(db, changed)
	if err != nil {
		return err
	}
	for i := range page {
		e := page[i].Event
		switch e.Kind {
		case EventEdit, EventDelete:
			page[i].said = said[e.MessageID].Seq
			page[i].follow(changes[e.MessageID])
		case EventMessage, EventDM:
			page[i].follow(changes[e.MessageID])
		case EventReaction, EventGap:
		}
	}
	return nil
}

// readChanges reads the edits and deletions of messages, in order.
func readChanges(db *gorm.DB, messages []snowflake.ID) (map[snowflake.ID][]*noted, error) {
	changes := map[snowflake.ID][]*noted{}
	if len(messages) == 0 {
		return changes, nil
	}
	var rows []Event
	if err := db.Where(isChange+" AND message_id IN ?", messages).Order("seq").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read how messages changed: %w", err)
	}
	for _, row := range rows {
		changes[row.MessageID] = append(changes[row.MessageID], &noted{Event: row})
	}
	return changes, nil
}

// readMessages finds what the log has of messages.
func readMessages(db *gorm.DB, messages []snowflake.ID) (map[snowflake.ID]Event, error) {
	found := map[snowflake.ID]Event{}
	if len(messages) == 0 {
		return found, nil
	}
	for _, kind := range []string{"kind = 'message'", "kind = 'dm'"} { // each has an index of its own
		var rows []Event
		if err := db.Where(kind+" AND message_id IN ?", messages).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("find messages in the event log: %w", err)
		}
		for _, row := range rows {
			found[row.MessageID] = row
		}
	}
	return found, nil
}

// earlier is what the log has of a message that changes.
type earlier struct {
	Event
	to      []Address
	changes []*noted
}

func (was earlier) deleted() bool {
	return slices.ContainsFunc(was.changes, func(c *noted) bool { return c.Kind == EventDelete })
}

// had says whether the log has an edit already: it may be heard again after an attempt to write it
// of which it is not known how it ended. Databases keep microseconds, as Discord does.
func (was earlier) had(edit *noted) bool {
	return slices.ContainsFunc(was.changes, func(c *noted) bool {
		return c.Kind == EventEdit && c.At.Truncate(time.Microsecond).Equal(edit.At.Truncate(time.Microsecond))
	})
}

// messages finds messages in the log, with whom they address.
func (r *Registry) messages(ctx context.Context, ids []snowflake.ID) (map[snowflake.ID]earlier, error) {
	found := map[snowflake.ID]earlier{}
	var missing []snowflake.ID
	for _, id := range ids {
		if n, changes := r.tail.message(id); n != nil {
			found[id] = earlier{Event: n.Event, to: n.to, changes: changes}
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	db := r.db.reader.WithContext(ctx)
	rows, err := readMessages(db, missing)
	if err != nil || len(rows) == 0 {
		return found, err
	}
	changes, err := readChanges(db, missing)
	if err != nil {
		return nil, err
	}
	var seqs []int64
	for _, row := range rows {
		seqs = append(seqs, row.Seq)
	}
	var addresses []Address
	if err := db.Where("seq IN ?", seqs).Order("entity_id").Find(&addresses).Error; err != nil {
		return nil, fmt.Errorf("read whom messages address: %w", err)
	}
	for id, row := range rows {
		was := earlier{Event: row, changes: changes[id]}
		for _, a := range addresses {
			if a.Seq == row.Seq {
				was.to = append(was.to, a)
			}
		}
		found[id] = was
	}
	return found, nil
}

// rows repeats the marks of one row: "(?, ?), (?, ?)".
func rows(values string, n int) string {
	return strings.TrimSuffix(strings.Repeat(values+", ", n), ", ")
}
