package sandbox

import (
	"context"
	"fmt"
	"slices"
)

// closeGateway ends every link.
func (d *Discord) closeGateway() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.gateway.closed = true
	for l := range d.state.gateway.links {
		l.drop()
	}
}

// Drop cuts the TCP connection of every gateway link, without a close frame.
func (d *Discord) Drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for l := range d.state.gateway.links {
		l.drop()
	}
}

// DropForGood cuts every gateway link and forgets its session: nothing can be resumed.
func (d *Discord) DropForGood() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for l := range d.state.gateway.links {
		l.drop()
	}
	d.forgetAll()
}

// forgetAll ends every session for good. Callers hold Discord.mu.
func (d *Discord) forgetAll() {
	for _, s := range d.state.gateway.sessions {
		d.forget(s)
	}
}

// CloseCode closes every gateway link with a close code. Codes after which Discord does
// not resume (4004, 4007, 4009 and those for good) end the sessions too.
func (d *Discord) CloseCode(code int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for l := range d.state.gateway.links {
		if l.session != nil && slices.Contains([]int{4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014}, code) {
			d.forget(l.session)
		}
		l.closeWith(code)
	}
}

// RevokeToken makes the bot's token worthless, as resetting it in the Developer Portal
// does: every request that needs it gets 401, and the gateway ends with 4004. Webhooks and
// interactions, which have tokens of their own, go on.
func (d *Discord) RevokeToken() {
	d.mu.Lock()
	d.state.revoked = true
	d.mu.Unlock()
	d.CloseCode(4004)
}

// RestoreToken makes the token good again, as if it had been put into the configuration anew.
func (d *Discord) RestoreToken() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.revoked = false
}

// Reconnect asks every client to reconnect and resume (op 7).
func (d *Discord) Reconnect() { d.toAll(`{"op":7,"d":null,"s":null,"t":null}`) }

// InvalidateSessions tells every client that its session is invalid (op 9); when it is
// not resumable the sessions are gone.
func (d *Discord) InvalidateSessions(resumable bool) {
	d.toAll(fmt.Sprintf(`{"op":9,"d":%t,"s":null,"t":null}`, resumable))
	if resumable {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetAll()
}

// RequestHeartbeat asks every client for a heartbeat at once (op 1).
func (d *Discord) RequestHeartbeat() { d.toAll(`{"op":1,"d":null,"s":null,"t":null}`) }

func (d *Discord) toAll(frame string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for l := range d.state.gateway.links {
		l.queue([]byte(frame))
	}
}

// SendRaw sends bytes as one frame to every link, whatever they are. They have no
// sequence number and are not replayed.
func (d *Discord) SendRaw(frame []byte) { d.toAll(string(frame)) }

// DispatchRaw sends an event with the given bytes as its data to every session, whatever
// they are. It takes a sequence number and is replayed on resume, as any event is.
func (d *Discord) DispatchRaw(event string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.state.gateway.sessions {
		s.push(event, data)
	}
}

// Deafen makes the gateway leave heartbeats without an ACK, or answer them again.
func (d *Discord) Deafen(deaf bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.gateway.deaf = deaf
}

// MembersAsked is a request for members (op 8).
type MembersAsked struct {
	Guild ID
	Users []ID // empty when it asked by name
}

// MembersAsked lists the requests for members so far.
func (d *Discord) MembersAsked() []MembersAsked {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.state.gateway.asked)
}

// WithholdMembers makes the gateway leave requests for members without an answer, or answer
// them again.
func (d *Discord) WithholdMembers(withhold bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.gateway.discreet = withhold
}

// WaitReady waits until a session is connected and has been sent READY and its guilds.
func (d *Discord) WaitReady(ctx context.Context) error {
	return d.waitGateway(ctx, "ready", func(g *gatewayState) bool {
		return slices.ContainsFunc(sessionsOf(g), func(s *session) bool { return s.link != nil })
	})
}

// WaitGone waits until no gateway link is open.
func (d *Discord) WaitGone(ctx context.Context) error {
	return d.waitGateway(ctx, "gone", func(g *gatewayState) bool { return len(g.links) == 0 })
}

// WaitCounts waits until what clients did at the gateway satisfies enough.
func (d *Discord) WaitCounts(ctx context.Context, enough func(GatewayCounts) bool) error {
	return d.waitGateway(ctx, "counts", func(g *gatewayState) bool { return enough(g.counts) })
}

func sessionsOf(g *gatewayState) []*session {
	var list []*session
	for _, s := range g.sessions {
		list = append(list, s)
	}
	return list
}

func (d *Discord) waitGateway(ctx context.Context, what string, done func(*gatewayState) bool) error {
	for {
		d.mu.Lock()
		ok, changed := done(&d.state.gateway), d.state.gateway.changed
		d.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for gateway to be %s: %w", what, ctx.Err())
		}
	}
}

// gatewayChanged wakes those who wait for the gateway. Callers hold Discord.mu.
func (d *Discord) gatewayChanged() {
	close(d.state.gateway.changed)
	d.state.gateway.changed = make(chan struct{})
}
