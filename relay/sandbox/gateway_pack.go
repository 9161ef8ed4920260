package sandbox

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// packer compresses a link's frames in one stream (events/gateway, "Transport Compression").
type packer interface {
	pack(raw []byte) ([]byte, error)
}

// newPacker is nil when the client asks for no compression.
func newPacker(kind string) (packer, error) {
	switch kind {
	case "":
		return nil, nil
	case "zlib-stream":
		s := &stream{}
		w := zlib.NewWriter(&s.out)
		s.write, s.flush = w.Write, w.Flush
		return s, nil
	case "zstd-stream":
		s := &stream{}
		w, err := zstd.NewWriter(&s.out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("zstd stream: %w", err)
		}
		s.write, s.flush = w.Write, w.Flush
		return s, nil
	}
	return nil, fmt.Errorf("unknown compression %q", kind)
}

// stream is a compressor whose output is taken after every frame.
type stream struct {
	out   bytes.Buffer
	write func([]byte) (int, error)
	flush func() error
}

func (s *stream) pack(raw []byte) ([]byte, error) {
	s.out.Reset()
	if _, err := s.write(raw); err != nil {
		return nil, fmt.Errorf("compress frame: %w", err)
	}
	if err := s.flush(); err != nil {
		return nil, fmt.Errorf("compress frame: %w", err)
	}
	return bytes.Clone(s.out.Bytes()), nil
}

// deflate compresses one frame by itself (payload compression).
func deflate(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("compress frame: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress frame: %w", err)
	}
	return out.Bytes(), nil
}
