package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

const (
	// PartnerLife is how long a person's choice of whom they write to holds without a word of
	// theirs.
	PartnerLife = 24 * time.Hour
	// WaitingLife is how long a message waits for the person's choice of whom it is for.
	WaitingLife = 24 * time.Hour
	// mostWaiting is how many messages of one person wait. Past it the oldest is forgotten.
	mostWaiting = 1000
	// handedOnce keeps one statement below what a database takes (PostgreSQL: 65,535 values).
	handedOnce = 500
)

// IncomingDM is a person's direct message to the bot.
type IncomingDM struct {
	User    snowflake.ID
	Channel snowflake.ID
	Message snowflake.ID
	Replied snowflake.ID // the message that it answers; 0 for none
	// ToEntity says that an entity said that message, whoever that was. Unless that is known, this
	// one is for nobody before the person chooses.
	ToEntity bool
	At       time.Time
	// Missed says that it was not heard when it was written, but fetched later. Of a person who is
	// not known any more it is for nobody.
	Missed bool
	// Patient says that it can wait for servers of which Discord has not told yet: an entity that
	// takes part there is not taken for one that cannot hear it.
	Patient bool
}

// ErrPending says that a direct message cannot be routed before Discord has told of a server.
var ErrPending = errors.New("discord has not told of a server yet")

// written is since when a message may count as written: what was missed, then, else now.
func (in IncomingDM) written(now time.Time) time.Time {
	if in.Missed && in.At.Before(now) {
		return in.At
	}
	return now
}

// Routed is where a person's direct message went.
type Routed struct {
	// Noted is the event for the one entity that it is for; nil when there is none.
	Noted  *Noted
	Entity Entity // that one, without its persona
	// Waits says that it waits for the person's choice; Menu is the message that asks, 0 while
	// there is none. With neither Noted nor Waits it was routed before.
	Waits bool
	Menu  snowflake.ID
}

// Route decides whom a person's direct message is for and writes it into that entity's log, in one
// transaction; without a route it waits, and no entity learns of it. It is for the entity whose
// line it answers, else for the partner whom the person chose by word or by writing, else for the
// only one that they spoke to. Whoever that is, when it cannot hear them now the message goes to
// nobody else. An error for which [Lacks] finds something is not final, nor is [ErrPending].
func (r *Registry) Route(ctx context.Context, actor Actor, in IncomingDM) (Routed, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return Routed{}, err
	}
	if in.User == 0 || in.Channel == 0 || in.Message == 0 {
		return Routed{}, errors.New("route a direct message: it has no author, channel or id")
	}
	if err := fits(in.User, in.Channel, in.Message, in.Replied); err != nil {
		return Routed{}, fmt.Errorf("route a direct message: %w", err)
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	var out Routed
	handed, err := r.grow(ctx, true, func(tx *gorm.DB) ([]*noted, error) {
		out = Routed{}
		row, err := readDM(tx, in.User)
		if err != nil {
			return nil, err
		}
		if in.Missed && row.ChannelID == 0 {
			return nil, nil
		}
		if in.Message <= row.MessageID {
			out, err = waiting(tx, in)
			return nil, err
		}
		id, err := r.meant(tx, in, row)
		if err != nil {
			return nil, err
		}
		row.ChannelID, row.MessageID = in.Channel, in.Message
		if id == "" {
			if out, err = setWaiting(tx, in); err != nil {
				return nil, err
			}
			return nil, saveDM(tx, row)
		}
		return r.hand(tx, row, id, in.written(r.now()), []WaitingDM{{MessageID: in.Message, UserID: in.User, At: in.At}})
	})
	if err != nil {
		return Routed{}, err
	}
	if len(handed) == 1 {
		out = Routed{Noted: &handed[0], Entity: r.roster.entry(handed[0].Event.EntityID).shownIn(0)}
	}
	return out, nil
}

// meant is the entity that a message is for; "" for none.
func (r *Registry) meant(tx *gorm.DB, in IncomingDM, row DM) (ID, error) {
	if in.Replied != 0 {
		line, err := readOwnership(tx, in.Replied)
		if err != nil {
			return "", err
		}
		if line != nil && line.ChannelID == in.Channel {
			return r.listening(tx, in, line.EntityID)
		}
		if in.ToEntity {
			return "", nil
		}
	}
	if row.PartnerID != "" && row.PartnerAt != nil && in.written(r.now()).Sub(*row.PartnerAt) < PartnerLife {
		return r.listening(tx, in, row.PartnerID)
	}
	only, err := r.onlyOne(tx, in.User)
	if err != nil || only == "" {
		return "", err
	}
	return r.listening(tx, in, only)
}

// onlyOne is the only entity in any conversation with a person; "" when there is none or several.
// One to which they spoke comes before those that only wrote to them: what an entity sends takes
// nobody's place.
func (r *Registry) onlyOne(tx *gorm.DB, user snowflake.ID) (ID, error) {
	var rows []Acquaintance
	if err := tx.Where("user_id = ? AND NOT blocked", user).Find(&rows).Error; err != nil {
		return "", fmt.Errorf("read whom a person knows: %w", err)
	}
	var met, wrote []ID
	for _, row := range rows {
		switch e := r.roster.entry(row.EntityID); {
		case e == nil || e.State == Deleted:
		case row.MetAt != nil:
			met = append(met, row.EntityID)
		case row.Introduced:
			wrote = append(wrote, row.EntityID)
		}
	}
	switch {
	case len(met) == 1:
		return met[0], nil
	case len(met) == 0 && len(wrote) == 1:
		return wrote[0], nil
	default:
		return "", nil
	}
}

// listening gives an entity back if it can get a person's direct messages now, else "".
func (r *Registry) listening(tx *gorm.DB, in IncomingDM, id ID) (ID, error) {
	e := r.roster.entry(id)
	if e == nil || e.State == Deleted {
		return "", nil
	}
	if _, err := r.privately(e); err != nil {
		if _, open := Lacks(err); open {
			return "", err
		}
		if in.Patient && r.pends(e) {
			return "", ErrPending
		}
		return "", nil
	}
	known, err := readAcquaintance(tx, in.User, id)
	if err != nil || known.Blocked {
		return "", err
	}
	return id, nil
}

// pends says whether an entity takes part on a server of which Discord has not told yet, and by
// which it may exchange direct messages for all that we know.
func (r *Registry) pends(e *entry) bool {
	if e.State != Active || e.Stopped {
		return false
	}
	for _, guild := range e.guilds() {
		in := e.stays[guild]
		if r.runs(guild) && r.world.Pending(guild) && in.active(r.now()) && in.capabilities.has(DirectMessage.capability()) {
			return true
		}
	}
	return false
}

// hand writes messages of a person into an entity's log: the two talk with each other since then.
func (r *Registry) hand(tx *gorm.DB, row DM, id ID, since time.Time, messages []WaitingDM) ([]*noted, error) {
	since = since.UTC().Truncate(time.Microsecond)
	row.PartnerID, row.PartnerAt = id, &since
	if err := saveDM(tx, row); err != nil {
		return nil, err
	}
	if err := meet(tx, row.UserID, id, since); err != nil {
		return nil, err
	}
	var heard []*noted
	for _, m := range messages {
		heard = append(heard, &noted{
			Event: Event{Kind: EventDM, ChannelID: row.ChannelID, MessageID: m.MessageID, AuthorID: row.UserID, At: m.At, EntityID: id},
			to:    []Address{{EntityID: id, Reason: ByDM}},
		})
	}
	var written []*noted
	for some := range slices.Chunk(heard, handedOnce) {
		inserted, err := r.insertEvents(tx, some)
		if err != nil {
			return nil, fmt.Errorf("append a direct message to the event log: %w", err)
		}
		written = append(written, inserted...)
	}
	return written, nil
}

// readDM is a person's channel of direct messages; of one that is not known only the person.
func readDM(db *gorm.DB, user snowflake.ID) (DM, error) {
	row := DM{UserID: user}
	if err := db.Where("user_id = ?", user).Take(&row).Error; err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return DM{}, fmt.Errorf("read a person's direct messages: %w", err)
	}
	return row, nil
}

func saveDM(tx *gorm.DB, row DM) error {
	if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "user_id"}}, UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("save a person's direct messages: %w", err)
	}
	return nil
}

// openDM notes a person's channel, and nothing of whom they write to.
func (r *Registry) openDM(tx *gorm.DB, user, channel snowflake.ID) error {
	row, err := readDM(tx, user)
	if err != nil || row.ChannelID == channel {
		return err
	}
	row.ChannelID = channel
	if err := saveDM(tx, row); err != nil {
		return err
	}
	return r.beginDM(tx, row)
}
