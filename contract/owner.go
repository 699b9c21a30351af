package contract

import (
	"regexp"
	"slices"
	"strings"
)

// owner is what a table or list of fields describes.
type owner struct {
	kind string // frame, op or object
	name string
	from Side   // of a frame
	body string // request or answer, of the route that the heading names
}

// place is where a table or list stands.
type place struct {
	path  []string // the headings above it, outermost first
	under int      // the heading above it, as an index of page.headings; -1 for none
	intro cell     // the paragraph right before it
}

// owner finds what the fields at a place belong to: the frame, op, object or route that
// the heading names, or the object that the sentence before the fields names. Headings
// that only say "Fields" or "Optional items" leave it to those above them. Where nothing
// is certain it is nothing, for fields of a wrong owner are worse than none.
func (p *page) owner(at place) (owner, bool) {
	for i := len(at.path) - 1; i >= 0; i-- {
		path, h := at.path[:i+1], at.path[i]
		if _, route, ok := routeHeading(h); ok {
			if body := bodyNamed(at.intro.text); body != "" {
				return owner{kind: "object", name: bodyName(route, body), body: body}, true
			}
			return owner{}, false
		}
		if name, from, ok := frameHeading(path); ok {
			if from == "" && at.under >= 0 {
				from = p.headings[at.under].side
			}
			return owner{kind: "frame", name: name, from: from}, true
		}
		if name, ok := opHeading(path); ok {
			return owner{kind: "op", name: name}, true
		}
		object, certain := objectNamed(h)
		if certain {
			return owner{kind: "object", name: object}, true
		}
		if i == len(at.path)-1 {
			if name := introduced(at.intro); name != "" {
				return owner{kind: "object", name: name}, true
			}
		}
		if object != "" || !generic(h) {
			break
		}
	}
	return owner{}, false
}

// objects are the objects that frames hold, with the words that headings use for them.
var objects = map[string][]string{
	"descriptor": {"descriptor", "descriptors", "capability", "capabilities"},
	"source":     {"source", "sources", "sessionsource"},
	"event":      {"event", "events"},
	"forward":    {"forward", "forwards", "forwarded", "passthrough"},
	"result":     {"result", "results"},
}

func objectOf(word string) string {
	for name, words := range objects {
		if slices.Contains(words, word) {
			return name
		}
	}
	return ""
}

// objectNamed is the object that a heading names. It is certain where the heading ends
// in it ("event source"), or says nothing else ("Forwarded request", "Items of the
// event"), and not in "Where an event comes from".
func objectNamed(heading string) (name string, certain bool) {
	words := wordsOf(withoutNumber(heading))
	if n := len(words); n == 2 || n == 3 && words[2] == "body" {
		if body := bodyNamed(words[1]); body != "" && objectOf(words[0]) == "" {
			return words[0] + " " + body, true
		}
	}
	others := 0
	for i, word := range words {
		switch object := objectOf(word); {
		case object != "" && i == len(words)-1:
			return object, true
		case object != "" && name != "" && object != name:
			others++ // two of them, and neither is the last word
		case object != "":
			name = object
		case !genericWord(word):
			others++
		}
	}
	return name, name != "" && others == 0
}

// introduced is the one object that the sentence before a table names in backticks: "The
// object under `source`:".
func introduced(intro cell) string {
	found := ""
	for _, code := range intro.codes {
		name := objectOf(code)
		if name == "" || name != code {
			continue
		}
		if found != "" && found != name {
			return ""
		}
		found = name
	}
	return found
}

// generic reports whether a heading says nothing about whose fields stand below it.
func generic(heading string) bool {
	for _, word := range wordsOf(withoutNumber(heading)) {
		if !genericWord(word) {
			return false
		}
	}
	return true
}

var genericWords = strings.Fields(`a all always an and are attribute be body chat common conditional data definition detail
	field for format frame general in inbound is it item its json key may member message normalised normalized not
	null nullable object of on optional other outbound overview payload present properties property reference relay
	request required schema sent session set shape structure table that the there they to type when which wire with`)

func genericWord(word string) bool {
	return isNumber(word) || slices.Contains(genericWords, word) || slices.Contains(genericWords, strings.TrimSuffix(word, "s"))
}

var routeText = regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE) (/\S*?)[:,.]?(?:\s|$)`)

// routeHeading reads a heading such as "2.1 POST /relay/provision".
func routeHeading(heading string) (method, path string, ok bool) {
	m := routeText.FindStringSubmatch(withoutNumber(heading))
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// bodyNamed tells the request of a route from its answer, by the words before its fields.
func bodyNamed(s string) string {
	words := wordsOf(s)
	if len(words) == 0 {
		return ""
	}
	switch words[0] {
	case "request", "body", "takes", "send":
		return "request"
	case "answer", "response", "reply", "returns", "gives":
		return "answer"
	}
	return ""
}

// bodyName is the name of a route's body as an object: "provision request".
func bodyName(path, body string) string {
	return path[strings.LastIndex(path, "/")+1:] + " " + body
}
