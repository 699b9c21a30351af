package kit

import (
	"testing"
	"testing/synctest"
	"time"
)

// On a machine that is never late a wait is as long as it says. (In the test's own time no
// timer is late.)
func TestPatienceOnAQuietMachine(t *testing.T) {
	for _, within := range []time.Duration{0, 30 * time.Millisecond, 250 * time.Millisecond, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			ctx, cancel := patiently(t.Context(), within)
			defer cancel()
			<-ctx.Done()
			if took := time.Since(began); took != within {
				t.Errorf("a wait of %s took %s", within, took)
			}
		})
	}
}

func TestPatienceEndsWithWhoeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := patiently(t.Context(), time.Hour)
		cancel()
		<-ctx.Done()
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}
