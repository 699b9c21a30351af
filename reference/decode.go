package reference

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/relaykit/relaykit/protocol"
)

// decode reads a line as a frame. It means what [protocol.Decode] means; ordinary
// inbound frames, which are nearly all that a gateway reads, take a shorter way to it,
// in one pass and without reflection. Whatever is not quite ordinary takes the long one.
func decode(line []byte) (protocol.Frame, error) {
	if f := decodeInbound(line); f != nil {
		return f, nil
	}
	return protocol.Decode(line)
}

// decodeInbound reads an inbound frame of known members with their usual types, and
// returns nil for any other line.
func decodeInbound(line []byte) *protocol.Inbound {
	if len(line) == 0 || line[0] != '{' || !json.Valid(line) || !utf8.Valid(line) {
		return nil
	}
	var f protocol.Inbound
	var kind string
	ok := eachMember(line, func(name string, value []byte) bool {
		switch name {
		case "type":
			return readText(value, &kind) && kind == string(protocol.TypeInbound)
		case "bufferId":
			return readOptional(value, &f.BufferID)
		case "event":
			return value[0] == '{' && decodeEvent(value, &f.Event)
		}
		return false
	})
	if !ok || kind == "" || f.Event.Source.ChatID == "" {
		return nil
	}
	return &f
}

func decodeEvent(data []byte, e *protocol.Event) bool {
	return eachMember(data, func(name string, value []byte) bool {
		switch name {
		case "text":
			return readText(value, &e.Text)
		case "message_type":
			return readText(value, &e.MessageType)
		case "message_id":
			return readOptional(value, &e.MessageID)
		case "reply_to_message_id":
			return readOptional(value, &e.ReplyToMessageID)
		case "source":
			e.Source = protocol.Source{} // of a name that stands twice the last one counts
			return value[0] == '{' && decodeSource(value, &e.Source)
		}
		return false
	})
}

func decodeSource(data []byte, s *protocol.Source) bool {
	return eachMember(data, func(name string, value []byte) bool {
		switch name {
		case "platform":
			return readText(value, &s.Platform)
		case "chat_id":
			return readText(value, &s.ChatID)
		case "chat_type":
			return readText(value, &s.ChatType)
		case "chat_name":
			return readOptional(value, &s.ChatName)
		case "user_id":
			return readOptional(value, &s.UserID)
		case "user_name":
			return readOptional(value, &s.UserName)
		case "thread_id":
			return readOptional(value, &s.ThreadID)
		case "chat_topic":
			return readOptional(value, &s.ChatTopic)
		case "guild_id":
			return readOptional(value, &s.GuildID)
		case "scope_id":
			return readOptional(value, &s.ScopeID)
		case "message_id":
			return readOptional(value, &s.MessageID)
		}
		return false
	})
}

// readText reads a JSON string.
func readText(value []byte, to *string) bool {
	if value[0] != '"' {
		return false
	}
	if inner := value[1 : len(value)-1]; bytes.IndexByte(inner, '\\') < 0 {
		*to = string(inner)
		return true
	}
	return json.Unmarshal(value, to) == nil
}

// readOptional reads a JSON string or null.
func readOptional(value []byte, to *protocol.Opt[string]) bool {
	if value[0] == 'n' {
		*to = protocol.Null[string]()
		return true
	}
	var s string
	if !readText(value, &s) {
		return false
	}
	*to = protocol.Some(s)
	return true
}

// eachMember calls visit with the name and the value of each member of an object, as
// long as it returns true, and reports whether it did to the end. data is known to be
// valid JSON. A name with an escape in it is not visited but ends the walk.
func eachMember(data []byte, visit func(name string, value []byte) bool) bool {
	i := skipSpace(data, 1)
	for data[i] != '}' {
		end := endOfString(data, i)
		name := data[i+1 : end-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			return false
		}
		i = skipSpace(data, end)
		i = skipSpace(data, i+1) // past the colon
		end = endOfValue(data, i)
		if !visit(string(name), bytes.TrimRight(data[i:end], " \t\r\n")) {
			return false
		}
		if i = skipSpace(data, end); data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return true
}

func skipSpace(data []byte, i int) int {
	for data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n' {
		i++
	}
	return i
}

// endOfString is the index behind the string that begins at i.
func endOfString(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// endOfValue is the index of the comma or brace behind the value that begins at i.
func endOfValue(data []byte, i int) int {
	for depth := 0; ; i++ {
		switch data[i] {
		case '"':
			i = endOfString(data, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
}
