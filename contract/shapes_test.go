package contract

import (
	"fmt"
	"strings"
	"testing"
)

// Frames that no table describes are read from the JSON in bullets and from headings.
func TestFramesOutsideOfTables(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"JSON first", "- `{\"type\": \"hello\", \"platform\": \"discord\", \"botId\": \"1\"}` gateway → connector\n", "hello gateway platform botId"},
		{"JSON last", "- Gateway → connector, on shutdown: `{\"type\":\"going_idle\"}`\n", "going_idle gateway"},
		{"a name before it", "* `inbound`: `{\"type\":\"inbound\",\"event\":{...},\"bufferId\"?:\"...\"}` (connector -> gateway)\n", "inbound connector event bufferId?"},
		{"side in the heading", "# From the connector to the gateway\n\n- `{\"type\":\"going_idle_ack\"}`\n", "going_idle_ack connector"},
		{"a heading with a direction", "# Messages\n\n## 2.1 inbound_ack (gateway → connector)\n\nx\n", "inbound_ack gateway"},
		{"a heading in a part about one side", "# Frames\n\n## Sent by the gateway\n\n### going_idle\n", "going_idle gateway"},
		{"no side anywhere", "- `{\"type\":\"hello\"}`\n", "hello "},
		{"other JSON", "- `{\"name\":\"x\"}` gateway\n", ""},
		{"JSON in a sentence", "The body is `{\"type\":\"message\"}`.\n", ""},
		{"a heading elsewhere", "# Words\n\n## hello\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := Parse("doc.md", []byte(tt.doc))
			var got []string
			for _, f := range m.Frames {
				got = append(got, strings.TrimRight(fmt.Sprintf("%s %s %s", f.Type, f.From, strings.Join(names(f.Fields), " ")), " "))
			}
			if g, w := strings.Join(got, "; "), strings.TrimRight(tt.want, " "); g != w {
				t.Errorf("expected %q, got %q", w, g)
			}
		})
	}
}
