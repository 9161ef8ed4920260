package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// handle does what one frame of the client asks and gives the close code that it earned.
// Callers hold Discord.mu.
func (l *link) handle(raw []byte) int {
	d := l.d
	if len(raw) > 4096 {
		return 4002
	}
	if l.tooMany() {
		return 4008
	}
	var in struct {
		Op   *int            `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	if json.Unmarshal(raw, &in) != nil || in.Op == nil {
		return 4002
	}
	switch op := *in.Op; op {
	case 1:
		return l.heartbeat(in.Data)
	case 2:
		if l.session != nil {
			return 4005
		}
		return d.beginSession(l, in.Data)
	case 6:
		if l.session != nil {
			return 4005
		}
		return d.resume(l, in.Data)
	case 3, 4, 8, 31, 43:
		if l.session == nil {
			return 4003
		}
		return l.request(op, in.Data)
	}
	return 4001
}

// tooMany counts the client's frames: 120 in 60 seconds (events/gateway, "Rate Limiting").
func (l *link) tooMany() bool {
	now := l.d.now()
	l.received = slices.DeleteFunc(l.received, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	l.received = append(l.received, now)
	return len(l.received) > 120
}

func (l *link) heartbeat(data json.RawMessage) int {
	var seq *int64
	if json.Unmarshal(data, &seq) != nil {
		return 4002
	}
	if seq != nil && l.session != nil && *seq > l.session.last() {
		return 4007
	}
	l.d.state.gateway.counts.Heartbeats++
	l.d.gatewayChanged()
	l.beat()
	if !l.d.state.gateway.deaf {
		l.queue([]byte(`{"t":null,"s":null,"op":11,"d":null}`))
	}
	return 0
}

func (l *link) request(op int, data json.RawMessage) int {
	switch op {
	case 3:
		var in struct {
			Status     *string          `json:"status"`
			Activities *json.RawMessage `json:"activities"`
			AFK        *bool            `json:"afk"`
			Since      *int64           `json:"since"`
		}
		if json.Unmarshal(data, &in) != nil || in.Status == nil ||
			!slices.Contains([]string{"online", "dnd", "idle", "invisible", "offline"}, *in.Status) {
			return 4002
		}
	case 8:
		return l.members(data)
	}
	return 0
}

// oneOrMore is a snowflake or an array of them.
type oneOrMore []ID

func (o *oneOrMore) UnmarshalJSON(raw []byte) error {
	if strings.HasPrefix(string(raw), "[") {
		return json.Unmarshal(raw, (*[]ID)(o))
	}
	*o = make([]ID, 1)
	return json.Unmarshal(raw, &(*o)[0])
}

type membersRequest struct {
	GuildID ID         `json:"guild_id"`
	Query   *string    `json:"query"`
	Limit   *int       `json:"limit"`
	UserIDs *oneOrMore `json:"user_ids"`
	Nonce   string     `json:"nonce"`
}

type membersChunk struct {
	GuildID    ID        `json:"guild_id"`
	Members    []*Member `json:"members"`
	ChunkIndex int       `json:"chunk_index"`
	ChunkCount int       `json:"chunk_count"`
	NotFound   []ID      `json:"not_found,omitempty"`
	Nonce      string    `json:"nonce,omitempty"`
}

// members answers op 8 (events/gateway-events, "Request Guild Members").
func (l *link) members(data json.RawMessage) int {
	d := l.d
	var in membersRequest
	if json.Unmarshal(data, &in) != nil || (in.Query == nil) == (in.UserIDs == nil) || (in.Query != nil && in.Limit == nil) {
		return 4002
	}
	asked := MembersAsked{Guild: in.GuildID}
	if in.UserIDs != nil {
		asked.Users = *in.UserIDs
	}
	d.state.gateway.asked = append(d.state.gateway.asked, asked)
	g := d.state.guilds[in.GuildID]
	if g == nil || g.members[d.state.bot.ID] == nil || d.state.gateway.discreet {
		return 0
	}
	if len(in.Nonce) > 32 {
		in.Nonce = ""
	}
	found, missing, allowed := g.asked(&in, l.session.intents)
	if !allowed {
		return 0
	}
	chunks := slices.Collect(slices.Chunk(found, 1000))
	if len(chunks) == 0 {
		chunks = [][]*Member{{}}
	}
	for i, chunk := range chunks {
		d.send(l.session, "GUILD_MEMBERS_CHUNK", membersChunk{g.id, chunk, i, len(chunks), missing, in.Nonce})
	}
	return 0
}

// asked are the members that a request names. The whole list needs the members intent.
func (g *guild) asked(in *membersRequest, intents Intents) (found []*Member, missing []ID, allowed bool) {
	if in.UserIDs != nil {
		for _, id := range (*in.UserIDs)[:min(100, len(*in.UserIDs))] {
			if m := g.members[id]; m != nil {
				found = append(found, m)
			} else {
				missing = append(missing, id)
			}
		}
		return found, missing, true
	}
	limit := *in.Limit
	if *in.Query == "" && limit == 0 {
		return g.sortedMembers(), nil, intents&IntentGuildMembers != 0
	}
	if limit <= 0 || limit > 100 {
		limit = 100
	}
	for _, m := range g.sortedMembers() {
		if len(found) < limit && m.named(*in.Query) {
			found = append(found, m)
		}
	}
	return found, nil, true
}

// named says whether a member's username or nickname starts with a text.
func (m *Member) named(prefix string) bool {
	prefix = strings.ToLower(prefix)
	if strings.HasPrefix(strings.ToLower(m.User.Username), prefix) {
		return true
	}
	if m.Nick != nil {
		return strings.HasPrefix(strings.ToLower(*m.Nick), prefix)
	}
	return m.User.GlobalName != nil && strings.HasPrefix(strings.ToLower(*m.User.GlobalName), prefix)
}
