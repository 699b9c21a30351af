package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"
)

// body reads the members of a request's body one by one, strictly: a member that is
// missing, mistyped, null or unknown is an error, and the first one is kept.
type body struct {
	members map[string]json.RawMessage
	err     error
}

// object reads the body of a request as a JSON object.
func (r *httpRequest) object() *body { return objectOf(r.body) }

func objectOf(text []byte) *body {
	b := &body{}
	if !utf8.Valid(text) {
		b.err = fmt.Errorf("expected a JSON object in UTF-8")
	} else if err := json.Unmarshal(text, &b.members); err != nil || b.members == nil {
		b.err = fmt.Errorf("expected a JSON object, got %d bytes that are none", len(text))
	}
	return b
}

// read takes a member out and decodes it.
func (b *body) read(name, kind string, required bool, v any) {
	raw, there := b.members[name]
	delete(b.members, name)
	switch {
	case b.err != nil || !there && !required:
	case !there:
		b.err = fmt.Errorf("expected %s, %s", name, kind)
	case bytes.Equal(raw, []byte("null")) || json.Unmarshal(raw, v) != nil:
		b.err = fmt.Errorf("expected %s to be %s", name, kind)
	}
}

// text is a required string, which may be empty.
func (b *body) text(name string) (s string) {
	b.read(name, "a string", true, &s)
	return s
}

// name is a required string that is neither empty nor longer than an id may be.
func (b *body) name(name string) string {
	s := b.text(name)
	if b.err == nil && (s == "" || len(s) > maxNameBytes) {
		b.err = fmt.Errorf("expected %s to have 1 to %d bytes, got %d", name, maxNameBytes, len(s))
	}
	return s
}

func (b *body) optional(name string) (s string) {
	b.read(name, "a string, or left out", false, &s)
	return s
}

// texts is a required list of strings.
func (b *body) texts(name string) []string {
	var list []*string // null would be read as an empty string
	b.read(name, "a list of strings", true, &list)
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s == nil {
			if b.err == nil {
				b.err = fmt.Errorf("expected %s to be a list of strings, got null in it", name)
			}
			return nil
		}
		out = append(out, *s)
	}
	return out
}

func (b *body) flag(name string) (v bool) {
	b.read(name, "true or false", true, &v)
	return v
}

// has reports whether a member is there that was not read yet.
func (b *body) has(name string) bool { _, there := b.members[name]; return there }

// each reads a list of objects, which may be left out.
func (b *body) each(name string, read func(*body), lenient bool) {
	var list []json.RawMessage
	b.read(name, "a list of objects, or left out", false, &list)
	for _, raw := range list {
		one := objectOf(raw)
		read(one)
		if one.finish(lenient); one.err != nil && b.err == nil {
			b.err = fmt.Errorf("in %s: %w", name, one.err)
		}
	}
}

// done is the 400 of the first thing that is wrong, or nil. It is called when every
// member of the contract has been read.
func (b *body) done(lenient bool) *Answer {
	if b.finish(lenient); b.err != nil {
		return jsonError(http.StatusBadRequest, b.err.Error())
	}
	return nil
}

// finish makes a member that nobody read an error.
func (b *body) finish(lenient bool) {
	if b.err != nil || lenient {
		return
	}
	if names := slices.Sorted(maps.Keys(b.members)); len(names) > 0 {
		b.err = fmt.Errorf("expected the members of the contract only, got %q", clip([]byte(names[0])))
	}
}

// maxNameBytes bounds the ids that callers choose: they go into tokens and headers.
const maxNameBytes = 256
