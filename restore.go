package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"troupe/entities"
)

// restore brings back what a file holds and says what that changed.
func (c command) restore(ctx context.Context, asked call) error {
	cfg, err := c.stored(asked)
	if err != nil {
		return err
	}
	back, err := entities.Restore(ctx, cfg, asked.restore, asked.rotateAll)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, line := range restored(back, asked, time.Now()) {
		if err := c.say(line); err != nil {
			return err
		}
	}
	return nil
}

// restored words what a restore brought back, a line for each thing to know.
func restored(r entities.RestoreReport, asked call, now time.Time) []string {
	made := "made"
	if r.Guessed {
		made = "which, by the file's date, was made"
	}
	lines := []string{fmt.Sprintf("Restored from %s, %s on %s (%s): %s, %s.", asked.restore, made,
		r.Made.UTC().Format("2006-01-02 15:04 UTC"), ago(now.Sub(r.Made)), count(r.Entities, "entity", "entities"), count(r.Keys, "valid key", "valid keys"))}
	if r.Kept != "" {
		lines = append(lines, "What was here before is kept in "+r.Kept+".")
	}
	if r.Unread {
		lines = append(lines, "What was here before could not be read, so nothing says whose keys were replaced since the backup.")
	}
	if len(r.Returned) > 0 {
		lines = append(lines, "Deleted since the backup, and back now: "+list(r.Returned)+".")
	}
	if len(r.Gone) > 0 {
		lines = append(lines, "Made since the backup, and gone now: "+list(r.Gone)+".")
	}
	switch {
	case asked.rotateAll:
		lines = append(lines, ended(r.Ended))
	case len(r.Rotated) > 0:
		lines = append(lines, "These keys were replaced since the backup, and the OLD ones are valid AGAIN: "+list(r.Rotated)+".",
			"If one of them was replaced because a stranger had it: troupe -rotate-all ends all keys. Owners make new ones with /entity key.")
	default:
		lines = append(lines, "Keys are as they were when the backup was made. troupe -rotate-all ends all of them.")
	}
	return lines
}

// rotateAll ends all keys.
func (c command) rotateAll(ctx context.Context, asked call) error {
	cfg, err := c.stored(asked)
	if err != nil {
		return err
	}
	n, err := entities.RotateAll(ctx, cfg)
	if err != nil {
		return fmt.Errorf("end all keys: %w", err)
	}
	return c.say(ended(n))
}

func ended(keys int) string {
	return "Ended all keys: " + fmt.Sprint(keys) + ". Owners make new ones with /entity key."
}

// longestList is how many names of entities are worth reading.
const longestList = 50

func list(names []string) string {
	if more := len(names) - longestList; more > 0 {
		return strings.Join(names[:longestList], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// ago words how long something is past.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return count(int(d.Minutes()), "minute", "minutes") + " ago"
	case d < 48*time.Hour:
		return count(int(d.Hours()), "hour", "hours") + " ago"
	}
	return count(int(d.Hours()/24), "day", "days") + " ago"
}
