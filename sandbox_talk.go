package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"troupe/relay/sandbox"
)

const maxTyped = 64 << 10 // bytes of a line

// typed hands on what is typed, line by line, until there is no more.
func typed(ctx context.Context, in io.Reader, lines chan<- string) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxTyped)
	for scanner.Scan() {
		select {
		case lines <- scanner.Text():
		case <-ctx.Done():
			return
		}
	}
}

// show prints what was said on the demo's server.
func (d *demo) show(m sandbox.Message) {
	channel, ok := d.discord.Channel(m.ChannelID)
	if !ok {
		return
	}
	where := "#" + channel.Name
	if channel.Type == sandbox.DMChannel {
		where = "(direct message)"
	}
	var text strings.Builder
	for i, line := range strings.Split(strings.TrimRight(m.Content, "\n"), "\n") {
		if i > 0 {
			text.WriteString("\n    ")
		}
		text.WriteString(oneLine(line))
	}
	for _, file := range m.Attachments {
		fmt.Fprintf(&text, " [file: %s]", oneLine(file.Filename))
	}
	d.out.print(fmt.Sprintf("%s %s: %s\n", oneLine(where), oneLine(shownName(m.Author)), text.String()))
}

func shownName(u sandbox.User) string {
	if u.GlobalName != nil {
		return *u.GlobalName
	}
	return u.Username
}

// talk is the conversation of whoever sits at the terminal.
type talk struct {
	*demo
	who   string
	where sandbox.ID
}

const talkHelp = `  TEXT             mia says it in #general, or whoever and wherever was chosen last
  /as NAME TEXT    somebody else says it: %s
  /in #NAME TEXT   it is said elsewhere: %s
  //TEXT           TEXT is said with one / before it
  /connect         a one-time code for the page that an OAuth client opens
  /help            this; Ctrl-C ends the sandbox`

// hear does what was typed and gives what to answer on the terminal. Without a text, /as and
// /in only choose. What begins with / is never said by accident: it was meant as a command.
func (t *talk) hear(ctx context.Context, line string) string {
	line = strings.TrimSpace(line)
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "":
		return ""
	case "/help":
		return fmt.Sprintf(talkHelp, names(t.people()), names(t.channels()))
	case "/connect":
		code, err := t.connect(ctx)
		if err != nil {
			return "  " + oneLine(err.Error())
		}
		return code
	case "/as":
		name, text, _ := strings.Cut(rest, " ")
		if _, ok := t.people()[name]; !ok {
			return fmt.Sprintf("  Nobody here is called %q. There are %s.", name, names(t.people()))
		}
		t.who = name
		return t.hear(ctx, text)
	case "/in":
		name, text, _ := strings.Cut(rest, " ")
		channel, ok := t.channels()["#"+strings.TrimPrefix(name, "#")]
		if !ok {
			return fmt.Sprintf("  There is no channel %q. /help lists them.", name)
		}
		t.where = channel
		return t.hear(ctx, text)
	}
	if said, command := strings.CutPrefix(line, "/"); command {
		if line = said; !strings.HasPrefix(said, "/") {
			return "  There is no such command here; /help shows them."
		}
	}
	if _, err := t.discord.Say(t.people()[t.who], t.where, line); err != nil {
		return "  " + oneLine(err.Error())
	}
	return ""
}

// people are those who can speak, by name.
func (t *talk) people() map[string]sandbox.ID {
	return map[string]sandbox.ID{"olivia": t.world.Olivia, "sam": t.world.Sam, "mia": t.world.Mia, "noah": t.world.Noah}
}

func names(of map[string]sandbox.ID) string { return strings.Join(slices.Sorted(maps.Keys(of)), ", ") }

// channels are those in which one can speak, by "#name".
func (t *talk) channels() map[string]sandbox.ID {
	channels := map[string]sandbox.ID{}
	for _, id := range t.discord.Channels(t.world.Guild) {
		channel, ok := t.discord.Channel(id)
		if !ok || slices.Contains([]sandbox.ChannelType{sandbox.CategoryChannel, sandbox.ForumChannel, sandbox.MediaChannel}, channel.Type) {
			continue
		}
		channels["#"+strings.ReplaceAll(channel.Name, " ", "-")] = id
	}
	return channels
}
