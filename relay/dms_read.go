package relay

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// DMRequest asks for what an entity and a person wrote to each other.
type DMRequest struct {
	User   snowflake.ID
	Limit  int          // 1 to [MaxHistory]
	Before snowflake.ID // only older messages; 0 for the newest
}

// Conversation is an entity's direct messages with one person.
type Conversation struct {
	Person    Author // its name is text from strangers, and may be missing
	ChannelID snowflake.ID
	Last      time.Time // when either of them wrote last
	Unread    int
}

// ReadDMs reads an entity's own conversation with a person, oldest first. What the same person and
// other entities wrote to each other in the same channel is never among it.
func (r *Relay) ReadDMs(ctx context.Context, actor entities.Actor, req DMRequest) ([]Message, error) {
	ctx = onBehalf(ctx, actor)
	if req.Limit < 1 || req.Limit > MaxHistory {
		return nil, entities.Refuse(entities.Invalid, "limit is from 1 to %d.", MaxHistory)
	}
	permit, err := r.mayWrite(ctx, actor, req.User)
	if err != nil {
		return nil, err
	}
	ids, err := r.registry.Correspondence(ctx, actor, permit, req.Before, req.Limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	found := map[snowflake.ID]discord.Message{}
	var missing []snowflake.ID
	for _, id := range ids {
		if m, ok := r.cache.get(id); ok {
			found[id] = m
		} else {
			missing = append(missing, id)
		}
	}
	if err := r.fetch(ctx, permit.Channel(), missing, found); err != nil {
		return nil, err
	}
	if _, err := r.mayWrite(ctx, actor, req.User); err != nil { // fetching took time
		return nil, err
	}
	messages := make([]discord.Message, 0, len(found))
	for _, m := range found {
		messages = append(messages, m)
	}
	slices.SortFunc(messages, byID)
	return r.present(ctx, actor, 0, messages)
}

// own makes a line of the bot's in direct messages what the entity that reads it said: it is shown
// no others, and the line's head and card are not its words.
func (p presenter) own(m *Message) {
	m.Author = Author{ID: m.Author.ID, Kind: Entity, Entity: p.actor.EntityID()}
	m.Extras = nil
	if self, err := p.relay.registry.Acting(p.ctx, p.actor); err == nil {
		m.Author.Name = self.Name
	}
	if said, headed := underHead(m.Content); headed {
		m.Content = said
	}
}

// underHead is what an entity said in a direct message, without the line that says who it is.
func underHead(content string) (said string, headed bool) {
	head, said, cut := strings.Cut(content, "\n")
	return said, cut && strings.HasPrefix(head, "**") && strings.HasSuffix(head, "**")
}

// isLetter says whether a message looks as if an entity had said it, whoever that was.
func (r *Relay) isLetter(m *discord.Message) bool {
	if m == nil || m.Author.ID != r.world.Bot() {
		return false
	}
	_, headed := underHead(m.Content)
	return headed
}

// DMPartners lists the people with whom an entity exchanged direct messages, the newest first.
func (r *Relay) DMPartners(ctx context.Context, actor entities.Actor) ([]Conversation, error) {
	ctx = onBehalf(ctx, actor)
	people, err := lacking(ctx, r, func() ([]entities.Correspondent, error) { return r.registry.Correspondents(ctx, actor) })
	if err != nil || len(people) == 0 {
		return nil, err
	}
	news, err := r.news(ctx, actor, entities.Query{Scope: entities.ScopeDM, Limit: MostCounted})
	if err != nil {
		return nil, err
	}
	unread := map[snowflake.ID]int{}
	for _, item := range news.Items {
		if item.Event.Kind == entities.EventDM {
			unread[item.Event.AuthorID]++
		}
	}
	all := make([]Conversation, 0, len(people))
	for i, one := range people {
		all = append(all, Conversation{
			Person:    Author{ID: one.User, Kind: Human, Name: r.nameInDMs(ctx, one.User, i < mostNamesAsked)},
			ChannelID: one.Channel, Last: one.At, Unread: unread[one.User],
		})
	}
	return all, nil
}

// nameInDMs is what a person is called outside of servers; "" when it is not known.
func (r *Relay) nameInDMs(ctx context.Context, user snowflake.ID, ask bool) string {
	if name, known := r.dms.name(user); known || !ask {
		return name
	}
	who, err := r.disc.Rest.GetUser(user, rest.WithCtx(ctx))
	if err != nil {
		r.log.Debug("read who somebody is", "err", scrubError(err))
		return ""
	}
	r.dms.learnName(*who)
	return who.EffectiveName()
}

func (d *dms) name(user snowflake.ID) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name, known := d.names[user]
	return name, known
}

func (d *dms) learnName(user discord.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names[user.ID] = user.EffectiveName()
}
