package entities

import (
	"context"

	"gorm.io/gorm"
)

// Spend counts a thread, as a line, against the entity's limits in a guild and the turns in its
// channel, before it is opened. GiveBack, which may be called once, uncounts one that Discord
// did not open.
func (r *Registry) Spend(ctx context.Context, actor Actor, permit Permit) (giveBack func(), err error) {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return nil, err
	}
	if (permit.right != StartThread && permit.right != StartTalk) || permit.entity.ID != m.entry.ID {
		return nil, Refuse(NotAllowed, "What is counted follows from a permit of one's own to open a thread, which this is not.")
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	thread := Line{
		EntityID: permit.entity.ID, GuildID: permit.guild.ID, ChannelID: permit.channel.ID,
		Body: r.hash("thread"), State: LineSent, At: r.now().UTC(), Answered: true,
	}
	var (
		begun Begun
		undo  func()
	)
	err = r.changeLocked(ctx, func(tx *gorm.DB) error {
		// A thread is a turn among entities too: where they rest, none opens a place to go on in.
		if undo, err = r.charge(m, permit, thread.At); err != nil {
			return err
		}
		begun, err = r.saveLine(tx, thread, "", []string{""})
		return err
	}, nil)
	if err != nil {
		return nil, r.notBegun(ctx, actor, permit, undo, err)
	}
	return func() {
		undo()
		err := r.change(context.Background(), func(tx *gorm.DB) error { return dropLines(tx, "id = ?", begun.Line.ID) }, nil)
		if err != nil {
			r.log.Error("uncount a thread", "err", err)
		}
	}, nil
}

// notBegun takes back what was counted for a line that is not begun, and audits a refusal.
func (r *Registry) notBegun(ctx context.Context, actor Actor, permit Permit, undo func(), err error) error {
	if undo != nil {
		undo()
	}
	err = r.begunToRest(ctx, err)
	if IsRefusal(err, Unavailable) || IsRefusal(err, NotAllowed) {
		return r.refused(ctx, actor, permit.right.act(), "", permit.guild.ID, err)
	}
	return err
}
