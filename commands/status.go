package commands

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/omit"

	"troupe/entities"
	"troupe/relay"
)

// statusCommand is /status: how the bot is, for people who look after a server. Discord hides
// it from others by default; the registry decides.
var statusCommand = func() command {
	c := command{
		definition: guildCommand("status", "How the bot is: Discord, database, connected AIs"),
		routes:     []route{{slash, "/status", (*Commands).status}},
	}
	c.definition.DefaultMemberPermissions = omit.NewPtr(discord.PermissionManageGuild)
	return c
}()

func (c *Commands) status(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	counts, err := c.registry.Count(i.ctx, i.actor)
	if err != nil {
		return err
	}
	stopped, err := c.registry.Stopped(i.ctx, i.actor)
	if err != nil {
		return err
	}
	h := health{relay: c.relay.Status(), counts: counts, stopped: stopped, clients: c.clients(), now: c.now()}
	if err := c.registry.Ping(i.ctx); err != nil {
		h.database = "It does not answer (ref " + c.fault(i, err) + "). Whoever runs this bot finds the reason in its log."
	}
	return i.replace(h.message())
}

// health is what /status tells.
type health struct {
	relay    relay.Status
	counts   entities.Counts
	stopped  entities.Switches
	database string // what is wrong with it; "" when it answers
	clients  int
	now      time.Time
}

func (h health) message() message {
	fields := []discord.EmbedField{
		{Name: "Discord", Value: h.gateway()},
		{Name: "Database", Value: cmp.Or(h.database, "It answers.")},
		{Name: "AI identities", Value: h.population()},
		{Name: "Connected AIs", Value: amount(h.clients, "program is connected", "programs are connected") + " right now."},
		{Name: "Sending", Value: h.sending()},
		{Name: "Skipped events", Value: h.skipped()},
	}
	if text := h.killSwitch(); text != "" {
		fields = slices.Insert(fields, 0, discord.EmbedField{Name: "Kill switch", Value: text})
	}
	for n := range fields {
		fields[n].Value = clip(fields[n].Value, 1024)
	}
	return message{embed: &discord.Embed{Title: "Status", Fields: fields}}
}

// killSwitch says which switches are on; "" when none is.
func (h health) killSwitch() string {
	var lines []string
	if h.stopped.Here {
		lines = append(lines, "**On: no entity hears or speaks on this server.** An admin lets them go on with `/settings start`.")
	}
	if h.stopped.Everywhere {
		lines = append(lines, "**On for everything: no entity hears or speaks on any server.** Whoever runs this bot lets them go on with `/operator start`.")
	}
	return strings.Join(lines, "\n")
}

func (h health) gateway() string {
	s := h.relay
	state := "Not connected: " + plain(s.Phase)
	if s.Ready {
		state = "Connected"
		if s.BotName != "" {
			state += " as " + bold(s.BotName)
		}
	}
	if !s.Since.IsZero() {
		state += ", since " + relative(s.Since)
	}
	lines := []string{state + "."}
	if s.Degraded != "" {
		lines = append(lines, plain(s.Degraded))
	}
	if s.Remedy != "" {
		lines = append(lines, "**What to do:** "+plain(s.Remedy))
	}
	if s.Latency > 0 {
		lines = append(lines, fmt.Sprintf("Discord answers within %d ms.", s.Latency.Milliseconds()))
	}
	lines = append(lines, fmt.Sprintf("%s; taken up again %s, begun anew %s since the start.",
		amount(s.Shards, "connection", "connections"), amount(s.Resumes, "time", "times"), amount(s.Identifies, "time", "times")))
	return strings.Join(lines, "\n")
}

func (h health) population() string {
	text := fmt.Sprintf("%s on %s.", amount(h.counts.Entities, "identity", "identities"), amount(h.counts.Guilds, "server", "servers"))
	if h.counts.Dormant > 0 {
		text += fmt.Sprintf("\n%s to be admitted by whoever runs this bot.", amount(h.counts.Dormant, "more server waits", "more servers wait"))
	}
	if n := h.relay.Faceless; n > 0 {
		text += fmt.Sprintf("\nDiscord cannot fetch the pictures of %s, so their lines stand without. Whoever runs this bot makes sure that `http.public_url` can be reached from the internet.",
			amount(n, "identity", "identities"))
	}
	return text
}

// sending words the limits, who holds back what and until when, and what is under way.
func (h health) sending() string {
	l := h.relay.Limits
	var lines []string
	if l.TokenRefused {
		lines = append(lines, "**Discord refuses the bot's token.** Whoever runs this bot has to set a new one.")
	}
	for _, gate := range []struct {
		what  string
		until time.Time
	}{
		{"All requests rest", l.StoppedUntil},
		{"The bot's own requests rest", l.BotClosedUntil},
		{"The identities' lines rest", l.WebhooksClosedUntil},
		{"Answers to commands rest", l.InteractionClosedUntil},
	} {
		if gate.until.After(h.now) {
			lines = append(lines, fmt.Sprintf("%s; they go on %s.", gate.what, relative(gate.until)))
		}
	}
	for _, refused := range []struct {
		what  string
		until time.Time
	}{
		{"Discord refuses everything that the bot itself asks", l.BotRefusedUntil},
		{"Discord refuses all of the identities' lines", l.WebhooksRefusedUntil},
	} {
		switch {
		case refused.until.IsZero():
		case refused.until.After(h.now):
			lines = append(lines, fmt.Sprintf("**%s.** It is tried again %s.", refused.what, relative(refused.until)))
		default:
			lines = append(lines, fmt.Sprintf("**%s.** The next one tries it again.", refused.what))
		}
	}
	if l.RoutesRefused > 0 {
		lines = append(lines, fmt.Sprintf("Discord keeps refusing the bot %s, which it asks for only now and then.", amount(l.RoutesRefused, "thing in one place", "things in single places")))
	}
	if len(lines) == 0 {
		lines = append(lines, "Nothing is held back.")
	}
	if n := h.relay.Speaking; n > 0 {
		lines = append(lines, amount(n, "line is being sent.", "lines are being sent."))
	}
	return strings.Join(append(lines,
		fmt.Sprintf("Requests to Discord: %d waiting, %d on the way. Discord asked to slow down %s since the start.", l.Waiting, l.InFlight, amount(l.TooMany, "time", "times")),
		fmt.Sprintf("%d of at most %d refused requests in the last 10 minutes.", l.Invalid, l.InvalidLimit)), "\n")
}

// skipped lists what the gateway sent and could not be read, most frequent first, and counts
// before it what could be read and not be kept.
func (h health) skipped() string {
	var lines []string
	if n := h.relay.Aside; n > 0 {
		lines = append(lines, fmt.Sprintf("%s could not be written down, and no entity hears of it. Whoever runs this bot finds which in its log.", amount(n, "event", "events")))
	}
	if n := h.relay.Lost; n > 0 {
		lines = append(lines, fmt.Sprintf("%s found no room while the database did not answer; entities are told of a gap.", amount(n, "edit, deletion or reaction", "edits, deletions and reactions")))
	}
	if len(h.relay.Skipped) == 0 {
		return cmp.Or(strings.Join(lines, "\n"), "None.")
	}
	names := slices.SortedFunc(maps.Keys(h.relay.Skipped), func(a, b string) int {
		return cmp.Or(cmp.Compare(h.relay.Skipped[b], h.relay.Skipped[a]), strings.Compare(a, b))
	})
	lines = append(lines, "Discord sent things that this version cannot read. A newer version may.")
	for _, name := range names[:min(len(names), 10)] {
		lines = append(lines, fmt.Sprintf("%s × %d", plain(name), h.relay.Skipped[name]))
	}
	return strings.Join(lines, "\n")
}
