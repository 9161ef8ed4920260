package entities

import (
	"context"
	"strings"

	"github.com/disgoorg/snowflake/v2"
)

// ServerRight is what an entity wants to do on a server as a whole, whatever the channel.
type ServerRight int

// The rights on a server.
const (
	LookAround    ServerRight = iota + 1 // learn of the other entities there
	SearchText                           // search what was said where it may read
	MeetPeople                           // find people by their names
	DirectMessage                        // exchange direct messages
	SeeEmojis                            // see the server's own emojis
	SeeRanking                           // see which entities said most there
	GoAway                               // leave it
)

// capability is what a presence must have for a right on a server; "" for none.
func (right ServerRight) capability() Capability {
	switch right {
	case SearchText:
		return CanSearch
	case MeetPeople:
		return CanMeet
	case DirectMessage:
		return CanDM
	case SeeEmojis:
		return CanSeeEmojis
	case SeeRanking:
		return CanSeeLeaderboard
	case GoAway:
		return CanLeave
	default:
		return ""
	}
}

// act is how the audit names a right.
func (right ServerRight) act() act {
	switch right {
	case SearchText:
		return act{name: "search"}
	case MeetPeople:
		return act{name: "find people"}
	case DirectMessage:
		return act{name: "direct message"}
	case SeeEmojis:
		return act{name: "list emojis"}
	case SeeRanking:
		return act{name: "leaderboard"}
	case GoAway:
		return actGo
	default:
		return act{name: "look around"}
	}
}

var errNoServer = &Refusal{Reason: NotFound, Text: "There is no such server for you. whoami shows yours."}

// decideServer is the whole decision about a right on a server: it is served, the entity takes
// part there, its owner is there too, and the server's admins let it.
func (r *Registry) decideServer(e *entry, guild snowflake.ID, right ServerRight) verdict {
	in, ok := e.stays[guild]
	if !ok || !r.runs(guild) || r.world.Pending(guild) || !in.active(r.now()) || e.State != Active || e.Stopped {
		return verdict{hidden: true}
	}
	switch here, known := r.world.Here(guild, e.OwnerID, r.now()); {
	case !known:
		return verdict{gap: &Gap{Guild: guild, User: e.OwnerID}}
	case !here:
		return verdict{hidden: true}
	}
	if wanted := right.capability(); wanted != "" && !in.capabilities.has(wanted) {
		return verdict{refusal: "On that server you may not do this (" + string(wanted) + "). An admin of that server decides what you may do, with /entity abilities."}
	}
	return verdict{}
}

// err is what an entity reads of a decision about a server; nil when it may.
func (v verdict) err() error {
	switch {
	case v.hidden:
		return errNoServer
	case v.gap != nil:
		return &gapError{Refusal: errNotYet, gap: *v.gap}
	case v.refusal != "":
		return &Refusal{Reason: NotAllowed, Text: v.refusal}
	default:
		return nil
	}
}

// allowedOn refuses what an entity may not do on a server, and writes that into the audit.
func (r *Registry) allowedOn(ctx context.Context, m matter, guild snowflake.ID, right ServerRight) error {
	err := r.decideServer(m.entry, guild, right).err()
	if _, open := Lacks(err); err == nil || open {
		return err
	}
	return r.refused(ctx, m.actor, right.act(), "", guild, err)
}

// ServersFor finds the servers on which an entity may use a right: the one that it means by an id
// or a name, or with ref "" all of them, by id. None is a refusal, and so is a name that several
// have. A refusal for which [Lacks] finds something is not final.
func (r *Registry) ServersFor(ctx context.Context, actor Actor, right ServerRight, ref string) ([]Guild, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	ref = strings.TrimSpace(ref)
	if guild, _, _, ok := ParseLink(ref); ok {
		ref = guild.String()
	}
	var (
		may, seen []Guild
		refusal   error = errNoServer
		at        snowflake.ID
	)
	for _, id := range m.entry.guilds() {
		guild, ok := r.world.Guild(id)
		if !ok || (ref != "" && ref != id.String() && !strings.EqualFold(ref, guild.Name)) {
			continue
		}
		switch v := r.decideServer(m.entry, id, right); {
		case v.hidden:
			continue
		case v.gap != nil:
			refusal = &gapError{Refusal: errNotYet, gap: *v.gap}
		case v.refusal != "":
			refusal, at = &Refusal{Reason: NotAllowed, Text: v.refusal}, id
		default:
			may = append(may, guild)
		}
		seen = append(seen, guild)
	}
	switch {
	case ref != "" && len(seen) > 1:
		return nil, severalServers(seen)
	case len(may) > 0:
		return may, nil
	}
	if _, open := Lacks(refusal); open {
		return nil, refusal
	}
	return nil, r.refused(ctx, actor, right.act(), "", at, refusal)
}

// severalServers lists candidates by their ids: names are strangers' text, and whoami has them
// in its marked part.
func severalServers(guilds []Guild) error {
	ids := make([]string, 0, len(guilds))
	for _, guild := range guilds[:min(len(guilds), 10)] {
		ids = append(ids, guild.ID.String())
	}
	return Refuse(Invalid, "Several servers have this name: %s. whoami tells them apart; use the id.", strings.Join(ids, ", "))
}

// Able says whether an entity has a capability on any server where it takes part.
func (r *Registry) Able(ctx context.Context, actor Actor, wanted Capability) (bool, error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return false, err
	}
	for guild, in := range m.entry.stays {
		if in.capabilities.has(wanted) && !r.decideServer(m.entry, guild, LookAround).hidden {
			return true, nil
		}
	}
	return false, nil
}
