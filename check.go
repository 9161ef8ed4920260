package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

const (
	checkTime     = time.Minute // for all questions together
	questionTime  = 15 * time.Second
	maxAnswerSize = 4 << 20 // bytes
	guildsPerPage = 200     // Discord: at most
)

// checkup asks Discord what the bot's start depends on and writes what is found.
type checkup struct {
	out     io.Writer
	api     string
	token   string
	client  *http.Client
	faults  int
	problem error // of writing
}

// check says whether configuration, token, intents and permissions are right. Found is what
// [loadConfig] found wrong with the configuration; what does not depend on that is looked at
// all the same. The error says how many things are not right.
func (c command) check(ctx context.Context, cfg config, found error) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	k := &checkup{out: c.out, api: cfg.APIURL, token: cfg.Token, client: &http.Client{
		Timeout: questionTime,
		// The token goes to the configured address and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	defer k.client.CloseIdleConnections()
	k.configuration(cfg, found)
	switch {
	case cfg.Token == "" || cfg.APIURL == "":
		k.write("--  ", "token", "it was not tried; mend the configuration and check again")
	case k.identity(ctx):
		k.application(ctx, cfg)
		k.logins(ctx)
		k.servers(ctx, cfg)
	}
	k.reach(ctx, cfg)
	switch {
	case k.problem != nil:
		return fmt.Errorf("write what was found: %w", k.problem)
	case k.faults == 1:
		return errors.New("one thing is to be mended; it is marked FIX above")
	case k.faults > 1:
		return fmt.Errorf("%d things are to be mended; they are marked FIX above", k.faults)
	}
	return nil
}

func (k *checkup) fine(what, found string) { k.write("ok  ", what, found) }

// note says what would be better, and is no fault.
func (k *checkup) note(what, text string) { k.write("note", what, text) }

func (k *checkup) fix(what, remedy string) {
	k.faults++
	k.write("FIX ", what, remedy)
}

func (k *checkup) write(mark, what, text string) {
	if _, err := fmt.Fprintf(k.out, "%s %-15s %s\n", mark, what, oneLine(text)); err != nil && k.problem == nil {
		k.problem = err
	}
}

func (k *checkup) configuration(cfg config, found error) {
	if faults, ok := errors.AsType[configFaults](found); ok {
		for _, fault := range faults {
			k.fix("configuration", fault.Error())
		}
	} else if found != nil {
		k.fix("configuration", found.Error())
	} else {
		k.fine("configuration", "can be used")
	}
	for _, warning := range cfg.Warnings {
		k.fix("configuration", warning)
	}
}

// identity asks who the token is, and whether to ask on.
func (k *checkup) identity(ctx context.Context) bool {
	var bot struct {
		ID       snowflake.ID `json:"id"`
		Username string       `json:"username"`
	}
	err := k.ask(ctx, "/users/@me", &bot)
	if refused, ok := errors.AsType[*answerError](err); ok && refused.status == http.StatusUnauthorized {
		k.fix("token", "Discord refuses it. Copy a new one from the Developer Portal (your application, Bot, Reset Token) into discord.token or "+tokenVariable)
		return false
	}
	if err != nil {
		k.fix("Discord", k.worded(err))
		return false
	}
	k.fine("token", fmt.Sprintf("it is that of %q (%d)", bot.Username, bot.ID))
	return true
}

func (k *checkup) application(ctx context.Context, cfg config) {
	var app discord.Application
	err := k.ask(ctx, "/applications/@me", &app)
	if refused, ok := errors.AsType[*answerError](err); ok && refused.status == http.StatusNotFound {
		// An API that is compatible with Discord's may have only the older address.
		err = k.ask(ctx, "/oauth2/applications/@me", &app)
	}
	if err != nil {
		k.fix("application", k.worded(err))
		return
	}
	if app.Flags&relay.MessageContentFlags == 0 {
		k.fix("message content", `it is off, so entities would hear nothing. Developer Portal, your application, Bot, Privileged Gateway Intents: switch on "Message Content Intent"`)
	} else {
		k.fine("message content", "the intent is on")
	}
	if app.Flags&relay.MembersFlags == 0 {
		k.note("server members", relay.DegradedRemedy)
	} else {
		k.fine("server members", "the intent is on")
	}
	switch {
	case len(cfg.Operators) > 0:
		k.fine("operators", fmt.Sprintf("%d named in discord.operators", len(cfg.Operators)))
	case app.Team != nil:
		k.fine("operators", fmt.Sprintf("the members of the team %q, which owns the application", app.Team.Name))
	case app.Owner != nil:
		k.fine("operators", fmt.Sprintf("%q (%d), who owns the application", app.Owner.Username, app.Owner.ID))
	default:
		k.fix("operators", "Discord does not say who owns the application. Write your user id into discord.operators")
	}
	k.fine("invite", relay.InviteURL(app.ID))
}

// logins looks how many logins Discord still allows today.
func (k *checkup) logins(ctx context.Context) {
	var answer discord.GatewayBot
	if err := k.ask(ctx, "/gateway/bot", &answer); err != nil {
		k.fix("gateway", k.worded(err))
		return
	}
	limit := answer.SessionStartLimit
	switch again := time.Duration(limit.ResetAfter) * time.Millisecond; {
	case limit.Total == 0:
		k.fine("logins", "Discord does not say how many it allows")
	case limit.Remaining <= relay.LoginReserve:
		k.fix("logins", fmt.Sprintf("only %d of %d are left today, so the bot waits with logging in. There are more in %s; look into the log for why it logged in so often",
			limit.Remaining, limit.Total, again.Round(time.Minute)))
	default:
		k.fine("logins", fmt.Sprintf("%d of %d are left today", limit.Remaining, limit.Total))
	}
}

// membership is a server as its list for the bot shows it.
type membership struct {
	ID          snowflake.ID        `json:"id"`
	Name        string              `json:"name"`
	Permissions discord.Permissions `json:"permissions"`
}

func (k *checkup) servers(ctx context.Context, cfg config) {
	guilds, err := k.guilds(ctx)
	if err != nil {
		k.fix("servers", k.worded(err))
		return
	}
	if len(guilds) == 0 {
		k.fine("servers", "the bot is on none yet; the invite link above brings it there")
	}
	for _, guild := range guilds {
		k.permissions(guild, cfg.Admission)
	}
	for _, listed := range cfg.Admission.Guilds {
		if !slices.ContainsFunc(guilds, func(m membership) bool { return m.ID == listed }) {
			k.fix("servers", fmt.Sprintf("discord.admit names %d, but the bot is not on that server. Invite it there, or take the id out", listed))
		}
	}
}

func (k *checkup) permissions(guild membership, admission entities.Admission) {
	name := fmt.Sprintf("%q (%d): ", guild.Name, guild.ID)
	lacking := relay.Permissions &^ guild.Permissions
	switch {
	case admission.Mode == entities.AdmitListed && !slices.Contains(admission.Guilds, guild.ID):
		k.fine("server", name+"not in discord.admit, so it is not served")
	case lacking != 0 && !guild.Permissions.Has(discord.PermissionAdministrator):
		k.fix("server", name+"the bot lacks "+entities.PermissionNames(lacking)+". That server's admins grant them in Server Settings, Roles, or by inviting the bot again")
	default:
		k.fine("server", name+"the bot has all permissions that it needs; single channels may still take some away")
	}
}

func (k *checkup) guilds(ctx context.Context) ([]membership, error) {
	var all []membership
	query := url.Values{"limit": {fmt.Sprint(guildsPerPage)}}
	for {
		var page []membership
		if err := k.ask(ctx, "/users/@me/guilds?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < guildsPerPage {
			return all, nil
		}
		query.Set("after", page[len(page)-1].ID.String())
	}
}

// answerError is an answer of Discord's that is not what was asked for.
type answerError struct{ status int }

func (e *answerError) Error() string { return fmt.Sprintf("Discord answers with HTTP %d", e.status) }

// worded says what to do about a question that was not answered.
func (k *checkup) worded(err error) string {
	if e, ok := errors.AsType[*answerError](err); ok {
		switch {
		case e.status == http.StatusTooManyRequests:
			return "Discord asks for patience (HTTP 429). Try again in some minutes"
		case e.status >= http.StatusInternalServerError:
			return fmt.Sprintf("Discord is in trouble (HTTP %d). Try again later; discordstatus.com tells more", e.status)
		}
		return fmt.Sprintf("%s answers with HTTP %d. Is discord.api_url right?", k.api, e.status)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Sprintf("%s cannot be reached (%v). Look at the network and at discord.api_url", k.api, err)
}

// ask reads one JSON answer of Discord's API.
func (k *checkup) ask(ctx context.Context, path string, into any) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.api+path, nil)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bot "+k.token)
	// Discord: clients name themselves like this or are turned away.
	req.Header.Set("User-Agent", "DiscordBot (troupe, "+strings.ReplaceAll(currentVersion(), " ", "-")+")")
	resp, err := k.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return &answerError{resp.StatusCode}
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswerSize)).Decode(into); err != nil {
		return fmt.Errorf("read the answer to %s: %w", path, err)
	}
	return nil
}
