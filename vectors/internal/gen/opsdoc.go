package gen

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/vectors"
)

// opsTable is the list of ops for readers, from the same signatures as the schemas.
func opsTable(files []vectors.File) []byte {
	var out bytes.Buffer
	out.WriteString("# The ops of the vectors\n\n" +
		"Generated: change the description in internal/gen and run `go generate ./vectors`. How to ask and answer is in " +
		"[docs/vectors.md](../docs/vectors.md); the JSON Schemas in [schemas/](schemas) say the same to machines. " +
		"A member whose name ends in `?` may be left out. `now` comes beside the input, in unix seconds.\n")
	groups := map[string][]string{}
	counts := map[string]int{}
	for _, f := range files {
		for _, v := range f.Cases {
			if !slices.Contains(groups[v.Op], f.Group) {
				groups[v.Op] = append(groups[v.Op], f.Group)
			}
			counts[v.Op]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ops)) {
		sig := ops[name]
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n", name, sig.doc)
		if sig.clock {
			out.WriteString("- clock: `now`\n")
		}
		fmt.Fprintf(&out, "- input: `%s`\n- value: `%s`\n", typeName(closed(sig.input)), typeName(sig.output))
		if len(sig.errors) > 0 {
			fmt.Fprintf(&out, "- errors: `%s`\n", strings.Join(sig.errors, "`, `"))
		}
		fmt.Fprintf(&out, "- vectors: %d, in %s\n", counts[name], strings.Join(groups[name], ", "))
	}
	return out.Bytes()
}

// typeName writes a schema fragment as a type that people read.
func typeName(schema any) string {
	s, _ := schema.(m)
	switch {
	case s["const"] != nil:
		return string(compact(s["const"]))
	case s["enum"] != nil:
		return alternatives(s["enum"].([]any), func(v any) string { return string(compact(v)) })
	case s["anyOf"] != nil:
		return alternatives(s["anyOf"].([]any), typeName)
	}
	switch t := s["type"].(type) {
	case []string:
		return strings.Join(t, " | ")
	case string:
		switch t {
		case "array":
			inner := typeName(s["items"])
			if strings.Contains(inner, " | ") && !strings.HasPrefix(inner, "{") {
				inner = "(" + inner + ")"
			}
			return inner + "[]"
		case "object":
			props, closedObject := s["properties"].(m)
			if !closedObject {
				return "object"
			}
			var members []string
			for _, name := range slices.Sorted(maps.Keys(props)) {
				mark := "?"
				if slices.Contains(s["required"].([]string), name) {
					mark = ""
				}
				members = append(members, name+mark+": "+typeName(props[name]))
			}
			return "{" + strings.Join(members, ", ") + "}"
		}
		return t
	}
	return "any"
}

func alternatives(values []any, name func(any) string) string {
	var out []string
	for _, v := range values {
		out = append(out, name(v))
	}
	return strings.Join(out, " | ")
}
