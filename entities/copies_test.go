package entities_test

import (
	"testing"
	"time"

	"troupe/entities"
)

// What the registry hands out is the caller's to change.
func TestNothingHandedOutIsTheRegistrys(t *testing.T) {
	p := settled(t)
	awake := p.Memory()
	_, homes, err := p.Self(t.Context(), p.ada)
	require(t, err)
	homes[0].Words[0], homes[0].Capabilities[0] = "mallory", entities.CanThread
	if after := p.Memory(); after != awake {
		t.Errorf("memory changed:\n%s", difference(awake, after))
	}
	require(t, errOf(p.Suspend(t.Context(), admin(olivia), p.id, time.Hour)))
	before := p.Memory()
	profile, err := p.Profile(t.Context(), ordinary(), p.id)
	require(t, err)
	profile.Here.Name, *profile.Here.Until, profile.Words[0] = "Mallory", time.Time{}, "mallory"
	info, err := p.Info(t.Context(), ordinary(), p.id)
	require(t, err)
	info.Words[0], *info.Resident.Presence.Until = "mallory", time.Time{}
	setup, err := p.Setup(t.Context(), admin(olivia), p.id)
	require(t, err)
	setup.Words[0], setup.Rooms[0].Access, *setup.Resident.Presence.Until = "mallory", entities.Read, time.Time{}
	if after := p.Memory(); after != before {
		t.Errorf("memory changed:\n%s", difference(before, after))
	}
}
