package relay

import (
	"encoding/json"
	"slices"
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
		if got := (presenter{}).extras(&m); len(got) != 1 || got[0] != (Extra{test.kind, test.want}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Where there is more than one thing, they come in the order in which Discord shows them.
func TestSeveralExtras(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw  string
		want []Extra
	}{
		"slash command": {
			`{"type":20,"interaction_metadata":{"id":"7","type":2,"user":{"id":"8","username":"mia","global_name":"Mia\nX"},"authorizing_integration_owners":{}},` +
				`"interaction":{"id":"7","type":2,"name":"roll dice","user":{"id":"8","username":"mia","global_name":"Mia\nX"}}}`,
			[]Extra{{"command", "/roll dice by Mia X"}},
		},
		"command without its name": {
			`{"type":20,"interaction_metadata":{"id":"7","type":2,"user":{"id":"8","username":"mia"},"authorizing_integration_owners":{}}}`,
			[]Extra{{"command", "by mia"}},
		},
		"components V2": {
			`{"type":0,"flags":32768,"components":[{"type":10,"id":1,"content":"# Hello"},{"type":14,"id":2,"divider":true,"spacing":1},` +
				`{"type":17,"id":3,"components":[{"type":10,"id":4,"content":"in a box <t:0>"},{"type":9,"id":5,"components":[{"type":10,"id":6,"content":"in a section"}],` +
				`"accessory":{"type":2,"id":7,"style":5,"label":"Go","url":"https://a.example"}}]}]}`,
			[]Extra{{"text", "# Hello"}, {"text", "in a box 1970-01-01T00:00:00Z"}, {"text", "in a section"}},
		},
		"buttons alone": {
			`{"type":0,"components":[{"type":1,"id":1,"components":[{"type":2,"id":2,"style":1,"label":"x","custom_id":"x"}]}]}`,
			nil,
		},
		"forward": {
			`{"type":0,"message_reference":{"type":1,"channel_id":"3","message_id":"4"},"message_snapshots":[{"message":{"type":0,"content":"look <#5>","timestamp":"2026-11-01T00:00:00Z",` +
				`"mentions":[],"mention_roles":[],"sticker_items":[{"id":"6","name":"wave","format_type":1}],` +
				`"attachments":[{"id":"5","filename":"a\nb.png","size":1500,"content_type":"image/png","url":"x","proxy_url":"x"}],` +
				`"embeds":[{"type":"rich","title":"T"}],"components":[{"type":10,"id":1,"content":"and this"}]}}]}`,
			[]Extra{{"forwarded", "look <#5>"}, {"forwarded file", "a b.png, 2 KB, image/png"}, {"forwarded sticker", "wave"}, {"forwarded embed", "T"}, {"forwarded text", "and this"}},
		},
		"all at once": {
			`{"type":0,"flags":8192,"attachments":[],"sticker_items":[{"id":"6","name":"wave","format_type":1}],"embeds":[{"type":"rich","title":"T"}]}`,
			[]Extra{{"voice message", "of unknown length"}, {"sticker", "wave"}, {"embed", "T"}},
		},
	} {
		var m discord.Message
		if err := json.Unmarshal([]byte(test.raw), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := (presenter{}).extras(&m); !slices.Equal(got, test.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
