package relay_test

import (
	"encoding/json"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/relay"
)

func TestWhoIsAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		want bool
	}{
		"a member":                        {`{"author":{"id":"1"}}`, true},
		"a bot":                           {`{"author":{"id":"1","bot":true},"application_id":"1"}`, false},
		"PluralKit itself":                {`{"author":{"id":"466378653216014359","bot":true}}`, false},
		"Discord":                         {`{"author":{"id":"1","system":true}}`, false},
		"a webhook that a person made":    {`{"author":{"id":"2"},"webhook_id":"2"}`, false},
		"another bot's webhook":           {`{"author":{"id":"2"},"webhook_id":"2","application_id":"3"}`, false},
		"a member by PluralKit's webhook": {`{"author":{"id":"2","bot":true},"webhook_id":"2","application_id":"466378653216014359"}`, true},
	} {
		var m discord.Message
		if err := json.Unmarshal([]byte(c.json), &m); err != nil {
			t.Fatal(err)
		}
		if got := relay.ByPerson(m); got != c.want {
			t.Errorf("%s is a person: %v", name, got)
		}
	}
}
