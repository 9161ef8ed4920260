package main

import (
	"context"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

const everyRight = discord.PermissionAdministrator

func (h *hearing) admin() entities.Actor {
	return entities.Member(snowflake.ID(h.c.discord.OwnerID()), snowflake.ID(h.c.guild), everyRight)
}

func (h *hearing) owner() entities.Actor {
	return entities.Member(snowflake.ID(h.from), snowflake.ID(h.c.guild), 0)
}

func (h *hearing) registry() *entities.Registry { return h.c.program.registry }

// changed changes the room, or the channel that it is in.
func (h *hearing) changed(change func(*sandbox.Channel)) error {
	room := h.room
	if h.way.thread {
		thread, _ := h.c.discord.Channel(room)
		room = thread.ParentID
	}
	return h.c.discord.ChangeChannel(room, change)
}

// denied takes View Channel from somebody.
func (h *hearing) denied(id sandbox.ID, kind int) error {
	return h.changed(func(c *sandbox.Channel) {
		c.Overwrites = append(h.overwrites(), sandbox.Overwrite{ID: id, Type: kind, Deny: sandbox.ViewChannel})
	})
}

// revocations are the ways in which a right to hear ends.
var revocations = []revocation{
	// on Discord
	{name: "the channel is moved to another category with other overwrites", end: func(_ context.Context, h *hearing) error {
		return h.changed(func(c *sandbox.Channel) { c.ParentID, c.Overwrites = h.elsewhere, h.overwrites()[2:] })
	}},
	{name: "the channel is moved out of the category that a rule names", end: func(_ context.Context, h *hearing) error {
		return h.changed(func(c *sandbox.Channel) { c.ParentID = 0 })
	}},
	{name: "an overwrite is changed", end: func(_ context.Context, h *hearing) error { return h.denied(h.from, 1) }},
	{name: "the bot loses the channel", end: func(_ context.Context, h *hearing) error {
		return h.changed(func(c *sandbox.Channel) { c.Overwrites = h.overwrites()[:3] })
	}},
	{name: "the channel becomes age-restricted", end: func(_ context.Context, h *hearing) error {
		return h.changed(func(c *sandbox.Channel) { c.NSFW = true })
	}},
	{name: "the owner loses a role", end: func(_ context.Context, h *hearing) error {
		return h.c.discord.ChangeMember(h.c.guild, h.from, func(m *sandbox.Member) { m.Roles = nil })
	}},
	{name: "the role is deleted", end: func(_ context.Context, h *hearing) error { return h.c.discord.DeleteRole(h.c.guild, h.role) }},
	{name: "the owner leaves", end: func(_ context.Context, h *hearing) error { return h.c.discord.RemoveMember(h.c.guild, h.from) }},
	{name: "the channel is deleted", end: func(_ context.Context, h *hearing) error { return h.c.discord.DeleteChannel(h.room) }},
	{name: "the owner leaves a private thread", thread: true, end: func(_ context.Context, h *hearing) error {
		return h.c.discord.LeaveThread(h.from, h.room)
	}},
	{name: "a private thread's channel is closed to the owner", thread: true, end: func(_ context.Context, h *hearing) error {
		return h.denied(h.from, 1)
	}},
	// by people
	{name: "an admin changes the rules", end: func(ctx context.Context, h *hearing) error {
		return h.registry().SetChannels(ctx, h.admin(), h.who.id, h.rules(h.elsewhere))
	}},
	{name: "an admin takes the ability to read", end: func(ctx context.Context, h *hearing) error {
		return h.registry().SetCapabilities(ctx, h.admin(), h.who.id, func([]entities.Capability) ([]entities.Capability, error) {
			return []entities.Capability{entities.CanPost}, nil
		})
	}},
	{name: "a moderator pauses it there", end: func(ctx context.Context, h *hearing) error {
		_, err := h.registry().Suspend(ctx, h.admin(), h.who.id, time.Hour)
		return err
	}},
	{name: "an admin suspends it there", end: func(ctx context.Context, h *hearing) error {
		_, err := h.registry().Suspend(ctx, h.admin(), h.who.id, 0)
		return err
	}},
	{name: "its owner pauses it", end: func(ctx context.Context, h *hearing) error {
		_, err := h.registry().Pause(ctx, h.owner(), h.who.id)
		return err
	}},
	{name: "its owner takes it out", end: func(ctx context.Context, h *hearing) error {
		_, err := h.registry().Leave(ctx, h.owner(), h.who.id)
		return err
	}},
	{name: "its owner deletes it", end: func(ctx context.Context, h *hearing) error {
		_, err := h.registry().Delete(ctx, h.owner(), h.who.id)
		return err
	}},
	{name: "its owner rotates its key", end: func(ctx context.Context, h *hearing) error {
		_, err := h.registry().RotateKey(ctx, h.owner(), h.who.id)
		return err
	}},
	{name: "the operator stops it", end: func(ctx context.Context, h *hearing) error {
		operator := entities.Member(snowflake.ID(h.c.discord.OwnerID()), 0, 0)
		_, err := h.registry().Stop(ctx, operator, h.who.id, true)
		return err
	}},
	{name: "whoever speaks hides", end: func(ctx context.Context, h *hearing) error {
		return h.registry().SetPrivacy(ctx, entities.Member(snowflake.ID(h.talk), snowflake.ID(h.c.guild), 0), entities.Privacy{Hidden: true})
	}},
}
