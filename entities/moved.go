package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Moved is a channel in which something is unread.
type Moved struct {
	Guild, Channel snowflake.ID
	Unread         int          // at most [MostUnread]
	Since          time.Time    // when the first unread message came
	First, Last    snowflake.ID // unread messages
	// Speakers are who spoke there last, newest first, at most [MaxSpeakers].
	Speakers []Speaker

	seq int64 // of the first
}

const (
	// MaxSpeakers is how many of a channel's last speakers are named.
	MaxSpeakers = 5
	// MostUnread is up to how many unread messages of one channel are counted.
	MostUnread = 10_000
	// speakersAmong is among how many of the last messages speakers are looked for.
	speakersAmong = 100
)

// Speaker is who spoke in a channel.
type Speaker struct {
	User    snowflake.ID
	Entity  ID           // "" when it is no entity
	Message snowflake.ID // the newest one
}

// Moved lists the channels in which messages are unread that address nobody here, those that
// moved first before. What cannot be decided now is left for the next time: Gap says what has to
// be asked for it. However much is unread, it costs little: a channel's messages are counted where
// they are.
func (r *Registry) Moved(ctx context.Context, actor Actor) ([]Moved, *Gap, error) {
	m, err := r.pass(ctx, actor, actMarks, "")
	if err != nil {
		return nil, nil, err
	}
	db := r.db.reader.WithContext(ctx)
	marks, err := marksOf(db, actor)
	if err != nil {
		return nil, nil, err
	}
	var channels []snowflake.ID
	err = db.Model(&Event{}).Distinct("channel_id").Where("seq > ? AND guild_id IN ?", marks.all, m.entry.guilds()).Pluck("channel_id", &channels).Error
	if err != nil {
		return nil, nil, fmt.Errorf("read which channels moved: %w", err)
	}
	var (
		moved []Moved
		lacks *Gap
	)
	for _, channel := range channels {
		after, gap := r.unreadAfter(m.entry, marks, channel)
		if gap != nil {
			lacks = gap
		}
		if after < 0 {
			continue
		}
		one, err := movedIn(db, m.entry, channel, after)
		if err != nil {
			return nil, nil, err
		}
		if one.Unread > 0 {
			moved = append(moved, one)
		}
	}
	slices.SortFunc(moved, func(a, b Moved) int { return cmp.Compare(a.seq, b.seq) })
	return moved, lacks, nil
}

// unreadAfter is the position after which an entity may hear of a channel and has not read; less
// than 0 when it may not, or when that cannot be decided now.
func (r *Registry) unreadAfter(e *entry, marks readMarks, channel snowflake.ID) (after int64, gap *Gap) {
	f, ok := r.facts(e, channel)
	if !ok || r.world.Pending(f.guild.ID) {
		return -1, nil
	}
	if v := decide(f, Hear); !v.allowed() {
		return -1, v.gap
	}
	return max(marks.of(ScopeOf(channel)), e.stays[f.guild.ID].Since, f.granted().since), nil
}

// movedIn looks at what is unread in one channel after a position.
func movedIn(db *gorm.DB, e *entry, channel snowflake.ID, after int64) (Moved, error) {
	unread := func() *gorm.DB {
		return db.Table("events").Joins("LEFT JOIN addresses ON addresses.seq = events.seq AND addresses.entity_id = ?", e.ID).
			Where("channel_id = ? AND events.seq > ? AND kind = ? AND events.entity_id = '' AND author_entity <> ? AND addresses.seq IS NULL", channel, after, EventMessage, e.ID)
	}
	var first, last []Event
	if err := unread().Select("events.*").Order("events.seq").Limit(1).Find(&first).Error; err != nil {
		return Moved{}, fmt.Errorf("read what is unread in a channel: %w", err)
	}
	if len(first) == 0 {
		return Moved{}, nil
	}
	if err := unread().Select("events.*").Order("events.seq DESC").Limit(speakersAmong).Find(&last).Error; err != nil {
		return Moved{}, fmt.Errorf("read who spoke in a channel: %w", err)
	}
	var count int64
	if err := db.Table("(?) AS unread", unread().Select("events.seq").Limit(MostUnread)).Count(&count).Error; err != nil {
		return Moved{}, fmt.Errorf("count what is unread in a channel: %w", err)
	}
	one := Moved{
		Guild: first[0].GuildID, Channel: channel, Unread: int(count), Since: first[0].At, First: first[0].MessageID, seq: first[0].Seq,
	}
	for i, event := range last {
		if i == 0 {
			one.Last = event.MessageID
		}
		known := slices.ContainsFunc(one.Speakers, func(s Speaker) bool { return s.User == event.AuthorID && s.Entity == event.AuthorEntity })
		if !known && len(one.Speakers) < MaxSpeakers {
			one.Speakers = append(one.Speakers, Speaker{User: event.AuthorID, Entity: event.AuthorEntity, Message: event.MessageID})
		}
	}
	return one, nil
}
