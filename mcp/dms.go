package mcp

import (
	"context"
	"regexp"
	"strings"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

var userReference = regexp.MustCompile(`^(?:<@!?)?(\d{15,20})>?$`)

// person finds whom a user argument names: by id, among those with whom the entity exchanges direct
// messages, and then on its servers.
func (c *call) person(ctx context.Context, ref string) (snowflake.ID, error) {
	ref = strings.TrimSpace(ref)
	if found := userReference.FindStringSubmatch(ref); found != nil {
		return snowflake.Parse(found[1])
	}
	name := strings.TrimPrefix(ref, "@")
	if name == "" {
		return 0, entities.Refuse(entities.Invalid, "user is empty: give an id or a name.")
	}
	known, err := c.server.relay.DMPartners(ctx, c.actor)
	if err != nil {
		return 0, err
	}
	ids := map[snowflake.ID]bool{}
	for _, one := range known {
		if strings.EqualFold(one.Person.Name, name) {
			ids[one.Person.ID] = true
		}
	}
	if len(ids) == 0 {
		members, err := c.server.relay.FindMember(ctx, c.actor, relay.MemberRequest{Name: name})
		if err != nil {
			return 0, err
		}
		for _, one := range members {
			if one.Kind == relay.Human && (strings.EqualFold(one.Name, name) || strings.EqualFold(one.Username, name)) {
				ids[one.ID] = true
			}
		}
	}
	switch len(ids) {
	case 0:
		return 0, entities.Refuse(entities.NotFound, "Nobody on your servers has exactly this name. find_member finds people by the beginning of a name; an id is always clear.")
	case 1:
		for id := range ids {
			return id, nil
		}
	}
	return 0, entities.Refuse(entities.Invalid, "Several people have this name. Give an id; find_member shows them.")
}
