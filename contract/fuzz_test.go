package contract

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever the document, the parser ends without a panic, and what it reports lies
// inside the document.
func FuzzParse(f *testing.F) {
	f.Add([]byte("# X\n\n| rule | level | statement |\n| --- | --- | --- |\n| `a/b` | MUST | x \\| y |\n"))
	f.Add([]byte("---\na: [1\n---\n- `{\"type\": \"x\", \"y\"?: {...}}` gateway → connector\n"))
	f.Add([]byte("## messages\n### going_idle\n`event` is `{a, b[]{c, d?}, ...}`\n"))
	f.Add([]byte("| op | fields | result |\n| - | - | - |\n| a | b, c? (d); e [since 2026-07] | as a |\n"))
	layouts, _ := filepath.Glob("testdata/*/*.md")
	for _, l := range layouts {
		src, err := os.ReadFile(l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	code, err := Code()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := 1
		for _, b := range src {
			if b == '\n' {
				lines++
			}
		}
		m, err := Parse("fuzz.md", src)
		if problems, ok := err.(Problems); err != nil && (!ok || len(problems) == 0) {
			t.Fatalf("expected problems, got %v", err)
		} else {
			for _, p := range append(problems, m.Unread...) {
				if p.Line < 0 || p.Line > lines || p.Reason == "" {
					t.Fatalf("expected a reason and a line up to %d, got %+v", lines, p)
				}
			}
		}
		for _, d := range Compare(m, code, Baseline).Drift {
			if d.Line < 0 || d.Line > lines {
				t.Fatalf("expected a line up to %d, got %+v", lines, d)
			}
		}
	})
}
