package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"troupe/entities"
)

// stored is the database that the configuration names. What is not about it may still be
// missing: whoever moves to another host can bring the entities there first.
func (c command) stored(asked call) (entities.Config, error) {
	cfg, err := loadConfig(asked.config, c.getenv)
	if faults, ok := errors.AsType[configFaults](err); ok {
		unneeded := []string{"discord.token", "discord.token_file", tokenVariable, "http.public_url"}
		faults = slices.DeleteFunc(faults, func(f *configError) bool { return slices.Contains(unneeded, f.Key) })
		if err = nil; len(faults) > 0 {
			err = faults
		}
	}
	if err != nil {
		return entities.Config{}, err
	}
	return entities.Config{Database: cfg.Database, Holder: thisProcess(), Log: newLog(c.err, cfg)}, nil
}

// backup saves everything to a new file.
func (c command) backup(ctx context.Context, asked call) error {
	cfg, err := c.stored(asked)
	if err != nil {
		return err
	}
	saved, err := entities.Backup(ctx, cfg, asked.backup)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return c.say(fmt.Sprintf("Saved to %s: %s, %s, %s. With this file and the bot's token, troupe can be set up again anywhere.",
		asked.backup, count(saved.Entities, "entity", "entities"), count(saved.Keys, "key", "keys"), size(saved.Size)))
}

// say prints one line of an answer.
func (c command) say(text string) error {
	if _, err := fmt.Fprintln(c.out, oneLine(text)); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprint(bytes, " bytes")
	case bytes < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1_000_000)
}

// databasePassword is the password in a database's URL, or "".
func databasePassword(database string) string {
	u, err := url.Parse(database)
	if err != nil || u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}
