package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// setWaiting sets a message waiting. It is asked about once, however many wait; there are at most
// [mostWaiting] of a person.
func setWaiting(tx *gorm.DB, in IncomingDM) (Routed, error) {
	var asked []WaitingDM
	if err := tx.Where("user_id = ? AND menu_id <> 0", in.User).Order("message_id DESC").Limit(1).Find(&asked).Error; err != nil {
		return Routed{}, fmt.Errorf("read what waits: %w", err)
	}
	row := WaitingDM{MessageID: in.Message, UserID: in.User, At: in.At.UTC()}
	if len(asked) > 0 && in.At.Sub(asked[0].At) < WaitingLife {
		row.MenuID = asked[0].MenuID
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return Routed{}, fmt.Errorf("set a direct message waiting: %w", err)
	}
	err := tx.Exec("DELETE FROM waiting_dms WHERE user_id = ? AND message_id <= (SELECT message_id FROM waiting_dms WHERE user_id = ? ORDER BY message_id DESC LIMIT 1 OFFSET ?)",
		in.User, in.User, mostWaiting).Error
	if err != nil {
		return Routed{}, fmt.Errorf("forget what waits behind too much: %w", err)
	}
	return Routed{Waits: true, Menu: row.MenuID}, nil
}

// waiting says of a message that was routed before whether it still waits.
func waiting(tx *gorm.DB, in IncomingDM) (Routed, error) {
	var rows []WaitingDM
	if err := tx.Where("message_id = ? AND user_id = ?", in.Message, in.User).Find(&rows).Error; err != nil {
		return Routed{}, fmt.Errorf("read what waits: %w", err)
	}
	if len(rows) == 0 {
		return Routed{}, nil
	}
	return Routed{Waits: true, Menu: rows[0].MenuID}, nil
}

// Asked notes the message in which a person is asked whom their waiting messages are for.
func (r *Registry) Asked(ctx context.Context, actor Actor, user, menu snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	return r.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Model(&WaitingDM{}).Where("user_id = ?", user).Update("menu_id", menu).Error; err != nil {
			return fmt.Errorf("save where a person is asked: %w", err)
		}
		return nil
	}, nil)
}

// Withdraw forgets a waiting message: the person deleted it, and nobody gets it.
func (r *Registry) Withdraw(ctx context.Context, actor Actor, message snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	return r.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("message_id = ?", message).Delete(&WaitingDM{}).Error; err != nil {
			return fmt.Errorf("forget a waiting message: %w", err)
		}
		return nil
	}, nil)
}

// Choice is what a person's choice of whom they write to led to.
type Choice struct {
	Entity Entity         // whom they chose, without its persona
	Noted  []Noted        // what waited for it, oldest first
	Menus  []snowflake.ID // the messages that asked for it
}

// ChoosePartner decides, for the person who asks, to whom what they write goes from now on. channel
// is their channel of direct messages with the bot. What waited for the choice goes there too; what
// waited longer than [WaitingLife] is forgotten. An error for which [Lacks] finds something is not
// final.
func (r *Registry) ChoosePartner(ctx context.Context, actor Actor, id ID, channel snowflake.ID) (Choice, error) {
	m, err := r.pass(ctx, actor, actTalk, "")
	if err != nil {
		return Choice{}, err
	}
	if channel == 0 {
		return Choice{}, errors.New("choose a partner: the channel of direct messages is not known")
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	var out Choice
	out.Noted, err = r.grow(ctx, true, func(tx *gorm.DB) ([]*noted, error) {
		if err := r.judgeAgain(tx, m); err != nil {
			return nil, err
		}
		if err := r.mayTalk(tx, actor, id); err != nil {
			return nil, err
		}
		row, err := readDM(tx, actor.user)
		if err != nil {
			return nil, err
		}
		row.ChannelID = channel
		waited, err := takeWaiting(tx, actor.user)
		if err != nil {
			return nil, err
		}
		if err := r.beginDM(tx, row); err != nil {
			return nil, err
		}
		out.Menus = menusOf(waited)
		waited = slices.DeleteFunc(waited, func(w WaitingDM) bool { return r.now().Sub(w.At) >= WaitingLife })
		written, err := r.hand(tx, row, id, r.now(), waited)
		if err != nil {
			return nil, err
		}
		return written, r.auditAlone(tx, actor.String(), actTalk)
	})
	if err != nil {
		return Choice{}, r.noted(ctx, m, "", err)
	}
	out.Entity = r.roster.entry(id).shownIn(0)
	return out, nil
}

// mayTalk says no to a person who may not write to an entity. Those on the server where they act
// they may always choose.
func (r *Registry) mayTalk(tx *gorm.DB, actor Actor, id ID) error {
	e := r.roster.entry(id)
	if e == nil || e.State == Deleted {
		return errNoEntity
	}
	known, err := readAcquaintance(tx, actor.user, id)
	if err != nil {
		return err
	}
	guilds, err := r.privately(e)
	if _, open := Lacks(err); open {
		return err
	}
	switch ok, gap := r.reachable(e, actor.user, known); {
	case known.Blocked:
		return Refuse(Conflict, "You blocked this entity. Unblock it first, with the button under its first message to you.")
	case ok, actor.guild != 0 && slices.Contains(guilds, actor.guild):
		return nil
	case gap != nil:
		return &gapError{Refusal: errNotYet, gap: *gap}
	case e.stays[actor.guild] != nil || known.near() || e.OwnerID == actor.user:
		return Refuse(Unavailable, "This entity takes no direct messages now. Try again later, or ask its owner.")
	default:
		return errNoEntity
	}
}

// menusOf lists the messages that ask whom others are for.
func menusOf(waiting []WaitingDM) (menus []snowflake.ID) {
	for _, w := range waiting {
		if w.MenuID != 0 && !slices.Contains(menus, w.MenuID) {
			menus = append(menus, w.MenuID)
		}
	}
	return menus
}

// takeWaiting takes out what waits for a person's choice, oldest first.
func takeWaiting(tx *gorm.DB, user snowflake.ID) ([]WaitingDM, error) {
	var rows []WaitingDM
	if err := tx.Where("user_id = ?", user).Order("message_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	if err := tx.Where("user_id = ?", user).Delete(&WaitingDM{}).Error; err != nil {
		return nil, fmt.Errorf("take what waits: %w", err)
	}
	return rows, nil
}
