package sandbox

import "net/http"

// refusals are Discord's JSON error codes with their HTTP status and words
// (topics/opcodes-and-status-codes, "JSON Error Codes"; the words as the API sends them).
var refusals = map[int]apiError{
	10003:  {Status: http.StatusNotFound, Message: "Unknown Channel"},
	10004:  {Status: http.StatusNotFound, Message: "Unknown Guild"},
	10007:  {Status: http.StatusNotFound, Message: "Unknown Member"},
	10008:  {Status: http.StatusNotFound, Message: "Unknown Message"},
	10011:  {Status: http.StatusNotFound, Message: "Unknown Role"},
	10013:  {Status: http.StatusNotFound, Message: "Unknown User"},
	10014:  {Status: http.StatusBadRequest, Message: "Unknown Emoji"},
	10015:  {Status: http.StatusNotFound, Message: "Unknown Webhook"},
	10087:  {Status: http.StatusNotFound, Message: "Unknown Tag"},
	20016:  {Status: http.StatusTooManyRequests, Message: "This action cannot be performed due to slowmode rate limit."},
	30003:  {Status: http.StatusBadRequest, Message: "Maximum number of pins reached (250)"},
	30007:  {Status: http.StatusBadRequest, Message: "Maximum number of webhooks reached (15)"},
	30010:  {Status: http.StatusForbidden, Message: "Maximum number of reactions reached (20)"},
	30058:  {Status: http.StatusBadRequest, Message: "Maximum number of webhooks per guild reached (1000)"},
	40067:  {Status: http.StatusBadRequest, Message: "A tag is required to create a forum post in this channel"},
	50001:  {Status: http.StatusForbidden, Message: "Missing Access"},
	50003:  {Status: http.StatusBadRequest, Message: "Cannot execute action on a DM channel"},
	50005:  {Status: http.StatusForbidden, Message: "Cannot edit a message authored by another user"},
	50006:  {Status: http.StatusBadRequest, Message: "Cannot send an empty message"},
	50007:  {Status: http.StatusForbidden, Message: "Cannot send messages to this user"},
	50008:  {Status: http.StatusBadRequest, Message: "Cannot send messages in a non-text channel"},
	50013:  {Status: http.StatusForbidden, Message: "Missing Permissions"},
	50016:  {Status: http.StatusBadRequest, Message: "You can only bulk delete between 2 and 100 messages."},
	50021:  {Status: http.StatusForbidden, Message: "Cannot execute action on a system message"},
	50024:  {Status: http.StatusBadRequest, Message: "Cannot execute action on this channel type"},
	50027:  {Status: http.StatusUnauthorized, Message: "Invalid Webhook Token"},
	50033:  {Status: http.StatusBadRequest, Message: "Invalid Recipient(s)"},
	50034:  {Status: http.StatusBadRequest, Message: "You can only bulk delete messages that are under 14 days old."},
	50068:  {Status: http.StatusBadRequest, Message: "Invalid message type"},
	50081:  {Status: http.StatusBadRequest, Message: "Invalid sticker sent"},
	50083:  {Status: http.StatusBadRequest, Message: "Thread is archived"},
	50278:  {Status: http.StatusForbidden, Message: "Cannot send messages to this user due to having no mutual guilds"},
	160002: {Status: http.StatusBadRequest, Message: "You cannot reply without permission to read message history"},
	160004: {Status: http.StatusBadRequest, Message: "A thread has already been created for this message"},
	160005: {Status: http.StatusBadRequest, Message: "Thread is locked"},
	160014: {Status: http.StatusBadRequest, Message: "You cannot forward a message whose content you cannot read"},
	200000: {Status: http.StatusBadRequest, Message: "Message was blocked by automatic moderation"},
	200001: {Status: http.StatusBadRequest, Message: "Title was blocked by automatic moderation"},
	220001: {Status: http.StatusBadRequest, Message: "Webhooks posted to forum channels must have a thread_name or thread_id"},
	220002: {Status: http.StatusBadRequest, Message: "Webhooks posted to forum channels cannot have both a thread_name and thread_id"},
	220003: {Status: http.StatusBadRequest, Message: "Webhooks can only create threads in forum channels"},
	240000: {Status: http.StatusBadRequest, Message: "Message blocked by harmful links filter"},
	520001: {Status: http.StatusBadRequest, Message: "Poll expired"},
	520003: {Status: http.StatusBadRequest, Message: "Cannot edit a poll message"},
	520004: {Status: http.StatusBadRequest, Message: "Cannot use an emoji included with the poll"},
	520006: {Status: http.StatusBadRequest, Message: "Cannot expire a non-poll message"},
	520007: {Status: http.StatusBadRequest, Message: "Poll is already expired"},
}

// refuse is the refusal with one of Discord's codes.
func refuse(code int) error { return refuseWith(refusals[code].Status, code) }

// refuseWith is refuse for a route that has another status for a code.
func refuseWith(status, code int) error {
	e := refusals[code]
	e.Status, e.Code = status, code
	return &e
}
