package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"troupe/relay/sandbox"
)

// words puts into the arguments of a call what stories cannot write: "$last" is what a person said
// last, "$line" the line that was last found where it should be, "$guild", "$general" and "$lab"
// are ids, and "$long" is a text of some 5,000 characters.
func (s *stage) words(arguments string) string {
	return strings.NewReplacer("$last", s.last.String(), "$line", s.stands.String(), "$guild", s.world.Guild.String(),
		"$general", s.world.General.String(), "$lab", s.world.Lab.String(), "$long", strings.Join(longText(), " ")).Replace(arguments)
}

func longText() []string {
	var words []string
	for i := range 600 {
		words = append(words, fmt.Sprintf("word%04d", i))
	}
	return words
}

// spokenBy are the lines of webhooks in a channel, oldest first.
func (s *stage) spokenBy(name string) ([]sandbox.Message, error) {
	channel, err := s.channel(name)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(s.discord.Messages(channel), func(m sandbox.Message) bool { return m.WebhookID == 0 }), nil
}

// whole #CHANNEL N says that the last N lines there are the long text: in order, with nothing lost,
// each as long as Discord takes it.
func (s *stage) whole(_ context.Context, args []string) error {
	all, err := s.spokenBy(args[0])
	if err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscan(args[1], &n); err != nil || len(all) < n {
		return fmt.Errorf("%d lines stand there (%w)", len(all), err)
	}
	var words []string
	for _, m := range all[len(all)-n:] {
		if length := utf8.RuneCountInString(m.Content); length > 2000 {
			return fmt.Errorf("a line has %d characters", length)
		}
		words = append(words, strings.Fields(m.Content)...)
	}
	if !slices.Equal(words, longText()) {
		return fmt.Errorf("the last %d lines have %d words of the text", n, len(words))
	}
	return nil
}

// lines #CHANNEL N says that entities' lines there are so many.
func (s *stage) lines(_ context.Context, args []string) error {
	all, err := s.spokenBy(args[0])
	if err == nil && fmt.Sprint(len(all)) != args[1] {
		err = fmt.Errorf("%d lines stand there", len(all))
	}
	return err
}

// shows #CHANNEL TEXT says that the newest line there has a text in it, in its words or in a box.
func (s *stage) shows(_ context.Context, args []string) error {
	m, err := s.newest(args[0])
	if err != nil {
		return err
	}
	texts := []string{m.Content}
	for _, e := range m.Embeds {
		texts = append(texts, e.Title, e.Description)
	}
	if text := strings.Join(texts, "\n"); !strings.Contains(text, s.words(args[1])) {
		return fmt.Errorf("the newest line is %q", text)
	}
	s.stands = m.ID
	return nil
}
