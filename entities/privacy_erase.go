package entities

import (
	"context"
	"fmt"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// personal are the acts that are about nobody but the person who does them. All other acts are
// about somebody else's entity or server too, whose people must be able to see who did what, and
// who tried to.
var personal = []act{actPrivacy, actErase, actTalk, actBlock}

// Erase deletes what there is about the person who asks: what they said, edited and reacted to, as
// far as the event log has it; their direct messages, with whom they talk there, and which
// entities they know; and the audit of what they did about nobody but themselves.
//
// What they chose about themselves stays, and so does which entities they blocked: both protect
// them. So do the entities that they own, and the audit of what they did, or were refused, about
// others. The log's positions go on growing whatever is gone: see [numbers].
func (r *Registry) Erase(ctx context.Context, actor Actor) error {
	m, err := r.pass(ctx, actor, actErase, "")
	if err != nil {
		return err
	}
	var channels []snowflake.ID
	r.writing.Lock()
	defer r.writing.Unlock()
	err = r.changeLocked(ctx, func(tx *gorm.DB) error {
		if err := r.judgeAgain(tx, m); err != nil {
			return err
		}
		if err := eraseSpoken(tx, actor.user); err != nil {
			return err
		}
		if channels, err = eraseDMs(tx, actor.user); err != nil {
			return err
		}
		var names []string
		for _, act := range personal {
			names = append(names, act.name)
		}
		if err := tx.Where("actor = ? AND act IN ?", actor.String(), names).Delete(&Audit{}).Error; err != nil {
			return fmt.Errorf("erase a person's audit: %w", err)
		}
		// That it was done stands there, and not who they are that are gone.
		return r.auditAlone(tx, "member", actErase)
	}, nil)
	if err == nil {
		spoken := spokenBy(actor.user)
		r.unhear(func(n *noted) bool {
			return spoken(n) || (n.GuildID == 0 && (n.AuthorID == actor.user || slices.Contains(channels, n.ChannelID)))
		})
	}
	return r.noted(ctx, m, "", err)
}

// eraseSpoken deletes what a person did on servers from the event log. Its channels are settled as
// far as that went, so that it is not taken for missed and fetched anew.
func eraseSpoken(tx *gorm.DB, user snowflake.ID) error {
	if err := settle(tx, "author_id = ?", user); err != nil {
		return err
	}
	// That a message is gone names nobody, but it is one of theirs. By the author, who is nobody, it is
	// found without looking through the whole log.
	err := eraseEvents(tx, "author_id = 0 AND kind = ? AND guild_id <> 0 AND message_id IN (SELECT message_id FROM events WHERE author_id = ? AND kind = ?)", EventDelete, user, EventMessage)
	if err != nil {
		return err
	}
	return eraseEvents(tx, "author_id = ? AND guild_id <> 0", user)
}

// eraseEvents deletes events, and whom they address. Which is a condition of our own writing.
func eraseEvents(tx *gorm.DB, which string, args ...any) error {
	if err := tx.Exec("DELETE FROM addresses WHERE seq IN (SELECT seq FROM events WHERE "+which+")", args...).Error; err != nil {
		return fmt.Errorf("erase whom events address: %w", err)
	}
	if err := tx.Where(which, args...).Delete(&Event{}).Error; err != nil {
		return fmt.Errorf("erase events: %w", err)
	}
	return nil
}

// eraseDMs deletes what there is of a person's direct messages. Of the entities that they know
// only the blocked ones are left, and that they are blocked. The channels are those of the messages.
func eraseDMs(tx *gorm.DB, user snowflake.ID) (channels []snowflake.ID, err error) {
	if err := tx.Model(&DM{}).Where("user_id = ?", user).Pluck("channel_id", &channels).Error; err != nil {
		return nil, fmt.Errorf("read a person's direct messages: %w", err)
	}
	// Others write into that channel too, but never to anybody else.
	if err := eraseEvents(tx, "guild_id = 0 AND (author_id = ? OR channel_id IN ?)", user, channels); err != nil {
		return nil, err
	}
	var scopes []Scope
	for _, channel := range channels {
		scopes = append(scopes, ScopeOf(channel))
	}
	for _, rows := range []*gorm.DB{
		tx.Where("user_id = ?", user).Delete(&DM{}),
		tx.Where("user_id = ?", user).Delete(&WaitingDM{}),
		tx.Where("user_id = ? AND NOT blocked", user).Delete(&Acquaintance{}),
		tx.Model(&Acquaintance{}).Where("user_id = ?", user).Updates(map[string]any{"met_at": nil, "introduced": false}),
		tx.Where("channel_id IN ?", channels).Delete(&Watermark{}),
		tx.Where("scope IN ?", scopes).Delete(&ReadMark{}),
	} {
		if rows.Error != nil {
			return nil, fmt.Errorf("erase a person's direct messages: %w", rows.Error)
		}
	}
	return channels, nil
}
