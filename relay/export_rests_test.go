package relay

// ByPerson says whether a person said a message.
var ByPerson = byPerson
