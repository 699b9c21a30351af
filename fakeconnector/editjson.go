package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

func quoted(s string) json.RawMessage {
	data, _ := json.Marshal(s)
	return data
}

// editJSON changes one member of a line, and leaves every other byte as it is. A line that
// is no JSON, or a pointer that leads nowhere, is left alone.
func editJSON(line []byte, pointer string, change func(json.RawMessage) json.RawMessage) []byte {
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	out, ok := editMember(line, names, change)
	if !ok {
		return line
	}
	return out
}

func editMember(object []byte, names []string, change func(json.RawMessage) json.RawMessage) ([]byte, bool) {
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(names[0])
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	open := int(d.InputOffset())
	last := open
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		end := int(d.InputOffset())
		if key != name {
			last = end
			continue
		}
		now := change(value)
		if len(names) > 1 {
			var ok bool
			if now, ok = editMember(value, names[1:], change); !ok {
				return nil, false
			}
		}
		if now == nil {
			// With the comma before it, or after it where it was the first.
			rest := object[end:]
			if last == open {
				rest = bytes.TrimPrefix(rest, []byte(","))
			}
			return append(object[:last:last], rest...), true
		}
		return append(append(object[:end-len(value):end-len(value)], now...), object[end:]...), true
	}
	now := change(nil)
	if len(names) > 1 || now == nil {
		return nil, false
	}
	comma := ","
	if last == open {
		comma = ""
	}
	member := fmt.Sprintf("%s%s:%s", comma, quoted(name), now)
	return append(append(object[:last:last], member...), object[last:]...), true
}
