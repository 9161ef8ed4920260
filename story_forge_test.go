package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"troupe/relay/sandbox"
)

// hold keeps the answer to the last command for "forge -held".
func (s *stage) hold(context.Context, []string) error {
	s.held = s.asked
	return nil
}

// forge WHO [-there | -in #CHANNEL] [-held | -on #CHANNEL] CUSTOM-ID [name=text... | pick=value...] sends
// what the program never showed to this person: a form, with fields, a menu, with what is picked
// there, or a button. The custom id is made up ("$ada" in it is ada's id) or taken from the answer
// to the last command, with -held to an earlier one, or with -on from the newest message there:
// "form", "button LABEL" or "menu PLACEHOLDER".
func (s *stage) forge(ctx context.Context, args []string) error {
	user, guild, channel, args, err := s.standing(args)
	if err != nil {
		return err
	}
	shown, public := s.asked, false
	if args[0] == "-held" {
		shown, args = s.held, args[1:]
	}
	if args[0] == "-on" {
		newest, err := s.newest(args[1])
		if err != nil {
			return err
		}
		if shown, err = described(newest); err != nil {
			return err
		}
		args, public = args[2:], true
	}
	forgery := sandbox.Forgery{Type: sandbox.ComponentInteraction, Message: shown.Message.ID}
	if forgery.CustomID, err = s.customID(shown, args[0]); err != nil {
		return err
	}
	if err := s.fill(&forgery, args[1:]); err != nil {
		return err
	}
	it, err := s.discord.Forge(user, guild, channel, forgery)
	if err != nil {
		return err
	}
	wait := it.WaitFinal
	if public { // the message stays, and the answer follows it
		wait = func(ctx context.Context) (sandbox.Reply, error) { return it.WaitFollowup(ctx, 1) }
	}
	forged, err := wait(ctx)
	if err == nil {
		s.reply = forged
	}
	return err
}

// standing is who does something, and where: [-there] is the second server, [-in #CHANNEL] any place.
func (s *stage) standing(args []string) (user, guild, channel sandbox.ID, rest []string, err error) {
	user, guild, channel, err = s.person(args[0])
	if err != nil {
		return 0, 0, 0, nil, err
	}
	args = args[1:]
	switch args[0] {
	case "-dm":
		guild, channel, args = 0, 0, args[1:]
	case "-there":
		guild, channel, args = s.world.OtherGuild, s.world.OtherRoom, args[1:]
	case "-in":
		if channel, err = s.channel(args[1]); err != nil {
			return 0, 0, 0, nil, err
		}
		if found, ok := s.discord.Channel(channel); ok {
			guild = found.GuildID
		}
		args = args[2:]
	}
	return user, guild, channel, args, nil
}

// pick WHO [-on #CHANNEL] PLACEHOLDER VALUE... picks in a menu of the answer to the last command, or
// of the newest message in a channel.
func (s *stage) pick(ctx context.Context, args []string) error {
	user, _, _, err := s.person(args[0])
	if err != nil {
		return err
	}
	newest := ""
	if args[1] == "-on" {
		newest, args = args[2], args[2:]
	}
	var values []any
	for _, arg := range args[2:] {
		value, err := s.option(s.named(arg))
		if err != nil {
			return err
		}
		values = append(values, value)
	}
	var it *sandbox.Interaction
	if newest == "" {
		it, err = s.discord.Select(user, s.asked, args[1], values...)
	} else {
		err = within(ctx, func() error {
			m, err := s.newest(newest)
			if err == nil {
				it, err = s.discord.Select(user, m.ID, args[1], values...)
			}
			return err
		})
	}
	if err != nil {
		return err
	}
	s.reply, err = it.WaitFinal(ctx)
	s.asked = s.reply
	return err
}

// described finds the buttons of a public message.
func described(m sandbox.Message) (sandbox.Reply, error) {
	var rows []struct {
		Components []struct {
			Label    string `json:"label"`
			CustomID string `json:"custom_id"`
		} `json:"components"`
	}
	if err := json.Unmarshal(m.Components, &rows); err != nil {
		return sandbox.Reply{}, fmt.Errorf("read the buttons of %q: %w", m.Content, err)
	}
	shown := sandbox.Reply{Message: m}
	for _, row := range rows {
		for _, c := range row.Components {
			shown.Buttons = append(shown.Buttons, sandbox.ReplyButton{CustomID: c.CustomID, Label: c.Label})
		}
	}
	return shown, nil
}

func (s *stage) customID(shown sandbox.Reply, named string) (string, error) {
	kind, label, _ := strings.Cut(named, " ")
	switch kind {
	case "form":
		if shown.Modal != nil {
			return shown.Modal.CustomID, nil
		}
	case "button":
		if at := slices.IndexFunc(shown.Buttons, func(b sandbox.ReplyButton) bool { return b.Label == label }); at >= 0 {
			return shown.Buttons[at].CustomID, nil
		}
	case "menu":
		if at := slices.IndexFunc(shown.Selects, func(m sandbox.ReplySelect) bool { return m.Placeholder == label }); at >= 0 {
			return shown.Selects[at].CustomID, nil
		}
	default:
		return s.named(named), nil
	}
	return "", fmt.Errorf("the answer has no %s, but %q, %+v, %+v", named, shown.Text(), shown.Buttons, shown.Selects)
}

// fill puts into a forgery what was filled in or picked.
func (s *stage) fill(forgery *sandbox.Forgery, args []string) error {
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if name != "pick" {
			if forgery.Fields == nil {
				forgery.Type, forgery.Fields, forgery.Message = sandbox.ModalInteraction, map[string]string{}, 0
			}
			forgery.Fields[name] = value
			continue
		}
		switch value[:min(1, len(value))] {
		case "#":
			forgery.ComponentType = sandbox.ChannelSelect
		case "@":
			forgery.ComponentType = sandbox.UserSelect
		default:
			forgery.ComponentType = sandbox.StringSelect
		}
		picked, err := s.option(s.named(value))
		if err != nil {
			return err
		}
		forgery.Values = append(forgery.Values, picked)
	}
	return nil
}

// named puts ids in the place of names: "$ada" is the id of the entity whose key was kept as ada.
func (s *stage) named(text string) string {
	return os.Expand(text, func(name string) string {
		if c, ok := s.clients[name]; ok {
			_, id, _ := strings.Cut(c.url, "/mcp/")
			return id
		}
		return s.ids(name)
	})
}

// unhide lets everybody see every command, as the admins of a server can in its settings.
func (s *stage) unhide(ctx context.Context) error {
	address := fmt.Sprintf("%s/applications/%s/commands", s.discord.APIURL(), s.discord.BotID())
	var commands []struct {
		ID string `json:"id"`
	}
	if err := s.asBot(ctx, http.MethodGet, address, "", &commands); err != nil {
		return err
	}
	for _, command := range commands {
		if err := s.asBot(ctx, http.MethodPatch, address+"/"+command.ID, `{"default_member_permissions":null}`, nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) asBot(ctx context.Context, method, address, body string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bot "+s.token)
	req.Header.Set("User-Agent", "DiscordBot (https://example.org, 1)")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("%s %s: %s", method, address, resp.Status), resp.Body.Close())
	}
	if into != nil {
		err = json.NewDecoder(resp.Body).Decode(into)
	}
	return errors.Join(err, resp.Body.Close())
}
