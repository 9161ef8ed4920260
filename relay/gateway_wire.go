package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disgoorg/disgo/gateway"
	"github.com/gorilla/websocket"
)

const (
	// dialTime bounds a dial with everything up to the websocket handshake.
	dialTime = 30 * time.Second
	// writeTime bounds one write; a connection that takes none for so long is dead.
	writeTime = 10 * time.Second
	// partingTime is how long we wait for the other side's close frame after ours, so that
	// closing the socket does not overtake it.
	partingTime = time.Second
	// frameBacklog is how many frames are read ahead of the handler.
	frameBacklog = 32
	// maxCommand is Discord's limit for what we send, in bytes.
	maxCommand = 4096
)

var errZombie = errors.New("the gateway did not acknowledge the last heartbeat")

// gatewayWire is one websocket connection: its reader, its heartbeat and its writes. The
// first error ends it.
type gatewayWire struct {
	ws       *websocket.Conn
	frames   chan gatewayFrame // closed by the reader at its end
	quit     chan struct{}     // closed when the wire ends
	inflater *inflater         // nil without compression
	pace     commandPace
	running  sync.WaitGroup
	latency  *atomic.Int64

	beatNow chan struct{} // Discord wants a heartbeat at once
	acked   atomic.Bool   // since the last regular heartbeat
	stalled atomic.Bool   // the reader waits for the handler
	beatAt  atomic.Int64  // when the last heartbeat went out, in Unix nanoseconds

	writing sync.Mutex
	once    sync.Once
	err     error // set before quit is closed
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// dialGateway connects. Unlike the dialer's own, its handshake ends with ctx.
func dialGateway(ctx context.Context, base *websocket.Dialer, address string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	dialer := *base
	dial := (&net.Dialer{}).DialContext
	switch {
	case base.NetDialContext != nil:
		dial = base.NetDialContext
	case base.NetDial != nil:
		dial = func(_ context.Context, network, addr string) (net.Conn, error) { return base.NetDial(network, addr) }
	}
	var watch func() bool
	watched := func(dial dialFunc) dialFunc {
		return func(inner context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(inner, network, addr)
			if err == nil {
				// Not inner: the dialer ends that one as soon as it has succeeded.
				watch = context.AfterFunc(ctx, func() { _ = conn.Close() }) // the handshake then fails and tells
			}
			return conn, err
		}
	}
	dialer.NetDialContext = watched(dial)
	if base.NetDialTLSContext != nil {
		dialer.NetDialTLSContext = watched(base.NetDialTLSContext)
	}
	ws, rs, err := dialer.DialContext(ctx, address, nil) //nolint:bodyclose // the dialer says that it needs no closing
	if watch != nil && !watch() && err == nil {
		_ = ws.Close() // it is closed already
		return nil, ctx.Err()
	}
	if err != nil {
		if rs != nil {
			return nil, fmt.Errorf("open the gateway's websocket: %w (status %d)", err, rs.StatusCode)
		}
		return nil, fmt.Errorf("dial the gateway: %w", scrubError(err))
	}
	ws.SetReadLimit(maxFrame)
	return ws, nil
}

// newGatewayWire starts the reader.
func newGatewayWire(ws *websocket.Conn, compressed bool, latency *atomic.Int64) *gatewayWire {
	w := &gatewayWire{
		ws:      ws,
		frames:  make(chan gatewayFrame, frameBacklog),
		quit:    make(chan struct{}),
		beatNow: make(chan struct{}, 1),
		latency: latency,
	}
	if compressed {
		w.inflater = newInflater()
	}
	w.running.Go(w.read)
	return w
}

// read hands frames over, in order, until the connection ends.
func (w *gatewayWire) read() {
	defer close(w.frames)
	if w.inflater != nil {
		defer w.inflater.close()
	}
	for {
		kind, data, err := w.ws.ReadMessage()
		if err == nil && kind == websocket.BinaryMessage && w.inflater != nil {
			data, err = w.inflater.inflate(data)
		}
		if err != nil {
			w.close(err, closeKeeping, "", 0)
			return
		}
		frame := parseFrame(data)
		switch frame.op {
		case gateway.OpcodeHeartbeatACK:
			w.acked.Store(true)
			w.latency.Store(time.Now().UnixNano() - w.beatAt.Load())
		case gateway.OpcodeHeartbeat:
			select {
			case w.beatNow <- struct{}{}:
			default: // one is due already
			}
			continue
		}
		if !w.hand(frame) {
			return
		}
	}
}

// hand gives a frame to the shard, and notes when that takes a wait.
func (w *gatewayWire) hand(frame gatewayFrame) bool {
	select {
	case w.frames <- frame:
		return true
	default:
	}
	w.stalled.Store(true)
	defer w.stalled.Store(false)
	select {
	case w.frames <- frame:
		return true
	case <-w.quit:
		return false
	}
}

// startBeat starts the heartbeat, which asks seq for the sequence.
func (w *gatewayWire) startBeat(interval time.Duration, seq func() int) {
	w.running.Go(func() { w.beat(interval, seq) })
}

func (w *gatewayWire) beat(interval time.Duration, seq func() int) {
	// A random first moment keeps many clients from beating together after an outage.
	timer := time.NewTimer(rand.N(interval)) //nolint:gosec // no secret
	defer timer.Stop()
	w.acked.Store(true)
	for {
		select {
		case <-w.quit:
			return
		case <-w.beatNow:
		case <-timer.C:
			timer.Reset(interval)
			// While the reader waits for a slow handler, the ACK may well be there, unread.
			if !w.acked.Swap(false) && !w.stalled.Load() {
				w.close(errZombie, closeKeeping, "heartbeat not acknowledged", 0)
				return
			}
		}
		w.beatAt.Store(time.Now().UnixNano())
		err := w.send(context.Background(), gateway.OpcodeHeartbeat, gateway.MessageDataHeartbeat(seq()), true)
		if errors.Is(err, websocket.ErrCloseSent) {
			return
		}
		if err != nil {
			w.close(fmt.Errorf("send a heartbeat: %w", err), closeKeeping, "", 0)
			return
		}
	}
}

// send writes one command when the pace allows it. Urgent ones may use the reserve.
func (w *gatewayWire) send(ctx context.Context, op gateway.Opcode, data gateway.MessageData, urgent bool) error {
	text, err := json.Marshal(gateway.Message{Op: op, D: data})
	if err != nil {
		return fmt.Errorf("encode gateway command %d: %w", op, err)
	}
	if len(text) > maxCommand {
		return fmt.Errorf("gateway command %d has %d bytes; discord takes at most %d", op, len(text), maxCommand)
	}
	if err := w.pace.wait(ctx, w.quit, urgent); err != nil {
		return err
	}
	w.writing.Lock()
	defer w.writing.Unlock()
	if err := w.ws.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return fmt.Errorf("send gateway command %d: %w", op, err)
	}
	if err := w.ws.WriteMessage(websocket.TextMessage, text); err != nil {
		if !errors.Is(err, websocket.ErrCloseSent) { // there the reader is about to say why
			// Half a frame may be out: nothing can follow it.
			w.close(err, closeKeeping, "", 0)
		}
		return fmt.Errorf("send gateway command %d: %w", op, err)
	}
	return nil
}

// close ends the wire with a reason; only the first call counts. It sends the code, and leaves
// the reader patience to see the other side's answer before the socket goes.
func (w *gatewayWire) close(err error, code int, text string, patience time.Duration) {
	w.once.Do(func() {
		w.err = err
		close(w.quit)
		// Neither can tell more than that the connection is gone, which is what we want.
		_ = w.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(time.Second))
		if patience <= 0 || w.ws.NetConn().SetReadDeadline(time.Now().Add(patience)) != nil {
			_ = w.ws.Close()
		}
	})
}

// cut closes the socket under whatever is going on.
func (w *gatewayWire) cut() { _ = w.ws.NetConn().Close() }

// wait returns when reader and heartbeat have ended.
func (w *gatewayWire) wait() {
	for range w.frames { // so that the reader never waits for us
	}
	w.running.Wait()
	_ = w.ws.Close() // a second close is harmless
}
