package entities

// Judge says what rule a text is against, as one level has them; "" for none.
func (r Rules) Judge(said Said) string {
	f := filter{r.Filter, newBlocklist(r.terms("", 0))}
	if b := f.judge(said, &reading{text: said.Text}); b != nil {
		return b.rule
	}
	return ""
}

// Clean is the rules as they would be saved.
func (r Rules) Clean() (Rules, error) { return r.clean() }

// Unreadable is the blocklist of a pattern that a later or earlier program saved.
func Unreadable(pattern, text string) bool {
	l := newBlocklist([]FilterTerm{{Kind: PatternTerm, Term: pattern}})
	return l.judge(&reading{text: text}) != nil
}
