package entities

import (
	"slices"
	"strings"
)

// Capability is a right that a guild's admins give or take from an entity's presence as a
// whole, whatever the channel.
type Capability string

// The capabilities that something in the program asks for.
const (
	CanRead   Capability = "read"    // hear and read messages
	CanPost   Capability = "post"    // speak
	CanReact  Capability = "react"   // add reactions
	CanThread Capability = "thread"  // open threads, and posts in forums
	CanDM     Capability = "dm"      // exchange direct messages
	CanSearch Capability = "search"  // search what was said
	CanMeet   Capability = "members" // find people by their names
	// CanMentionAll lets an entity ping @everyone, @here and roles, as far as its owner may.
	CanMentionAll Capability = "mention_all"
	CanCatchUp    Capability = "catch_up" // have what was said counted and condensed

	CanListThreads    Capability = "list_threads" // list threads and posts, also closed ones
	CanPin            Capability = "pins"         // see what is pinned, and pin
	CanPoll           Capability = "polls"        // make polls, and see how they stand
	CanIntroduce      Capability = "introduce"    // show a card about itself
	CanSeeLeaderboard Capability = "leaderboard"  // see which entities said most
	CanSeeEmojis      Capability = "emojis"       // see the server's own emojis
	CanLeave          Capability = "leave"        // leave the server by itself
)

// capability describes one: how people read it, and whether a presence has it unless an admin
// has decided otherwise.
type capability struct {
	name      Capability
	title     string
	byDefault bool
}

var capabilities = []capability{
	{CanRead, "Hear and read messages", true},
	{CanPost, "Speak", true},
	{CanReact, "Add reactions", true},
	{CanThread, "Open threads, and posts in forums", true},
	{CanDM, "Exchange direct messages with people", true},
	{CanSearch, "Search what was said", true},
	{CanMeet, "Find people by name", true},
	{CanMentionAll, "Ping @everyone, @here and roles", false},
	{CanCatchUp, "Catch up: who said how much, and what was left unanswered", false},
	{CanListThreads, "List threads and posts, also closed ones", false},
	{CanPin, "See pinned messages, and pin and unpin", false},
	{CanPoll, "Make polls, and see how they stand", false},
	{CanIntroduce, "Introduce itself with a card", false},
	{CanSeeLeaderboard, "See which entities said most", false},
	{CanSeeEmojis, "See this server's own emojis", false},
	{CanLeave, "Leave this server by itself", false},
}

// Capabilities lists all there are.
func Capabilities() []Capability {
	names := make([]Capability, 0, len(capabilities))
	for _, c := range capabilities {
		names = append(names, c.name)
	}
	return names
}

// UsualCapabilities lists those that a presence has when no admin has decided otherwise.
func UsualCapabilities() []Capability { return usualCapabilities().list() }

// Title is how people read a capability: "Hear and read messages".
func (c Capability) Title() string {
	if i := slices.IndexFunc(capabilities, func(known capability) bool { return known.name == c }); i >= 0 {
		return capabilities[i].title
	}
	return string(c)
}

// wordCapabilities lists capabilities for the audit: "read, post".
func wordCapabilities(list []Capability) string {
	if len(list) == 0 {
		return "nothing"
	}
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// capabilitySet is those that a presence has, one bit each in the order of the list.
type capabilitySet uint32

func bitOf(c Capability) capabilitySet {
	i := slices.IndexFunc(capabilities, func(known capability) bool { return known.name == c })
	if i < 0 {
		return 0
	}
	return 1 << i
}

func (s capabilitySet) has(c Capability) bool {
	bit := bitOf(c)
	return bit != 0 && s&bit != 0
}

func (s capabilitySet) list() []Capability {
	var names []Capability
	for _, c := range capabilities {
		if s.has(c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// usualCapabilities are those that a presence has when no admin has decided otherwise.
func usualCapabilities() capabilitySet {
	var set capabilitySet
	for _, c := range capabilities {
		if c.byDefault {
			set |= bitOf(c.name)
		}
	}
	return set
}

// with lays an admin's rule on the set.
func (s capabilitySet) with(rule CapabilityRule) capabilitySet {
	if rule.Allowed {
		return s | bitOf(rule.Capability)
	}
	return s &^ bitOf(rule.Capability)
}
