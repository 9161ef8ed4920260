package entities

import "github.com/disgoorg/snowflake/v2"

// Person is a user of Discord who is to own an entity, as Discord tells of them.
type Person struct {
	ID  snowflake.ID
	Bot bool // Discord says that it is a bot's account
}

// MayOwn refuses bots (Invalid): only people own entities. Create, Offer and Assign ask it
// themselves; who asks people for more first can refuse earlier with it.
func (p Person) MayOwn() error {
	if p.Bot {
		return Refuse(Invalid, "A bot cannot own an entity. Choose a person.")
	}
	return nil
}

// mayOwn knows this bot's own account too.
func (r *Registry) mayOwn(p Person) error {
	p.Bot = p.Bot || p.ID == r.world.Bot()
	return p.MayOwn()
}
