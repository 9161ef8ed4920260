package relay

import (
	"encoding/json"
	"testing"

	"github.com/disgoorg/disgo/discord"
)

// What a message has besides its text is worded from the shapes that Discord sends.
func TestExtras(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ raw, kind, want string }{
		"sticker": {`{"type":0,"sticker_items":[{"id":"6","name":"two\nlines","format_type":1}]}`, "sticker", "two lines"},
		"poll": {
			`{"type":0,"poll":{"question":{"text":"Tea?"},"answers":[{"answer_id":1,"poll_media":{"text":"yes"}},{"answer_id":2,"poll_media":{"text":"no"}}],` +
				`"expiry":null,"allow_multiselect":true,"layout_type":1,"results":{"is_finalized":true,"answer_counts":[{"id":2,"count":3,"me_voted":false}]}}}`,
			"poll", "Tea? (several answers allowed) (over)\n- yes (0)\n- no (3)",
		},
		"embed": {
			`{"type":0,"embeds":[{"type":"rich","title":"T","description":"D","author":{"name":"A"},"footer":{"text":"F"},"fields":[{"name":"N","value":"V"}],` +
				`"image":{"url":"https://cdn.example/a/cat.png?ex=1"}}]}`,
			"embed", "by A\nT\nD\nN: V\nimage: cat.png\nfooter: F",
		},
		"voice":  {`{"type":0,"flags":8192,"attachments":[{"id":"5","filename":"voice-message.ogg","size":1,"url":"x","proxy_url":"x","duration_secs":3.4}]}`, "voice message", "3 s"},
		"notice": {`{"type":7}`, "notice of Discord", "joined the server"},
		"followed": {
			`{"type":0,"flags":2,"content":"news","message_reference":{"type":0,"message_id":"5","channel_id":"6","guild_id":"7"}}`,
			"announcement", "published in another server's channel, which this one follows",
		},
		"unknown": {`{"type":63}`, "notice of Discord", "type 63"},
	} {
		var m discord.Message
		if err := json.Unmarshal([]byte(test.raw), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := (presenter{}).extras(m); len(got) != 1 || got[0] != (Extra{test.kind, test.want}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
