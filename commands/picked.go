package commands

import (
	"github.com/disgoorg/disgo/discord"
)

// picked is the one value that was chosen from a menu of texts. It can be forged.
func (i *interaction) picked() (string, error) {
	if in, ok := i.Interaction.(discord.ComponentInteraction); ok {
		if data, ok := in.Data.(discord.StringSelectMenuInteractionData); ok && len(data.Values) == 1 {
			return data.Values[0], nil
		}
	}
	return "", errOdd
}

// pickedUser is the one person who was chosen from a menu, as Discord knows them.
func (i *interaction) pickedUser() (discord.User, error) {
	if in, ok := i.Interaction.(discord.ComponentInteraction); ok {
		if data, ok := in.Data.(discord.UserSelectMenuInteractionData); ok && len(data.Values) == 1 {
			if user, known := data.Resolved.Users[data.Values[0]]; known && user.ID == data.Values[0] {
				return user, nil
			}
		}
	}
	return discord.User{}, errOdd
}
