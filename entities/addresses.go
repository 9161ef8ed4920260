package entities

import (
	"context"
	"slices"
	"strings"

	"github.com/disgoorg/snowflake/v2"
)

// addresses says whom each of the events addresses.
func (r *Registry) addresses(ctx context.Context, heard []Heard) ([][]Address, error) {
	var replied []snowflake.ID
	for _, h := range heard {
		if h.Replied != 0 && h.Event.AuthorEntity == "" {
			replied = append(replied, h.Replied)
		}
	}
	owners, err := r.ownersOf(ctx, replied)
	if err != nil {
		return nil, err
	}
	all := make([][]Address, len(heard))
	for i, h := range heard {
		switch h.Event.Kind {
		case EventDM:
			all[i] = []Address{{EntityID: h.Event.EntityID, Reason: ByDM}}
		case EventMessage:
			all[i] = r.addressed(h, owners[h.Replied])
		case EventEdit, EventDelete, EventReaction, EventGap:
		}
	}
	return all, nil
}

// addressed says whom a message on a server addresses. From another entity only a name in what it
// says does, so that two of them do not answer each other for ever; and the answer of a program
// calls nobody, since it answers whatever is said.
func (r *Registry) addressed(h Heard, repliedTo ID) []Address {
	var to []Address
	add := func(id ID, why AddressReason) {
		if id != "" && id != h.Event.AuthorEntity && !slices.ContainsFunc(to, func(a Address) bool { return a.EntityID == id }) {
			to = append(to, Address{EntityID: id, Reason: why})
		}
	}
	summons := r.roster.summonsOf(h.Event.GuildID)
	if h.Event.AuthorEntity != "" {
		for _, id := range summons.find(withoutHead(h.Text)) {
			add(id, ByMention)
		}
		return to
	}
	if h.Person {
		add(repliedTo, ByReply)
	}
	for _, id := range summons.find(h.Text) {
		add(id, ByMention)
	}
	for _, role := range h.Roles {
		for _, id := range summons.roles[role] {
			add(id, ByRole)
		}
	}
	return to
}

// replyHead begins the line by which an entity's message says what it answers. The name in it is
// no call.
const replyHead = "-# ↪"

func withoutHead(text string) string {
	if strings.HasPrefix(text, replyHead) {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}
