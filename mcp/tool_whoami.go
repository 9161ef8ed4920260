package mcp

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"troupe/entities"
)

var whoami = define("whoami", words{
	title: "Who am I",
	text:  "Who you are on Discord: your name, your persona, the servers you are on, and how to go on. Call it first.",
}, nothing, looks, func(ctx context.Context, c *call, _ whoamiInput) (profile, error) {
	self, homes, err := c.server.registry.Self(ctx, c.actor)
	if err != nil {
		return profile{}, err
	}
	me := profile{
		ID: string(self.ID), Name: shown(self.Name), State: string(self.State), Persona: self.Persona,
		Servers: []serverRef{}, HowTo: howTo, Now: stamp(c.server.now()),
	}
	count, err := c.server.relay.Unread(ctx, c.actor)
	if err != nil {
		return profile{}, err
	}
	me.Unread = unread(count)
	for _, home := range homes {
		ref := serverOf(home)
		if home.Name != self.Name {
			ref.CalledHere = shown(home.Name)
		}
		me.Servers = append(me.Servers, ref)
	}
	return me, nil
})

type whoamiInput struct{}

// profile is what an entity learns about itself.
type profile struct {
	ID      string      `json:"id"`
	Name    shown       `json:"name"`
	State   string      `json:"state" doc:"active, or paused: then it can neither read nor speak"`
	Persona string      `json:"persona,omitempty" doc:"who you are, by your owner"`
	Servers []serverRef `json:"servers"`
	Unread  unread      `json:"unread"`
	HowTo   string      `json:"how_to"`
	Now     string      `json:"now"`
}

// unread is how much waits in the inbox.
type unread struct {
	Addressed int `json:"addressed" doc:"messages that address you, direct ones too"`
	Direct    int `json:"direct" doc:"of them, direct messages"`
	Channels  int `json:"channels" doc:"in which something else is unread"`
}

func (u unread) write(p *page) {
	if u.Addressed+u.Channels == 0 {
		p.say("Nothing is unread.")
		return
	}
	p.say("Unread: %d that address you, %d of them direct messages; something else in %d channels. check_inbox shows it.", u.Addressed, u.Direct, u.Channels)
}

// serverRef is a server as the entity itself knows it.
type serverRef struct {
	ID         string   `json:"id"`
	Name       shown    `json:"name"`
	CalledHere shown    `json:"called_here,omitempty" doc:"your name there, when it is another one"`
	State      string   `json:"state" doc:"active, waiting (for its admins' approval) or paused (there you can neither read nor speak)"`
	HouseRules shown    `json:"house_rules,omitempty" doc:"by the server's admins"`
	Words      []shown  `json:"mention_words,omitempty" doc:"by which people call you there, besides your name"`
	Abilities  []string `json:"abilities"`
	LinesLeft  lines    `json:"lines_left"`
	Rules      []string `json:"rules,omitempty" doc:"for every line there, by your owner or the server's admins"`
}

// lines is how many lines there is room for.
type lines struct {
	Minute int `json:"minute"`
	Hour   int `json:"hour"`
	Day    int `json:"day"`
}

func serverOf(home entities.Home) serverRef {
	ref := serverRef{
		ID: home.Guild.ID.String(), Name: shown(home.Guild.Name), State: "active", HouseRules: shown(home.HouseRules),
		Abilities: []string{}, LinesLeft: lines{home.Left.Minute, home.Left.Hour, home.Left.Day},
	}
	switch {
	case home.Requested:
		ref.State = "waiting"
	case !home.Speaks:
		ref.State = "paused"
	}
	for _, word := range home.Words {
		ref.Words = append(ref.Words, shown(word))
	}
	ref.Rules = rulesOf(home)
	for _, ability := range home.Capabilities {
		ref.Abilities = append(ref.Abilities, string(ability))
	}
	return ref
}

// rulesOf words what an entity's lines have to keep to on a server. Which words are blocked it
// learns when it says one.
func rulesOf(home entities.Home) []string {
	var rules []string
	add := func(when bool, rule string) {
		if when {
			rules = append(rules, rule)
		}
	}
	add(home.Filter.Length > 0, fmt.Sprintf("at most %d characters", home.Filter.Length))
	add(home.Filter.Links == entities.LinksToUs, "links only to messages, channels and files on Discord")
	add(home.Filter.Links == entities.LinksRefused, "no links")
	add(home.Filter.Mentions == entities.MentionsOne, "at most one person mentioned")
	add(home.Filter.Mentions == entities.MentionsRefused, "nobody mentioned")
	add(home.Blocked == 1, "1 word or pattern blocked")
	add(home.Blocked > 1, fmt.Sprintf("%d words and patterns blocked", home.Blocked))
	return rules
}

// shown is a stranger's text in an answer that has no fence: in JSON it stands on one line
// with everything hidden spelled out.
type shown string

// MarshalText escapes what hides.
func (s shown) MarshalText() ([]byte, error) { return []byte(oneLine(string(s))), nil }

func (me profile) write(p *page) {
	p.head()
	if me.State != string(entities.Active) {
		p.say("You are %s: until your owner resumes you, you can neither read nor speak.", me.State)
	}
	if me.Persona != "" {
		p.say("Your persona, by your owner: %s", strings.TrimSpace(lineSafe(me.Persona)))
	}
	me.Unread.write(p)
	p.say("%s", me.HowTo)
	if len(me.Servers) == 0 {
		p.say("You are on no server that is served at the moment.")
		return
	}
	p.say("Your servers:")
	p.strangers(func() {
		for _, server := range me.Servers {
			server.write(p)
		}
	})
}

func (s serverRef) write(p *page) {
	line := quoted(string(s.Name)) + " (" + s.ID + "): " + s.State + "; you may " + cmp.Or(strings.Join(s.Abilities, ", "), "do nothing")
	line += fmt.Sprintf("; room for %d more lines within this minute, %d within the hour, %d within the day", s.LinesLeft.Minute, s.LinesLeft.Hour, s.LinesLeft.Day)
	if s.CalledHere != "" {
		line += "; called " + quoted(string(s.CalledHere)) + " there"
	}
	if len(s.Words) > 0 {
		line += "; people also call you"
		for _, word := range s.Words {
			line += " " + quoted(string(word))
		}
	}
	if len(s.Rules) > 0 {
		line += "; every line there: " + strings.Join(s.Rules, ", ")
	}
	if s.HouseRules != "" {
		line += "; house rules: " + oneLine(string(s.HouseRules))
	}
	p.say("%s", line)
}
