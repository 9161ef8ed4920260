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

// addressed says whom a message on a server addresses. From another entity only a name in the
// text does, so that two of them do not answer each other for ever.
func (r *Registry) addressed(h Heard, repliedTo ID) []Address {
	var to []Address
	add := func(id ID, why AddressReason) {
		if id != "" && id != h.Event.AuthorEntity && !slices.ContainsFunc(to, func(a Address) bool { return a.EntityID == id }) {
			to = append(to, Address{EntityID: id, Reason: why})
		}
	}
	if h.Event.AuthorEntity == "" {
		add(repliedTo, ByReply)
	}
	for _, e := range r.roster.in(h.Event.GuildID) {
		in := e.stays[h.Event.GuildID]
		for _, word := range append([]string{e.nameIn(h.Event.GuildID)}, in.words...) {
			if strings.Contains(strings.ToLower(h.Text), strings.ToLower(word)) {
				add(e.ID, ByMention)
			}
		}
		if in.RoleID != 0 && h.Event.AuthorEntity == "" && slices.Contains(h.Roles, in.RoleID) {
			add(e.ID, ByRole)
		}
	}
	return to
}
