package mcp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
	"troupe/relay"
)

// busyTalk is a talk of eight people in which each line is somebody else's; every third
// answers another one of them, and every tenth brings a file.
func busyTalk(at time.Time) []relay.Message {
	names := []string{"Sam", "Kim", "Alexandra", "Zoë", "Jean-Luc", "山田太郎", "nightowl_42", "Priya"}
	talk := make([]relay.Message, 0, 50)
	for i := range 50 {
		m := relay.Message{
			ID: snowflake.ID(1300000000000000000 + i), ChannelID: 9, At: at.Add(time.Duration(i) * time.Second), Content: strings.Repeat("x", 79),
			Author: relay.Author{ID: snowflake.ID(1200000000000000000 + i%8), Name: names[i%8], Kind: relay.Human},
		}
		if i%3 == 2 {
			m.ReplyTo = &relay.Reply{MessageID: m.ID - 2, Author: names[(i-2)%8], Excerpt: m.Content}
		}
		if i%10 == 9 {
			m.Attachments = []relay.Attachment{{Name: "holiday-photo.png", Type: "image/png", Size: 345_678, URL: "https://cdn.discordapp.com/" + strings.Repeat("s", 230)}}
		}
		talk = append(talk, m)
	}
	return talk
}

// TestBusyTalkIsShort demands few bytes for a message of 79 characters with all that matters.
func TestBusyTalkIsShort(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	talk := busyTalk(at)
	out := mcp.Render(entities.Entity{ID: "e", Name: "Ada"}, at, token, talk, map[string]string{"9": "general"})
	if per := len(out) / len(talk); per > 160 {
		t.Errorf("%d bytes for a message", per)
	} else {
		t.Logf("%d bytes for a message", per)
	}
	for _, m := range talk {
		if strings.Count(out, "\n "+m.ID.String()+" ") != 1 {
			t.Errorf("message %s has no row of its own", m.ID)
		}
		if m.ReplyTo != nil && !strings.Contains(out, m.ID.String()+" 10:00 "+m.Author.Name+" (re "+m.ReplyTo.MessageID.String()+"): ") {
			t.Errorf("message %s does not say what it answers", m.ID)
		}
	}
	if strings.Count(out, "  + file holiday-photo.png (image/png, 346 KB)\n") != 5 || strings.Contains(out, "cdn.discordapp.com") {
		t.Error("files are not shown shortly")
	}
}

func BenchmarkRender(b *testing.B) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	talk := busyTalk(at)
	for b.Loop() {
		mcp.Render(entities.Entity{ID: "e", Name: "Ada"}, at, token, talk, map[string]string{"9": "general"})
	}
}
