package mutants

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// Rounds orders mutants for a run that may not get through them all: first one of each
// rule, then a second one of each, and so on. Which one of a rule comes first is drawn from
// seed, those of which a note says that they survive coming last.
//
// first is how many the first round has.
func Rounds(list []Mutant, seed string) (ordered []Mutant, first int) {
	draw := func(m Mutant) []byte {
		sum := sha256.Sum256([]byte(seed + "\x00" + m.ID()))
		return sum[:]
	}
	drawn := slices.SortedFunc(slices.Values(list), func(a, b Mutant) int {
		if noted := a.Survives != ""; noted != (b.Survives != "") {
			if noted {
				return 1
			}
			return -1
		}
		return cmp.Or(bytes.Compare(draw(a), draw(b)), cmp.Compare(a.ID(), b.ID()))
	})
	turn, nth := map[string]int{}, map[protocol.RuleID]int{}
	for _, m := range drawn {
		turn[m.ID()] = nth[m.Rule]
		nth[m.Rule]++
	}
	slices.SortStableFunc(drawn, func(a, b Mutant) int { return cmp.Compare(turn[a.ID()], turn[b.ID()]) })
	return drawn, len(nth)
}

// Each keeps at most n mutants of each rule.
func Each(list []Mutant, n int, seed string) []Mutant {
	ordered, _ := Rounds(list, seed)
	taken := map[protocol.RuleID]int{}
	return slices.DeleteFunc(ordered, func(m Mutant) bool {
		taken[m.Rule]++
		return taken[m.Rule] > n
	})
}

// judged are the directories that decide what becomes of a mutant: what is edited, and what
// judges it.
var judged = []string{"protocol", "reference", "cmd/gateway", "fakeconnector", "conformance/kit", "conformance/cases", "conformance/mutants"}

// TreeSeed is a hash of the source that decides what becomes of a mutant. A run that draws
// by it judges the same mutants for the same source, wherever and whenever it runs, so a
// failure can be had again; and others as soon as that source changes, so that over time all
// are judged, and most when most changes.
func TreeSeed(root string) (string, error) {
	sum := sha256.New()
	for _, dir := range judged {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") && (!strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go")) {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			sum.Write([]byte(filepath.ToSlash(rel) + "\x00"))
			sum.Write(data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
