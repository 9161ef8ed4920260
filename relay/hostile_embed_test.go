package relay_test

import "github.com/disgoorg/disgo/discord"

func pictured(url string) []discord.Embed {
	return []discord.Embed{{Title: "x", Image: &discord.EmbedResource{URL: url}}}
}
