package text

import (
	"regexp"
	"strings"
)

// Bounds of a reply's line, in characters.
const (
	MaxReply   = 1000 // the whole line, always
	maxAuthor  = 80   // of the name, before what is special in it is escaped; Discord: of a webhook's name
	maxExcerpt = 500
	maxLink    = 200
)

// ReplyMark is how the line of [Reply] begins.
const ReplyMark = "-# ↪ "

// Reply is the line that stands above an answer, because a webhook cannot reply: small text
// with who is answered, a link to the message and an excerpt of it from [Excerpt], which may be
// empty. The author's name is a stranger's: it can form no markdown, link, mention or line. A
// link that is no plain https address is left out. The line has at most [MaxReply] characters:
// an excerpt of more than 500 is left out.
func Reply(author, excerpt, link string) string {
	who := name(author)
	if plainLink.MatchString(link) && len(link) <= maxLink {
		who = "[" + who + "](" + link + ")"
	}
	line := ReplyMark + who
	excerpt = strings.Join(strings.Fields(excerpt), " ")
	if excerpt != "" && Length(excerpt) <= maxExcerpt {
		line += ": " + excerpt
	}
	return line
}

var plainLink = regexp.MustCompile(`^https://[A-Za-z0-9./:@_-]+$`)

// bracketless replaces what would end a link's words.
var bracketless = strings.NewReplacer("[", "(", "]", ")")

// name makes of a stranger's name words that are only words.
func name(author string) string {
	author = bracketless.Replace(strings.ToValidUTF8(author, "\uFFFD"))
	e := excerpt{most: 2 * maxAuthor}
	for i, r := range []rune(author) {
		if i == maxAuthor {
			break
		}
		if e.last == '@' || e.last == '.' {
			e.text("\u200B") // no mention, no address
		}
		e.text(string(r))
	}
	if out := e.line(); strings.Trim(out, " \u200B") != "" {
		return out
	}
	return "somebody"
}
