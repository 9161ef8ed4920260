package relay

import (
	"regexp"
	"strings"
)

// lineMarks are what makes a heading or a list at the beginning of a line.
var lineMarks = regexp.MustCompile(`(?m)^(\s*)([-+#])`)

// Plain makes Discord show a text as it is: no formatting, links, mentions or timestamps.
func Plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\\*_~`|[]<>", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return lineMarks.ReplaceAllString(b.String(), `$1\$2`)
}

// Clip shortens a text to n characters.
func Clip(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
