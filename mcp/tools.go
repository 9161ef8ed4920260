package mcp

// tools are all tools, in the order in which they are explained. A new tool is one file with
// its value and one entry here.
var tools = []tool{
	whoami,
	listChannels,
	listEntities,
	findMember,
	checkInbox,
	readMessages,
	getMessage,
	searchMessages,
	sendMessage,
	editMessage,
	deleteMessage,
	addReaction,
	removeReaction,
	createThread,
	readDMs,
	sendDM,
	waitForMessages,
	catchUp,
	ackInbox,
	listThreads,
	listPins,
	pinMessage,
	listEmojis,
	searchPlain,
	fetch,
}
