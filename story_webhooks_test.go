package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"troupe/relay/sandbox"
)

// meddle is what admins and Discord do to webhooks and threads:
//
//	discord delete-webhooks #CHANNEL
//	discord move-webhooks #FROM #TO
//	discord withhold-avatars     lines come without their picture from now on
//	discord deliver-avatars      those that lack theirs get it, and later ones have it
//	discord allow-everyone       lets the bot ping @everyone and roles on the first server
//	discord archive #THREAD
//	discord lock #THREAD         and archive it
//	discord revoke-token         as resetting it in the Developer Portal does
//	discord restore-token
func (s *stage) meddle(args []string) error {
	switch args[0] {
	case "withhold-avatars":
		s.discord.WithholdAvatars(true)
		return nil
	case "deliver-avatars":
		s.discord.WithholdAvatars(false)
		s.discord.DeliverAvatars()
		return nil
	case "allow-everyone":
		return s.discord.ChangeRole(s.world.Guild, s.world.BotRole, func(r *sandbox.Role) { r.Permissions |= sandbox.MentionEveryone })
	case "revoke-token":
		s.discord.RevokeToken()
		return nil
	case "restore-token":
		s.discord.RestoreToken()
		return nil
	}
	if len(args) < 2 {
		return fmt.Errorf("no such trouble: %s", args[0])
	}
	channel, err := s.channel(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "archive", "lock":
		return s.discord.ChangeChannel(channel, func(c *sandbox.Channel) { c.Archived, c.Locked = true, args[0] == "lock" })
	case "delete-webhooks":
		for _, w := range s.discord.Webhooks(channel) {
			if err := s.discord.DeleteWebhook(w.ID); err != nil {
				return err
			}
		}
		return nil
	case "move-webhooks":
		return s.moveWebhooks(channel, args[2:])
	}
	return fmt.Errorf("no such trouble: %s", args[0])
}

func (s *stage) moveWebhooks(from sandbox.ID, to []string) error {
	if len(to) != 1 {
		return fmt.Errorf("move-webhooks takes a channel to move them to, not %q", to)
	}
	channel, err := s.channel(to[0])
	if err != nil {
		return err
	}
	for _, w := range s.discord.Webhooks(from) {
		if err := s.discord.MoveWebhook(w.ID, channel); err != nil {
			return err
		}
	}
	return nil
}

// pinged #CHANNEL [WHO | everyone | moderators | silently]... says whom the newest line there
// pings, and nobody else. Without anybody it says that the line pings nobody.
func (s *stage) pinged(_ context.Context, args []string) error {
	m, err := s.newest(args[0])
	if err != nil {
		return err
	}
	var got []string
	for _, ping := range s.discord.Pings() {
		if ping.Message == m.ID {
			got = s.heardBy(ping)
		}
	}
	want := slices.Sorted(slices.Values(args[1:]))
	if !slices.Equal(got, want) {
		return fmt.Errorf("the newest line pings %q", strings.Join(got, " "))
	}
	return nil
}

// heardBy is whom a message pings, in the words of [stage.pinged].
func (s *stage) heardBy(ping sandbox.Ping) []string {
	var names []string
	for _, name := range []string{"olivia", "sam", "mia", "noah", "stranger", "oscar"} {
		if user, _, _, err := s.person(name); err == nil && slices.Contains(ping.Users, user) {
			names = append(names, name)
		}
	}
	for _, role := range ping.Roles {
		name := role.String()
		if role == s.world.ModeratorRole {
			name = "moderators"
		}
		names = append(names, name)
	}
	if ping.Everyone {
		names = append(names, "everyone")
	}
	if ping.Silent {
		names = append(names, "silently")
	}
	slices.Sort(names)
	return names
}
