package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

var searchRoutes = []route{
	{pattern: "GET /guilds/{guild}/messages/search", serve: searchMessages},
}

// search is what a search of a guild's messages asks for.
type search struct {
	content                    string
	authors, channels, mention []ID
	least, most                ID
	kinds                      []string
	pinned, everyone           *bool
	nsfw                       bool
}

type searchView struct {
	Messages   [][]messageView `json:"messages"`
	Historical bool            `json:"doing_deep_historical_index"`
	Total      int             `json:"total_results"`
	Threads    []threadView    `json:"threads"`
	Members    []threadMember  `json:"members"`
}

// index is how far a guild's messages are indexed.
type index struct {
	asks       int // searches that still come too early
	retryAfter int
	documents  int
}

// indexView is what a search gets that comes too early (resources/message, "Search Guild
// Messages").
type indexView struct {
	Message    string `json:"message"`
	Code       int    `json:"code"`
	Documents  int    `json:"documents_indexed"`
	RetryAfter int    `json:"retry_after"`
}

// answer is what a search gets while there is no index; nil when there is one.
func (i *index) answer() *indexView {
	if i.asks == 0 {
		return nil
	}
	if i.asks > 0 {
		i.asks--
	}
	view := &indexView{Message: "Index not yet available. Try again later", Code: 110000, Documents: i.documents, RetryAfter: i.retryAfter}
	i.documents += 100
	return view
}

// Unindex lets the next asks searches of a guild come too early (below 0: all of them): they
// are answered 202, to be sent again after so many seconds.
func (d *Discord) Unindex(guild ID, asks, retryAfter int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g := d.state.guilds[guild]; g != nil {
		g.index = index{asks: asks, retryAfter: retryAfter}
	}
}

// searchMessages finds messages in the channels whose history the bot may read. Without
// the message content intent the route is closed to the application.
func searchMessages(d *Discord, c *call) (any, error) {
	g, err := d.guild(c)
	if err != nil {
		return nil, err
	}
	if d.state.app.intents&IntentMessageContent == 0 {
		return nil, refuse(50001)
	}
	if err := d.needInGuild(g, ReadMessageHistory); err != nil {
		return nil, err
	}
	q := query{c: c}
	limit, offset := q.int("limit", 25, 1, 25), q.int("offset", 0, 0, 9975)
	s := readSearch(&q)
	order := q.text("sort_order")
	if order != "" && order != "asc" && order != "desc" {
		q.add("sort_order", "BASE_TYPE_CHOICES", "Value must be one of ('asc', 'desc').")
	}
	if by := q.text("sort_by"); by != "" && by != "timestamp" && by != "relevance" {
		q.add("sort_by", "BASE_TYPE_CHOICES", "Value must be one of ('timestamp', 'relevance').")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if later := g.index.answer(); later != nil {
		return &reply{http.StatusAccepted, later}, nil
	}
	found := d.find(g, s)
	if order != "asc" {
		slices.Reverse(found)
	}
	return d.showSearch(found, limit, offset), nil
}

func readSearch(q *query) *search {
	s := &search{
		content: q.text("content"), authors: q.ids("author_id", 100), channels: q.ids("channel_id", 500),
		mention: q.ids("mentions", 100), least: q.id("min_id"), most: q.id("max_id"), kinds: q.c.URL.Query()["author_type"],
		nsfw: q.bool("include_nsfw"),
	}
	q.int("slop", 2, 0, 100) // words that may stand between; here all words of a message count
	q.length("content", s.content, 0, 1024)
	for _, kind := range s.kinds {
		if !slices.Contains([]string{"user", "bot", "webhook"}, strings.TrimPrefix(kind, "-")) {
			q.add("author_type", "BASE_TYPE_CHOICES", "Value must be one of ('user', 'bot', 'webhook') or its negation.")
		}
	}
	if q.has("pinned") {
		s.pinned = new(q.bool("pinned"))
	}
	if q.has("mention_everyone") {
		s.everyone = new(q.bool("mention_everyone"))
	}
	return s
}

// find gives what a search finds, oldest first.
func (d *Discord) find(g *guild, s *search) []*Message {
	var found []*Message
	for _, ch := range d.state.channels {
		if ch.GuildID != g.id || !d.permissions(d.state.bot.ID, ch).Has(ViewChannel|ReadMessageHistory) {
			continue
		}
		if !s.looksIn(ch) || (d.restricted(ch) && !s.nsfw) {
			continue
		}
		for _, m := range d.state.messages[ch.ID] {
			if s.fits(m) {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b *Message) int { return compareIDs(a.ID, b.ID) })
	return found
}

// looksIn says whether a search is made in a channel: naming one names the threads in it too
// (seen in undiscord #610, which finds a thread's messages by its parent and sorts out the rest).
func (s *search) looksIn(ch *Channel) bool {
	return len(s.channels) == 0 || slices.Contains(s.channels, ch.ID) || (ch.isThread() && slices.Contains(s.channels, ch.ParentID))
}

// restricted says whether a channel, or a thread's parent, is age-restricted.
func (d *Discord) restricted(ch *Channel) bool {
	if ch.isThread() {
		ch = d.state.channels[ch.ParentID]
	}
	return ch.NSFW
}

func (s *search) fits(m *Message) bool {
	text := strings.ToLower(m.Content)
	for word := range strings.FieldsSeq(strings.ToLower(s.content)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	mentioned := func(id ID) bool {
		return slices.ContainsFunc(m.Mentions, func(u User) bool { return u.ID == id })
	}
	switch {
	case m.isSystem(),
		s.least != 0 && m.ID <= s.least,
		s.most != 0 && m.ID >= s.most,
		len(s.authors) > 0 && !slices.Contains(s.authors, m.Author.ID),
		len(s.mention) > 0 && !slices.ContainsFunc(s.mention, mentioned),
		s.pinned != nil && *s.pinned != m.Pinned,
		s.everyone != nil && *s.everyone != m.MentionEveryone:
		return false
	}
	return s.fitsKind(m)
}

func (s *search) fitsKind(m *Message) bool {
	kind := "user"
	switch {
	case m.WebhookID != 0:
		kind = "webhook"
	case m.Author.Bot:
		kind = "bot"
	}
	wanted, named := false, false
	for _, k := range s.kinds {
		if k == "-"+kind {
			return false
		}
		if !strings.HasPrefix(k, "-") {
			named = true
			wanted = wanted || k == kind
		}
	}
	return wanted || !named
}

func (d *Discord) showSearch(found []*Message, limit, offset int) searchView {
	view := searchView{Messages: [][]messageView{}, Total: len(found), Threads: []threadView{}, Members: []threadMember{}}
	found = found[min(offset, len(found)):]
	seen := map[ID]bool{}
	for _, m := range found[:min(limit, len(found))] {
		shown := d.showMessage(m)
		shown.Reactions, shown.Hit = nil, true
		view.Messages = append(view.Messages, []messageView{shown})
		ch := d.state.channels[m.ChannelID]
		if !ch.isThread() || seen[ch.ID] {
			continue
		}
		seen[ch.ID] = true
		view.Threads = append(view.Threads, d.showThread(ch))
		if member := ch.member(d.state.bot.ID); member != nil {
			view.Members = append(view.Members, showThreadMember(member))
		}
	}
	return view
}
