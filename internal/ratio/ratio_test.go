package ratio

import (
	"strings"
	"testing"
)

func TestTheLastResultOfANameCounts(t *testing.T) {
	defer func() { lines = nil }()
	Add("push", 0.5, 0.8)
	Add("push-fast", 2, 1)
	Add("push", 0.9, 0.8)
	var b strings.Builder
	Print(&b)
	if want := "ratio push-fast 2.00 goal 1.00\nratio push 0.90 goal 0.80\n"; b.String() != want {
		t.Errorf("expected\n%s, got\n%s", want, b.String())
	}
}

func TestTurnsAlternate(t *testing.T) {
	order := ""
	ours := []float64{2, 30, 4}
	q, bare, our := Turns(3,
		func() float64 { order += "b"; return 1 },
		func() float64 { order += "o"; defer func() { ours = ours[1:] }(); return ours[0] })
	if order != "boobbo" || q != 4 || bare != 1 || our != 4 {
		t.Errorf("expected turns boobbo with medians 4, 1 and 4, got %s with %g, %g and %g", order, q, bare, our)
	}
}
