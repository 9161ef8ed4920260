package entities

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/disgoorg/snowflake/v2"
)

// ChannelView is a channel as an entity sees it: what it is, and what the entity may do there.
type ChannelView struct {
	Channel  Channel
	Guild    Guild
	Category string // the category's name, "" without one
	Parent   string // of a thread: its channel's name
	CanRead  bool   // older messages too
	CanPost  bool
	CanReact bool
}

// Channels lists the channels, forums and active threads that an entity can see, in the order
// in which Discord shows them.
func (r *Registry) Channels(ctx context.Context, actor Actor) ([]ChannelView, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	var views []ChannelView
	for _, guild := range m.entry.guilds() {
		for _, c := range r.world.Channels(guild) {
			if !listed(c) {
				continue
			}
			if view, ok := r.view(m.entry, c.ID); ok {
				views = append(views, view)
			}
		}
	}
	places := make(map[snowflake.ID][]uint64, len(views))
	for _, v := range views {
		places[v.Channel.ID] = r.place(v.Channel)
	}
	slices.SortFunc(views, func(a, b ChannelView) int { return slices.Compare(places[a.Channel.ID], places[b.Channel.ID]) })
	return views, nil
}

func (r *Registry) view(e *entry, channel snowflake.ID) (ChannelView, bool) {
	f, ok := r.facts(e, channel)
	if !ok {
		return ChannelView{}, false
	}
	read := decide(f, ReadHistory)
	if read.hidden || read.gap != nil {
		return ChannelView{}, false
	}
	view := ChannelView{
		Channel: f.channel, Guild: f.guild,
		CanRead: read.allowed(), CanPost: decide(f, Post).allowed(), CanReact: decide(f, React).allowed(),
	}
	if f.channel.IsThread() {
		view.Parent = f.governing.Name
	}
	if category, ok := r.world.Channel(f.governing.ParentID); ok {
		view.Category = category.Name
	}
	return view, true
}

// place orders by guild, category, channel, and threads after their channel.
func (r *Registry) place(c Channel) []uint64 {
	governing, thread := c, uint64(0)
	if c.IsThread() {
		governing, _ = r.world.Channel(c.ParentID)
		thread = uint64(c.ID)
	}
	category, _ := r.world.Channel(governing.ParentID)
	return []uint64{
		uint64(c.GuildID), uint64(max(category.Position, 0)), uint64(category.ID), uint64(max(governing.Position, 0)), uint64(governing.ID), thread,
	}
}

// ResolveChannel finds the channel that an entity means by an id, a link, "#name", "name",
// "server/#name" or a thread's name, among those that it can see. An ambiguous name is
// refused with the candidates. An id that is not known is returned as it is with known =
// false, since an archived thread is not known before it is asked for.
func (r *Registry) ResolveChannel(ctx context.Context, actor Actor, ref string) (id snowflake.ID, known bool, err error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return 0, false, err
	}
	ref = strings.TrimSpace(ref)
	if id, ok := channelID(ref); ok {
		_, known := r.world.Channel(id)
		return id, known, nil
	}
	server, name := splitReference(ref)
	if name == "" {
		return 0, false, Refuse(Invalid, "Name a channel: an id, #name, server/#name or a message link. list_channels shows yours.")
	}
	matches := r.named(m.entry, server, func(c Channel) bool { return strings.EqualFold(c.Name, name) })
	if exact := slices.DeleteFunc(slices.Clone(matches), func(c Channel) bool { return c.Name != name }); len(exact) > 0 {
		matches = exact
	}
	switch len(matches) {
	case 0:
		return 0, false, errNoChannel
	case 1:
		return matches[0].ID, true, nil
	default:
		return 0, false, ambiguous(matches)
	}
}

// named finds the channels with a name among those that an entity can see. Names are compared
// first: a decision costs more.
func (r *Registry) named(e *entry, server string, same func(Channel) bool) []Channel {
	var found []Channel
	for _, id := range e.guilds() {
		guild, ok := r.world.Guild(id)
		if !ok || (server != "" && !strings.EqualFold(guild.Name, server)) {
			continue
		}
		for _, c := range r.world.Channels(id) {
			if !listed(c) || !same(c) {
				continue
			}
			if f, ok := r.facts(e, c.ID); ok {
				if v := decide(f, Hear); !v.hidden && v.gap == nil {
					found = append(found, c)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b Channel) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

// listed says whether a channel is one that entities are shown.
func listed(c Channel) bool { return !c.Archived && (c.HoldsMessages() || c.IsForum()) }

// ambiguous lists candidates by their ids: names are strangers' text, and list_channels has
// them in its marked part.
func ambiguous(matches []Channel) error {
	candidates := make([]string, 0, len(matches))
	for _, c := range matches[:min(len(matches), 10)] {
		candidates = append(candidates, c.ID.String())
	}
	return Refuse(Invalid, "Several channels have this name: %s. list_channels tells them apart; use the id.", strings.Join(candidates, ", "))
}

// splitReference takes "server/#name" apart. A slash without # belongs to the name.
func splitReference(ref string) (server, name string) {
	if before, after, ok := strings.Cut(ref, "/#"); ok {
		return strings.TrimSpace(before), strings.TrimSpace(after)
	}
	return "", strings.TrimSpace(strings.TrimPrefix(ref, "#"))
}

// channelID reads an id, a mention <#id> or a link to a channel or message.
func channelID(ref string) (snowflake.ID, bool) {
	if _, channel, _, ok := ParseLink(ref); ok {
		return channel, true
	}
	ref = strings.TrimSuffix(strings.TrimPrefix(ref, "<#"), ">")
	if len(ref) < 15 || len(ref) > 20 {
		return 0, false
	}
	id, err := snowflake.Parse(ref)
	return id, err == nil && id != 0
}

// ParseLink reads Discord's link to a channel or a message:
// https://discord.com/channels/GUILD/CHANNEL[/MESSAGE]. The scheme may be left out.
func ParseLink(link string) (guild, channel, message snowflake.ID, ok bool) {
	rest := link
	for _, scheme := range []string{"https://", "http://"} {
		rest = strings.TrimPrefix(rest, scheme)
	}
	host, path, _ := strings.Cut(rest, "/")
	switch host {
	case "discord.com", "www.discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com":
	default:
		return 0, 0, 0, false
	}
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(parts) < 3 || len(parts) > 4 || parts[0] != "channels" {
		return 0, 0, 0, false
	}
	ids := make([]snowflake.ID, 3)
	for i, part := range parts[1:] {
		id, err := snowflake.Parse(part)
		if err != nil {
			return 0, 0, 0, false
		}
		ids[i] = id
	}
	return ids[0], ids[1], ids[2], true
}
