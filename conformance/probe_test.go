package conformance_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
)

func stepNames(p conformance.Probe) string {
	var names []string
	for _, s := range p.Steps {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func TestProbe(t *testing.T) {
	for name, tc := range map[string]struct {
		gateway crude
		steps   string
		rule    string // of what is missing
		replies kit.Replies
	}{
		"complete":      {crude{}, "started dialed upgraded hello session", "", kit.RepliesEcho},
		"silent":        {crude{silent: true}, "started dialed upgraded hello session", "", kit.RepliesNone},
		"never a dial":  {crude{never: true}, "started", "connect/dial-path", ""},
		"another path":  {crude{path: "/other"}, "started dialed", "connect/dial-path", ""},
		"wrong secret":  {crude{secret: "not-the-secret"}, "started dialed", "auth/bearer", ""},
		"no newline":    {crude{noNewline: true}, "started dialed upgraded", "framing/newline", ""},
		"never a hello": {crude{noHello: true}, "started dialed upgraded", "handshake/hello-first", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := conformance.Explore(t.Context(), conformance.Options{Launcher: launch.InProcess("crude", tc.gateway.run), Timing: quick()})
			if err != nil {
				t.Fatal(err)
			}
			if got := stepNames(p); got != tc.steps || p.Replies != tc.replies || p.HasDriver {
				t.Errorf("steps %q, replies %q", got, p.Replies)
			}
			switch m := p.Missing; {
			case m == nil && tc.rule == "":
			case m == nil || string(m.Rule) != tc.rule:
				t.Errorf("missing: %+v", m)
			case m.Hint == "" || m.Reason == "" || !strings.Contains(m.Evidence, "rule "+tc.rule):
				t.Errorf("it does not say what to do: %+v", m)
			}
		})
	}
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	times := 0
	list := []kit.Case{gatewayCase("inbound/handled", alive), gatewayCase("framing/binary", func(g *kit.G) {
		g.Alive()
		if times++; times == 2 {
			g.Failf("this time")
		}
	})}
	o := conformance.Options{Launcher: launch.InProcess("crude", crude{}.run), Timing: quick(), Cases: list}
	run, err := conformance.Repeat(t.Context(), o, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := run.Unstable(); len(got) != 1 || run.Tallies["framing/binary"].String() != "2 pass, 1 fail" || run.Header.Outcome.Exit != 1 {
		t.Errorf("unstable: %v, %v, %+v", got, run.Tallies, run.Header.Outcome)
	}
	times, o.Known = 0, map[string]conformance.Known{"framing/binary": {Reason: "a race", Flaky: true}}
	if run, err = conformance.Repeat(t.Context(), o, 3); err != nil || run.Header.Outcome.Exit != 0 || run.Tallies["framing/binary"].String() != "3 flaky" {
		t.Errorf("listed as flaky: %v, %v, %+v", err, run.Tallies, run.Header.Outcome)
	}
	o.Launcher = launch.Command([]string{"./no-such-gateway"})
	if _, err := conformance.Repeat(t.Context(), o, 3); !errors.Is(err, conformance.ErrNotStarted) {
		t.Errorf("expected ErrNotStarted, got %v", err)
	}
}
