package entities

import (
	"context"
	"fmt"
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
			if all[i], err = r.addressedLater(ctx, h, heard[:i], all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// addressedLater says whom it addresses what became of a message. Between a person and an entity
// all of it is for the entity. On a server an edit calls those whom the message did not address
// before; before are the events of the same time, and whom they address.
func (r *Registry) addressedLater(ctx context.Context, h Heard, before []Heard, to [][]Address) ([]Address, error) {
	if h.Event.GuildID == 0 && h.Event.EntityID != "" {
		return []Address{{EntityID: h.Event.EntityID, Reason: ByDM}}, nil
	}
	if h.Event.Kind != EventEdit {
		return nil, nil
	}
	h.Replied, h.Roles = 0, nil
	called := r.addressed(h, "")
	if len(called) == 0 {
		return nil, nil
	}
	var known []ID
	err := r.db.reader.WithContext(ctx).Raw(`SELECT addresses.entity_id FROM events JOIN addresses ON addresses.seq = events.seq
		WHERE events.channel_id = ? AND events.message_id = ? AND events.seq >= (SELECT seq FROM events WHERE kind = 'message' AND message_id = ?)`,
		h.Event.ChannelID, h.Event.MessageID, h.Event.MessageID).Scan(&known).Error
	if err != nil {
		return nil, fmt.Errorf("read whom a message addressed: %w", err)
	}
	for i := range before {
		if before[i].Event.MessageID == h.Event.MessageID {
			for _, a := range to[i] {
				known = append(known, a.EntityID)
			}
		}
	}
	return slices.DeleteFunc(called, func(a Address) bool { return slices.Contains(known, a.EntityID) }), nil
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
