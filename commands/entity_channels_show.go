package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// ruleTypes are what a channel rule can be about.
var ruleTypes = slices.Concat(channelTypes, []discord.ChannelType{
	discord.ChannelTypeGuildCategory, discord.ChannelTypeGuildNewsThread, discord.ChannelTypeGuildPublicThread, discord.ChannelTypeGuildPrivateThread,
})

// message is the list of channels under what was just done, with menus for those who may
// change it.
func (h haunts) message(done string) message {
	e := h.setup.Resident.Entity
	m := message{content: done, embed: &discord.Embed{Title: clip("Where "+plain(e.Name)+" may read and write", longestName), Description: h.list()}}
	if !h.setup.Changes {
		m.embed.Footer = &discord.EmbedFooter{Text: "People with Manage Server can change this"}
		return m
	}
	m.embed.Footer = &discord.EmbedFooter{Text: "What you choose below holds at once · a category means all its channels, but not private threads, and age-restricted channels only by name"}
	m.menus = []discord.SelectMenuComponent{
		h.menu(entities.Write, "May read and write in …"), h.menu(entities.Read, "May only read in …"),
	}
	if h.tidy && slices.ContainsFunc(h.rooms, gone) {
		m.buttons = []discord.InteractiveComponent{discord.NewSecondaryButton("Take out what is gone", "/channels/tidy/"+string(e.ID)+"/"+h.mark())}
	}
	return m
}

// longestName is Discord's for an embed's title.
const longestName = 256

func (h haunts) menu(access entities.Access, placeholder string) discord.SelectMenuComponent {
	id := fmt.Sprintf("/channels/set/%s/%s/%s", h.setup.Resident.Entity.ID, access, h.mark())
	return discord.NewChannelSelectMenu(id, placeholder).WithMinValues(0).WithMaxValues(entities.MaxChannels).
		WithChannelTypes(ruleTypes...).SetDefaultValues(h.preset(access)...)
}

// list says for every channel what holds there; those where something is amiss come first, so
// that they are read when not all fit.
func (h haunts) list() string {
	if len(h.rooms) == 0 {
		return "No channel at all: it hears and says nothing on this server."
	}
	var amiss, fine []string
	for _, room := range h.rooms {
		line := channelMention(room.ID) + " · " + accessWord(room)
		if troubles := against(room); len(troubles) > 0 {
			amiss = append(amiss, line+"\n⚠️ "+strings.Join(troubles, "\n⚠️ "))
			continue
		}
		fine = append(fine, line)
	}
	head, foot := h.head(), h.foot()
	lines := slices.Concat(amiss, fine)
	return head + fitted(lines, longestDescription-len([]rune(head+foot))) + foot
}

// head says what is amiss everywhere.
func (h haunts) head() string {
	if slices.ContainsFunc(h.rooms, func(room entities.Room) bool { return room.OwnerAway }) {
		return fmt.Sprintf("⚠️ Its owner %s is not on this server any more, so it can do nothing here until they are back.\n\n", userMention(h.setup.Resident.Entity.OwnerID))
	}
	return ""
}

// foot says what stands in no menu.
func (h haunts) foot() string {
	if !h.setup.Changes {
		return ""
	}
	more, hidden := -len(h.preset(entities.Write))-len(h.preset(entities.Read)), 0
	for _, room := range h.rooms {
		switch {
		case reachable(room):
			more++
		case !gone(room):
			hidden++
		}
	}
	var text string
	if more > 0 {
		text = fmt.Sprintf("\n\nA menu holds at most %d, so %s not in them; what is not there stays as it is. To reach it, take something out, or choose a category in place of its channels.",
			entities.MaxChannels, amount(more, "channel is", "channels are"))
	}
	if hidden > 0 {
		text += fmt.Sprintf("\n\nYour Discord cannot show %s in the menus, so what is set there stays. An admin who sees more can change it.", amount(hidden, "of these channels", "of these channels"))
	}
	return text
}

// fitted is as many lines as fit into n characters, and how many do not.
func fitted(lines []string, n int) string {
	text := strings.Join(lines, "\n")
	for shown := len(lines) - 1; len([]rune(text)) > n; shown-- {
		text = fmt.Sprintf("%s\n… and %d more", strings.Join(lines[:shown], "\n"), len(lines)-shown)
	}
	return text
}

func gone(room entities.Room) bool { return !room.Known }

func accessWord(room entities.Room) string {
	text := "only reads"
	if room.Access == entities.Write {
		text = "reads and writes"
	}
	if room.Category {
		return text + " in all its channels"
	}
	return text
}

// against says what keeps a rule from holding as it was chosen, and who can mend it.
func against(room entities.Room) []string {
	if gone(room) {
		return []string{"It is deleted or archived, or the bot cannot see it: then grant View Channel there to the bot's role."}
	}
	var lines []string
	if room.BotLacks != 0 {
		lines = append(lines, fmt.Sprintf("The bot lacks %s here: grant it to the bot's role.", entities.PermissionNames(room.BotLacks)))
	}
	switch {
	case room.OwnerOutside:
		lines = append(lines, "Its owner is not in this private thread: somebody has to add them.")
	case room.OwnerUnknown:
		lines = append(lines, "Discord has not told yet what its owner may do here. Look again in a moment.")
	case room.OwnerLacks.Has(discord.PermissionViewChannel):
		lines = append(lines, "Its owner cannot see this channel, so it cannot either: grant them View Channel.")
	case room.OwnerLacks != 0 && room.OwnerTimedOut && !room.OwnerLacks.Has(discord.PermissionReadMessageHistory): // which a timeout leaves
		lines = append(lines, "Its owner is timed out, which silences it too. It ends with the timeout; a moderator can end that before.")
	case room.OwnerLacks != 0:
		lines = append(lines, fmt.Sprintf("Its owner lacks %s here, and it may do no more than they may: grant it to them.", entities.PermissionNames(room.OwnerLacks)))
	}
	return lines
}

// moved says what has changed between two sets of rules.
func moved(before, after []entities.Room) string {
	var write, read, out []string
	for _, room := range after {
		if slices.ContainsFunc(before, func(old entities.Room) bool { return old.ID == room.ID && old.Access == room.Access }) {
			continue
		}
		if room.Access == entities.Write {
			write = append(write, channelMention(room.ID))
		} else {
			read = append(read, channelMention(room.ID))
		}
	}
	for _, old := range before {
		if !slices.ContainsFunc(after, func(room entities.Room) bool { return room.ID == old.ID }) {
			out = append(out, channelMention(old.ID))
		}
	}
	lines := []string{"Saved."}
	for _, part := range []struct {
		what     string
		channels []string
	}{{"It may read and write in", write}, {"It may only read in", read}, {"It is taken out of", out}} {
		if len(part.channels) > 0 {
			lines = append(lines, fmt.Sprintf("%s %s.", part.what, fittedList(part.channels)))
		}
	}
	return strings.Join(lines, "\n")
}

// fittedList keeps a list of mentions short: two of 25 and one of 50 fit into a message.
func fittedList(mentions []string) string {
	const most = 25
	if more := len(mentions) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(mentions[:most], ", "), more)
	}
	return strings.Join(mentions, ", ")
}
