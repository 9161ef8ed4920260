package relay

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// Wherever in a message strangers put a long text, the cache's bound holds.
func TestNoStrangerOutgrowsTheCache(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4000)
	for name, raw := range map[string]string{
		"text":            `{"content":"` + long + `"}`,
		"forward":         `{"message_snapshots":[{"message":{"content":"` + long + `"}}]}`,
		"forwarded embed": `{"message_snapshots":[{"message":{"embeds":[{"description":"` + long + `"}]}}]}`,
		"file":            `{"attachments":[{"id":"1","filename":"a","size":1,"url":"u","description":"` + long + `"}]}`,
		"file's name":     `{"attachments":[{"id":"1","filename":"` + long + `","size":1,"url":"u"}]}`,
		"field":           `{"embeds":[{"fields":[{"name":"a","value":"` + long + `"}]}]}`,
		"footer":          `{"embeds":[{"footer":{"text":"` + long + `"}}]}`,
		"poll":            `{"poll":{"question":{"text":"a"},"answers":[{"poll_media":{"text":"` + long + `"}}]}}`,
		"shown text":      `{"flags":32768,"components":[{"type":10,"content":"` + long + `"}]}`,
		"answered":        `{"referenced_message":{"message_snapshots":[{"message":{"content":"` + long + `"}}]}}`,
	} {
		var m discord.Message
		if err := json.Unmarshal([]byte(raw), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := newMessageCache()
		for i := range cachedMessages {
			m.ID = snowflake.ID(1000 + i)
			c.put(m)
		}
		if most := cachedBytes / len(long); len(c.byID) > most || c.bytes > cachedBytes {
			t.Errorf("%s: %d messages of more than %d characters are kept, which says that it is %d bytes", name, len(c.byID), len(long), c.bytes)
		}
	}
}
