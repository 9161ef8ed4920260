package entities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

const dayForm = "2006-01-02"

// countLine adds a line to the day's count.
func countLine(tx *gorm.DB, line Ownership) error {
	err := tx.Exec(`INSERT INTO counts (day, entity_id, guild_id, channel_id, lines) VALUES (?, ?, ?, ?, 1)
		ON CONFLICT (day, entity_id, guild_id, channel_id) DO UPDATE SET lines = counts.lines + 1`,
		line.At.UTC().Format(dayForm), line.EntityID, line.GuildID, line.ChannelID).Error
	if err != nil {
		return fmt.Errorf("count the line: %w", err)
	}
	return nil
}

// Rank is an entity's place in a guild's leaderboard.
type Rank struct {
	Place  int // 1 is the first; equals share a place
	Entity Entity
	Lines  int
}

// MostRanked is how many entities a leaderboard shows.
const MostRanked = 15

// Period is a span of days that a leaderboard can be about.
type Period string

// The periods, shortest first.
const (
	Today Period = "today"
	Week  Period = "week"
	Month Period = "month"
	Ever  Period = "ever"
)

// Days is how many days a period has, today included; 0 = ever. What is no period has none: false.
func (p Period) Days() (days int, ok bool) {
	days, ok = map[Period]int{Today: 1, Week: 7, Month: 30, Ever: 0}[p]
	return days, ok
}

// Leaderboard ranks the entities in the actor's guild by what they said there in the last
// days, today included; days = 0 means ever. Entities that said nothing are left out.
func (r *Registry) Leaderboard(ctx context.Context, actor Actor, days int) ([]Rank, error) {
	if _, err := r.pass(ctx, actor, actLook, ""); err != nil {
		return nil, err
	}
	return r.ranks(ctx, actor.guild, days)
}

// Ranking is the leaderboard of a guild as an entity sees it that may.
func (r *Registry) Ranking(ctx context.Context, actor Actor, guild snowflake.ID, days int) ([]Rank, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	if err := r.allowedOn(ctx, m, guild, SeeRanking); err != nil {
		return nil, err
	}
	return r.ranks(ctx, guild, days)
}

func (r *Registry) ranks(ctx context.Context, guild snowflake.ID, days int) ([]Rank, error) {
	var rows []struct {
		EntityID ID
		Lines    int
	}
	query := r.db.reader.WithContext(ctx).Model(&Count{}).Select("entity_id, sum(lines) AS lines").Where("guild_id = ?", guild)
	if days > 0 {
		query = query.Where("day > ?", r.now().UTC().AddDate(0, 0, -days).Format(dayForm))
	}
	if err := query.Group("entity_id").Order("lines DESC, entity_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("count the lines: %w", err)
	}
	var ranks []Rank
	for _, row := range rows {
		// One that was deleted or taken out of the server is nobody's business here any more.
		e := r.roster.entry(row.EntityID)
		if e == nil || e.stays[guild] == nil {
			continue
		}
		place := len(ranks) + 1
		if n := len(ranks); n > 0 && ranks[n-1].Lines == row.Lines {
			place = ranks[n-1].Place
		}
		ranks = append(ranks, Rank{Place: place, Entity: e.shownIn(guild), Lines: row.Lines})
	}
	return ranks, nil
}

// Info is what people may know of an entity.
type Info struct {
	Resident Resident
	Here     bool // it has a presence where the actor acts
	Words    []string
	// Lines are what it said there today, in the last 7 days and ever.
	Today, Week, Ever int
	// LastSeen is when one of its clients was last connected; nil if never.
	LastSeen *time.Time
	// Servers are all where it is; for its owner only, nil for others.
	Servers []Guild
	Owns    bool // the actor owns it
}

// Info describes an entity to whoever sees it.
func (r *Registry) Info(ctx context.Context, actor Actor, id ID) (Info, error) {
	m, err := r.pass(ctx, actor, actSee, id)
	if err != nil {
		return Info{}, err
	}
	info := Info{Resident: r.resident(m.entry, actor.guild), Owns: m.owns()}
	if in := m.stay(); in != nil {
		info.Here, info.Words = true, slices.Clone(in.words)
	}
	db := r.db.reader.WithContext(ctx)
	var credentials []Credential
	if err := db.Select("last_used_at").Where("entity_id = ?", id).Find(&credentials).Error; err != nil {
		return Info{}, fmt.Errorf("read the credentials: %w", err)
	}
	for _, c := range credentials {
		if c.LastUsedAt != nil && (info.LastSeen == nil || c.LastUsedAt.After(*info.LastSeen)) {
			info.LastSeen = c.LastUsedAt
		}
	}
	for _, span := range []struct {
		into *int
		days int
	}{{&info.Today, 1}, {&info.Week, 7}, {&info.Ever, 0}} {
		query := db.Model(&Count{}).Select("coalesce(sum(lines), 0)").Where("entity_id = ? AND guild_id = ?", id, actor.guild)
		if span.days > 0 {
			query = query.Where("day > ?", r.now().UTC().AddDate(0, 0, -span.days).Format(dayForm))
		}
		if err := query.Scan(span.into).Error; err != nil {
			return Info{}, fmt.Errorf("count the lines: %w", err)
		}
	}
	if info.Owns {
		for _, guild := range m.entry.guilds() {
			known, _ := r.world.Guild(guild)
			if here, told := r.world.Here(guild, actor.user, r.now()); told && !here {
				known = Guild{} // what it is called now is not told to those who left
			}
			known.ID = guild
			info.Servers = append(info.Servers, known)
		}
	}
	return info, nil
}
