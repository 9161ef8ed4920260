package entities_test

import (
	"bytes"
	"context"
	"image/png"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// call is a call of one method that succeeds on a stage.
type call struct {
	actor entities.Actor // the zero actor stands for Ada
	do    func(ctx context.Context, s *stage, a entities.Actor) error
	// steps says that it takes several transactions, each of which is whole.
	steps bool
}

// calls are of every method that takes an actor.
func calls(t *testing.T) map[string]call {
	var (
		owner, boss, runner = entities.Member(olivia, guild, 0), admin(mia), entities.Member(operator, guild, 0)
		upload              = encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(8, 8)) })
		second              = picture(t, 2)
		name, word          = "Ida", []string{"lady", "countess"}
	)
	type (
		ctx = context.Context
		act = entities.Actor
	)
	table := map[string]call{
		"Authorize":      {do: func(c ctx, s *stage, a act) error { return errOf(s.Authorize(c, a, entities.Post, general)) }},
		"Unknown":        {do: func(c ctx, s *stage, a act) error { return errOf(s.Unknown(c, a)) }},
		"Sees":           {do: func(c ctx, s *stage, a act) error { return errOf(s.Sees(c, a, general)) }},
		"Channels":       {do: func(c ctx, s *stage, a act) error { return errOf(s.Channels(c, a)) }},
		"ResolveChannel": {do: func(c ctx, s *stage, a act) error { _, _, err := s.ResolveChannel(c, a, "#general"); return err }},
		"Cursor":         {do: func(c ctx, s *stage, a act) error { return errOf(s.Cursor(c, a, 0, entities.ReadTo(1))) }},
		"SignSession":    {do: func(c ctx, s *stage, a act) error { return errOf(s.SignSession(c, a, "nonce")) }},
		"Position":       {do: func(c ctx, s *stage, a act) error { _, _, err := s.Position(c, a, s.cursor); return err }},
		"News":           {do: func(c ctx, s *stage, a act) error { return errOf(s.News(c, a, entities.Query{Limit: 5})) }},
		"ReadMark":       {do: func(c ctx, s *stage, a act) error { return errOf(s.ReadMark(c, a, entities.ScopeAll)) }},
		"Mark":           {do: func(c ctx, s *stage, a act) error { return s.Mark(c, a, entities.ScopeAll, entities.ReadTo(2)) }},
		"Moved":          {do: func(c ctx, s *stage, a act) error { _, _, err := s.Moved(c, a); return err }},
		"Latest":         {do: func(c ctx, s *stage, a act) error { return errOf(s.Latest(c, a)) }},
		"Acting":         {do: func(c ctx, s *stage, a act) error { return errOf(s.Acting(c, a)) }},
		"Self":           {do: func(c ctx, s *stage, a act) error { _, _, err := s.Self(c, a); return err }},
		"SpokeSince":     {do: func(c ctx, s *stage, a act) error { return errOf(s.SpokeSince(c, a, 1, []snowflake.ID{1})) }},
		"Speakers":       {do: func(c ctx, s *stage, a act) error { return errOf(s.Speakers(c, a, []snowflake.ID{1})) }},
		"ServersFor":     {do: func(c ctx, s *stage, a act) error { return errOf(s.ServersFor(c, a, entities.SearchText, "Demo")) }},
		"Reads":          {do: func(c ctx, s *stage, a act) error { return errOf(s.Reads(c, a, general)) }},
		"Readable":       {do: func(c ctx, s *stage, a act) error { _, _, err := s.Readable(c, a, guild, 0); return err }},
		"Able":           {do: func(c ctx, s *stage, a act) error { return errOf(s.Able(c, a, entities.CanSearch)) }},
		"Fellows":        {do: func(c ctx, s *stage, a act) error { return errOf(s.Fellows(c, a, guild, general)) }},
		"Reactors":       {do: func(c ctx, s *stage, a act) error { return errOf(s.Reactors(c, a, s.reads, 1)) }},
		"Begin": {do: func(c ctx, s *stage, a act) error {
			return errOf(s.Begin(c, a, s.elsewhere, entities.Draft{Key: "k", Body: "b", Parts: []string{"one", "two"}}))
		}},
		"Spend": {do: func(c ctx, s *stage, a act) error { return errOf(s.Spend(c, a, s.starts)) }},
		"Known": {do: func(c ctx, s *stage, a act) error {
			return errOf(s.Known(c, a, s.permit, entities.Draft{Key: "k", Body: "b"}))
		}},
		"Screen": {do: func(c ctx, s *stage, a act) error { return s.Screen(c, a, s.permit, entities.Said{Text: "hello"}) }},

		"MayWrite": {do: func(c ctx, s *stage, a act) error { return errOf(s.MayWrite(c, a, olivia)) }},
		"BeginDM": {do: func(c ctx, s *stage, a act) error {
			return errOf(s.BeginDM(c, a, s.writes, 4242, entities.Draft{Key: "d", Body: "b", Parts: []string{"one"}}))
		}},
		"KnownDM": {do: func(c ctx, s *stage, a act) error {
			return errOf(s.KnownDM(c, a, s.writes, 4242, entities.Draft{Key: "d", Body: "b"}))
		}},
		"Correspondence": {do: func(c ctx, s *stage, a act) error { return errOf(s.Correspondence(c, a, s.writes, 0, 5)) }},
		"Correspondents": {do: func(c ctx, s *stage, a act) error { return errOf(s.Correspondents(c, a)) }},
		"ToldBy":         {do: func(c ctx, s *stage, a act) error { return errOf(s.ToldBy(c, a, olivia)) }},
		"Exchanged":      {do: func(c ctx, s *stage, a act) error { return errOf(s.Exchanged(c, a, []snowflake.ID{1})) }},
		"Introduce":      {do: func(c ctx, s *stage, a act) error { return s.Introduce(c, a, s.writes, 4242) }},

		"Owned":    {do: func(c ctx, s *stage, a act) error { return s.Owned(c, a, s.permit, 1) }},
		"Claim":    {do: func(c ctx, s *stage, a act) error { return errOf(s.Claim(c, a, s.reacts, 2, "👍")) }},
		"Claimed":  {do: func(c ctx, s *stage, a act) error { return errOf(s.Claimed(c, a, s.unreacts, 1, "👍")) }},
		"Disclaim": {do: func(c ctx, s *stage, a act) error { return s.Disclaim(c, a, s.unreacts, 1, "👍") }},

		"Hears":     {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Hears(c, a, general)) }},
		"Inhabited": {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Inhabited(c, a, guild)) }},
		"Owners":    {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Owners(c, a, guild)) }},
		"Picture":   {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Picture(c, a, s.picture.Hash)) }},
		"Append": {actor: program, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Append(c, a, heard(message(3, general), message(4, lab))))
		}},
		"Watermarks": {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Watermarks(c, a)) }},
		"Writable":   {actor: program, do: func(c ctx, s *stage, a act) error { return s.Writable(c, a) }},
		"Unsettled": {actor: program, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Unsettled(c, a, general, map[snowflake.ID]snowflake.ID{thread: 5}))
		}},
		"Strange": {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Strange(c, a, guild)) }},
		"SetWatermarks": {actor: program, do: func(c ctx, s *stage, a act) error {
			return s.SetWatermarks(c, a, []entities.Watermark{{ChannelID: general, GuildID: guild, MessageID: 5}})
		}},
		"Land":        {actor: program, do: func(c ctx, s *stage, a act) error { return s.Land(c, a, s.line, 0, general, 2) }},
		"Start":       {actor: program, do: func(c ctx, s *stage, a act) error { return s.Start(c, a, s.line.ID) }},
		"Settle":      {actor: program, do: func(c ctx, s *stage, a act) error { return s.Settle(c, a, s.line.ID, entities.LineFailed) }},
		"Deliver":     {actor: program, do: func(c ctx, s *stage, a act) error { return s.Deliver(c, a, []entities.Line{s.line}, true) }},
		"Answered":    {actor: program, do: func(c ctx, s *stage, a act) error { return s.Answered(c, a, []int64{s.line.ID}) }},
		"OpenLines":   {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.OpenLines(c, a)) }},
		"Outcome":     {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Outcome(c, a, s.line.ID)) }},
		"Fingerprint": {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Fingerprint(c, a, "Ada", "hello")) }},
		"PersonSpoke": {actor: program, do: func(c ctx, s *stage, a act) error { return s.PersonSpoke(c, a, thread) }},
		"ReactionsGone": {actor: program, do: func(c ctx, s *stage, a act) error {
			return s.ReactionsGone(c, a, at(1), []snowflake.ID{1}, "👍", s.ids["Cat"])
		}},
		"SetOperators": {actor: program, do: func(c ctx, s *stage, a act) error { return s.SetOperators(c, a, []snowflake.ID{operator}) }},
		"Roll":         {actor: program, do: func(c ctx, s *stage, a act) error { return s.Roll(c, a, 0, 1, []snowflake.ID{other}) }},
		"Depart":       {actor: program, do: func(c ctx, s *stage, a act) error { return s.Depart(c, a, guild) }},
		"Arrive":       {actor: program, do: func(c ctx, s *stage, a act) error { return s.Arrive(c, a, gone) }},
		"OwnerLeft":    {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.OwnerLeft(c, a, guild, zoe)) }},
		"Retain":       {actor: program, steps: true, do: func(c ctx, s *stage, a act) error { return s.Retain(c, a) }},
		"Logins":       {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Logins(c, a)) }},
		"SaveLogins": {actor: program, do: func(c ctx, s *stage, a act) error {
			return s.SaveLogins(c, a, entities.Logins{All: []entities.Login{{At: at(0)}}})
		}},
		"Route": {actor: program, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Route(c, a, entities.IncomingDM{User: mia, Channel: miasDM, Message: 5, At: at(0)}))
		}},
		"Partners": {actor: program, do: func(c ctx, s *stage, a act) error { _, _, err := s.Partners(c, a, mia); return err }},
		"DMMarks":  {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.DMMarks(c, a)) }},
		"SettleDM": {actor: program, do: func(c ctx, s *stage, a act) error { return s.SettleDM(c, a, mia, 7) }},
		"LoseDMs":  {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.LoseDMs(c, a, mia, 7, 9)) }},
		"Asked":    {actor: program, do: func(c ctx, s *stage, a act) error { return s.Asked(c, a, mia, 6) }},
		"Withdraw": {actor: program, do: func(c ctx, s *stage, a act) error { return s.Withdraw(c, a, 5) }},
		"ChoosePartner": {actor: owner, do: func(c ctx, s *stage, a act) error {
			return errOf(s.ChoosePartner(c, a, s.ids["Ada"], 4242))
		}},
		"Block": {actor: owner, do: func(c ctx, s *stage, a act) error { return s.Block(c, a, s.ids["Ada"], true) }},
		"Adopt": {actor: program, do: func(c ctx, s *stage, a act) error { return s.Adopt(c, a, 4711, false) }},

		"DecodeAvatar": {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.DecodeAvatar(c, a, upload)) }},
		"Find":         {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Find(c, a, "ada")) }},
		"List":         {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.List(c, a)) }},
		"Mine":         {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Mine(c, a)) }},
		"Ranking":      {do: func(c ctx, s *stage, a act) error { return errOf(s.Ranking(c, a, guild, 7)) }},
		"Leaderboard":  {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Leaderboard(c, a, 7)) }},
		"Info":         {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Info(c, a, s.ids["Ada"])) }},
		"Profile":      {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Profile(c, a, s.ids["Ada"])) }},
		"Setup":        {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Setup(c, a, s.ids["Ada"])) }},
		"Edit": {actor: owner, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Edit(c, a, s.ids["Ada"], entities.Changes{Name: &name, Avatar: &second}))
		}},
		"Rules": {actor: owner, do: func(c ctx, s *stage, a act) error { _, _, err := s.Rules(c, a, s.ids["Ada"]); return err }},
		"SetRules": {actor: owner, do: func(c ctx, s *stage, a act) error {
			return s.SetRules(c, a, s.ids["Ada"], func(persona *string, rules *entities.Rules) error {
				*persona, rules.Words = name, word
				return nil
			})
		}},
		"EditHere": {actor: owner, do: func(c ctx, s *stage, a act) error {
			return errOf(s.EditHere(c, a, s.ids["Ada"], entities.Adornment{Name: &name, Avatar: &second, Words: &word}))
		}},
		"Pause":       {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Pause(c, a, s.ids["Ada"])) }},
		"Resume":      {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Resume(c, a, s.ids["Dee"])) }},
		"Delete":      {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Delete(c, a, s.ids["Ada"])) }},
		"MayDelete":   {actor: owner, do: func(c ctx, s *stage, a act) error { return s.MayDelete(c, a, s.ids["Ada"]) }},
		"MayOffer":    {actor: owner, do: func(c ctx, s *stage, a act) error { return s.MayOffer(c, a, s.ids["Ada"], entities.Person{ID: zoe}) }},
		"MayLeave":    {actor: owner, do: func(c ctx, s *stage, a act) error { return s.MayLeave(c, a, s.ids["Ada"]) }},
		"MayRotate":   {actor: owner, do: func(c ctx, s *stage, a act) error { return s.MayRotate(c, a, s.ids["Ada"]) }},
		"RotateKey":   {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.RotateKey(c, a, s.ids["Ada"])) }},
		"ConnectCode": {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.ConnectCode(c, a, s.ids["Ada"])) }},
		"Connections": {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Connections(c, a, s.ids["Ada"])) }},
		"Disconnect":  {actor: owner, do: func(c ctx, s *stage, a act) error { return s.Disconnect(c, a, s.ids["Ada"], "") }},
		"RegisterClient": {actor: program, do: func(c ctx, s *stage, a act) error {
			_, _, err := s.RegisterClient(c, a, entities.NewClient{Name: "n", AuthMethod: "none", Redirects: []string{"https://client.example/back"}})
			return err
		}},
		"Client":   {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Client(c, a, s.client)) }},
		"Consent":  {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Consent(c, a, s.consent)) }},
		"Exchange": {actor: program, do: func(c ctx, s *stage, a act) error { return errOf(s.Exchange(c, a, s.exchange)) }},
		"Refresh": {actor: program, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Refresh(c, a, entities.Renewal{Refresh: s.tokens.Refresh, ClientID: s.client}))
		}},
		"Revoke": {actor: program, do: func(c ctx, s *stage, a act) error { return s.Revoke(c, a, s.tokens.Access, s.client) }},
		"Offer": {actor: owner, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Offer(c, a, s.ids["Ada"], entities.Person{ID: zoe}))
		}},
		"Decline":     {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Decline(c, a, s.ids["Eve"])) }},
		"LeaveServer": {do: func(c ctx, s *stage, a act) error { return errOf(s.LeaveServer(c, a, guild)) }},
		"Leave":       {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Leave(c, a, s.ids["Ada"])) }},
		"Take": {actor: entities.Member(mia, guild, 0), do: func(c ctx, s *stage, a act) error {
			return errOf(s.Take(c, a, s.ids["Eve"]))
		}},
		"FirstKey": {actor: entities.Member(zoe, guild, 0), do: func(c ctx, s *stage, a act) error {
			return errOf(s.FirstKey(c, a, s.ids["Fay"]))
		}},
		"Privacy":    {actor: owner, do: func(c ctx, s *stage, a act) error { return errOf(s.Privacy(c, a)) }},
		"SetPrivacy": {actor: owner, do: func(c ctx, s *stage, a act) error { return s.SetPrivacy(c, a, entities.Privacy{Hidden: true}) }},
		"Erase":      {actor: owner, do: func(c ctx, s *stage, a act) error { return s.Erase(c, a) }},
		"Join": {actor: entities.Member(olivia, other, 0), do: func(c ctx, s *stage, a act) error {
			return errOf(s.Join(c, a, s.ids["Ada"], chosen(abroad)[0]))
		}},
	}
	for name, c := range adminCalls(boss, runner) {
		table[name] = c
	}
	return table
}

// adminCalls are those that admins and operators make.
func adminCalls(boss, runner entities.Actor) map[string]call {
	type (
		ctx = context.Context
		act = entities.Actor
	)
	sheriff := entities.Member(mia, guild, discord.PermissionManageMessages)
	return map[string]call{
		"MayCreate": {actor: boss, do: func(c ctx, s *stage, a act) error { return s.MayCreate(c, a) }},
		"Create": {actor: boss, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Create(c, a, entities.NewEntity{Name: "Gil", Here: chosen(general)[0], Avatar: &s.picture}))
		}},
		"Approve":    {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Approve(c, a, s.ids["Bob"])) }},
		"Reject":     {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Reject(c, a, s.ids["Bob"])) }},
		"MaySuspend": {actor: boss, do: func(c ctx, s *stage, a act) error { return s.MaySuspend(c, a, s.ids["Ada"]) }},
		"Suspend":    {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Suspend(c, a, s.ids["Ada"], time.Hour)) }},
		"Reinstate": {actor: entities.Member(mia, guild, discord.PermissionManageMessages), do: func(c ctx, s *stage, a act) error {
			return errOf(s.Reinstate(c, a, s.ids["Cat"]))
		}},
		"Resting":       {actor: sheriff, do: func(c ctx, s *stage, a act) error { return s.Resting(c, a, thread, s.rests) }},
		"Continue":      {actor: sheriff, do: func(c ctx, s *stage, a act) error { return s.Continue(c, a, thread, s.rests) }},
		"Talks":         {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Talks(c, a)) }},
		"SetTalk":       {actor: boss, do: func(c ctx, s *stage, a act) error { return s.SetTalk(c, a, lab, 60) }},
		"SpokenBy":      {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.SpokenBy(c, a, general, 1)) }},
		"MayDeleteLine": {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.MayDeleteLine(c, a, general, 1)) }},
		"LineDeleted":   {actor: boss, do: func(c ctx, s *stage, a act) error { return s.LineDeleted(c, a, s.removal) }},
		"SetChannels": {actor: boss, do: func(c ctx, s *stage, a act) error {
			return s.SetChannels(c, a, s.ids["Ada"], rules([]entities.ChosenRule{{ChosenChannel: chosen(lab)[0], Access: entities.Read}, {ChosenChannel: chosen(general)[0], Access: entities.Write}}))
		}},
		"SetCapabilities": {actor: boss, do: func(c ctx, s *stage, a act) error {
			return s.SetCapabilities(c, a, s.ids["Ada"], just([]entities.Capability{entities.CanRead}))
		}},
		"SetLimits": {actor: boss, do: func(c ctx, s *stage, a act) error {
			return s.SetLimits(c, a, s.ids["Ada"], just(entities.Limits{Minute: 3}))
		}},
		"Settings": {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Settings(c, a)) }},
		"SetSettings": {actor: boss, do: func(c ctx, s *stage, a act) error {
			return errOf(s.SetSettings(c, a, becoming(entities.Settings{HouseRules: "Be kind."})))
		}},
		"ServerRules": {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.ServerRules(c, a)) }},
		"SetServerRules": {actor: boss, do: func(c ctx, s *stage, a act) error {
			return errOf(s.SetServerRules(c, a, func(rules *entities.Rules) error { rules.Patterns = []string{"a+"}; return nil }))
		}},
		"Audits":  {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Audits(c, a)) }},
		"Count":   {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Count(c, a)) }},
		"Stopped": {actor: boss, do: func(c ctx, s *stage, a act) error { return errOf(s.Stopped(c, a)) }},

		"Operators":  {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.Operators(c, a)) }},
		"Dormant":    {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.Dormant(c, a, guild)) }},
		"Admit":      {actor: runner, do: func(c ctx, s *stage, a act) error { return s.Admit(c, a, closed) }},
		"Dismiss":    {actor: runner, do: func(c ctx, s *stage, a act) error { return s.Dismiss(c, a, guild) }},
		"Servers":    {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.Servers(c, a)) }},
		"OrphanGaps": {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.OrphanGaps(c, a)) }},
		"Orphans":    {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.Orphans(c, a)) }},
		"Everything": {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.Everything(c, a)) }},
		"Assign": {actor: runner, do: func(c ctx, s *stage, a act) error {
			return errOf(s.Assign(c, a, s.ids["Fay"], entities.Person{ID: mia}))
		}},
		"Stop":    {actor: runner, do: func(c ctx, s *stage, a act) error { return errOf(s.Stop(c, a, s.ids["Ada"], true)) }},
		"StopAll": {actor: runner, do: func(c ctx, s *stage, a act) error { return s.StopAll(c, a, true) }},
	}
}

// by is who makes a call.
func (c call) by(s *stage) entities.Actor {
	if c.actor.String() == (entities.Actor{}).String() {
		return s.ada
	}
	return c.actor
}

// errOf is the error of two results.
func errOf[T any](_ T, err error) error { return err }
