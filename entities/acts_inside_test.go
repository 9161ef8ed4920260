package entities

import "slices"

// Act is what the gate decides about.
type Act = act

// Words are an act's name and refusal, whether it is for people at all, and for all of them.
func (a act) Words() (name, refusal string, byPeople, byEveryone bool) {
	people := []power{everyone, creator, owner, recipient, admin, moderator, operator}
	return a.name, a.refusal, slices.ContainsFunc(people, a.open), a.open(everyone)
}

// ActVariables are all acts by the names of their variables.
func ActVariables() map[string]Act {
	return map[string]Act{
		"actLook": actLook, "actSee": actSee, "actMine": actMine, "actStatus": actStatus, "actCreate": actCreate, "actEdit": actEdit,
		"actAdorn": actAdorn, "actRules": actRules, "actKey": actKey, "actConnect": actConnect, "actOAuth": actOAuth, "actPause": actPause, "actResume": actResume, "actDelete": actDelete, "actOffer": actOffer,
		"actTake": actTake, "actRefuse": actRefuse, "actJoin": actJoin, "actAnswer": actAnswer, "actLeave": actLeave, "actSuspend": actSuspend,
		"actReinstate": actReinstate, "actContinue": actContinue, "actInspect": actInspect, "actChannels": actChannels, "actAbilities": actAbilities, "actLimits": actLimits,
		"actSettings": actSettings, "actAudit": actAudit, "actAdmit": actAdmit, "actDismiss": actDismiss, "actServers": actServers,
		"actOrphans": actOrphans, "actAll": actAll, "actAssign": actAssign, "actSwitch": actSwitch, "actStop": actStop, "actBe": actBe, "actGo": actGo, "actMarks": actMarks,
		"actWhose": actWhose, "actIngest": actIngest, "actKeep": actKeep, "actServe": actServe,
		"actDepart": actDepart, "actArrive": actArrive, "actOwnerLeft": actOwnerLeft, "actForget": actForget, "actDeleteLine": actDeleteLine,
		"actPrivacy": actPrivacy, "actErase": actErase, "actTalk": actTalk, "actBlock": actBlock,
	}
}
