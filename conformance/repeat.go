package conformance

import (
	"context"
	"fmt"

	"github.com/relaykit/relaykit/conformance/report"
)

// Repeat judges a gateway n times over, with the same seed, and tells how stable each
// verdict is, see [report.Repeated]. It ends early when the context does, and then the last
// run says so.
func Repeat(ctx context.Context, o Options, n int) (report.Run, error) {
	var runs []report.Run
	for i := range n {
		run, err := Verify(ctx, o)
		if err != nil {
			return report.Run{}, fmt.Errorf("run %d of %d: %w", i+1, n, err)
		}
		runs = append(runs, run)
		if ctx.Err() != nil {
			break
		}
	}
	return report.Repeated(runs, func(id string) bool { return o.Known[id].Flaky }), nil
}
