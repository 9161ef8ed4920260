package sandbox

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ID is a Discord snowflake: a string in JSON, with the time of its making in the upper 42 bits.
type ID uint64

// epoch is the first second of 2015 in Unix milliseconds, where Discord's snowflakes start.
const epoch = 1420070400000

func (id ID) String() string { return strconv.FormatUint(uint64(id), 10) }

// Time is when the id was made, to the millisecond.
func (id ID) Time() time.Time { return time.UnixMilli(int64(id>>22) + epoch) }

// MarshalJSON writes the id as Discord does, as a string.
func (id ID) MarshalJSON() ([]byte, error) { return []byte(`"` + id.String() + `"`), nil }

var errNotSnowflake = errors.New("not a snowflake")

// UnmarshalJSON reads a string, or a number as Discord also does.
func (id *ID) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errNotSnowflake
	}
	*id = ID(n)
	return nil
}

// MarshalText lets an id be the key of a JSON object.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(raw []byte) error { return id.UnmarshalJSON(raw) }

// parseID reads an id from a path or a query; 0 when it is none.
func parseID(text string) ID {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0
	}
	return ID(n)
}

// newID makes a snowflake of the clock's time that is larger than every one before it.
// Callers hold Discord.mu.
func (d *Discord) newID() ID { return d.state.nextID(d.now()) }

func (s *state) nextID(now time.Time) ID {
	id := snowflakeAt(now)
	if id <= s.lastID {
		id = s.lastID + 1
	}
	s.lastID = id
	return id
}

// snowflakeAt is the smallest id that a thing made at t can have.
func snowflakeAt(t time.Time) ID { return ID(max(0, t.UnixMilli()-epoch)) << 22 }
