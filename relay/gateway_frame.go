package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"
)

// notJSON is the name under which frames are counted that are nothing we know.
const notJSON = "(not JSON)"

// opBroken marks a frame of which not even the opcode can be read.
const opBroken gateway.Opcode = -1

// gatewayFrame is a frame with its data not yet decoded.
type gatewayFrame struct {
	op     gateway.Opcode
	seq    int
	event  gateway.EventType
	data   json.RawMessage
	broken bool // not valid JSON as a whole; the rest is what could be saved
	// whole is the frame of which only the envelope was read: whether data is one value shows
	// when it is decoded.
	whole []byte
}

// parseFrame reads a frame's envelope and keeps nothing of text. It never fails: of a frame that
// is cut off it saves what comes before the cut.
func parseFrame(text []byte) gatewayFrame {
	if frame, ok := quickFrame(text); ok {
		return frame
	}
	return slowFrame(text)
}

// quickFrame reads the envelope of an event as Discord writes it: {"t":"…","s":1,"op":0,"d":…}.
// Nearly all frames are like that, and reading them as JSON would go through each of them twice
// more. Everything else is for slowFrame, and so are the events on which a session depends.
func quickFrame(text []byte) (frame gatewayFrame, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`{"t":"`))
	if !ok {
		return frame, false
	}
	name, rest, ok := bytes.Cut(rest, []byte(`","s":`))
	frame.event = gateway.EventType(name)
	if !ok || len(name) == 0 || frame.event == gateway.EventTypeReady || frame.event == gateway.EventTypeResumed ||
		bytes.ContainsFunc(name, func(c rune) bool { return c != '_' && (c < 'A' || c > 'Z') }) {
		return gatewayFrame{}, false
	}
	number, rest, ok := bytes.Cut(rest, []byte(`,"op":0,"d":`))
	if !ok || len(number) == 0 || len(number) > longestNumber || number[0] == '0' {
		return frame, false
	}
	for _, c := range number {
		if c < '0' || c > '9' {
			return frame, false
		}
		frame.seq = 10*frame.seq + int(c-'0')
	}
	if len(rest) < 2 || rest[len(rest)-1] != '}' {
		return frame, false
	}
	frame.whole = bytes.Clone(text)
	frame.data = frame.whole[len(text)-len(rest) : len(text)-1]
	return frame, true
}

// longestNumber is how many digits of a sequence fit into an int for certain.
const longestNumber = 9

func slowFrame(text []byte) gatewayFrame {
	var envelope struct {
		Op *gateway.Opcode   `json:"op"`
		S  *int              `json:"s"`
		T  gateway.EventType `json:"t"`
		D  json.RawMessage   `json:"d"`
	}
	err := json.Unmarshal(text, &envelope)
	if err == nil && envelope.Op == nil {
		return gatewayFrame{op: opBroken, broken: true}
	}
	if err != nil {
		return saveFrame(text)
	}
	frame := gatewayFrame{op: *envelope.Op, event: envelope.T, data: envelope.D}
	if envelope.S != nil {
		frame.seq = *envelope.S
	}
	return frame
}

// saveFrame reads the members of a broken frame as far as it goes. Discord writes t, s and op
// before d.
func saveFrame(text []byte) gatewayFrame {
	frame := gatewayFrame{op: opBroken, broken: true}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return frame
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return frame
		}
		switch key {
		case "op":
			err = decoder.Decode(&frame.op)
		case "s":
			err = decoder.Decode(&frame.seq)
		case "t":
			err = decoder.Decode(&frame.event)
		default:
			var other json.RawMessage
			err = decoder.Decode(&other)
		}
		if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !wrongType {
			return frame
		}
	}
	return frame
}

// unreadable is why an event cannot be decoded. Its text holds nothing of the event but the
// name of a field.
type unreadable struct{ reason string }

func (u unreadable) Error() string { return u.reason }

// decodeFrame decodes a dispatch. What was read quickly and does not decode is read again with
// care, and that is what the second result is.
func decodeFrame(frame gatewayFrame) (gateway.EventData, gatewayFrame, error) {
	event, err := decodeEvent(frame.event, frame.data)
	if err == nil || frame.whole == nil {
		return event, frame, err
	}
	if frame = slowFrame(frame.whole); frame.broken {
		return nil, frame, unreadable{"not valid JSON"}
	}
	event, err = decodeEvent(frame.event, frame.data)
	return event, frame, err
}

// decodeEvent decodes with disgo's decoder. Its errors quote the event and it panics on some:
// both become unreadable.
func decodeEvent(event gateway.EventType, data []byte) (decoded gateway.EventData, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			decoded, err = nil, unreadable{fmt.Sprintf("the decoder panicked with a %T", panicked)}
		}
	}()
	if event == gateway.EventTypeMessageCreate {
		// Most events are messages. By way of encoding/json their text is gone through twice more.
		var message gateway.EventMessageCreate
		err = message.UnmarshalJSON(data)
		decoded = message
	} else {
		decoded, err = gateway.UnmarshalEventData(data, event)
	}
	if err != nil {
		return nil, unreadable{whyUnreadable(err)}
	}
	return decoded, nil
}

func whyUnreadable(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "wrong type in field " + wrong.Field
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return "not valid JSON"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}

// salvageGuild decodes a GUILD_CREATE without those elements of its lists that cannot be
// decoded: one channel of a new kind must not cost the whole guild. It tells how many were
// dropped from which list.
func salvageGuild(data []byte) (gateway.EventData, map[string]int, error) {
	var guild map[string]json.RawMessage
	if err := json.Unmarshal(data, &guild); err != nil {
		return nil, nil, unreadable{"not a JSON object"}
	}
	dropped := map[string]int{}
	for name, list := range guild {
		var elements []json.RawMessage
		if json.Unmarshal(list, &elements) != nil || guildReads(name, list) {
			continue
		}
		kept := elements[:0:0]
		for _, element := range elements {
			if guildReads(name, append(append([]byte{'['}, element...), ']')) {
				kept = append(kept, element)
			} else {
				dropped[name]++
			}
		}
		text, err := json.Marshal(kept)
		if err != nil {
			return nil, nil, unreadable{"wrong JSON in field " + name}
		}
		if len(kept) == 0 {
			text = []byte("[]")
		}
		guild[name] = text
	}
	text, err := json.Marshal(guild)
	if err != nil {
		return nil, nil, unreadable{"wrong JSON in a field"}
	}
	decoded, err := decodeEvent(gateway.EventTypeGuildCreate, text)
	return decoded, dropped, err
}

// guildReads tells whether a guild with only this field decodes.
func guildReads(name string, value []byte) bool {
	text, err := json.Marshal(map[string]json.RawMessage{name: value})
	if err != nil {
		return false
	}
	_, err = decodeEvent(gateway.EventTypeGuildCreate, text)
	return err == nil
}

// skipOf finds the ids in an event that could not be read.
func skipOf(event string, data []byte) GatewaySkip {
	skip := GatewaySkip{Event: event}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return skip
	}
	for name, id := range map[string]*snowflake.ID{"id": &skip.ID, "guild_id": &skip.Guild, "channel_id": &skip.Channel} {
		if value, ok := fields[name]; ok && json.Unmarshal(value, id) != nil {
			*id = 0
		}
	}
	var user struct {
		ID snowflake.ID `json:"id"`
	}
	if json.Unmarshal(fields["user"], &user) == nil {
		skip.User = user.ID
	}
	return skip
}

// skip counts what is left out of an event, or all of it, and logs the first of its name,
// without its content.
func (s *gatewayShard) skip(name string, n int, frame gatewayFrame, why error) {
	if name == "" {
		name = notJSON
	}
	skip := s.leftOut(name, frame)
	if s.cfg.Tally.skipped(name, n) {
		s.log.Warn("gateway event left out", slog.String("event", name), slog.Any("err", why), slog.Uint64("guild", uint64(skip.Guild)))
	}
}

// leftOut tells that what an event would have changed is not known.
func (s *gatewayShard) leftOut(name string, frame gatewayFrame) GatewaySkip {
	skip := skipOf(name, frame.data)
	skip.Shard = s.id
	if s.cfg.OnSkip != nil {
		s.cfg.OnSkip(skip)
	}
	return skip
}
