package entities

import "slices"

// power is what somebody holds over an entity, a guild or the instance.
type power int

const (
	everyone  power = iota + 1 // whoever is on a served server
	creator                    // admins, and whom the server's settings let create
	owner                      // of the entity
	recipient                  // to whom the entity was offered
	admin                      // Manage Server where they act; over presences there only
	moderator                  // Manage Messages or Moderate Members where they act
	operator                   // runs this instance
	itself                     // the entity, by a credential that holds
	program                    // the program itself
)

// act is one thing that the registry can be asked for: what the audit calls it, and who may.
type act struct {
	name string
	by   []power // any of them is enough
	// entity says that it is about an entity, which the actor must be able to see.
	entity bool
	// here says that it is about that entity's presence where the actor acts.
	here bool
	// anywhere says that it may be asked for outside of a served server too.
	anywhere bool
	// refusal is what those read who may not; {name} is the entity's name there.
	refusal string
}

// The acts: the whole of who may do what. What a right in a channel takes is decided by
// [Registry.Authorize] beyond it.
var (
	actLook   = act{name: "look", by: []power{everyone, program}}
	actSee    = act{name: "look", by: []power{everyone}, entity: true}
	actMine   = act{name: "look at own", by: []power{everyone}}
	actStatus = act{name: "status", by: []power{admin, operator}, refusal: "Only people with Manage Server can see this. Ask an admin of this server."}

	actCreate  = act{name: "create", by: []power{creator}, refusal: "Only people with Manage Server can create entities here. Ask an admin of this server; they can create one for you."}
	actEdit    = act{name: "edit", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can edit {name}."}
	actAdorn   = act{name: "edit here", by: []power{owner}, entity: true, here: true, refusal: "Only {name}'s owner can edit {name}."}
	actRules   = act{name: "rules", by: []power{owner}, entity: true, refusal: "Only {name}'s owner decides what {name} is and what it may say. This server's admins decide what may be said here with /settings filter."}
	actKey     = act{name: "rotate key", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can do this. The key is shown to nobody else."}
	actConnect = act{name: "connect", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can connect an AI to {name}, and see what is connected."}
	actPause   = act{name: "pause", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can pause {name} everywhere."}
	actResume  = act{name: "resume", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can resume {name}."}
	actDelete  = act{name: "delete", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can delete {name}. An admin of this server can take {name} out of this server with /entity leave."}
	actOffer   = act{name: "offer", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can give {name} to somebody else."}
	actTake    = act{name: "take over", by: []power{recipient}, entity: true, refusal: "{name} is not offered to you. Its owner can offer it with /entity transfer."}
	actRefuse  = act{name: "end offer", by: []power{recipient, owner}, entity: true, refusal: "Only the two people whom this offer is about can end it."}

	actJoin      = act{name: "join", by: []power{owner}, entity: true, refusal: "Only {name}'s owner can bring {name} to another server."}
	actAnswer    = act{name: "answer request", by: []power{admin}, entity: true, here: true, refusal: "Only people with Manage Server decide which entities come to this server. Ask an admin."}
	actLeave     = act{name: "leave", by: []power{owner, admin}, entity: true, here: true, refusal: "Only {name}'s owner or an admin of this server can take {name} out of this server."}
	actSuspend   = act{name: "pause here", by: []power{admin, moderator}, entity: true, here: true, refusal: "Only this server's admins and moderators can pause {name} here; its owner can pause it everywhere."}
	actReinstate = act{name: "resume here", by: []power{admin, moderator}, entity: true, here: true, refusal: "Only this server's admins and moderators can let {name} go on here."}
	actContinue  = act{name: "continue", by: []power{admin, moderator}, refusal: "Only this server's admins and moderators can let entities go on, or pause them."}
	actInspect   = act{name: "look at presence", by: []power{owner, admin, moderator}, entity: true, here: true, refusal: "Only {name}'s owner and this server's admins and moderators can see this."}
	actChannels  = act{name: "channels", by: []power{admin}, entity: true, here: true, refusal: "Only people with Manage Server decide in which channels {name} is. Ask an admin of this server."}
	actAbilities = act{name: "abilities", by: []power{admin}, entity: true, here: true, refusal: "Only people with Manage Server decide what {name} may do here. Ask an admin of this server."}
	actLimits    = act{name: "limits", by: []power{admin}, entity: true, here: true, refusal: "Only people with Manage Server decide how much {name} may say here. Ask an admin of this server."}

	// Lines outlive their entity's presence, and so does the right to delete them.
	actDeleteLine = act{name: "delete line", by: []power{owner, admin, moderator}, refusal: "Only the owner of the entity that said this, and this server's admins and moderators, can delete it."}

	actSettings = act{name: "settings", by: []power{admin}, refusal: "Only people with Manage Server can see and change these settings. Ask an admin of this server."}
	actAudit    = act{name: "look at audit", by: []power{admin}, refusal: "Only people with Manage Server can see this. Ask an admin of this server."}

	// About themselves people decide wherever they are.
	actPrivacy = act{name: "privacy", by: []power{everyone}, anywhere: true}
	actErase   = act{name: "erase rows", by: []power{everyone}, anywhere: true}
	actTalk    = act{name: "talk", by: []power{everyone}, anywhere: true}
	actBlock   = act{name: "block", by: []power{everyone}, anywhere: true}

	actAdmit   = act{name: "admit", by: []power{operator, program}, anywhere: true, refusal: operatorsOnly}
	actDismiss = act{name: "dismiss", by: []power{operator}, anywhere: true, refusal: operatorsOnly}
	actServers = act{name: "look at servers", by: []power{operator, program}, anywhere: true, refusal: operatorsOnly}
	actOrphans = act{name: "look at orphans", by: []power{operator}, anywhere: true, refusal: operatorsOnly}
	actAll     = act{name: "look at all entities", by: []power{operator}, anywhere: true, refusal: operatorsOnly}
	actAssign  = act{name: "assign", by: []power{operator}, anywhere: true, entity: true, refusal: operatorsOnly}
	actSwitch  = act{name: "kill switch", by: []power{operator}, anywhere: true, refusal: operatorsOnly}
	actStop    = act{name: "kill switch", by: []power{operator}, anywhere: true, entity: true, refusal: operatorsOnly}

	actBe        = act{name: "be", by: []power{itself}}
	actGo        = act{name: "leave", by: []power{itself}}
	actMarks     = act{name: "read marks", by: []power{itself}}
	actWhose     = act{name: "look whose", by: []power{itself, program}}
	actIngest    = act{name: "ingest", by: []power{program}}
	actKeep      = act{name: "keep", by: []power{program}}
	actDepart    = act{name: "bot removed", by: []power{program}}
	actArrive    = act{name: "bot added", by: []power{program}}
	actOwnerLeft = act{name: "owner left", by: []power{program}}
	actForget    = act{name: "settings forgotten", by: []power{program}}
	actOAuth     = act{name: "authorize", by: []power{program}}
	actServe     = act{name: "serve pictures", by: []power{program}}
)

const operatorsOnly = "Only the people who run this bot can do this."

func (a act) open(p power) bool { return slices.Contains(a.by, p) }
