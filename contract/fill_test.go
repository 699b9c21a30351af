package contract

import (
	"errors"
	"strings"
	"testing"
)

// A type and an encoder that disagree are found, whichever is wrong.
func TestDisagreements(t *testing.T) {
	fields := []Field{{Name: "a", Type: "string"}, {Name: "b", Type: "string[][]"}, {Name: "c", Type: "int"}}
	tests := []struct {
		line string
		err  error
		want string
	}{
		{`{"type":"x","a":"","b":[["k","v"]],"c":7}`, nil, ""},
		{`{"type":"x","a":"","b":[],"c":7}`, nil, ""},
		{`{"type":"x","b":[],"c":7}`, nil, `frame x: expected its encoder to write "a", got nothing`},
		{`{"a":"","b":[],"c":7}`, nil, `frame x: expected its encoder to write "type", got nothing`},
		{`{"type":"x","a":1,"b":[],"c":7}`, nil, `frame x: field "a": expected its encoder to write string, got 1`},
		{`{"type":"x","a":"","b":["k"],"c":7}`, nil, `frame x: field "b": expected its encoder to write string[][], got ["k"]`},
		{`{"type":"x","a":"","b":[],"c":7.5}`, nil, `frame x: field "c": expected its encoder to write int, got 7.5`},
		{`{"type":"x","a":"","b":[],"c":7,"d":true}`, nil, `frame x: expected no field "d", which its type does not have, and its encoder wrote it`},
		{`[]`, nil, "frame x: expected its encoder to write a JSON object"},
		{``, errors.New("no"), "frame x: encoding it with all fields set: no"},
	}
	for _, tt := range tests {
		got := strings.Join(disagreements("frame x", "type", fields, []byte(tt.line), tt.err), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: expected %q, got %q", tt.line, tt.want, got)
		}
	}
}
