package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// taught remembers what the last event of each chat was like, so that the next one that is
// like it is not worked through again: to compute every session key of an event takes
// longer than to send it.
type taught struct {
	last   map[place]lesson
	undone int // what known.undone was; another value, and nothing here counts
}

// maxTaught bounds what is remembered. Then it begins anew.
const maxTaught = 4096

type place struct{ tenant, chatID string }

// lesson is all of an event that something is learned from, beside its place.
type lesson struct {
	instance, platform, chatType                     string
	chatName, userID, userIDAlt, thread, next, guild protocol.Opt[string]
	scope                                            protocol.Opt[string]
}

func lessonOf(instance string, src *protocol.Source) lesson {
	return lesson{instance, src.Platform, src.ChatType,
		src.ChatName, src.UserID, src.UserIDAlt, src.ThreadID, src.ProspectiveThreadID, src.GuildID, src.ScopeID}
}

func (t *taught) has(at place, l lesson, undone int) bool {
	if t.undone != undone || len(t.last) >= maxTaught {
		clear(t.last)
		t.undone = undone
	}
	return t.last[at] == l
}

func (t *taught) add(at place, l lesson) {
	if t.last == nil {
		t.last = map[place]lesson{}
	}
	t.last[at] = l
}
