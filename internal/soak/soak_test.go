package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary the gateways' process, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "-fleet" {
		if err := runFleet(os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A few gateways for a few seconds: a sound connector passes, and one that loses a single
// ack is found out.
func TestSoakInSmall(t *testing.T) {
	for _, test := range []struct {
		lose int
		want string
	}{{0, "no ack lost or doubled"}, {1, "DEFECT sent-after-ack: "}} {
		t.Run(fmt.Sprint("lose ", test.lose), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := run(options{gateways: 40, duration: 4 * time.Second, rate: 200, lose: test.lose, dir: t.TempDir(), seed: 1, flat: 10, pace: 0.05}, &out)
			t.Logf("%v\n%s", err, out.String())
			if (err != nil) != (test.lose > 0) || !strings.Contains(out.String(), test.want) {
				t.Errorf("expected %q of a run that loses %d acks", test.want, test.lose)
			}
		})
	}
}
