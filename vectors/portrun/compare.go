package portrun

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

func decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}

// difference says where two JSON values differ, with a JSON pointer; empty if they do
// not. Numbers are compared as numbers: 1, 1.0 and 1e0 are the same.
func difference(at string, want, got any) string {
	where := at
	if where == "" {
		where = "the value"
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		names := slices.Sorted(maps.Keys(w))
		for _, name := range names {
			at := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			value, has := g[name]
			if !has {
				return fmt.Sprintf("%s: expected %s, got nothing", at, text(w[name]))
			}
			if d := difference(at, w[name], value); d != "" {
				return d
			}
		}
		for _, name := range slices.Sorted(maps.Keys(g)) {
			if _, has := w[name]; !has {
				return fmt.Sprintf("%s/%s: expected no such member, got %s", at, name, text(g[name]))
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		for i := range min(len(w), len(g)) {
			if d := difference(at+"/"+strconv.Itoa(i), w[i], g[i]); d != "" {
				return d
			}
		}
		if len(w) != len(g) {
			return fmt.Sprintf("%s: expected %d items, got %d", where, len(w), len(g))
		}
		return ""
	case json.Number:
		if g, ok := got.(json.Number); ok && sameNumber(w, g) {
			return ""
		}
	default:
		if want == got {
			return ""
		}
	}
	// Never equal here: objects, lists and numbers that match have returned.
	return fmt.Sprintf("%s: expected %s, got %s", where, text(want), text(got))
}

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	// A number of huge exponent would be expanded, so only sizes that vectors have.
	if len(a) > 40 || len(b) > 40 || strings.ContainsAny(string(a+b), "eE") && (exponent(a) > 300 || exponent(b) > 300) {
		return false
	}
	x, okX := new(big.Rat).SetString(string(a))
	y, okY := new(big.Rat).SetString(string(b))
	return okX && okY && x.Cmp(y) == 0
}

func exponent(n json.Number) int {
	_, e, _ := strings.Cut(strings.ToLower(string(n)), "e")
	v, err := strconv.Atoi(e)
	if err != nil {
		return 0
	}
	return max(v, -v)
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(data) > 160 {
		return string(data[:157]) + "..."
	}
	return string(data)
}
