package commands

import "troupe/entities"

// PrivacyPanel renders what a person is shown of their choices.
func PrivacyPanel(p entities.Privacy) Shown { return privacyPanel(p).create(0) }

// EraseQuestion renders what they are asked before their rows are erased.
func EraseQuestion() Shown { return message{content: eraseQuestion}.create(0) }
