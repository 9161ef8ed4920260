package entities

import (
	"regexp"
	"strings"
)

// What Discord makes a link of (observed): anything with a scheme, the target of a masked link
// even when its slashes are missing, and its own invites, gifts and templates without a scheme.
var (
	schemes = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:[/\\]{2}`)
	masked  = regexp.MustCompile(`(?i)\]\(\s*<?\s*[a-z][a-z0-9+.-]*:`)
	invites = regexp.MustCompile(`(?i)\bdiscord(?:\.(?:gg|gift|new|me|li)|(?:app)?\.com[/\\]+(?:invite|gifts|template))[/\\]`)
	// ours is a link to Discord as far as its path matters.
	ours = regexp.MustCompile(`(?i)^https?://(?:(?:(?:ptb|canary)\.)?discord(?:app)?\.com/channels|(?:cdn\.discordapp\.com|media\.discordapp\.net)/(?:attachments|ephemeral-attachments|emojis|stickers))/`)
	// turning are what leads to another path: a segment of dots, which a browser resolves.
	turning = regexp.MustCompile(`(?i)(?:^|/)\.{1,2}(?:/|$)|%2e|%2f|%5c|\\`)
)

// linked says whether a text has a link of which refused says so. A link is looked for as it
// stands, and without what Discord or a reader does not see.
func linked(text string, refused func(string) bool) bool {
	plain := clarify(text)
	bared := strings.ReplaceAll(plain, `\`, "")
	return refused(text) || (plain != text && refused(plain)) || (bared != plain && refused(bared))
}

func anyLink(text string) bool {
	return schemes.MatchString(text) || masked.MatchString(text) || invites.MatchString(text)
}

// foreignLink says whether a text has a link to somewhere else than messages, channels and
// files on Discord.
func foreignLink(text string) bool {
	if invites.MatchString(text) {
		return true
	}
	for _, at := range schemes.FindAllStringIndex(text, -1) {
		if foreign(text[at[0]:]) {
			return true
		}
	}
	for _, at := range masked.FindAllStringIndex(text, -1) {
		target := strings.TrimLeft(strings.TrimPrefix(text[at[0]:at[1]], "]("), " \t\n<")
		if foreign(target + text[at[1]:]) {
			return true
		}
	}
	return false
}

// foreign says whether a link with which a text begins leads elsewhere.
func foreign(text string) bool {
	if end := strings.IndexAny(text, " \t\r\n<>"); end >= 0 {
		text = text[:end]
	}
	begin := ours.FindStringIndex(text)
	if begin == nil {
		return true
	}
	path := text[begin[1]:]
	if query := strings.IndexAny(path, "?#"); query >= 0 {
		path = path[:query]
	}
	return turning.MatchString(path)
}
