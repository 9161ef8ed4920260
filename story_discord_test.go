package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"troupe/relay/sandbox"
)

// person finds somebody by name, and the server and channel where they usually are.
func (s *stage) person(name string) (user, guild, channel sandbox.ID, err error) {
	user, ok := map[string]sandbox.ID{
		"olivia": s.world.Olivia, "sam": s.world.Sam, "mia": s.world.Mia, "noah": s.world.Noah,
		"stranger": s.world.Stranger, "oscar": s.world.Oscar,
	}[name]
	switch {
	case !ok:
		return 0, 0, 0, fmt.Errorf("nobody is called %q", name)
	case name == "oscar":
		return user, s.world.OtherGuild, s.world.OtherRoom, nil
	}
	return user, s.world.Guild, s.world.General, nil
}

// channel finds a channel, thread or post of either server by "#name", or somebody's direct messages
// with the bot by "@name".
func (s *stage) channel(name string) (sandbox.ID, error) {
	if who, direct := strings.CutPrefix(name, "@"); direct {
		user, _, _, err := s.person(who)
		return s.discord.DM(user), err
	}
	for _, guild := range []sandbox.ID{s.world.Guild, s.world.OtherGuild} {
		for _, id := range s.discord.Channels(guild) {
			if channel, ok := s.discord.Channel(id); ok && "#"+channel.Name == name {
				return id, nil
			}
		}
	}
	return 0, fmt.Errorf("there is no channel %s", name)
}

// slash WHO [-in #CHANNEL | -there | -dm] '/COMMAND option:value...' types a command and waits for the answer.
func (s *stage) slash(ctx context.Context, args []string) error {
	it, err := s.interact(args)
	if err != nil {
		return err
	}
	s.reply, err = it.WaitFinal(ctx)
	s.asked = s.reply
	return err
}

func (s *stage) interact(args []string) (*sandbox.Interaction, error) {
	user, guild, channel, args, err := s.standing(args)
	if err != nil {
		return nil, err
	}
	var words []string
	options := map[string]any{}
	for _, word := range strings.Fields(s.named(args[0])) {
		name, value, isOption := strings.Cut(word, ":")
		if !isOption {
			words = append(words, word)
			continue
		}
		if options[name], err = s.option(value); err != nil {
			return nil, err
		}
	}
	return s.discord.Slash(user, guild, channel, strings.Join(words, " "), options)
}

// option is what a person picked: @somebody, #channel, or what they typed.
func (s *stage) option(value string) (any, error) {
	switch {
	case strings.HasPrefix(value, "#"):
		return s.channel(value)
	case strings.HasPrefix(value, "@"):
		user, _, _, err := s.person(value[1:])
		return user, err
	case value == "true":
		return true, nil
	default:
		return value, nil
	}
}

// modal WHO [-in #CHANNEL] '/COMMAND' field=value... types a command that opens a form, and
// sends the form. channels=a,b picks channels, avatar=FILE uploads.
func (s *stage) modal(ctx context.Context, args []string) error {
	fields := slices.IndexFunc(args, func(arg string) bool { return strings.Contains(arg, "=") })
	if fields < 0 {
		fields = len(args)
	}
	if err := s.slash(ctx, args[:fields]); err != nil {
		return err
	}
	if s.reply.Modal == nil {
		return fmt.Errorf("no form came, but %q", s.reply.Text())
	}
	values := map[string]any{}
	for _, arg := range args[fields:] {
		name, value, _ := strings.Cut(arg, "=")
		filled, err := s.field(name, value)
		if err != nil {
			return err
		}
		values[name] = filled
	}
	user, _, _, err := s.person(args[0])
	if err != nil {
		return err
	}
	it, err := s.discord.SubmitModal(user, s.reply, values)
	if err != nil {
		return err
	}
	s.reply, err = it.WaitFinal(ctx)
	s.asked = s.reply
	return err
}

func (s *stage) field(name, value string) (any, error) {
	switch name {
	case "avatar":
		data, err := os.ReadFile(filepath.Join(s.folder, value))
		return sandbox.File{Name: value, Data: data}, err
	case "channels":
		var ids []sandbox.ID
		for channel := range strings.SplitSeq(value, ",") {
			id, err := s.channel("#" + channel)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, nil
	default:
		return value, nil
	}
}

// click WHO LABEL presses a button of the last reply.
func (s *stage) click(ctx context.Context, args []string) error {
	user, _, _, err := s.person(args[0])
	if err != nil {
		return err
	}
	it, err := s.discord.Click(user, s.reply, args[1])
	if err != nil {
		return err
	}
	s.reply, err = it.WaitFinal(ctx)
	return err
}

// press [-more] WHO #CHANNEL LABEL presses a button of the newest message there. The answer that
// counts is the first one, or with -more the message that follows it.
func (s *stage) press(ctx context.Context, args []string) error {
	more := args[0] == "-more"
	if more {
		args = args[1:]
	}
	user, _, _, err := s.person(args[0])
	if err != nil {
		return err
	}
	var it *sandbox.Interaction
	err = within(ctx, func() error {
		newest, err := s.newest(args[1])
		if err == nil {
			it, err = s.discord.Click(user, newest.ID, args[2])
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case more:
		s.reply, err = it.WaitFollowup(ctx, 1)
	default:
		s.reply, err = it.WaitFinal(ctx)
	}
	return err
}

// reply TEXT says that the last answer has a text in it, and is for its reader alone.
func (s *stage) replied(_ context.Context, args []string) error {
	text := strings.NewReplacer(`\`, "", "**", "").Replace(s.reply.Text())
	switch {
	case !strings.Contains(text, s.named(args[0])):
		return fmt.Errorf("the reply is %q", text)
	case !s.reply.Ephemeral:
		return errors.New("everybody can see the reply")
	}
	return nil
}

// say WHO #CHANNEL TEXT speaks as a person.
func (s *stage) say(_ context.Context, args []string) error {
	user, _, _, err := s.person(args[0])
	if err != nil {
		return err
	}
	channel, err := s.channel(args[1])
	if err != nil {
		return err
	}
	m, err := s.discord.Say(user, channel, args[2])
	s.last = m.ID
	return err
}

// line #CHANNEL 'NAME: TEXT' says that this is the newest line there.
func (s *stage) line(ctx context.Context, args []string) error {
	return within(ctx, func() error {
		m, err := s.newest(args[0])
		if err != nil {
			return err
		}
		if line := shownName(m.Author) + ": " + m.Content; line != args[1] {
			return fmt.Errorf("the newest line is %q", line)
		}
		s.stands = m.ID
		return nil
	})
}

// post #CHANNEL TEXT says that the newest line there is the program's own, with a text in it.
func (s *stage) posted(ctx context.Context, args []string) error {
	return within(ctx, func() error {
		m, err := s.newest(args[0])
		if err != nil {
			return err
		}
		if m.Author.ID != s.discord.BotID() || !strings.Contains(m.Content, args[1]) {
			return fmt.Errorf("the newest line is %q", m.Content)
		}
		return nil
	})
}

func (s *stage) newest(name string) (sandbox.Message, error) {
	channel, err := s.channel(name)
	if err != nil {
		return sandbox.Message{}, err
	}
	messages := s.discord.Messages(channel)
	if len(messages) == 0 {
		return sandbox.Message{}, fmt.Errorf("nobody said anything in %s", name)
	}
	return messages[len(messages)-1], nil
}

// face #CHANNEL says that the newest line there stands beside the picture which the program
// serves, and that a webhook of the program's own said it.
func (s *stage) face(_ context.Context, args []string) error {
	m, err := s.newest(args[0])
	if err != nil {
		return err
	}
	fetches := s.discord.AvatarFetches()
	if m.WebhookID == 0 || m.ApplicationID != s.discord.BotID() || m.Author.Avatar == nil || len(fetches) == 0 {
		return fmt.Errorf("no picture, or no webhook of ours: %+v, %+v", m.Author, fetches)
	}
	fetch := fetches[len(fetches)-1]
	if fetch.Hash != *m.Author.Avatar || fetch.Type != "image/png" || !strings.HasPrefix(fetch.URL, "http://"+s.bot.addr+"/avatars/") {
		return fmt.Errorf("another picture: %+v", fetch)
	}
	return nil
}

// reacted #CHANNEL EMOJI says that the bot reacted so to the newest line there.
func (s *stage) reacted(_ context.Context, args []string) error {
	m, err := s.newest(args[0])
	if err != nil {
		return err
	}
	for _, reaction := range m.Reactions {
		if reaction.Emoji.Name == args[1] && slices.Contains(reaction.Users, s.discord.BotID()) {
			return nil
		}
	}
	return fmt.Errorf("the reactions are %+v", m.Reactions)
}

// upset is what Discord and those who look after servers do:
//
//	discord down | up
//	discord send EVENT JSON      to the gateway, whatever it is
//	discord refused-at-most N    requests so far
//	discord sessions N           so many logins, and none taken up again
//	discord late D               takes the next line after a time, and says so then
//	discord old-address          knows the application only where it was in former times
//	discord intents-off          in the Developer Portal
//	discord no-webhooks          takes Manage Webhooks from the bot on the first server
//	discord admin NAME           makes somebody an admin of the second server
//	discord guest NAME           makes somebody a plain member of the second server
//	discord unindex N            has no index yet for the next N searches on the first server
//	discord unhide               shows every command to everybody, as admins can
//
// and what [stage.meddle] knows.
func (s *stage) upset(ctx context.Context, args []string) error {
	switch args[0] {
	case "down":
		s.discord.GoDown(sandbox.Unavailable)
		return nil
	case "up":
		s.discord.ComeBack()
		return nil
	case "send":
		s.discord.DispatchRaw(args[1], []byte(os.Expand(args[2], s.ids)))
		return nil
	case "refused-at-most":
		most, err := strconv.Atoi(args[1])
		if n := s.discord.InvalidRequests(); err != nil || n > most {
			return fmt.Errorf("Discord refused %d requests (%w)", n, err)
		}
		return nil
	case "sessions":
		want, err := strconv.Atoi(args[1])
		if n := s.discord.GatewayCounts(); err != nil || n.Identifies != want || n.Resumes != 0 {
			return fmt.Errorf("the gateway counts %+v (%w)", n, err)
		}
		return nil
	case "late":
		after, err := time.ParseDuration(args[1])
		s.discord.Fault(func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/webhooks/")
		}, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: after})
		return err
	case "old-address":
		s.discord.Fault(func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/applications/@me") && !strings.Contains(r.URL.Path, "/oauth2/")
		}, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusNotFound})
		return nil
	case "intents-off":
		s.discord.AllowIntents(0)
		return nil
	case "no-webhooks":
		return s.discord.ChangeRole(s.world.Guild, s.world.BotRole, func(r *sandbox.Role) { r.Permissions &^= sandbox.ManageWebhooks })
	case "members-off":
		s.discord.AllowIntents(sandbox.IntentMessageContent)
		return nil
	case "admin":
		return s.promote(args[1])
	case "unhide":
		return s.unhide(ctx)
	default:
		return s.move(args)
	}
}

// move lets somebody come or go, on the first server: a member, or the bot itself.
func (s *stage) move(args []string) error {
	switch args[0] {
	case "remove-bot":
		s.discord.RemoveBot(s.world.Guild)
		return nil
	case "invite-bot":
		_, err := s.discord.AddBot(s.world.Guild, sandbox.BotPermissions)
		return err
	case "unindex":
		n, err := strconv.Atoi(args[1])
		s.discord.Unindex(s.world.Guild, n, 0)
		return err
	case "outage":
		s.discord.SetOutage(s.world.Guild, args[1] == "on")
		return nil
	}
	if !slices.Contains([]string{"leave", "come", "guest", "timeout"}, args[0]) || len(args) < 2 {
		return s.meddle(args)
	}
	user, _, _, err := s.person(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "leave":
		return s.discord.RemoveMember(s.world.Guild, user)
	case "come":
		return s.discord.AddMember(s.world.Guild, user)
	case "guest": // a plain member of the other server
		return s.discord.AddMember(s.world.OtherGuild, user)
	default: // timeout
		return s.discord.TimeOut(s.world.Guild, user, time.Now().Add(time.Hour))
	}
}

func (s *stage) promote(name string) error {
	user, _, _, err := s.person(name)
	if err != nil {
		return err
	}
	role, err := s.discord.AddRole(s.world.OtherGuild, sandbox.Role{Name: "Admin", Permissions: sandbox.ManageGuild})
	if err != nil {
		return err
	}
	return s.discord.AddMember(s.world.OtherGuild, user, role)
}

func (s *stage) ids(name string) string {
	return map[string]string{
		"guild": s.world.Guild.String(), "other": s.world.OtherGuild.String(), "general": s.world.General.String(), "mia": s.world.Mia.String(),
	}[name]
}
