package sandbox

import (
	"encoding/json"
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// link is one websocket. Its fields below packer are guarded by Discord.mu.
type link struct {
	d      *Discord
	ws     *websocket.Conn
	wake   chan struct{} // has room for one
	ended  chan struct{} // closed when the reader is done
	packer packer        // nil: plain text

	session  *session
	squeeze  bool // payload compression, asked for at identify
	waiting  [][]byte
	code     int // close code to send once waiting is written; 0 is none
	received []time.Time
}

// mostWaiting bounds what is kept for a client that does not read.
const mostWaiting = 50_000

func newLink(d *Discord, ws *websocket.Conn) *link {
	return &link{d: d, ws: ws, wake: make(chan struct{}, 1), ended: make(chan struct{})}
}

// end closes a link that never began.
func (l *link) end(code int) {
	l.sayClose(code)
	_ = l.ws.Close()
}

func (l *link) sayClose(code int) {
	message := websocket.FormatCloseMessage(code, closeReasons[code])
	_ = l.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second)) // the client may be gone
}

// closeReasons are the words that go with Discord's close codes.
var closeReasons = map[int]string{
	4000: "Unknown error.", 4001: "Unknown opcode.", 4002: "Error while decoding payload.", 4003: "Not authenticated.",
	4004: "Authentication failed.", 4005: "Already authenticated.", 4007: "Invalid seq.", 4008: "Rate limited.",
	4009: "Session timed out.", 4010: "Invalid shard.", 4011: "Sharding required.", 4012: "Invalid API version.",
	4013: "Invalid intent(s).", 4014: "Disallowed intent(s).",
}

// serve greets the client and reads what it sends until the link ends.
func (l *link) serve() {
	d := l.d
	d.mu.Lock()
	if d.state.gateway.closed {
		d.mu.Unlock()
		l.end(1001)
		return
	}
	d.state.gateway.links[l] = true
	d.state.gateway.counts.Connects++
	hello, _ := json.Marshal(d.cfg.Heartbeat.Milliseconds())
	l.queue([]byte(`{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":` + string(hello) + `,"_trace":[]}}`))
	d.gatewayChanged()
	d.mu.Unlock()
	d.served.Go(l.write)
	code := l.read()
	close(l.ended)
	_ = l.ws.Close() // nothing more to say
	d.mu.Lock()
	defer d.mu.Unlock()
	d.detach(l, code)
}

// read handles frames until the link breaks and gives the client's close code, 1006 when there is none.
func (l *link) read() int {
	l.ws.SetReadLimit(1 << 20)
	l.beat()
	for {
		_, raw, err := l.ws.ReadMessage()
		if err != nil {
			if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
				l.sayClose(4009)
			}
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
				return closed.Code
			}
			return websocket.CloseAbnormalClosure
		}
		l.d.mu.Lock()
		if l.code == 0 {
			if code := l.handle(raw); code != 0 {
				l.closeWith(code)
			}
		}
		l.d.mu.Unlock()
	}
}

// beat moves the time by which the next heartbeat must have come.
func (l *link) beat() {
	_ = l.ws.SetReadDeadline(time.Now().Add(l.d.cfg.Heartbeat * 3 / 2)) // a closed socket shows at the next read
}

// write sends what is queued. It ends when the reader has.
func (l *link) write() {
	for {
		select {
		case <-l.ended:
			return
		case <-l.wake:
		}
		l.d.mu.Lock()
		frames, code, squeeze := l.waiting, l.code, l.squeeze
		l.waiting = nil
		l.d.mu.Unlock()
		for _, raw := range frames {
			if l.put(raw, squeeze) != nil {
				_ = l.ws.Close()
				return
			}
		}
		if code != 0 {
			l.sayClose(code)
			_ = l.ws.SetReadDeadline(time.Now().Add(time.Second)) // for the client's close frame
			return
		}
	}
}

func (l *link) put(raw []byte, squeeze bool) error {
	_ = l.ws.SetWriteDeadline(time.Now().Add(5 * time.Second)) // a closed socket shows at the write
	kind := websocket.TextMessage
	var err error
	switch {
	case l.packer != nil:
		kind = websocket.BinaryMessage
		raw, err = l.packer.pack(raw)
	case squeeze && len(raw) > 1024:
		kind = websocket.BinaryMessage
		raw, err = deflate(raw)
	}
	if err != nil {
		return err
	}
	return l.ws.WriteMessage(kind, raw)
}

// queue has a frame written. Callers hold Discord.mu.
func (l *link) queue(raw []byte) {
	if len(l.waiting) >= mostWaiting {
		l.drop()
		return
	}
	l.waiting = append(l.waiting, raw)
	l.poke()
}

func (l *link) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// closeWith has the link closed with a code, after what is queued.
func (l *link) closeWith(code int) {
	l.code = code
	l.poke()
}

// drop cuts the connection without a word.
func (l *link) drop() {
	if tcp, ok := l.ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = l.ws.NetConn().Close()
}
