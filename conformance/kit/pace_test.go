package kit

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type started struct{ can Abilities }

func (s started) Can() Abilities                                { return s.can }
func (s started) Launch(context.Context, Spec) (Subject, error) { panic("not in this test") }

func TestARunIsAsWideAsAStartIsCheap(t *testing.T) {
	cores := runtime.NumCPU()
	for _, tc := range []struct {
		cost             time.Duration
		asked            int
		parallel, starts int
	}{
		{cost: 5 * time.Millisecond, parallel: most, starts: min(most, 200*cores)},
		{cost: 500 * time.Millisecond, parallel: max(fewest, min(most, 4*cores)), starts: min(max(fewest, min(most, 4*cores)), 2*cores)},
		{cost: 5 * time.Second, parallel: max(fewest, min(most, 2*cores/5)), starts: min(max(fewest, min(most, 2*cores/5)), cores)},
		{cost: 5 * time.Millisecond, asked: 3, parallel: 3, starts: 3},
	} {
		b := NewBench(t.Context(), Bench{Launcher: started{Abilities{Restart: true}}, Timing: ContractTiming()})
		b.pace.note(tc.cost)
		b.pace.note(time.Hour) // a later one does not count
		b.started.Store(int64(tc.cost))
		if got := b.Settle(tc.asked, 0); got != tc.parallel || cap(b.pace.turns) != tc.starts {
			t.Errorf("%s for a start: got %d cases and %d starts at once, want %d and %d", tc.cost, got, cap(b.pace.turns), tc.parallel, tc.starts)
		}
		if b.Timing.Ready < 6*tc.cost || b.Timing.Ready < ContractTiming().Ready {
			t.Errorf("%s for a start: %s until it counts as none", tc.cost, b.Timing.Ready)
		}
	}
}

func TestAnAnswerIsWaitedForByTheTurnOfThisGateway(t *testing.T) {
	b := NewBench(t.Context(), Bench{Launcher: started{}, Timing: ContractTiming()})
	if got := b.Settle(0, time.Millisecond); got != fewest || b.Timing.Answer != ContractTiming().Answer {
		t.Errorf("a quick turn: %d cases, %s for an answer", got, b.Timing.Answer)
	}
	b.Settle(0, 4*time.Second)
	if b.Timing.Answer < 24*time.Second || b.Timing.Answer > longestAnswer {
		t.Errorf("a turn of four seconds: %s for an answer", b.Timing.Answer)
	}
	wide := NewBench(t.Context(), Bench{Launcher: started{Abilities{Restart: true}}, Timing: ContractTiming()})
	wide.pace.note(time.Millisecond)
	if got, want := wide.Settle(0, 4*time.Second), max(fewest, min(most, runtime.NumCPU()/2)); got != want {
		t.Errorf("a turn of four seconds: %d cases side by side, expected %d", got, want)
	}
}

func TestStartsWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := NewBench(ctx, Bench{Launcher: started{Abilities{Restart: true}}, Timing: ContractTiming()})
		b.pace.note(time.Hour)
		b.Settle(0, 0)
		var first *Instance
		for range cap(b.pace.turns) {
			first = &Instance{bench: b}
			if err := first.admit(); err != nil {
				t.Fatal(err)
			}
		}
		admitted := make(chan error, 1)
		admit := func() { admitted <- (&Instance{bench: b}).admit() }
		go admit()
		synctest.Wait()
		if len(admitted) != 0 {
			t.Fatal("one more was started than there are places")
		}
		first.settled()
		first.settled() // twice is once
		if err := <-admitted; err != nil {
			t.Error(err)
		}
		go admit()
		synctest.Wait()
		if len(admitted) != 0 {
			t.Fatal("one more was started than there are places")
		}
		cancel()
		if err := <-admitted; err == nil || !strings.Contains(err.Error(), "waiting to be started") {
			t.Errorf("an interrupted run: got %v", err)
		}
	})
}

// A target file that names some bounds only leaves the gateway with the contract's others.
func TestOnlyBoundsThatAreToldAreShortened(t *testing.T) {
	b := NewBench(t.Context(), Bench{
		Launcher: started{}, Timing: ContractTiming().Shortened(),
		TimingEnv: func(t Timing) (map[string]string, error) {
			return map[string]string{"OUT": t.Outbound.String(), "CAP": t.BackoffCap.String(), "FIXED": "30s"}, nil
		},
	})
	want := ContractTiming()
	want.Outbound, want.BackoffCap = 3*time.Second, 1500*time.Millisecond
	if b.Timing != want {
		t.Errorf("got  %+v\nwant %+v", b.Timing, want)
	}
	in := &Instance{bench: b, Timing: b.Timing}
	in.bound(&instanceConfig{bounds: func(t *Timing) { t.Outbound, t.Handshake = time.Second, time.Second }})
	if in.Timing.Outbound != time.Second || in.Timing.Handshake != want.Handshake {
		t.Errorf("a case that asks for other bounds: got %+v", in.Timing)
	}
}
