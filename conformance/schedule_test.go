package conformance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// met is how long cases of these tests wait for each other; they use it up only when the
// schedule keeps them apart.
const met = 10 * time.Second

func queue(t *testing.T, cases []kit.Case, lanes int, execute func(kit.Case, *lane) kit.Verdict) map[string]kit.Result {
	t.Helper()
	s := newQueue(cases, 4, nil)
	s.most = lanes
	s.inapplicable = func(kit.Case) string { return "" }
	s.execute = func(_ context.Context, c kit.Case, l *lane) kit.Result {
		return kit.Result{Case: c, Verdict: execute(c, l), Reason: "as the test says"}
	}
	results := map[string]kit.Result{}
	for _, r := range s.run(t.Context()) {
		results[r.Case.ID] = r
	}
	if len(results) != len(cases) {
		t.Fatalf("expected %d results, got %d", len(cases), len(results))
	}
	return results
}

// meet returns once two have come, who need a channel without a buffer.
func meet(t *testing.T, who string, both chan struct{}) {
	select {
	case both <- struct{}{}:
	case <-both:
	case <-time.After(met):
		t.Errorf("%s ran without the other", who)
	}
}

func TestTheLongestChainComesFirst(t *testing.T) {
	ids := func(list []kit.Case) []string {
		var ids []string
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return ids
	}
	after := func(rules ...protocol.RuleID) []protocol.RuleID { return rules }
	got := ids(ranked([]kit.Case{
		{ID: "a/polite"},
		{ID: "a/alone", Needs: kit.Needs{Alone: true}},
		{ID: "a/fresh", Needs: kit.Needs{Fresh: true}},
		{ID: "a/slow", Needs: kit.Needs{Fresh: true, Slow: true}},
		{ID: "b/last", Needs: kit.Needs{Last: true}},
		{ID: "c/third", Needs: kit.Needs{Slow: true}, After: after("c/second")},
		{ID: "c/first"},
		{ID: "c/first:slow", Needs: kit.Needs{Slow: true}},
		{ID: "c/second", Needs: kit.Needs{Slow: true}, After: after("c/first")},
	}))
	want := []string{"c/first", "c/second", "a/slow", "c/third", "c/first:slow", "a/fresh", "a/alone", "a/polite", "b/last"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A variant that takes long is not waited for: it may still run when what stands on its
// rule has ended, and its failure blocks nobody. The rule's first case is, long or not.
func TestALongVariantAndAnEdgeHoldNobodyUp(t *testing.T) {
	slow := kit.Needs{Fresh: true, Slow: true}
	ended := map[string]chan struct{}{"a": make(chan struct{}), "e": make(chan struct{})}
	results := queue(t, []kit.Case{
		{ID: "a/rule", Needs: slow},
		{ID: "a/rule:long", Needs: slow},
		{ID: "b/stands", Needs: kit.Needs{Fresh: true}, After: []protocol.RuleID{"a/rule"}},
		{ID: "c/rule", Needs: slow},
		{ID: "d/stands", Needs: kit.Needs{Fresh: true}, After: []protocol.RuleID{"c/rule"}},
		{ID: "e/rule", Needs: kit.Needs{Fresh: true}},
		{ID: "e/rule:edge", Needs: kit.Needs{Fresh: true}, Edge: true},
		{ID: "e/rule:other", Needs: kit.Needs{Fresh: true}},
		{ID: "f/stands", Needs: kit.Needs{Fresh: true}, After: []protocol.RuleID{"e/rule"}},
		{ID: "g/rule:other", Needs: kit.Needs{Fresh: true}},
		{ID: "h/stands", Needs: kit.Needs{Fresh: true}, After: []protocol.RuleID{"g/rule"}},
	}, 1, func(c kit.Case, _ *lane) kit.Verdict {
		switch c.ID {
		case "a/rule:long", "e/rule:edge":
			select {
			case <-ended[c.Area()]:
			case <-time.After(met):
				t.Errorf("what stands on the rule waited for %s", c.ID)
			}
			return kit.Fail
		case "b/stands":
			close(ended["a"])
		case "f/stands":
			close(ended["e"])
		case "c/rule", "g/rule:other":
			return kit.Fail
		}
		return kit.Pass
	})
	for id, want := range map[string]kit.Verdict{"a/rule": kit.Pass, "a/rule:long": kit.Fail, "b/stands": kit.Pass, "c/rule": kit.Fail, "d/stands": kit.Blocked,
		"e/rule:edge": kit.Fail, "f/stands": kit.Pass, "g/rule:other": kit.Fail, "h/stands": kit.Blocked} {
		if got := results[id].Verdict; got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

// A gateway whose start after an enrolment is broken has not lost its ordinary one: the core
// rules that stand on the bearer of that are judged all the same, and are not when the
// ordinary bearer is what is broken.
func TestABrokenEnrolledStartBlocksNoOther(t *testing.T) {
	bearer, enrolled := string(protocol.RuleAuthBearer), string(protocol.RuleAuthBearer)+":enrolled"
	stands := []string{string(protocol.RuleAuthCanonical), string(protocol.RuleAuthTokenLive)}
	var list []kit.Case
	for _, c := range cases.All() {
		if c.ID == bearer || c.ID == enrolled || slices.Contains(stands, c.ID) {
			list = append(list, c)
		}
	}
	for red, want := range map[string]kit.Verdict{enrolled: kit.Pass, bearer: kit.Blocked} {
		results := queue(t, list, 1, func(c kit.Case, _ *lane) kit.Verdict {
			if c.ID == red {
				return kit.Fail
			}
			return kit.Pass
		})
		if got := results[red].Verdict; got != kit.Fail {
			t.Errorf("expected %s to fail, got %q", red, got)
		}
		for _, id := range stands {
			if got := results[id].Verdict; got != want {
				t.Errorf("%s, where %s is red: expected %s, got %q", id, red, want, got)
			}
		}
	}
}

// Cases that want a shared gateway to themselves run side by side on several, and nobody
// is ever with them.
func TestAloneOnOneOfSeveral(t *testing.T) {
	alone, polite := kit.Needs{Alone: true}, kit.Needs{}
	list := []kit.Case{{ID: "a/1", Needs: alone}, {ID: "a/2", Needs: alone}, {ID: "b/1", Needs: polite}, {ID: "b/2", Needs: polite}, {ID: "c/1", Needs: alone}, {ID: "c/2", Needs: alone}}
	for _, lanes := range []int{1, 3} {
		var mu sync.Mutex
		on, most, usedLanes := map[*lane][]kit.Case{}, 0, map[*lane]bool{}
		both := make(chan struct{})
		queue(t, list, lanes, func(c kit.Case, l *lane) kit.Verdict {
			mu.Lock()
			on[l] = append(on[l], c)
			usedLanes[l] = true
			for _, other := range on[l] {
				if len(on[l]) > 1 && (other.Needs.Alone || c.Needs.Alone) {
					t.Errorf("%d lanes: %s and %s share a gateway", lanes, c.ID, other.ID)
				}
			}
			n := 0
			for _, cs := range on {
				if len(cs) > 0 && cs[0].Needs.Alone {
					n++
				}
			}
			most = max(most, n)
			mu.Unlock()
			if lanes > 1 && c.Area() == "a" {
				meet(t, c.ID, both)
			}
			mu.Lock()
			on[l] = slices.DeleteFunc(on[l], func(x kit.Case) bool { return x.ID == c.ID })
			mu.Unlock()
			return kit.Pass
		})
		if len(usedLanes) > lanes || lanes == 1 && most > 1 {
			t.Errorf("%d lanes: %d were used, %d at once by cases that want to be alone", lanes, len(usedLanes), most)
		}
	}
}

// A machine that has too much to do is given no more than a few cases at a time.
func TestABusyMachineIsGivenLess(t *testing.T) {
	var list []kit.Case
	for i := range 4 * fewSideBySide {
		list = append(list, kit.Case{ID: fmt.Sprintf("a/%d", i), Needs: kit.Needs{Fresh: true}})
	}
	for _, busy := range []bool{false, true} {
		s := newQueue(list, len(list), nil)
		s.inapplicable = func(kit.Case) string { return "" }
		s.busy = func() bool { return busy }
		want := len(list)
		if busy {
			want = fewSideBySide
		}
		var mu sync.Mutex
		running, most, all := 0, 0, make(chan struct{})
		s.execute = func(_ context.Context, c kit.Case, _ *lane) kit.Result {
			mu.Lock()
			running++
			most = max(most, running)
			if running == want && most == want {
				select {
				case <-all:
				default:
					close(all)
				}
			}
			mu.Unlock()
			select {
			case <-all: // as many as there may be have met
			case <-time.After(met):
				t.Errorf("busy %v: %s ran with fewer than %d others", busy, c.ID, want)
			}
			mu.Lock()
			running--
			mu.Unlock()
			return kit.Result{Case: c, Verdict: kit.Pass}
		}
		s.run(t.Context())
		if most != want {
			t.Errorf("busy %v: %d cases side by side, want %d", busy, most, want)
		}
	}
}
