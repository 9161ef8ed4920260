package sandbox

import "sync"

// listener hands messages to one function, in order and outside of Discord.mu.
type listener struct {
	hear    func(Message)
	mu      sync.Mutex
	waiting []Message
	wake    chan struct{} // has room for one
	ended   chan struct{} // closed by cancel
	done    chan struct{} // closed when run is over
}

// OnMessage calls hear with a copy of every message that is posted from now on, by
// whomever and wherever, one after the other. cancel ends it and waits until a call that
// is under way has returned; neither it nor [Discord.Close] may be called by hear.
func (d *Discord) OnMessage(hear func(Message)) (cancel func()) {
	l := &listener{hear: hear, wake: make(chan struct{}, 1), ended: make(chan struct{}), done: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		return func() {}
	default:
	}
	d.state.listeners[l] = true
	d.served.Go(func() { l.run(d.closed) })
	return sync.OnceFunc(func() {
		d.mu.Lock()
		delete(d.state.listeners, l)
		d.mu.Unlock()
		close(l.ended)
		<-l.done
	})
}

// run hands over what is waiting until the listener or the stand-in ends.
func (l *listener) run(closed <-chan struct{}) {
	defer close(l.done)
	for {
		select {
		case <-l.ended:
			return
		case <-closed:
			return
		case <-l.wake:
		}
		for _, m := range l.take() {
			l.hear(m)
		}
	}
}

func (l *listener) take() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.waiting
	l.waiting = nil
	return taken
}

// announce tells the listeners of a new message. Callers hold Discord.mu.
func (d *Discord) announce(m *Message) {
	for l := range d.state.listeners {
		l.mu.Lock()
		l.waiting = append(l.waiting, m.snapshot())
		l.mu.Unlock()
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}
