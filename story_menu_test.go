package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"troupe/relay/sandbox"
)

// menu WHO [-there | -in #CHANNEL] 'COMMAND' TEXT picks a command from the menu of the newest message
// there that has a text in it, and waits for the answer.
func (s *stage) menu(ctx context.Context, args []string) error {
	user, guild, channel, args, err := s.standing(args)
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return fmt.Errorf("menu takes a command and a text, not %q", args)
	}
	var target sandbox.ID
	err = within(ctx, func() error {
		lines := s.discord.Lines(channel)
		for _, line := range slices.Backward(lines) {
			if strings.Contains(line.Content, args[1]) {
				target = line.ID
				return nil
			}
		}
		return fmt.Errorf("none of %d messages there has %q in it", len(lines), args[1])
	})
	if err != nil {
		return err
	}
	it, err := s.discord.ContextMenu(user, guild, channel, args[0], target)
	if err != nil {
		return err
	}
	s.reply, err = it.WaitFinal(ctx)
	s.asked = s.reply
	return err
}
