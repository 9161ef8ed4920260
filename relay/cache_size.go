package relay

import (
	"iter"

	"github.com/disgoorg/disgo/discord"
)

// sizeOf is about how many bytes a message takes. All that strangers can make long counts.
func sizeOf(m discord.Message) int {
	size := 512 + len(m.Content) + 256*len(m.Mentions) + 64*(len(m.Reactions)+len(m.StickerItems)) +
		filesSize(m.Attachments) + embedsSize(m.Embeds)
	if len(m.Components) > 0 {
		size += shownSize(m.AllComponents())
	}
	if m.Poll != nil {
		size += mediaSize(m.Poll.Question)
		for _, answer := range m.Poll.Answers {
			size += mediaSize(answer.PollMedia)
		}
	}
	for _, snapshot := range m.MessageSnapshots {
		was := snapshot.Message
		size += 512 + len(was.Content) + 256*len(was.Mentions) + filesSize(was.Attachments) + embedsSize(was.Embeds) + shownSize(was.AllComponents())
	}
	if m.ReferencedMessage != nil {
		size += sizeOf(*m.ReferencedMessage)
	}
	return size
}

func filesSize(files []discord.Attachment) (size int) {
	for _, file := range files {
		size += 256 + len(file.Filename) + len(file.URL) + len(file.ProxyURL)
		if file.Description != nil {
			size += len(*file.Description)
		}
		if file.Waveform != nil {
			size += len(*file.Waveform)
		}
	}
	return size
}

func embedsSize(embeds []discord.Embed) (size int) {
	for _, embed := range embeds {
		size += 512 + len(embed.Title) + len(embed.Description) + len(embed.URL)
		if embed.Author != nil {
			size += 128 + len(embed.Author.Name)
		}
		if embed.Footer != nil {
			size += 128 + len(embed.Footer.Text)
		}
		for _, field := range embed.Fields {
			size += 64 + len(field.Name) + len(field.Value)
		}
	}
	return size
}

// shownSize is that of the texts among a message's components.
func shownSize(components iter.Seq[discord.Component]) (size int) {
	for component := range components {
		size += 128
		if shown, ok := component.(discord.TextDisplayComponent); ok {
			size += len(shown.Content)
		}
	}
	return size
}

func mediaSize(media discord.PollMedia) int {
	size := 128
	if media.Text != nil {
		size += len(*media.Text)
	}
	return size
}
