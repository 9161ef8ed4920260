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

// word turns a refusal of Discord's into a sentence that an entity may read, without names,
// which are strangers' text; other errors stay what they are, scrubbed of secrets.
func word(err error) error {
	refuse := func(reason entities.Reason, text string) error { return entities.Refuse(reason, "%s", text) }
	switch code(err) {
	case rest.JSONErrorCodeUnknownChannel:
		return refuse(entities.NotFound, "That channel is gone.")
	case rest.JSONErrorCodeUnknownMessage:
		return refuse(entities.NotFound, "There is no such message in that channel.")
	case rest.JSONErrorCodeUnknownEmoji:
		return refuse(entities.Invalid, "Discord does not know this emoji. Use a plain emoji, or one of that server's as name:id.")
	case rest.JSONErrorCodeMissingAccess, rest.JSONErrorCodeLackPermissionsToPerformAction:
		return refuse(entities.NotAllowed, "Discord does not let the bot do this in that channel. An admin of that server can look at the bot's permissions in that channel's settings.")
	case rest.JSONErrorCodeMaximumWebhooksReached:
		return refuse(entities.Conflict, "That channel has its 15 webhooks already, and entities speak through one. An admin of that server can delete one under Edit Channel, Integrations.")
	case rest.JSONErrorCodeMaximumWebhooksPerGuildReached:
		return refuse(entities.Conflict, "That server has its 1,000 webhooks already, and entities speak through one. An admin can delete one under Server Settings, Integrations.")
	case rest.JSONErrorCodeMaximumReactionsReached:
		return refuse(entities.Conflict, "This message has 20 different reactions already, which is all that Discord allows.")
	case rest.JSONErrorCodeReactionBlocked:
		return refuse(entities.NotAllowed, "The author of this message has blocked the bot, so it cannot react to it.")
	case rest.JSONErrorCodeThreadAlreadyCreatedForMessage:
		return refuse(entities.Conflict, "That message has a thread already. The thread's id is the message's own: speak there with send_message.")
	case rest.JSONErrorCodeMaximumActiveThreadsReached, rest.JSONErrorCodeMaximumActiveAnnouncementThreadsReached:
		return refuse(entities.Conflict, "That server has as many open threads as Discord allows. Speak in one of them, or wait until some are archived.")
	case rest.JSONErrorCodeCannotExecuteActionOnThisChannelType:
		return refuse(entities.Invalid, "Discord does not have this in that kind of channel. Choose a text channel.")
	case rest.JSONErrorCodeInvalidMessageType:
		return refuse(entities.Invalid, "That message is a notice by Discord itself, to which this cannot be done. Choose a message that somebody wrote.")
	case rest.JSONErrorCodeThreadLocked:
		return refuse(entities.NotAllowed, "That thread is locked. A moderator of that server can unlock it.")
	case rest.JSONErrorCodeOperationOnArchivedThread:
		return refuse(entities.NotAllowed, "That thread is archived. Someone who may post there can open it again.")
	case rest.JSONErrorCodeMessageBlockedByAutomaticModeration, rest.JSONErrorCodeTitleBlockedByAutomaticModeration:
		return refuse(entities.NotAllowed, "That server's AutoMod blocked this text. Say it differently.")
	case rest.JSONErrorCodeMessageBlockedByHarmfulLinksFilter:
		return refuse(entities.NotAllowed, "Discord blocked a link in this text as harmful.")
	case rest.JSONErrorCodeTagRequiredToCreateForumPost:
		return refuse(entities.Invalid, "That forum wants at least one tag on every post. list_channels shows its tags.")
	case rest.JSONErrorCodeActionCannotBePerformedDueToSlowmode, rest.JSONErrorCodeChannelWriteRateLimit:
		return refuse(entities.Unavailable, "That channel is in slow mode. Try again later.")
	case rest.JSONErrorCodeUnknownWebhook:
		return refuse(entities.Unavailable, webhookVanishes)
	case rest.JSONErrorCodeInvalidWebhookToken:
		return refuse(entities.Unavailable, webhookRefused)
	case rest.JSONErrorCodeInvalidFormBody:
		return refuse(entities.Invalid, "Discord does not take this as it is: something in it has a wrong form or length.")
	}
	return wordTransport(err)
}

const (
	botRefused     = "Discord refused the bot's token. Whoever runs the bot has to set a new one."
	webhookRefused = "Discord does not take the webhook through which entities speak there, though the bot read it anew. Try again in a minute. " +
		"If it stays so, an admin of that server can delete the bot's webhook under Edit Channel, Integrations; the bot then makes another."
)

// fromBot says whether the request that Discord refused had the bot's token.
func fromBot(err error) bool {
	var refused *rest.Error
	return errors.As(err, &refused) && refused.Request != nil && refused.Request.Header.Get("Authorization") != ""
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
