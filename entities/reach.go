package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/disgoorg/snowflake/v2"
)

// Reads says whether an entity may read a channel's older messages now. Like [Registry.Sees] it
// is asked about channels that the entity did not name, and a no is no refusal. An error for
// which [Lacks] finds something means that it cannot be decided yet.
func (r *Registry) Reads(ctx context.Context, actor Actor, channel snowflake.ID) (bool, error) {
	return r.has(ctx, actor, ReadHistory, channel)
}

// Readable lists the channels, forums and threads of a guild whose older messages an entity may
// read, by id: all of them, or with within only that channel and what hangs under it. Gaps are
// what cannot be decided before Discord is asked; those channels are not listed.
func (r *Registry) Readable(ctx context.Context, actor Actor, guild, within snowflake.ID) (channels []snowflake.ID, gaps []Gap, err error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, nil, err
	}
	for _, c := range r.world.Channels(guild) {
		if within != 0 && c.ID != within && (!c.IsThread() || c.ParentID != within) {
			continue
		}
		f, ok := r.facts(m.entry, c.ID)
		if !ok {
			continue
		}
		switch v := decide(f, ReadHistory); {
		case v.gap != nil:
			if !slices.Contains(gaps, *v.gap) {
				gaps = append(gaps, *v.gap)
			}
		case v.allowed():
			channels = append(channels, c.ID)
		}
	}
	slices.Sort(channels)
	return channels, gaps, nil
}

// Fellow is another entity on a server, as the entities there learn of it.
type Fellow struct {
	Entity Entity // as it is shown there, without its persona
	// Speaks says that nothing of ours keeps it from taking part there (see [Resident]).
	Speaks bool
	// Reads says whether it may read the channel that was asked about.
	Reads bool
	// Lacks is what Reads cannot be decided without; nil for nothing.
	Lacks *Gap
}

// Fellows lists the other entities on a server where an entity takes part, by name. With a
// channel, which the entity must see, it says which of them may read it. Who waits for the
// admins is not there yet.
func (r *Registry) Fellows(ctx context.Context, actor Actor, guild, channel snowflake.ID) ([]Fellow, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	switch v := r.decideServer(m.entry, guild, LookAround); {
	case v.gap != nil:
		return nil, &gapError{Refusal: errNotYet, gap: *v.gap}
	case !v.allowed():
		return nil, r.refused(ctx, actor, LookAround.act(), "", guild, errNoServer)
	}
	if channel != 0 {
		f, ok := r.facts(m.entry, channel)
		if !ok || f.guild.ID != guild || !decide(f, Hear).allowed() {
			return nil, r.refused(ctx, actor, LookAround.act(), "", guild, errNoChannel)
		}
	}
	fellows := []Fellow{}
	for _, e := range r.roster.in(guild) {
		if e.ID == m.entry.ID || e.State == Deleted || e.stays[guild].State == PresenceRequested {
			continue
		}
		fellow := Fellow{Entity: e.shownIn(guild), Speaks: r.resident(e, guild).Speaks}
		if f, ok := r.facts(e, channel); ok && channel != 0 {
			v := decide(f, ReadHistory)
			fellow.Reads, fellow.Lacks = v.allowed(), v.gap
		}
		fellows = append(fellows, fellow)
	}
	return fellows, nil
}

// Reactors says which entities react to a message in a channel that the permit lets one read,
// by emoji as [Registry.Claim] has it, each time by name.
func (r *Registry) Reactors(ctx context.Context, actor Actor, permit Permit, message snowflake.ID) (map[string][]Entity, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	if permit.right != ReadHistory || permit.entity.ID != m.entry.ID {
		return nil, Refuse(NotAllowed, "Who reacted to a message follows from a permit of one's own to read it, which this is not.")
	}
	var rows []Reaction
	err = r.db.reader.WithContext(ctx).Where("message_id = ? AND channel_id = ?", message, permit.channel.ID).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read whose reactions they are: %w", err)
	}
	reactors := map[string][]Entity{}
	for _, row := range rows {
		if e := r.roster.entry(row.EntityID); e != nil && e.State != Deleted {
			reactors[row.Emoji] = append(reactors[row.Emoji], e.shownIn(row.GuildID))
		}
	}
	for _, all := range reactors {
		slices.SortFunc(all, func(a, b Entity) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	}
	return reactors, nil
}
