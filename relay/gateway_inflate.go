package relay

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxFrame bounds one frame, compressed or not, in bytes. A big server's GUILD_CREATE has
	// tens of MiB.
	maxFrame = 64 << 20
	// maxBlock is the largest block of zstd, which one read must be able to take whole.
	maxBlock = 128 << 10
	// keptBuffer is how large a buffer may be kept for the next frame.
	keptBuffer = 1 << 20
)

var errFrameTooLarge = errors.New("a gateway frame is larger than 64 MiB")

// inflater decompresses frames of one continuous zstd stream. It is not safe for concurrent
// use. The decoder runs as a coroutine that pauses wherever the frame's bytes end.
type inflater struct {
	feed []byte // of the current frame, not yet decoded
	out  []byte
	err  error
	next func() (struct{}, bool)
	stop func()
}

func newInflater() *inflater {
	i := &inflater{}
	i.next, i.stop = iter.Pull(i.run)
	return i
}

// inflate gives the text of the next frame; it is valid until the next call. After an error
// the stream is of no use any more.
func (i *inflater) inflate(frame []byte) (text []byte, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			text, err = nil, fmt.Errorf("inflate a gateway frame: the decoder panicked with a %T", panicked)
		}
	}()
	if cap(i.out) > keptBuffer {
		i.out = nil
	}
	i.feed, i.out = frame, i.out[:0]
	if _, alive := i.next(); !alive {
		return nil, fmt.Errorf("inflate a gateway frame: %w", i.err)
	}
	return i.out, nil
}

// close ends the coroutine.
func (i *inflater) close() { i.stop() }

func (i *inflater) run(pause func(struct{}) bool) {
	source := frameSource{inflater: i, pause: pause}
	decoder, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxFrame))
	if err != nil {
		i.err = err
		return
	}
	defer decoder.Close()
	block := make([]byte, maxBlock+1)
	for {
		n, err := decoder.Read(block)
		i.out = append(i.out, block[:n]...)
		if len(i.out) > maxFrame {
			err = errFrameTooLarge
		}
		if err != nil {
			i.err = err
			return
		}
	}
}

// frameSource is what the decoder reads from.
type frameSource struct {
	*inflater
	pause func(struct{}) bool
}

// Read gives bytes of the frame, and pauses the coroutine when there are none left.
func (f frameSource) Read(p []byte) (int, error) {
	for len(f.feed) == 0 {
		if !f.pause(struct{}{}) {
			return 0, io.ErrClosedPipe
		}
	}
	n := copy(p, f.feed)
	f.feed = f.feed[n:]
	return n, nil
}
