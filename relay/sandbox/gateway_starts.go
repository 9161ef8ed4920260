package sandbox

import "time"

const (
	startsADay = 1000 // Discord: for bots on few servers
	startsLast = 24 * time.Hour
	// identifyEvery is how far apart identifies of one concurrency key must be.
	identifyEvery = 5 * time.Second
)

// starts counts the identifies of a day (events/gateway, "Rate Limiting" and "Session Start
// Limit Object"). Discord.mu guards it.
type starts struct {
	used int
	ends time.Time         // of the day that began with the first one; zero before it
	last map[int]time.Time // the last identify by concurrency key
}

func newStarts() starts { return starts{last: map[int]time.Time{}} }

// left is how many identifies there are until the day ends, and when that is.
func (s *starts) left(now time.Time) (remaining int, resetAfter time.Duration) {
	if !now.Before(s.ends) {
		return startsADay, 0
	}
	return max(0, startsADay-s.used), s.ends.Sub(now)
}

// spend counts an identify. It says false when there was none left.
func (s *starts) spend(now time.Time) bool {
	if !now.Before(s.ends) {
		s.used, s.ends = 0, now.Add(startsLast)
	}
	s.used++
	return s.used <= startsADay
}

// inTurn notes an identify of a shard, and says whether it is long enough after the one before.
func (s *starts) inTurn(now time.Time, shard, concurrency int) bool {
	key := shard % concurrency
	last, before := s.last[key]
	if before && now.Sub(last) < identifyEvery {
		return false
	}
	s.last[key] = now
	return true
}

// SetStarts says how many identifies are left, and when there are a whole day's again.
func (d *Discord) SetStarts(remaining int, resetAfter time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.gateway.starts.used, d.state.gateway.starts.ends = startsADay-remaining, d.now().Add(resetAfter)
}

// RefuseIdentify closes the next times identifies with a close code, all of them when times is
// below 0, and 0 ends it: 4004, 4013 and 4014, say. They count as identifies all the same.
func (d *Discord) RefuseIdentify(code, times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.gateway.refuse.code, d.state.gateway.refuse.times = code, times
}

// identifyRefusal is the close code that the next identify gets whatever it says; 0 for none.
type identifyRefusal struct{ code, times int }

func (r *identifyRefusal) next() int {
	if r.times == 0 {
		return 0
	}
	r.times = max(-1, r.times-1)
	return r.code
}

// countIdentify says with which close code an identify ends before anything else is looked at, or that
// it comes too soon. Callers hold Discord.mu.
func (d *Discord) countIdentify(in *identify) (code int, tooSoon bool) {
	g, now := &d.state.gateway, d.now()
	if !g.starts.spend(now) && !d.cfg.NoIdentifyLimit {
		d.resetToken()
		return 4004, false
	}
	if code := g.refuse.next(); code != 0 {
		return code, false
	}
	shard := 0
	if in.Shard != nil {
		shard = (*in.Shard)[0]
	}
	return 0, !g.starts.inTurn(now, shard, d.cfg.Concurrency) && !d.cfg.NoIdentifyLimit
}

// resetToken does what Discord does to a bot that identifies too often: its sessions end and
// its token is worth nothing any more.
func (d *Discord) resetToken() {
	d.state.revoked = true
	for l := range d.state.gateway.links {
		if l.session != nil {
			l.closeWith(4004)
		}
	}
	d.forgetAll()
}
