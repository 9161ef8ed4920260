package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Discord's limits for polls (resources/poll, "Poll Create Request Object").
const (
	mostPollAnswers  = 10
	longestQuestion  = 300
	longestAnswer    = 55
	usualPollHours   = 24
	longestPollHours = 32 * 24
	defaultLayout    = 1
)

// pollForm is the poll of a body that makes a message.
type pollForm struct {
	Question pollMedia `json:"question"`
	Answers  []struct {
		Media *pollMedia `json:"poll_media"`
	} `json:"answers"`
	Duration         *int  `json:"duration"`
	AllowMultiselect *bool `json:"allow_multiselect"`
	LayoutType       *int  `json:"layout_type"`
}

type pollMedia struct {
	Text  *string    `json:"text"`
	Emoji *pollEmoji `json:"emoji"`
}

type pollEmoji struct {
	ID   *ID     `json:"id"`
	Name *string `json:"name"`
}

// check notes what Discord does not take of a poll.
func (p *pollForm) check(f *form) {
	p.Question.check(f, "poll.question", longestQuestion)
	switch n := len(p.Answers); {
	case n == 0:
		f.required("poll.answers")
	case n > mostPollAnswers:
		f.add("poll.answers", "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between 1 and %d in length.", mostPollAnswers))
	}
	for i, answer := range p.Answers {
		at := fmt.Sprintf("poll.answers.%d.poll_media", i)
		if answer.Media == nil {
			f.required(at)
			continue
		}
		answer.Media.check(f, at, longestAnswer)
	}
	if p.Duration != nil {
		f.number("poll.duration", *p.Duration, 1, longestPollHours)
	}
	if p.LayoutType != nil && *p.LayoutType != defaultLayout {
		f.add("poll.layout_type", "BASE_TYPE_CHOICES", "Value must be one of (1,).")
	}
}

func (m *pollMedia) check(f *form, at string, most int) {
	if m.Text == nil {
		f.required(at + ".text")
		return
	}
	f.length(at+".text", *m.Text, 1, most)
}

// Poll is the poll of a message as it is kept.
type Poll struct {
	Question    string
	Answers     []PollAnswer
	Expiry      time.Time
	Multiselect bool
	// Ended says that it was ended before its time.
	Ended bool
}

// PollAnswer is one answer of a poll, and who voted for it. Its id is its place, from 1.
type PollAnswer struct {
	Text  string
	Emoji *Emoji
	Users []ID
}

// newPoll makes a form's poll.
func (d *Discord) newPoll(form *pollForm) (*Poll, error) {
	hours := usualPollHours
	if form.Duration != nil {
		hours = *form.Duration
	}
	p := &Poll{
		Question: *form.Question.Text, Expiry: d.now().Add(time.Duration(hours) * time.Hour),
		Multiselect: form.AllowMultiselect != nil && *form.AllowMultiselect,
	}
	for _, answer := range form.Answers {
		one := PollAnswer{Text: *answer.Media.Text}
		if given := answer.Media.Emoji; given != nil {
			emoji, ok := d.pollEmoji(given)
			if !ok {
				return nil, refuse(520004)
			}
			one.Emoji = &emoji
		}
		p.Answers = append(p.Answers, one)
	}
	return p, nil
}

func (d *Discord) pollEmoji(given *pollEmoji) (Emoji, bool) {
	switch {
	case given.ID != nil:
		return d.emoji("poll:" + given.ID.String())
	case given.Name != nil:
		return d.emoji(*given.Name)
	default:
		return Emoji{}, false
	}
}

// over says whether nobody can vote any more. The final tally is at once here.
func (p *Poll) over(now time.Time) bool { return p.Ended || !now.Before(p.Expiry) }

func (p *Poll) snapshot() *Poll {
	if p == nil {
		return nil
	}
	copied := *p
	copied.Answers = slices.Clone(p.Answers)
	for i := range copied.Answers {
		copied.Answers[i].Users = slices.Clone(copied.Answers[i].Users)
	}
	return &copied
}

// pollView is a poll as a message shows it.
type pollView struct {
	Question    pollMediaView    `json:"question"`
	Answers     []pollAnswerView `json:"answers"`
	Expiry      string           `json:"expiry"`
	Multiselect bool             `json:"allow_multiselect"`
	Layout      int              `json:"layout_type"`
	Results     pollResults      `json:"results"`
}

type pollMediaView struct {
	Text  string `json:"text"`
	Emoji *Emoji `json:"emoji,omitempty"`
}

type pollAnswerView struct {
	ID    int           `json:"answer_id"`
	Media pollMediaView `json:"poll_media"`
}

// pollResults count the votes. An answer without any is left out (resources/poll, "Poll Results
// Object").
type pollResults struct {
	Finalized bool        `json:"is_finalized"`
	Counts    []pollCount `json:"answer_counts"`
}

type pollCount struct {
	ID      int  `json:"id"`
	Count   int  `json:"count"`
	MeVoted bool `json:"me_voted"` // apps cannot vote
}

func (p *Poll) view(now time.Time) *pollView {
	if p == nil {
		return nil
	}
	view := &pollView{
		Question: pollMediaView{Text: p.Question}, Answers: []pollAnswerView{}, Expiry: stamp(p.Expiry), Multiselect: p.Multiselect,
		Layout: defaultLayout, Results: pollResults{Finalized: p.over(now), Counts: []pollCount{}},
	}
	for i, answer := range p.Answers {
		view.Answers = append(view.Answers, pollAnswerView{i + 1, pollMediaView{answer.Text, answer.Emoji}})
		if n := len(answer.Users); n > 0 {
			view.Results.Counts = append(view.Results.Counts, pollCount{ID: i + 1, Count: n})
		}
	}
	return view
}

// pollVoteEvent is MESSAGE_POLL_VOTE_ADD and MESSAGE_POLL_VOTE_REMOVE.
type pollVoteEvent struct {
	UserID    ID  `json:"user_id"`
	ChannelID ID  `json:"channel_id"`
	MessageID ID  `json:"message_id"`
	GuildID   ID  `json:"guild_id,omitzero"`
	AnswerID  int `json:"answer_id"`
}

var errBotVotes = errors.New("apps are not allowed to vote on polls")

// Vote makes the named answers a user's votes in a poll, by their ids from 1; none takes the
// votes back. Sends MESSAGE_POLL_VOTE_ADD and MESSAGE_POLL_VOTE_REMOVE.
func (d *Discord) Vote(user, channel, message ID, answers ...int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := d.mayVote(user, channel, message, answers)
	if err != nil {
		return fmt.Errorf("vote as %s on %s: %w", user, message, err)
	}
	for i := range m.Poll.Answers {
		answer := &m.Poll.Answers[i]
		had, has := slices.Contains(answer.Users, user), slices.Contains(answers, i+1)
		event := pollVoteEvent{UserID: user, ChannelID: channel, MessageID: message, GuildID: m.GuildID, AnswerID: i + 1}
		switch {
		case has && !had:
			answer.Users = append(answer.Users, user)
			d.dispatch(m.GuildID, m.ChannelID, pollIntent(m.GuildID), "MESSAGE_POLL_VOTE_ADD", event)
		case had && !has:
			answer.Users = slices.DeleteFunc(answer.Users, func(id ID) bool { return id == user })
			d.dispatch(m.GuildID, m.ChannelID, pollIntent(m.GuildID), "MESSAGE_POLL_VOTE_REMOVE", event)
		}
	}
	return nil
}

func (d *Discord) mayVote(user, channel, message ID, answers []int) (*Message, error) {
	ch, m, u := d.state.channels[channel], d.message(channel, message), d.state.users[user]
	switch {
	case ch == nil || u == nil || !d.permissions(user, ch).Has(ViewChannel|ReadMessageHistory):
		return nil, refuse(50001)
	case m == nil || m.Poll == nil:
		return nil, refuse(10008)
	case u.Bot:
		return nil, errBotVotes
	case m.Poll.over(d.now()):
		return nil, refuse(520001)
	case len(answers) > 1 && !m.Poll.Multiselect,
		slices.ContainsFunc(answers, func(id int) bool { return id < 1 || id > len(m.Poll.Answers) }):
		return nil, invalid("answer_ids", "POLL_INVALID_ANSWERS", "These answers cannot be chosen.")
	}
	return m, nil
}

// EndPoll ends a poll before its time. Sends MESSAGE_UPDATE, which is no edit. The notice that
// Discord posts about the outcome is not imitated.
func (d *Discord) EndPoll(channel, message ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.message(channel, message)
	switch {
	case m == nil:
		return fmt.Errorf("end the poll %s: %w", message, refuse(10008))
	case m.Poll == nil:
		return fmt.Errorf("end the poll %s: %w", message, refuse(520006))
	case m.Poll.over(d.now()):
		return fmt.Errorf("end the poll %s: %w", message, refuse(520007))
	}
	m.Poll.Ended, m.Poll.Expiry = true, d.now()
	d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_UPDATE", messageEvent{m, false})
	return nil
}

func pollIntent(guild ID) Intents {
	if guild == 0 {
		return IntentDirectPolls
	}
	return IntentGuildPolls
}

// WithPoll asks something by the message, whose content may then be empty.
func WithPoll(question string, multiselect bool, answers ...string) SayOption {
	return func(s *saying) {
		poll := &pollForm{Question: pollMedia{Text: &question}, AllowMultiselect: &multiselect}
		for _, text := range answers {
			poll.Answers = append(poll.Answers, struct {
				Media *pollMedia `json:"poll_media"`
			}{&pollMedia{Text: &text}})
		}
		s.form.Poll = field[*pollForm]{Set: true, Value: poll}
	}
}
