package cases

import (
	"fmt"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// shortened reports whether a gateway is told a shorter bound than the contract's, and may
// then be told any that suits a case.
func shortened(bound, contract time.Duration) bool { return bound < contract }

// inTime judges from above how long a gateway takes that has a bound for it: by half of the
// bound more at most. A machine makes a wait longer and never shorter, so what counts is the
// shortest of up to three attempts, each less what the machine was late meanwhile; one that
// was late is given more of them. Beside a bound that is longer than the slack there is room
// for the slack instead, which no attempt exceeds by the machine's doing.
//
// An attempt gets the time after which it need not wait any more, and returns how long the
// gateway took.
func inTime(g *kit.G, bound time.Duration, what string, attempt func(n int, within time.Duration) time.Duration) {
	const attempts, attemptsIfLate, late = 3, 8, 20 * time.Millisecond
	limit := bound + min(bound/2, g.Timing.Slack)
	machine, quiet, shortest := g.WatchLateness(), 0, time.Duration(0)
	for n := 1; ; n++ {
		began := time.Now()
		took := attempt(n, bound+g.Timing.Slack)
		lateness := machine.Since(began)
		if took-lateness <= limit {
			return
		}
		if shortest == 0 || took < shortest {
			shortest = took
		}
		if lateness < late {
			quiet++
		}
		if quiet >= attempts || n == attemptsIfLate || bound > g.Timing.Slack {
			g.Mismatch(fmt.Sprintf("%s within %s, a bound of %s and something for the machine", what, limit, bound),
				fmt.Sprintf("in %d attempts never less than %s", n, shortest.Round(time.Millisecond)))
		}
	}
}
