package entities_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// In a channel with a budget of its own only that counts, and nobody rests.
func TestABudget(t *testing.T) {
	c := newLoop(t)
	require(t, c.SetTalk(t.Context(), admin(olivia), general, 30))
	for range 15 {
		c.all(t, "ab")
		c.now = c.now.Add(time.Second)
	}
	c.refused(t, "a", general, "30 lines an hour without a person", "Nothing was sent", "a person speaks", "at 09:00 UTC")
	c.refused(t, "c", general)
	c.now = at(3600)
	c.all(t, "ab")
	c.refused(t, "a", general, "at 09:01 UTC")
	require(t, c.PersonSpoke(t.Context(), program, general))
	c.now = c.now.Add(time.Second)
	c.all(t, "ababababababababababababababab")
	c.restart(t, c.World())
	c.refused(t, "a", general)
	if len(c.began) != 0 {
		t.Errorf("told %+v", c.began)
	}
	// Its thread has as much, for itself.
	c.now = c.now.Add(time.Minute)
	for range 15 {
		require(t, c.says(t, "a", thread))
		require(t, c.says(t, "b", thread))
	}
	c.refused(t, "a", thread, "30 lines an hour")
}

func TestSetTalk(t *testing.T) {
	c := newLoop(t)
	ctx, boss := t.Context(), admin(olivia)
	for channel, hourly := range map[snowflake.ID]int{general: -1, lab: entities.MostHourly + 1, abroad: 5, category: 5, 1: 5, 2: 0} {
		wantRefusal(t, c.SetTalk(ctx, boss, channel, hourly), entities.Invalid)
	}
	wantRefusal(t, c.SetTalk(ctx, boss, abroad, 0), entities.Invalid)
	wantRefusal(t, c.SetTalk(ctx, sheriff, general, 5), entities.NotAllowed)
	_, err := c.Talks(ctx, sheriff)
	wantRefusal(t, err, entities.NotAllowed)

	c.all(t, "abababab")
	c.refused(t, "a", general)
	talks := func(want ...entities.Talk) {
		t.Helper()
		got, err := c.Talks(ctx, boss)
		require(t, err)
		same := len(got) == len(want)
		for i := 0; same && i < len(got); i++ {
			same = got[i].ChannelID == want[i].ChannelID && got[i].GuildID == guild && got[i].Hourly == want[i].Hourly && (got[i].RestsUntil == nil) == (want[i].RestsUntil == nil)
		}
		if !same {
			t.Errorf("the talks are %+v, want %+v", got, want)
		}
	}
	soon := at(1800)
	talks(entities.Talk{ChannelID: general, RestsUntil: &soon})
	require(t, c.SetTalk(ctx, boss, stories, 7))
	talks(entities.Talk{ChannelID: general, RestsUntil: &soon}, entities.Talk{ChannelID: stories, Hourly: 7})
	require(t, c.SetTalk(ctx, boss, general, 100)) // who decides that wants them to go on
	c.all(t, "a")
	talks(entities.Talk{ChannelID: general, Hourly: 100}, entities.Talk{ChannelID: stories, Hourly: 7})
	require(t, c.SetTalk(ctx, boss, general, 0))
	talks(entities.Talk{ChannelID: stories, Hourly: 7})
	c.refused(t, "b", general)
	// A channel that is gone can be let go of.
	c.World().RemoveChannel(stories)
	require(t, c.SetTalk(ctx, boss, stories, 0))
	got, err := c.Talks(ctx, entities.Member(mia, other, discord.PermissionManageGuild))
	if err != nil || len(got) != 0 {
		t.Errorf("another server's admin sees %+v, %v", got, err)
	}
	remembers(t, c.Registry)
}

// Nothing is kept of channels that has no meaning any more.
func TestTalksAreForgotten(t *testing.T) {
	c := newChat(t, filepath.Join(t.TempDir(), "troupe.db"))
	require(t, c.SetTalk(t.Context(), admin(olivia), lab, 5))
	c.all(t, "abababab")
	c.refused(t, "a", general)
	require(t, c.PersonSpoke(t.Context(), program, general))
	count := func(want int64) {
		t.Helper()
		var rows int64
		require(t, c.Reader().Model(&entities.Talk{}).Count(&rows).Error)
		if rows != want {
			t.Errorf("%d rows, want %d", rows, want)
		}
		remembers(t, c.Registry)
	}
	require(t, c.Retain(t.Context(), program))
	count(2)
	c.now = c.now.Add(2 * time.Hour)
	require(t, c.Retain(t.Context(), program))
	count(1)
	c.World().Announce(0, 1, nil)
	c.World().RemoveGuild(guild)
	require(t, c.Depart(t.Context(), program, guild))
	c.now = c.now.Add(entities.Sleep + time.Hour)
	require(t, c.Retain(t.Context(), program))
	count(0)
}
