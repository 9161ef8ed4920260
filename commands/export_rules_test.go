package commands

import (
	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// Ruled renders what became of an entity's rules.
func Ruled(name string, changed bool, persona string, rules entities.Rules) Shown {
	return ruled{name: name, persona: changed, mute: persona == "", rules: rules}.message().create(0)
}

// RulesForms are those of /entity rules and of /settings filter.
func RulesForms(name, persona string, rules entities.Rules) []discord.ModalCreate {
	t := typedRules(rules)
	t.persona = persona
	return []discord.ModalCreate{
		rulingForm("/rules/form/token", draft{entity: entities.Entity{Name: name}, typed: t}), filterForm("/filter/form/token", draft{typed: t}),
	}
}
