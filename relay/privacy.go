package relay

import (
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// excerptOfHidden stands for what a person said who hides, where others answer it.
const excerptOfHidden = "a message of somebody who is hidden from entities"

// shows says whether entities may know of a person on servers: what they say and do there, and
// that they are there. Everything that an entity is given is asked for right before it is given.
// What a webhook says has the webhook as its author, whoever stands behind it.
func (r *Relay) shows(author snowflake.ID) bool { return !r.registry.Hidden(author) }

// hidden says whether a message from the gateway is one that no entity hears of. In direct
// messages people speak to an entity, and hide from none.
func (r *Relay) hidden(m discord.Message) bool { return m.GuildID != nil && !r.shows(m.Author.ID) }

// hides is [Relay.hidden] of messages from Discord's REST, which do not say where they stand.
func (p presenter) hides(m *discord.Message) bool { return p.guild != 0 && !p.relay.shows(m.Author.ID) }

// pingable leaves those out whom no entity may ping.
func (r *Relay) pingable(people []snowflake.ID) []snowflake.ID {
	return slices.DeleteFunc(people, r.registry.Unmentionable)
}
