package relay

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of a poll (Discord: resources/poll).
const (
	MaxQuestion  = 300 // characters
	MaxAnswer    = 55  // characters
	MaxAnswers   = 10
	MaxPollHours = 32 * 24
)

// resultsTime is how long Discord may take to tell how a poll stands.
const resultsTime = 10 * time.Second

var (
	errWordsForPosts = &entities.Refusal{Reason: entities.Invalid, Text: "That channel is a forum, where this does not open a post: name one of its posts as the channel, or open one with send_message."}
	errNoPoll        = &entities.Refusal{Reason: entities.Invalid, Text: "That message has no poll. read_messages shows which ones have."}
	errNoResults     = &entities.Refusal{Reason: entities.Unavailable, Text: "Discord does not tell how that poll stands just now. Try again in a moment."}
)

// Poll is what an entity asks: people vote on Discord, and nobody can change it any more.
type Poll struct {
	Question string // 1 to [MaxQuestion] characters
	Answers  []string
	Multiple bool // several answers can be chosen
	Hours    int  // 1 to [MaxPollHours]
}

// create words a poll as Discord takes it, or says what is wrong with it.
func (p *Poll) create() (*discord.PollCreate, error) {
	question := oneLine(p.Question)
	if n := utf8.RuneCountInString(question); n < 1 || n > MaxQuestion {
		return nil, entities.Refuse(entities.Invalid, "question has %d characters; a poll's question has 1 to %d. Nothing was sent.", n, MaxQuestion)
	}
	if n := len(p.Answers); n < 1 || n > MaxAnswers {
		return nil, entities.Refuse(entities.Invalid, "There are %d answers; a poll has 1 to %d. Nothing was sent.", n, MaxAnswers)
	}
	if p.Hours < 1 || p.Hours > MaxPollHours {
		return nil, entities.Refuse(entities.Invalid, "A poll is open for 1 to %d hours.", MaxPollHours)
	}
	poll := discord.NewPollCreate(question).WithDuration(p.Hours).WithAllowMultiselect(p.Multiple).WithLayoutType(discord.PollLayoutTypeDefault)
	for i, answer := range p.Answers {
		answer = oneLine(answer)
		if n := utf8.RuneCountInString(answer); n < 1 || n > MaxAnswer {
			return nil, entities.Refuse(entities.Invalid, "Answer %d has %d characters; an answer has 1 to %d. Nothing was sent.", i+1, n, MaxAnswer)
		}
		poll = poll.AddAnswer(answer, nil)
	}
	return &poll, nil
}

func oneLine(s string) string { return flat(strings.ToValidUTF8(s, "\uFFFD")) }

// read is what people read in a poll.
func (p *Poll) read() []string {
	if p == nil {
		return nil
	}
	return append([]string{p.Question}, p.Answers...)
}

// told is by which a message is known again: its text, or of one without any what its poll asks.
func told(content string, question *discord.PollMedia) string {
	if content == "" && question != nil && question.Text != nil {
		return "poll: " + *question.Text
	}
	return content
}

// PollStanding is how a poll stands. Who voted is not told.
type PollStanding struct {
	Guild    snowflake.ID
	Author   Author
	Question string
	Answers  []PollAnswer
	Multiple bool
	Ends     time.Time // zero when Discord does not say
	// Final says that it is over and every vote counted; before that the numbers may be a little off.
	Final bool
	Link  string
}

// PollAnswer is one answer with its votes.
type PollAnswer struct {
	Text  string
	Votes int
}

// PollResults tells how the poll of a message stands.
func (r *Relay) PollResults(ctx context.Context, actor entities.Actor, channel, message snowflake.ID) (PollStanding, error) {
	ctx, cancel := context.WithTimeout(onBehalf(ctx, actor), resultsTime)
	defer cancel()
	permit, err := r.Authorize(ctx, actor, entities.SeePoll, channel)
	if err != nil {
		return PollStanding{}, err
	}
	if !permit.Channel().HoldsMessages() {
		return PollStanding{}, errNoMessage
	}
	m, err := r.whole(ctx, channel, message)
	if err != nil {
		return PollStanding{}, word(err)
	}
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.SeePoll, channel); err != nil {
		return PollStanding{}, err
	}
	if !r.shows(m.Author.ID) {
		return PollStanding{}, errNoMessage
	}
	if m.Poll == nil {
		return PollStanding{}, errNoPoll
	}
	shown, err := r.present(ctx, actor, permit.Guild().ID, r.veil([]discord.Message{m}))
	if err != nil {
		return PollStanding{}, err
	}
	if len(shown) != 1 {
		return PollStanding{}, errNoMessage
	}
	return standingOf(*m.Poll, shown[0])
}

func standingOf(poll discord.Poll, shown Message) (PollStanding, error) {
	if poll.Results == nil {
		return PollStanding{}, errNoResults
	}
	standing := PollStanding{
		Guild: shown.GuildID, Author: shown.Author, Question: mediaText(poll.Question), Multiple: poll.AllowMultiselect,
		Final: poll.Results.IsFinalized, Link: shown.Link,
	}
	if poll.Expiry != nil {
		standing.Ends = *poll.Expiry
	}
	votes := votesOf(poll)
	for i, answer := range poll.Answers {
		standing.Answers = append(standing.Answers, PollAnswer{Text: mediaText(answer.PollMedia), Votes: votes[answerID(answer, i)]})
	}
	return standing, nil
}

// votesOf counts a poll's votes by the ids of its answers; what has none is left out.
func votesOf(poll discord.Poll) map[int]int {
	votes := map[int]int{}
	if poll.Results != nil {
		for _, count := range poll.Results.AnswerCounts {
			votes[count.ID] = count.Count
		}
	}
	return votes
}

// answerID is the id of a poll's answer: Discord numbers them from 1 when it does not say.
func answerID(answer discord.PollAnswer, i int) int {
	if answer.AnswerID != nil {
		return *answer.AnswerID
	}
	return i + 1
}
