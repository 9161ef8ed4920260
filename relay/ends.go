package relay

import "sync/atomic"

// ends counts how lines ended since the start.
type ends struct{ sent, partial, unknown, failed atomic.Int64 }

func (e *ends) note(status SendStatus, err error) {
	switch {
	case err != nil:
		e.failed.Add(1)
	case status == StatusPartial:
		e.partial.Add(1)
	case status == StatusUnknown:
		e.unknown.Add(1)
	default:
		e.sent.Add(1)
	}
}

// Ends is how many lines ended in which way since the start: what entities said in channels and
// to people. One whose fate came to light later counts as what it was taken for at first.
type Ends struct{ Sent, Partial, Unknown, Failed int64 }

// Ends counts how lines ended since the start.
func (r *Relay) Ends() Ends {
	e := &r.ends
	return Ends{Sent: e.sent.Load(), Partial: e.partial.Load(), Unknown: e.unknown.Load(), Failed: e.failed.Load()}
}

// Queued is what waits inside the program, by what it is: rows to be written, things that admins
// are to be told, and questions to Discord about members.
type Queued struct{ Records, Notices, Members int }

// Queued counts what waits inside the program.
func (r *Relay) Queued() Queued {
	return Queued{
		Records: r.records.length() + r.told.length(),
		Notices: r.notices.length() + r.rests.queue.length(),
		Members: r.unasked.length(),
	}
}
