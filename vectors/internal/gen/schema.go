package gen

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// op is the signature of a function that vectors call. input and output are JSON Schema
// fragments; the members of input whose name ends in ? may be left out.
type op struct {
	doc    string
	clock  bool // the case carries `now`
	input  map[string]any
	output any
	errors []string
}

// The fragments that signatures are made of.
var (
	str     = m{"type": "string"}
	boolean = m{"type": "boolean"}
	integer = m{"type": "integer"}
	object  = m{"type": "object"}
	anyJSON = m{}
	strs    = list(str)
	hex64   = m{"type": "string", "pattern": "^[0-9a-f]{64}$"}
)

func list(item any) m            { return m{"type": "array", "items": item} }
func enum(values ...any) m       { return m{"enum": values} }
func either(options ...any) m    { return m{"anyOf": options} }
func withDoc(a m, text string) m { b := maps.Clone(a); b["description"] = text; return b }

// closed is an object with exactly these members.
func closed(members m) m {
	props := m{}
	required := []string{}
	for name, schema := range members {
		if n := len(name) - 1; name[n] == '?' {
			props[name[:n]] = schema
			continue
		}
		props[name] = schema
		required = append(required, name)
	}
	slices.Sort(required)
	return m{"type": "object", "properties": props, "required": required, "additionalProperties": false}
}

// schema is the JSON Schema of the group's file.
func (g *group) schema() ([]byte, error) {
	used := map[string]bool{}
	for _, d := range g.cases {
		used[d.op] = true
	}
	var perOp []any
	names := slices.Sorted(maps.Keys(used))
	for _, name := range names {
		sig := ops[name]
		outcome := m{"required": []string{"expected"}, "properties": m{"expected": sig.output}, "not": m{"required": []string{"error"}}}
		outcomes := []any{outcome}
		if len(sig.errors) > 0 {
			outcomes = append(outcomes, m{"required": []string{"error"}, "properties": m{"error": m{"enum": sig.errors}}, "not": m{"required": []string{"expected"}}})
		}
		clock := m{"not": m{"required": []string{"now"}}}
		if sig.clock {
			clock = m{"required": []string{"now"}}
		}
		perOp = append(perOp, m{
			"if": m{"properties": m{"op": m{"const": name}}},
			"then": m{"description": sig.doc, "properties": m{"input": closed(sig.input)},
				"allOf": []any{clock, m{"oneOf": outcomes}}},
		})
	}
	kebab := m{"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
	kase := closed(m{
		"id": kebab, "rule": m{"type": "string", "pattern": "^[a-z][a-z-]*/[a-z0-9-]+$"}, "op": m{"enum": names}, "cause": kebab,
		"since?": m{"type": "string", "pattern": "^20[0-9]{2}-[0-9]{2}(-[0-9]{2})?$"}, "now?": integer, "input": object,
		"signing_string?": str, "expected?": anyJSON, "error?": kebab, "comment": m{"type": "string", "minLength": 1},
		"flags?": m{"type": "array", "items": kebab, "uniqueItems": true, "minItems": 1}, "recorded?": anyJSON,
		"source?": closed(m{"file": str, "name": str, "adapted?": str}),
	})
	kase["allOf"] = perOp
	s := closed(m{
		"$schema": str, "group": m{"const": g.name}, "version": m{"type": "string", "pattern": "^[0-9]+\\.[0-9]+$"},
		"description": m{"type": "string", "minLength": 1}, "flags": m{"type": "object", "additionalProperties": m{"type": "string", "minLength": 1}},
		"cases": m{"type": "array", "minItems": 1, "items": m{"$ref": "#/$defs/case"}},
	})
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "relaykit vectors: " + g.name
	s["$defs"] = m{"case": kase}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, err
	}
	return ascii(b.Bytes()), nil
}
