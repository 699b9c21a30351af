package vectors_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/relaykit/relaykit/vectors"
)

// The ids and groups that the guide names exist.
func TestTheGuideNamesWhatExists(t *testing.T) {
	guide, err := os.ReadFile("../docs/vectors.md")
	if err != nil {
		t.Fatal(err)
	}
	groups := load(t)
	ops := map[string]bool{}
	for _, g := range groups {
		for _, v := range g.Cases {
			ops[v.Op] = true
		}
	}
	ids := regexp.MustCompile(`"id": ?"([a-z0-9-]+)"`).FindAllSubmatch(guide, -1)
	if len(ids) == 0 {
		t.Fatal("expected examples in the guide, found none")
	}
	for _, m := range ids {
		if _, _, ok := vectors.Find(groups, string(m[1])); !ok {
			t.Errorf("docs/vectors.md: expected the id of a vector, got %q", m[1])
		}
	}
	for op := range ops {
		if !regexp.MustCompile("`" + regexp.QuoteMeta(op) + "`").Match(guide) {
			t.Errorf("docs/vectors.md: expected the op %s in its table", op)
		}
	}
}
