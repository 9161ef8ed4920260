package relay

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/disgoorg/disgo/rest"

	"troupe/entities"
)

// code is Discord's JSON error code, or 0.
func code(err error) rest.JSONErrorCode {
	var refused *rest.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// definite says whether Discord answered that it did not do what was asked. Anything else (a
// timeout, a reset, a 5xx) leaves open whether it was done.
func definite(err error) bool {
	status := httpStatus(err)
	return status >= 400 && status < http.StatusInternalServerError
}

// gone says whether Discord answered that what was asked for does not exist.
func gone(err error) bool { return httpStatus(err) == http.StatusNotFound }

// hopeless says whether the same request would be refused again and again: it is wrong itself,
// or the bot lacks a right.
func hopeless(err error) bool {
	switch status := httpStatus(err); status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < http.StatusInternalServerError
	}
}

// httpStatus is the status of an answer of Discord's that refuses, or 0.
func httpStatus(err error) int {
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Response == nil {
		return 0
	}
	return refused.Response.StatusCode
}

// answers are how entities read what Discord answers, by its codes (topics/opcodes-and-status-codes),
// without names, which are strangers' text.
var answers = map[rest.JSONErrorCode]struct {
	reason entities.Reason
	text   string
}{
	rest.JSONErrorCodeUnknownChannel:                          {entities.NotFound, "That channel is gone."},
	rest.JSONErrorCodeUnknownMessage:                          {entities.NotFound, "There is no such message in that channel."},
	rest.JSONErrorCodeUnknownEmoji:                            {entities.Invalid, "Discord does not know this emoji. Use a plain emoji, or one of that server's as name:id."},
	rest.JSONErrorCodeMissingAccess:                           {entities.NotAllowed, "Discord does not let the bot do this in that channel. An admin of that server can look at the bot's permissions in that channel's settings."},
	rest.JSONErrorCodeLackPermissionsToPerformAction:          {entities.NotAllowed, "Discord does not let the bot do this in that channel. An admin of that server can look at the bot's permissions in that channel's settings."},
	rest.JSONErrorCodeMaximumWebhooksReached:                  {entities.Conflict, "That channel has its 15 webhooks already, and entities speak through one. An admin of that server can delete one under Edit Channel, Integrations."},
	rest.JSONErrorCodeMaximumWebhooksPerGuildReached:          {entities.Conflict, "That server has its 1,000 webhooks already, and entities speak through one. An admin can delete one under Server Settings, Integrations."},
	rest.JSONErrorCodeMaximumReactionsReached:                 {entities.Conflict, "This message has 20 different reactions already, which is all that Discord allows."},
	rest.JSONErrorCodeMaximumPinsReached:                      {entities.Conflict, "That channel has its 250 pinned messages already, which is all that Discord allows. Take the pin of another one away first."},
	rest.JSONErrorCodeCannotExecuteActionOnSystemMessage:      {entities.Invalid, "That message is a notice by Discord itself, to which this cannot be done. Choose a message that somebody wrote."},
	rest.JSONErrorCodeReactionBlocked:                         {entities.NotAllowed, "The author of this message has blocked the bot, so it cannot react to it."},
	rest.JSONErrorCodeThreadAlreadyCreatedForMessage:          {entities.Conflict, "That message has a thread already. The thread's id is the message's own: speak there with send_message."},
	rest.JSONErrorCodeMaximumActiveThreadsReached:             {entities.Conflict, "That server has as many open threads as Discord allows. Speak in one of them, or wait until some are archived."},
	rest.JSONErrorCodeMaximumActiveAnnouncementThreadsReached: {entities.Conflict, "That server has as many open threads as Discord allows. Speak in one of them, or wait until some are archived."},
	rest.JSONErrorCodeCannotExecuteActionOnThisChannelType:    {entities.Invalid, "Discord does not have this in that kind of channel. Choose a text channel."},
	rest.JSONErrorCodeInvalidMessageType:                      {entities.Invalid, "That message is a notice by Discord itself, to which this cannot be done. Choose a message that somebody wrote."},
	rest.JSONErrorCodeThreadLocked:                            {entities.NotAllowed, "That thread is locked. A moderator of that server can unlock it."},
	rest.JSONErrorCodeOperationOnArchivedThread:               {entities.NotAllowed, "That thread is archived. Someone who may post there can open it again."},
	rest.JSONErrorCodeMessageBlockedByAutomaticModeration:     {entities.NotAllowed, "That server's AutoMod blocked this text. Say it differently."},
	rest.JSONErrorCodeTitleBlockedByAutomaticModeration:       {entities.NotAllowed, "That server's AutoMod blocked this text. Say it differently."},
	rest.JSONErrorCodeCannotEditPollMessage:                   {entities.Invalid, "A poll cannot be edited once it stands. Delete it and ask anew."},
	rest.JSONErrorCodeInvalidChannelTypeForPollCreation:       {entities.Invalid, "Discord has no polls in that kind of channel. Choose a text channel."},
	rest.JSONErrorCodeMessageBlockedByHarmfulLinksFilter:      {entities.NotAllowed, "Discord blocked a link in this text as harmful."},
	rest.JSONErrorCodeTagRequiredToCreateForumPost:            {entities.Invalid, "That forum wants at least one tag on every post. list_channels shows its tags."},
	rest.JSONErrorCodeActionCannotBePerformedDueToSlowmode:    {entities.Unavailable, "That channel is in slow mode. Try again later."},
	rest.JSONErrorCodeChannelWriteRateLimit:                   {entities.Unavailable, "That channel is in slow mode. Try again later."},
	rest.JSONErrorCodeUnknownWebhook:                          {entities.Unavailable, webhookVanishes},
	rest.JSONErrorCodeInvalidWebhookToken:                     {entities.Unavailable, webhookRefused},
	rest.JSONErrorCodeInvalidFormBody:                         {entities.Invalid, "Discord does not take this as it is: something in it has a wrong form or length."},
}

// word turns a refusal of Discord's into a sentence that an entity may read; other errors stay
// what they are, scrubbed of secrets.
func word(err error) error {
	if known, ok := answers[code(err)]; ok {
		return entities.Refuse(known.reason, "%s", known.text)
	}
	return wordTransport(err)
}

// wordTransport words what stood between us and Discord.
func wordTransport(err error) error {
	var (
		refused *rest.Error
		long    *LongWaitError
		budget  *InvalidBudgetError
		token   *TokenRefusedError
		broken  *url.Error
		held    *HeldBackError
	)
	switch {
	case errors.As(err, &long):
		return entities.Refuse(entities.Unavailable, "Discord is limiting the bot just now. Try again in %s.", long.Wait.Round(time.Second)+time.Second)
	case errors.As(err, &budget):
		return entities.Refuse(entities.Unavailable, "Discord refused too many requests of the bot, so it pauses until %s. Whoever runs it finds the reason in its log.", budget.Until.UTC().Format(time.TimeOnly))
	case errors.As(err, &token):
		return entities.Refuse(entities.Unavailable, "%s", botRefused)
	case errors.As(err, &held):
		return held.refusal()
	case httpStatus(err) == http.StatusUnauthorized && fromBot(err) && saysToken(code(err)):
		return entities.Refuse(entities.Unavailable, "%s", botRefused)
	case httpStatus(err) == http.StatusUnauthorized && !fromBot(err):
		return entities.Refuse(entities.Unavailable, "%s", webhookRefused)
	case httpStatus(err) == http.StatusForbidden:
		return entities.Refuse(entities.NotAllowed, "Discord does not let the bot do this, and does not say why. An admin of that server can look at the bot's permissions in that channel's settings. If it is so everywhere, whoever runs the bot finds more in its log.")
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode == http.StatusTooManyRequests:
		return entities.Refuse(entities.Unavailable, "Discord is limiting the bot just now. Try again in a minute.")
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode >= http.StatusInternalServerError:
		return entities.Refuse(entities.Unavailable, "Discord has a problem just now. Try again in a minute.")
	case errors.Is(err, context.DeadlineExceeded):
		return entities.Refuse(entities.Unavailable, "Discord did not answer in time. Try again in a minute.")
	case errors.As(err, &broken):
		return entities.Refuse(entities.Unavailable, "Discord cannot be reached just now. Try again in a minute.")
	}
	if _, ok := entities.AsRefusal(err); ok {
		return err
	}
	return scrubError(err)
}
