package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// The values of the selects for links and mentions.
const (
	chooseAny     = "any"
	chooseDiscord = "discord"
	chooseOne     = "one"
	chooseNone    = "none"
)

var (
	linkChoices    = map[string]entities.LinkPolicy{chooseAny: entities.LinksAllowed, chooseDiscord: entities.LinksToUs, chooseNone: entities.LinksRefused}
	mentionChoices = map[string]entities.MentionPolicy{chooseAny: entities.MentionsAllowed, chooseOne: entities.MentionsOne, chooseNone: entities.MentionsRefused}
)

// typedRules are rules as they stand in a form's fields.
func typedRules(rules entities.Rules) typed {
	t := typed{blocked: strings.Join(slices.Concat(rules.Words, slashed(rules.Patterns)), "\n")}
	for value, policy := range linkChoices {
		if policy == rules.Links {
			t.links = value
		}
	}
	for value, policy := range mentionChoices {
		if policy == rules.Mentions {
			t.mentions = value
		}
	}
	if rules.Length > 0 {
		t.length = strconv.Itoa(rules.Length)
	}
	return t
}

const caseless = "(?i)"

// slashed are patterns as people write them: /a+/, or /a+/i where case does not matter.
func slashed(patterns []string) []string {
	written := make([]string, 0, len(patterns))
	for _, pattern := range patterns {
		if inner, ok := strings.CutPrefix(pattern, caseless); ok {
			written = append(written, "/"+inner+"/i")
		} else {
			written = append(written, "/"+pattern+"/")
		}
	}
	return written
}

// unslashed reads one pattern; ok is false when it is none.
func unslashed(written string) (pattern string, ok bool) {
	inner, ok := strings.CutPrefix(written, "/")
	if !ok {
		return "", false
	}
	if plain, ok := strings.CutSuffix(inner, "/i"); ok && plain != "" {
		return caseless + plain, true
	}
	plain, ok := strings.CutSuffix(inner, "/")
	return plain, ok && plain != ""
}

// readBlocked reads words and patterns, one on each line; between words commas do too.
func readBlocked(text string) (words, patterns []string) {
	add := func(term string) bool {
		pattern, ok := unslashed(strings.TrimSpace(term))
		if ok {
			patterns = append(patterns, pattern)
		}
		return ok
	}
	for line := range strings.Lines(text) {
		if add(line) {
			continue
		}
		for word := range strings.SplitSeq(line, ",") {
			if word = strings.Join(strings.Fields(word), " "); word != "" && !add(word) {
				words = append(words, word)
			}
		}
	}
	return words, patterns
}

// change lays what was changed in the form on the rules as they are now, so that it undoes
// nothing that was saved meanwhile.
func (t typed) change(was typed, now *entities.Rules) error {
	if t.links != was.links {
		policy, ok := linkChoices[t.links]
		if !ok {
			return errOdd
		}
		now.Links = policy
	}
	if t.mentions != was.mentions {
		policy, ok := mentionChoices[t.mentions]
		if !ok {
			return errOdd
		}
		now.Mentions = policy
	}
	if t.length != was.length {
		now.Length = number(t.length)
	}
	oldWords, oldPatterns := readBlocked(was.blocked)
	words, patterns := readBlocked(t.blocked)
	now.Words, now.Patterns = laid(now.Words, oldWords, words), laid(now.Patterns, oldPatterns, patterns)
	return nil
}

// laid is a list of now with what was taken out of an older one taken out, and what was added
// to that added.
func laid(now, was, wanted []string) []string {
	next := slices.DeleteFunc(slices.Clone(now), func(term string) bool {
		return slices.Contains(was, term) && !slices.Contains(wanted, term)
	})
	for _, term := range wanted {
		if !slices.Contains(was, term) && !slices.Contains(next, term) {
			next = append(next, term)
		}
	}
	return next
}

// ruleFields are the fields for rules.
func ruleFields(t typed) []discord.LayoutComponent {
	blocked := discord.NewParagraphTextInput(fieldBlocked).WithRequired(false).WithMaxLength(entities.MaxBlocked).
		WithPlaceholder(`darn, buy now, /free\s+money/i`).WithValue(fitting(t.blocked, 0, entities.MaxBlocked))
	links := oneOf(fieldLinks, t.links,
		discord.NewStringSelectMenuOption("Any link", chooseAny),
		discord.NewStringSelectMenuOption("Only to Discord", chooseDiscord).WithDescription("To messages, channels and files. No invites."),
		discord.NewStringSelectMenuOption("No links", chooseNone).WithDescription("And no invites."))
	mentions := oneOf(fieldMentions, t.mentions,
		discord.NewStringSelectMenuOption("Whomever it mentions", chooseAny),
		discord.NewStringSelectMenuOption("At most one person", chooseOne).WithDescription("In each line. No roles."),
		discord.NewStringSelectMenuOption("Nobody", chooseNone))
	length := discord.NewShortTextInput(fieldLength).WithRequired(false).WithMaxLength(len(strconv.Itoa(entities.MaxFilterLength))).
		WithPlaceholder("500").WithValue(fitting(t.length, 0, len(strconv.Itoa(entities.MaxFilterLength))))
	return []discord.LayoutComponent{
		discord.NewLabel("Blocked words", blocked).WithDescription("One on each line. Capitals, accents and tricks do not help. Patterns (RE2) between slashes."),
		discord.NewLabel("Links", links).WithDescription("Which links a line may have."),
		discord.NewLabel("Pings", mentions).WithDescription("Whom a line may ping by mentioning them."),
		discord.NewLabel("Longest line", length).WithDescription(fmt.Sprintf("In characters, from 1 to %d. Leave it empty for as many as fit.", entities.MaxFilterLength)),
	}
}

// oneOf is a select of which one option is chosen already.
func oneOf(id, chosen string, options ...discord.StringSelectMenuOption) discord.StringSelectMenuComponent {
	for i := range options {
		options[i].Default = options[i].Value == chosen
	}
	return discord.NewStringSelectMenu(id, "", options...).WithRequired(true)
}

// bounds say what rules do not let be said; none = anything goes.
func bounds(rules entities.Rules) []string {
	var lines []string
	if blocked := blockedCount(rules); blocked != "" {
		lines = append(lines, "Blocked: "+blocked)
	}
	switch rules.Links {
	case entities.LinksToUs:
		lines = append(lines, "Links: only to Discord, no invites")
	case entities.LinksRefused:
		lines = append(lines, "Links: none, and no invites")
	case entities.LinksAllowed:
	}
	switch rules.Mentions {
	case entities.MentionsOne:
		lines = append(lines, "Pings: at most one person in each line")
	case entities.MentionsRefused:
		lines = append(lines, "Pings: nobody")
	case entities.MentionsAllowed:
	}
	if rules.Length > 0 {
		lines = append(lines, "Longest line: "+amount(rules.Length, "character", "characters"))
	}
	return lines
}

func blockedCount(rules entities.Rules) string {
	var parts []string
	if n := len(rules.Words); n > 0 {
		parts = append(parts, amount(n, "word", "words"))
	}
	if n := len(rules.Patterns); n > 0 {
		parts = append(parts, amount(n, "pattern", "patterns"))
	}
	return strings.Join(parts, " and ")
}
