// Package mutants proves that the cases can fail. A mutant is a small edit that makes
// the reference gateway break one rule; the rule's own cases must turn red on it, and
// little else. The edit is built into the gateway's binary through the overlay of the
// go command, so neither the working tree nor the judge is ever changed.
package mutants

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// Those of the gateway stand in edits, those of the fake connector in connector/edits.
//
//go:embed edits connector/edits
var edits embed.FS

// The commands that mutants are built into.
const (
	gatewayPackage   = "./cmd/gateway"
	connectorPackage = "./conformance/mutants/connector/serve"
)

// Mutant is one edit, read from a file <area>/<slug>.<name>.yaml.
type Mutant struct {
	Side kit.Side        `yaml:"-"` // whose rule it breaks, from the path
	Rule protocol.RuleID `yaml:"-"` // from the path
	Name string          `yaml:"-"` // from the path
	Path string          `yaml:"-"`
	// Breaks says in a few words how the gateway breaks the rule.
	Breaks string `yaml:"breaks"`
	// Also names other rules that the same edit is bound to break.
	Also []protocol.RuleID `yaml:"also"`
	// Handshake says that the edit keeps the gateway from ever being ready, which
	// proves something only for a rule about that.
	Handshake bool `yaml:"handshake"`
	// Survives says why no case of the suite sees the mutant, although it breaks the
	// rule's sentence; empty for one that is to be killed.
	Survives string `yaml:"survives"`
	// Survived says what no case looked at when the mutant was judged first, and one does now; empty for one that was
	// killed at once.
	Survived string `yaml:"survived"`
	Edits    []Edit `yaml:"edits"`
}

// Edit replaces Old, which stands exactly once in File, by New.
type Edit struct {
	File string `yaml:"file"` // relative to the module's root
	Old  string `yaml:"old"`
	New  string `yaml:"new"`
}

// ID is the mutant's name in tables: the rule and the edit's own name.
func (m Mutant) ID() string { return string(m.Rule) + "." + m.Name }

// All reads every edit of the gateway, in the order of their paths.
func All() ([]Mutant, error) { return readAll("edits", kit.GatewaySide) }

// Connector reads every edit of the fake connector.
func Connector() ([]Mutant, error) { return readAll("connector/edits", kit.ConnectorSide) }

func readAll(root string, side kit.Side) ([]Mutant, error) {
	var out []Mutant
	err := fs.WalkDir(edits, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		m, err := read(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		m.Side = side
		out = append(out, m)
		return nil
	})
	return out, err
}

func read(p string) (Mutant, error) {
	base, ok := strings.CutSuffix(path.Base(p), ".yaml")
	slug, name, named := strings.Cut(base, ".")
	if !ok || !named {
		return Mutant{}, errors.New("expected a file name of the form <slug>.<name>.yaml")
	}
	m := Mutant{Rule: protocol.RuleID(path.Base(path.Dir(p)) + "/" + slug), Name: name, Path: p}
	data, err := edits.ReadFile(p)
	if err != nil {
		return m, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return m, err
	}
	if m.Breaks == "" || len(m.Edits) == 0 {
		return m, errors.New("expected breaks and at least one edit")
	}
	if m.Survives != "" && m.Survived != "" {
		return m, errors.New("expected survives of a mutant that nobody kills or survived of one that is killed by now, got both")
	}
	return m, nil
}

// Apply is the text of each file that the mutant edits, by its path below root, which
// is the module's root. An edit whose old text does not stand exactly once in its file
// is an error: it would prove nothing.
func (m Mutant) Apply(root string) (map[string]string, error) {
	edited := map[string]string{}
	for i, e := range m.Edits {
		text, again := edited[e.File]
		if !again {
			source, err := os.ReadFile(filepath.Join(root, e.File))
			if err != nil {
				return nil, err
			}
			text = string(source)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("edit %d: expected its old text once in %s, found it %d times; rewrite the edit for today's source", i+1, e.File, n)
		}
		edited[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	return edited, nil
}

// Build builds the gateway, or the fake connector, with the mutant's edits into dir and
// returns the binary's path. root is the module's root. An edit that does not apply or does not compile is
// an error.
func (m Mutant) Build(ctx context.Context, root, dir string) (string, error) {
	edited, err := m.Apply(root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range edited {
		at := filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = at
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		return "", err
	}
	bin, of := filepath.Join(dir, "gateway"), gatewayPackage
	if m.Side == kit.ConnectorSide {
		bin, of = filepath.Join(dir, "connector"), connectorPackage
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-overlay", overlayFile, "-o", bin, of)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the edited source does not compile: %w\n%s", err, bytes.TrimSpace(out))
	}
	return bin, nil
}

// Select keeps the mutants of the given rules or areas; all of them for none.
func Select(all []Mutant, patterns []string) ([]Mutant, error) {
	if len(patterns) == 0 {
		return all, nil
	}
	var out []Mutant
	for _, p := range patterns {
		n := len(out)
		for _, m := range all {
			if m.ID() == p || string(m.Rule) == p || m.Rule.Area() == p {
				out = append(out, m)
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("expected the name of a mutant, a rule or an area, got %q, which none has", p)
		}
	}
	slices.SortFunc(out, func(a, b Mutant) int { return cmp.Compare(a.Path, b.Path) })
	return slices.CompactFunc(out, func(a, b Mutant) bool { return a.Path == b.Path }), nil
}
