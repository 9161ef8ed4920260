package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// entityResume is /entity resume: it ends of an entity's pauses what this person may end.
var entityResume = subcommand{
	definition: discord.ApplicationCommandOptionSubCommand{
		Name: "resume", Description: "Let a paused entity go on",
		Options: []discord.ApplicationCommandOption{entityOption("Which entity")},
	},
	routes: []route{
		{slash, "/entity/resume", (*Commands).resume},
		{autocomplete, "/entity/resume", (*Commands).entityChoices},
	},
}

func (c *Commands) resume(i *interaction) error {
	if err := i.think(); err != nil {
		return err
	}
	e, err := c.entity(i)
	if err != nil {
		return err
	}
	r, err := c.resident(i, e)
	if err != nil {
		return err
	}
	done, err := c.endPauses(i, r)
	if err != nil {
		return err
	}
	if r, err = c.resident(i, r.Entity); err != nil {
		return err
	}
	here, known := c.registry.World().Here(i.actor.Guild(), r.Entity.OwnerID, c.now())
	return i.replace(message{content: resumed(done, r, known && !here)})
}

// endPauses ends the owner's pause and this server's, as far as this person may, and says which.
// What the registry refuses is their answer only when nothing was ended.
func (c *Commands) endPauses(i *interaction, r entities.Resident) (done []string, err error) {
	e := r.Entity
	owns, paused, suspended := e.OwnerID == i.actor.User(), e.State == entities.Paused, r.Presence.State == entities.PresenceSuspended
	everywhere := (paused && owns) || (!suspended && (paused || owns)) // else the registry's no would miss the point
	var refusal error
	try := func(what string, end func() error) error {
		err := end()
		if _, refused := entities.AsRefusal(err); refused {
			refusal = err
			return nil
		}
		if err == nil {
			done = append(done, what)
		}
		return err
	}
	if everywhere {
		if err := try("your pause everywhere", func() error { _, err := c.registry.Resume(i.ctx, i.actor, e.ID); return err }); err != nil {
			return nil, err
		}
	}
	if suspended || !everywhere {
		if err := try("the pause on this server", func() error { _, err := c.registry.Reinstate(i.ctx, i.actor, e.ID); return err }); err != nil {
			return nil, err
		}
	}
	if len(done) == 0 {
		return nil, refusal
	}
	return done, nil
}

// resident is an entity as it is where the person acts; its presence is empty when it has none.
func (c *Commands) resident(i *interaction, e entities.Entity) (entities.Resident, error) {
	found, err := c.registry.List(i.ctx, i.actor)
	if err != nil {
		return entities.Resident{}, err
	}
	if at := slices.IndexFunc(found, func(r entities.Resident) bool { return r.Entity.ID == e.ID }); at >= 0 {
		return found[at], nil
	}
	own, err := c.registry.Mine(i.ctx, i.actor)
	if err != nil {
		return entities.Resident{}, err
	}
	if at := slices.IndexFunc(own, func(o entities.Entity) bool { return o.ID == e.ID }); at >= 0 {
		e = own[at]
	}
	return entities.Resident{Entity: e, Speaks: e.State == entities.Active && !e.Stopped}, nil
}

// resumed says what is over, and what still keeps an entity silent: an owner who is away does.
func resumed(done []string, r entities.Resident, ownerAway bool) string {
	over := strings.Join(done, " and ") + " is over"
	if len(done) > 1 {
		over = strings.Join(done, " and ") + " are over"
	}
	if r.Speaks && ownerAway {
		return fmt.Sprintf("%s: %s. It stays silent here until its owner is back on this server, though.", bold(r.Entity.Name), over)
	}
	if r.Speaks {
		return fmt.Sprintf("%s hears and speaks again: %s.", bold(r.Entity.Name), over)
	}
	return fmt.Sprintf("%s: %s. It stays silent here, though. %s", bold(r.Entity.Name), over, strings.Join(remedies(r), " "))
}

// remedies say what keeps an entity silent where it is, and who can end that how.
func remedies(r entities.Resident) []string {
	var found []string
	add := func(holds bool, sentence string) {
		if holds {
			found = append(found, sentence)
		}
	}
	in := r.Presence
	suspended := in.State == entities.PresenceSuspended
	add(r.Entity.State == entities.Paused, "Its owner has paused it everywhere, and only they can resume it.")
	add(suspended && in.Cause == entities.ByModerator, "A moderator has paused it on this server; any moderator or admin can resume it.")
	add(suspended && in.Cause == entities.ByAdmin, "An admin has paused it on this server; only people with Manage Server can resume it.")
	add(suspended && in.Cause == entities.OwnerLeft, "Its owner left this server; people with Manage Server can resume it.")
	add(in.State == entities.PresenceRequested, "It waits until somebody with Manage Server lets it in.")
	add(r.Entity.Stopped, "Whoever runs this bot has stopped it, and only they can let it go on.")
	if len(found) == 0 {
		found = append(found, "All entities here are stopped by a kill switch. An admin sees in `/settings show` whose it is.")
	}
	return found
}
