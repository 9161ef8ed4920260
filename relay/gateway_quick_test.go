package relay

import (
	"reflect"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/gateway"
)

// quickFrames are frames as Discord writes them, and what only looks like them.
func quickFrames() []string {
	ordinary := `{"t":"MESSAGE_CREATE","s":7,"op":0,"d":` + message + `}`
	return []string{
		ordinary,
		`{"t":"MESSAGE_DELETE","s":123456789,"op":0,"d":{"id":"1","channel_id":"2"}}`,
		`{"t":"MESSAGE_CREATE","s":7,"op":0,"d":` + message + `,"new":{"x":"}"}}`,
		`{"t":"MESSAGE_CREATE","s":7,"op":0,"d":` + message + `,"s":8}`,
		`{"t":"MESSAGE_CREATE","s":7,"op":0,"d":` + message + `}}`,
		`{"t":"MESSAGE_CREATE","s":7,"op":0,"d":` + message + `} `,
		`{"t":"MESSAGE_CREATE","s":7,"op":0,"d": ` + message + ` }`,
		`{"t":"MESSAGE_CREATE","s":12345678901234567890,"op":0,"d":{}}`,
		`{"t":"MESSAGE_CREATE","s":-7,"op":0,"d":{}}`,
		`{"t":"MESSAGE_CREATE","s":null,"op":0,"d":{}}`,
		`{"t":"MESSAGE_CREATE","s":07,"op":0,"d":{}}`,
		`{"t":"","s":7,"op":0,"d":{}}`,
		`{"t":"A\"B","s":7,"op":0,"d":{}}`,
		`{"t":"A","s":7,"op":0,"d":}`,
		`{"t":"TYPING_START","s":7,"op":0,"d":null}`,
		`{"t":"NEVER_HEARD_OF","s":7,"op":0,"d":{"x":1}}`,
		`{"t":"NEVER_HEARD_OF","s":7,"op":0,"d":{"x":}}`,
		`{"t":"RESUMED","s":7,"op":0,"d":{"_trace":[]}}`,
		`{"t":null,"s":null,"op":11,"d":null}`,
		ordinary[:len(ordinary)-20],
	}
}

// alike compares what becomes of a frame with what becomes of it when it is read with care.
func alike(t *testing.T, text string) {
	t.Helper()
	quick, slow := parseFrame([]byte(text)), slowFrame([]byte(text))
	if quick.whole == nil {
		if !reflect.DeepEqual(quick, slow) {
			t.Errorf("%.80q: %+v, with care %+v", text, quick, slow)
		}
		return
	}
	got, after, err := decodeFrame(quick)
	if slow.broken {
		if err == nil || !after.broken || after.event != slow.event || after.seq != slow.seq {
			t.Errorf("%.80q: a broken frame gave %T, %+v, %v", text, got, after, err)
		}
		return
	}
	want, _, wantErr := decodeFrame(slow)
	if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) || after.seq != slow.seq || after.event != slow.event || after.op != slow.op {
		t.Errorf("%.80q: %T %d %v, with care %T %d %v", text, got, after.seq, err, want, slow.seq, wantErr)
	}
}

func TestQuickFrames(t *testing.T) {
	for _, text := range quickFrames() {
		alike(t, text)
	}
	// The reader's buffer is used again for the next frame.
	text := []byte(quickFrames()[0])
	frame := parseFrame(text)
	for i := range text {
		text[i] = 'x'
	}
	event, _, err := decodeFrame(frame)
	if made, ok := event.(gateway.EventMessageCreate); err != nil || !ok || made.Content != canaryText || frame.seq != 7 || frame.whole == nil {
		t.Errorf("%+v, %v", event, err)
	}
	if ready := parseFrame([]byte(`{"t":"READY","s":1,"op":0,"d":{"session_id":"a"}}`)); ready.whole != nil || ready.event != gateway.EventTypeReady {
		t.Errorf("READY was read quickly: %+v", ready)
	}
}

func FuzzQuickFrames(f *testing.F) {
	for _, text := range quickFrames() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.Contains(text, "INTERACTION") { // disgo gives those functions, which do not compare
			alike(t, text)
		}
	})
}
