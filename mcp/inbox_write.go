package mcp

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"troupe/entities"
	"troupe/relay"
)

// write gives what happened, and after it the channels that moved.
func (in inbox) write(p *page) {
	if p.cut == 0 || p.cut > relay.LongestShown {
		cut := p.cut
		p.cut = relay.LongestShown
		defer func() { p.cut = cut }()
	}
	p.head()
	if len(in.Items)+len(in.Moved) == 0 {
		p.say("%s", in.empty)
	} else {
		p.strangers(func() {
			in.writeItems(p)
			in.writeMoved(p)
		})
	}
	p.noteCuts()
	switch {
	case in.Left >= relay.MostCounted:
		p.say("%d or more are left %s: go on with next_cursor.", in.Left, in.more)
	case in.Left > 0:
		p.say("%d more are left %s: go on with next_cursor.", in.Left, in.more)
	}
	p.say("next_cursor: %s", in.Cursor)
}

func (inbox) shortens() {}

// writeItems says who the authors are, and gives the items as they came or channel by channel.
func (in inbox) writeItems(p *page) {
	said := messages{Entity: in.Entity}
	shown := map[string]bool{}
	for _, one := range in.Items {
		if one.said() {
			said.Messages = append(said.Messages, *one.Message)
			shown[one.Message.ID] = true
		}
	}
	names := said.legend(func(*message) bool { return true })
	if len(names.order) > 0 {
		said.writeLegend(p, names)
	}
	rows := &rows{page: p, names: names, shown: shown, day: p.now.Format(time.DateOnly)}
	if in.runs {
		in.writeRows(rows, in.Items)
		return
	}
	for _, c := range in.Channels {
		var there []item
		for _, one := range in.Items {
			if one.ChannelID == c.ID {
				there = append(there, one)
			}
		}
		in.writeRows(rows, there)
	}
}

// writeRows names a channel whenever it is another one.
func (in inbox) writeRows(rows *rows, items []item) {
	var channel string
	for _, one := range items {
		if one.ChannelID != channel {
			channel = one.ChannelID
			rows.say("%s:", in.channelOf(channel))
		}
		if !one.said() {
			in.writeEvent(rows.page, one)
			continue
		}
		rows.dated(one.Message.at.UTC())
		rows.write(one.Message, " "+rows.names.labels[one.Message.Author.person()])
		one.writeNotes(rows.page)
	}
}

// said says whether it is something that somebody said.
func (one item) said() bool {
	return one.Message != nil && one.Kind != string(entities.EventReaction)
}

// reasons word why an item is for the entity. That of a direct message is plain.
var reasons = map[string]string{
	string(entities.ByMention): "mentioned you", string(entities.ByReply): "answered you", string(entities.ByRole): "called your role",
}

func (one item) writeNotes(p *page) {
	if one.Kind == string(entities.EventEdit) {
		p.say(note + "an edit: this is the text now")
	}
	if why := reasons[one.Reason]; why != "" {
		p.say(note+"%s", why)
	}
	if one.Answered {
		p.say(note + "you have spoken here since")
	}
}

// writeEvent gives what is no text of somebody's.
func (in inbox) writeEvent(p *page, one item) {
	switch one.Kind {
	case string(entities.EventDelete):
		by := ""
		if one.Author != nil {
			by = " by " + in.label(*one.Author)
		}
		p.say("deleted: message %s of %s%s", one.MessageID, p.clock(one.id.Time()), by)
	case string(entities.EventReaction):
		words := make([]string, 0, len(one.Reactions))
		for _, r := range one.Reactions {
			words = append(words, fmt.Sprintf("%s ×%d by %s", emojiLabel(r.Emoji), r.Count, in.listed(r.By)))
		}
		line := "reactions: " + strings.Join(words, "; ") + " on your line " + one.MessageID
		if one.Message != nil {
			line += ": " + excerpt(one.Message.Content)
		}
		p.say("%s", line)
	case string(entities.EventGap):
		in.writeGap(p, one)
	}
}

func (in inbox) writeGap(p *page, one item) {
	from := "before " + one.Gap.Until
	if one.Gap.From != "" {
		from = "from " + one.Gap.From + " to " + one.Gap.Until
	}
	if one.Reason == string(entities.ByDM) {
		p.say("gap: what a person wrote to you %s was more than is fetched, and did not reach you. Ask them.", from)
		return
	}
	where := "read_messages with channel=" + one.ChannelID
	if one.MessageID != "" {
		where += " and after=" + one.MessageID
	}
	p.say("gap: what was said %s is not in this list. %s shows it. Reactions and people's first direct messages of that time cannot be had again.", from, where)
}

// mostMoved is how many channels an overview lists.
const mostMoved = 25

func (in inbox) writeMoved(p *page) {
	if len(in.Moved) == 0 {
		return
	}
	p.say("unread besides (check_inbox with channel gives them):")
	for i, one := range in.Moved {
		if i == mostMoved {
			p.say("and %d more channels", len(in.Moved)-i)
			return
		}
		line := in.channelOf(one.ChannelID) + ": " + one.counts() + " since " + shortClock(p, one.since)
		if len(one.Speakers) > 0 {
			line += ", last " + in.listed(one.Speakers)
		}
		p.say("%s", line)
	}
}

// counts says how much there is; a number alone is of messages, and one with a plus is not all.
func (m moved) counts() string {
	var parts []string
	if m.Unread > 0 {
		count := strconv.Itoa(m.Unread)
		if m.More {
			count += "+"
		}
		parts = append(parts, count)
	}
	for _, of := range []struct {
		n         int
		one, many string
	}{
		{m.Changes, "an edit or deletion", "edits or deletions"},
		{m.Reactions, "a reaction to a line of yours", "reactions to lines of yours"},
		{m.Gaps, "a gap", "gaps"},
	} {
		switch {
		case of.n == 1:
			parts = append(parts, of.one)
		case of.n > 1:
			parts = append(parts, strconv.Itoa(of.n)+" "+of.many)
		}
	}
	return strings.Join(parts, ", ")
}

// shortClock is a time without seconds.
func shortClock(p *page, t time.Time) string {
	if t = t.UTC(); t.Format(time.DateOnly) == p.now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// mostNamed is how many names a list of people has.
const mostNamed = 5

func (in inbox) listed(people []author) string {
	names := make([]string, 0, len(people))
	for i, a := range people {
		if i == mostNamed {
			names = append(names, fmt.Sprintf("%d others", len(people)-i))
			break
		}
		names = append(names, in.called(a))
	}
	return cmp.Or(strings.Join(names, ", "), "nobody known")
}

// called is somebody's name alone.
func (in inbox) called(a author) string {
	switch {
	case a.EntityID != "" && a.EntityID == in.Entity.ID:
		return "you"
	case a.Name == "" && a.Kind == string(relay.Human):
		return "somebody (" + a.ID + ")"
	case a.Name == "":
		return "an " + a.Kind
	}
	return quoted(a.Name)
}

func (in inbox) label(a author) string {
	return messages{Entity: in.Entity}.authorLabel(a)
}

func (in inbox) channelOf(id string) string {
	for _, c := range in.Channels {
		switch {
		case c.ID != id:
		case c.Kind == direct:
			return direct
		default:
			return channelLabel(c) + ", server " + quoted(c.Server)
		}
	}
	return "channel " + id
}

// excerptLength is how much of a line stands beside its reactions, in characters.
const excerptLength = 80

func excerpt(text string) string {
	words := []rune(strings.Join(strings.Fields(text), " "))
	if len(words) > excerptLength {
		words = append(words[:excerptLength-1], '…')
	}
	return oneLine(string(words))
}
