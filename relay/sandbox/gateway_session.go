package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// session is one client's place in the stream of events. It outlives its link for a while,
// so that the client can resume.
type session struct {
	id      string
	intents Intents
	shard   [2]int
	sharded bool
	link    *link // nil while the client is away
	left    time.Time
	// events are the newest ones, for resuming; the first has sequence number first.
	events []event
	first  int64
	keep   int
}

type event struct {
	name string
	data []byte
}

// last is the sequence number of the newest event.
func (s *session) last() int64 { return s.first + int64(len(s.events)) - 1 }

// holds says whether events of a guild belong to this session's shard; those of no guild
// belong to shard 0.
func (s *session) holds(guild ID) bool {
	if guild == 0 {
		return s.shard[0] == 0
	}
	return int(guild>>22)%s.shard[1] == s.shard[0]
}

// push gives the session its next event.
func (s *session) push(name string, data []byte) {
	s.events = append(s.events, event{name, data})
	if extra := len(s.events) - s.keep; extra > 0 {
		clear(s.events[:extra])
		s.events = s.events[extra:] // the next growth leaves them behind
		s.first += int64(extra)
	}
	if s.link != nil {
		s.link.queue(frame(s.last(), name, data))
	}
}

// frame is a dispatch as it goes over the wire. data may be no JSON at all.
func frame(seq int64, name string, data []byte) []byte {
	out := []byte(`{"t":` + strconv.Quote(name) + `,"s":` + strconv.FormatInt(seq, 10) + `,"op":0,"d":`)
	return append(append(out, data...), '}')
}

// replay sends what the client missed after seq and says whether all of it was still there.
func (s *session) replay(seq int64) bool {
	if seq < s.first-1 || seq > s.last() {
		return false
	}
	for n := seq + 1; n <= s.last(); n++ {
		e := s.events[n-s.first]
		if e.name == "RESUMED" {
			continue // told the client that an earlier replay was over
		}
		s.link.queue(frame(n, e.name, e.data))
	}
	return true
}

// identify is the data of op 2.
type identify struct {
	Token      *string         `json:"token"`
	Intents    *Intents        `json:"intents"`
	Properties json.RawMessage `json:"properties"`
	Compress   bool            `json:"compress"`
	Shard      *[]int          `json:"shard"`
	Presence   json.RawMessage `json:"presence"`
	Large      *int            `json:"large_threshold"`
}

// beginSession answers op 2: a new session, or a close code.
func (d *Discord) beginSession(l *link, raw json.RawMessage) int {
	var in identify
	if json.Unmarshal(raw, &in) != nil || in.Token == nil || in.Intents == nil || len(in.Properties) == 0 {
		return 4002
	}
	code, tooSoon := d.checkIdentify(&in), false
	if code == 0 {
		code, tooSoon = d.countIdentify(&in)
	}
	if code == 0 && !tooSoon {
		code = d.checkIntents(*in.Intents)
	}
	if code != 0 || tooSoon {
		d.state.gateway.counts.Refused++
		d.gatewayChanged()
		if tooSoon {
			l.queue([]byte(`{"op":9,"d":false,"s":null,"t":null}`))
		}
		return code
	}
	s := &session{id: randomText(32), intents: *in.Intents, shard: [2]int{0, 1}, first: 1, keep: d.cfg.ReplayBuffer, link: l}
	if in.Shard != nil {
		s.shard, s.sharded = [2]int{(*in.Shard)[0], (*in.Shard)[1]}, true
	}
	d.state.gateway.counts.Identifies++
	d.state.gateway.sessions[s.id] = s
	l.session = s
	l.squeeze = in.Compress && l.packer == nil
	d.greet(s)
	d.gatewayChanged()
	return 0
}

func (d *Discord) checkIdentify(in *identify) int {
	switch {
	case d.state.revoked, *in.Token != d.state.token:
		return 4004
	case in.Shard != nil && (len(*in.Shard) != 2 || (*in.Shard)[1] < 1 || (*in.Shard)[0] < 0 || (*in.Shard)[0] >= (*in.Shard)[1]):
		return 4010
	}
	return 0
}

func (d *Discord) checkIntents(asked Intents) int {
	switch {
	case asked&^knownIntents != 0 || asked < 0:
		return 4013
	case asked&privilegedIntents&^d.state.app.intents != 0:
		return 4014
	}
	return 0
}

type readyView struct {
	Version       int              `json:"v"`
	User          botView          `json:"user"`
	Guilds        []guildGone      `json:"guilds"`
	SessionID     string           `json:"session_id"`
	ResumeURL     string           `json:"resume_gateway_url"`
	Shard         *[2]int          `json:"shard,omitempty"`
	Application   readyApplication `json:"application"`
	Private       []struct{}       `json:"private_channels"`
	Relationships []struct{}       `json:"relationships"`
	Presences     []struct{}       `json:"presences"`
}

type readyApplication struct {
	ID    ID  `json:"id"`
	Flags int `json:"flags"`
}

// greet sends READY and every guild of the session's shard.
func (d *Discord) greet(s *session) {
	ready := readyView{
		Version: 10, User: d.showBot(), Guilds: []guildGone{}, SessionID: s.id, ResumeURL: d.gatewayURL(),
		Application: readyApplication{d.state.app.id, d.state.app.flags()},
		Private:     []struct{}{}, Relationships: []struct{}{}, Presences: []struct{}{},
	}
	if s.sharded {
		ready.Shard = &s.shard
	}
	guilds := d.botGuilds()
	for _, g := range guilds {
		if s.holds(g.id) {
			ready.Guilds = append(ready.Guilds, guildGone{g.id, true})
		}
	}
	d.send(s, "READY", ready)
	for _, g := range guilds {
		switch {
		case !s.holds(g.id) || s.intents&IntentGuilds == 0:
		case g.unavailable:
			d.send(s, "GUILD_DELETE", guildGone{g.id, true})
		default:
			d.send(s, "GUILD_CREATE", guildCreate{g})
		}
	}
}

// botGuilds are the guilds with the bot in them, by id.
func (d *Discord) botGuilds() []*guild {
	var list []*guild
	for _, g := range d.state.guilds {
		if g.members[d.state.bot.ID] != nil {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b *guild) int { return compareIDs(a.id, b.id) })
	return list
}

// resume answers op 6: the missed events and RESUMED, or op 9.
func (d *Discord) resume(l *link, raw json.RawMessage) int {
	var in struct {
		Token     *string `json:"token"`
		SessionID *string `json:"session_id"`
		Seq       *int64  `json:"seq"`
	}
	if json.Unmarshal(raw, &in) != nil || in.Token == nil || in.SessionID == nil || in.Seq == nil {
		return 4002
	}
	if d.state.revoked || *in.Token != d.state.token {
		return 4004
	}
	s := d.state.gateway.sessions[*in.SessionID]
	if s == nil || d.expired(s) {
		l.queue([]byte(`{"op":9,"d":false,"s":null,"t":null}`))
		return 0
	}
	if *in.Seq > s.last() {
		d.forget(s)
		return 4007
	}
	if s.link != nil {
		s.link.session = nil
		s.link.closeWith(4000)
	}
	s.link = l
	if !s.replay(*in.Seq) {
		s.link = nil
		d.forget(s)
		l.queue([]byte(`{"op":9,"d":false,"s":null,"t":null}`))
		return 0
	}
	l.session = s
	d.state.gateway.counts.Resumes++
	s.push("RESUMED", []byte(`{"_trace":[]}`))
	d.gatewayChanged()
	return 0
}

func (d *Discord) expired(s *session) bool {
	return s.link == nil && d.now().Sub(s.left) > d.cfg.SessionTTL
}

// forget ends a session for good.
func (d *Discord) forget(s *session) {
	delete(d.state.gateway.sessions, s.id)
	if s.link != nil {
		s.link.session = nil
		s.link = nil
	}
	d.gatewayChanged()
}

// detach notes that a session's link is gone. A client that closed with 1000 or 1001
// wants the session no more. Sessions that nobody resumed in time are dropped here too.
func (d *Discord) detach(l *link, code int) {
	delete(d.state.gateway.links, l)
	if s := l.session; s != nil {
		l.session, s.link, s.left = nil, nil, d.now()
		if code == 1000 || code == 1001 {
			d.forget(s)
		}
	}
	for _, s := range d.state.gateway.sessions {
		if d.expired(s) {
			d.forget(s)
		}
	}
	d.gatewayChanged()
}
