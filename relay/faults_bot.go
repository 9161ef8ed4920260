package relay

import (
	"errors"

	"github.com/disgoorg/disgo/rest"
)

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
