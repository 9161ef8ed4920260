package commands

import (
	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// RestPost renders what admins are told when entities begin to rest.
func RestPost(of entities.Rest) Shown { return restPost(of).create(0) }

// LoopForm is the form of /settings loop.
func LoopForm(now entities.Loop) discord.ModalCreate { return loopForm(now) }
