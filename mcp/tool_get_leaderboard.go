package mcp

import (
	"cmp"
	"context"
	"strings"

	"troupe/entities"
	"troupe/relay"
)

var getLeaderboard = define("get_leaderboard", words{
	title: "Get leaderboard",
	text:  "Which of this bot's characters said most on your servers.",
}, nothing, looks, func(ctx context.Context, c *call, in leaderboardInput) (leaderboards, error) {
	period := entities.Period(strings.ToLower(strings.TrimSpace(cmp.Or(in.Period, string(entities.Week)))))
	days, ok := period.Days()
	if !ok {
		return leaderboards{}, entities.Refuse(entities.Invalid, "period is today, week (7 days), month (30 days) or ever, not %s.", clip(in.Period, 20))
	}
	all, err := c.server.relay.Rankings(ctx, c.actor, in.Server, days)
	if err != nil {
		return leaderboards{}, err
	}
	out := leaderboards{Period: string(period), Servers: []serverRanks{}}
	for _, one := range all {
		out.add(one)
	}
	return out, nil
}).when(entities.CanSeeLeaderboard)

type leaderboardInput struct {
	Server string `json:"server,omitempty" doc:"id or name; left out: all of yours"`
	Period string `json:"period,omitempty" doc:"today, week (7 days, when left out), month (30 days) or ever"`
}

// leaderboards are those of some servers, over one period.
type leaderboards struct {
	Period  string        `json:"period"`
	Servers []serverRanks `json:"servers"`
}

type serverRanks struct {
	ID       string `json:"id"`
	Name     shown  `json:"name"`
	Lines    int    `json:"lines" doc:"of all together"`
	Entities int    `json:"entities" doc:"that said something"`
	Ranks    []rank `json:"ranks" doc:"the first first, at most 15; equals share a place"`
}

type rank struct {
	Place    int    `json:"place"`
	EntityID string `json:"entity_id"`
	Name     shown  `json:"name"`
	Lines    int    `json:"lines"`
}

func (l *leaderboards) add(from relay.ServerRanks) {
	server := serverRanks{ID: from.Guild.ID.String(), Name: shown(from.Guild.Name), Entities: len(from.Ranks), Ranks: []rank{}}
	for i, r := range from.Ranks {
		server.Lines += r.Lines
		if i < entities.MostRanked {
			server.Ranks = append(server.Ranks, rank{r.Place, string(r.Entity.ID), shown(r.Entity.Name), r.Lines})
		}
	}
	l.Servers = append(l.Servers, server)
}

func (l leaderboards) write(p *page) {
	p.head()
	p.say("Who said most, period %s:", l.Period)
	p.strangers(func() {
		for _, server := range l.Servers {
			p.say("server %s (%s): %d lines by %d characters", quoted(string(server.Name)), server.ID, server.Lines, server.Entities)
			for _, r := range server.Ranks {
				p.say(" %d. %s (%s): %d lines", r.Place, quoted(string(r.Name)), r.EntityID, r.Lines)
			}
		}
	})
}
