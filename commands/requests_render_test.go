package commands_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay"
)

func TestRequestsAndOffers(t *testing.T) {
	var b strings.Builder
	described, places := ada(), []entities.Place{{ID: 7}, {ID: 8}}
	described.Description = "# A tutor\n[free](https://x.example) <@1> @everyone\n> quoted"
	for _, part := range []struct {
		title string
		m     commands.Shown
	}{
		{"request", commands.Request(ada(), places)},
		{"request of one with a description", commands.Request(described, nil)},
		{"offer", commands.Proposal(ada(), 43, noon)},
		{"made, but waits", commands.WaitingCard(ada(), aKey, places, noon)},
	} {
		fits(t, part.m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(part.m))
	}
	golden(t, "requests.txt", b.String())
}

func TestRequestsAtTheirLargest(t *testing.T) {
	e := ada()
	e.Name, e.Description, e.OwnerID = strings.Repeat("*", entities.MaxName), strings.Repeat("*", entities.MaxDescription), math.MaxUint64
	var places []entities.Place
	for n := range entities.MaxChannels {
		places = append(places, entities.Place{ID: snowflake.ID(math.MaxUint64 - uint64(n)), Lacks: relay.Permissions})
	}
	for _, m := range []commands.Shown{commands.Request(e, places), commands.Proposal(e, math.MaxUint64, noon), commands.WaitingCard(e, aKey, places, noon)} {
		fits(t, m)
	}
}

func TestResumed(t *testing.T) {
	until := noon.Add(time.Hour)
	suspended := func(cause entities.Cause, until *time.Time) entities.Presence {
		return entities.Presence{State: entities.PresenceSuspended, Cause: cause, Until: until}
	}
	paused, stopped := ada(), ada()
	paused.State, stopped.Stopped = entities.Paused, true
	var b strings.Builder
	for _, r := range []entities.Resident{
		{Entity: ada(), Speaks: true},
		{Entity: paused, Presence: suspended(entities.ByModerator, &until)},
		{Entity: ada(), Presence: suspended(entities.ByAdmin, nil)},
		{Entity: ada(), Presence: suspended(entities.OwnerLeft, nil)},
		{Entity: ada(), Presence: entities.Presence{State: entities.PresenceRequested}},
		{Entity: stopped},
		{Entity: ada()},
	} {
		fmt.Fprintln(&b, commands.Resumed([]string{"the pause on this server"}, r, false))
	}
	fmt.Fprintln(&b, commands.Resumed([]string{"your pause everywhere", "the pause on this server"}, entities.Resident{Entity: ada(), Speaks: true}, false))
	fmt.Fprintln(&b, commands.Resumed([]string{"the pause on this server"}, entities.Resident{Entity: ada(), Speaks: true}, true))
	golden(t, "resumed.txt", b.String())
}
