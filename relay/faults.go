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
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Response == nil {
		return false
	}
	return refused.Response.StatusCode >= 400 && refused.Response.StatusCode < http.StatusInternalServerError
}

// word turns a refusal of Discord's into a sentence that an entity may read; other errors
// stay what they are, scrubbed of secrets.
func word(err error, where entities.Channel) error {
	name := "#" + where.Name
	refuse := func(reason entities.Reason, text string) error { return entities.Refuse(reason, "%s", text) }
	switch code(err) {
	case rest.JSONErrorCodeUnknownChannel:
		return refuse(entities.NotFound, name+" is gone.")
	case rest.JSONErrorCodeUnknownMessage:
		return refuse(entities.NotFound, "There is no such message in "+name+".")
	case rest.JSONErrorCodeUnknownEmoji:
		return refuse(entities.Invalid, "Discord does not know this emoji. Use a plain emoji, or one of that server's as name:id.")
	case rest.JSONErrorCodeMissingAccess, rest.JSONErrorCodeLackPermissionsToPerformAction:
		return refuse(entities.NotAllowed, "Discord does not let the bot do this in "+name+". An admin of that server can look at the bot's permissions there; /status names what is missing.")
	case rest.JSONErrorCodeMaximumWebhooksReached:
		return refuse(entities.Conflict, name+" has its 15 webhooks already, and entities speak through one. An admin of that server can delete one under Edit Channel, Integrations.")
	case rest.JSONErrorCodeMaximumWebhooksPerGuildReached:
		return refuse(entities.Conflict, "That server has its 1,000 webhooks already, and entities speak through one. An admin can delete one under Server Settings, Integrations.")
	case rest.JSONErrorCodeMaximumReactionsReached:
		return refuse(entities.Conflict, "This message has 20 different reactions already, which is all that Discord allows.")
	case rest.JSONErrorCodeReactionBlocked:
		return refuse(entities.NotAllowed, "The author of this message has blocked the bot, so it cannot react to it.")
	case rest.JSONErrorCodeThreadLocked:
		return refuse(entities.NotAllowed, name+" is locked. A moderator of that server can unlock it.")
	case rest.JSONErrorCodeOperationOnArchivedThread:
		return refuse(entities.NotAllowed, name+" is archived. Someone who may post there can open it again.")
	case rest.JSONErrorCodeMessageBlockedByAutomaticModeration, rest.JSONErrorCodeTitleBlockedByAutomaticModeration:
		return refuse(entities.NotAllowed, "That server's AutoMod blocked this text. Say it differently.")
	case rest.JSONErrorCodeMessageBlockedByHarmfulLinksFilter:
		return refuse(entities.NotAllowed, "Discord blocked a link in this text as harmful.")
	case rest.JSONErrorCodeTagRequiredToCreateForumPost:
		return refuse(entities.Invalid, name+" wants at least one tag on every post. list_channels shows its tags.")
	case rest.JSONErrorCodeActionCannotBePerformedDueToSlowmode, rest.JSONErrorCodeChannelWriteRateLimit:
		return refuse(entities.Unavailable, name+" is in slow mode. Try again later.")
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
	)
	switch {
	case errors.As(err, &long):
		return entities.Refuse(entities.Unavailable, "Discord is limiting the bot just now. Try again in %s.", long.Wait.Round(time.Second)+time.Second)
	case errors.As(err, &budget):
		return entities.Refuse(entities.Unavailable, "Discord refused too many requests of the bot, so it pauses until %s. Whoever runs it finds the reason in its log.", budget.Until.UTC().Format(time.TimeOnly))
	case errors.As(err, &token):
		return entities.Refuse(entities.Unavailable, "Discord refused the bot's token. Whoever runs the bot has to set a new one.")
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
