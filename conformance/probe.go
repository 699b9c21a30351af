package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Probe is what can be learnt of a gateway without judging it.
type Probe struct {
	// Steps are what was seen of the handshake, in order.
	Steps []Step
	// Missing says what keeps the handshake from being complete; nil when nothing does.
	Missing *Missing
	// Broken are rules that were broken on the way to a handshake that is complete.
	Broken []string

	// The rest is found by [Explore] alone.

	Replies kit.Replies
	// HasDriver says that it opened the driver channel; then DriverName, DriverVersion and
	// Methods are what it said there and which methods it has.
	HasDriver                 bool
	DriverName, DriverVersion string
	Methods                   []string
}

// Step is something that the gateway did, in a reader's words.
type Step struct{ Name, Detail string }

// Missing is what a gateway lacks to be judged.
type Missing struct {
	Rule     protocol.RuleID
	Reason   string   // expected and actual, in one line
	Hint     string   // what to do about it
	Evidence string   // the rule and the timeline
	Log      []string // the last lines of the gateway's log
}

// Smoke starts the gateway and looks at its handshake alone. The error is the harness's.
func Smoke(ctx context.Context, o Options) (Probe, error) {
	return probe(ctx, o, func(*kit.Bench, *kit.Instance, *Probe) {})
}

// Explore is [Smoke], and finds out how the gateway replies and what its driver has.
func Explore(ctx context.Context, o Options) (Probe, error) {
	return probe(ctx, o, func(b *kit.Bench, in *kit.Instance, p *Probe) {
		if in.Driver != nil {
			p.HasDriver = true
			p.DriverName, p.DriverVersion = in.Driver.Named()
		}
		p.Replies, _ = in.ProbeReplies(ctx)
		if in.Driver != nil {
			p.Methods = methodsOf(ctx, in.Driver)
		}
	})
}

func probe(ctx context.Context, o Options, more func(*kit.Bench, *kit.Instance, *Probe)) (Probe, error) {
	t, err := o.open(ctx)
	if err != nil {
		return Probe{}, err
	}
	began := time.Now()
	in, d, err := t.start()
	if err != nil {
		return Probe{}, err
	}
	defer in.Close()
	if err := ctx.Err(); err != nil {
		return Probe{}, fmt.Errorf("the probe was interrupted: %w", err)
	}
	p := Probe{Steps: steps(in, began)}
	if d != nil {
		r := t.bench.NotReady(kit.Case{ID: string(d.Rule), Title: "completes its handshake", Level: kit.Must}, in, d, t.judge)
		p.Missing = &Missing{Rule: d.Rule, Reason: r.Reason, Hint: hints[d.Rule], Evidence: r.Evidence}
		for _, l := range lastOf(in.Subject.Logs().Lines(), logLines) {
			p.Missing.Log = append(p.Missing.Log, t.secrets.String(l.Stream+": "+l.Text))
		}
	} else {
		more(t.bench, in, &p)
		seen := map[string]bool{}
		for _, e := range in.Connector.Journal().All() {
			if v := e.Violation; v != nil && !seen[string(v.Rule)] {
				seen[string(v.Rule)] = true
				p.Broken = append(p.Broken, t.secrets.String(fmt.Sprintf("%s: %s", v.Rule, v.Text)))
			}
		}
	}
	for i := range p.Steps {
		p.Steps[i].Detail = t.secrets.String(p.Steps[i].Detail)
	}
	return p, nil
}

// logLines is how much of a log a probe shows: the end of a stack trace, say.
const logLines = 20

func lastOf(lines []kit.LogLine, n int) []kit.LogLine { return lines[max(0, len(lines)-n):] }

// steps are what a journal shows of the first handshake.
func steps(in *kit.Instance, began time.Time) []Step {
	all := []Step{{"started", "with GATEWAY_RELAY_URL=" + in.Base()}}
	seen := map[string]bool{}
	add := func(name, detail string) {
		if !seen[name] {
			seen[name] = true
			all = append(all, Step{name, detail})
		}
	}
	for _, e := range in.Connector.Journal().All() {
		if e.Violation != nil && in.Session() == nil {
			break // what came after what went wrong is no step forward
		}
		switch {
		case kit.IsDial(e):
			add("dialed", fmt.Sprintf("%s %.100s, %.1f s after the launch", e.Dial.Method, e.Dial.Path, e.Wall.Sub(began).Seconds()))
		case e.Kind == fakeconnector.KindUpgraded:
			add("upgraded", "its WebSocket is open")
		case kit.IsHello(e):
			add("hello", fmt.Sprintf("%.200s", e.Frame.Raw))
		}
	}
	if in.Session() != nil {
		add("session", "its token was accepted, the descriptor was sent, and the session is live")
	}
	if in.Driver != nil {
		name, version := in.Driver.Named()
		add("driver", strings.TrimSpace(fmt.Sprintf("the optional driver channel is open: %.80s %.40s", name, version)))
	}
	return all
}

// hints say what to do about a handshake that is not complete, in plain words.
var hints = map[protocol.RuleID]string{
	protocol.RuleConnectDialPath: "read the base URL from GATEWAY_RELAY_URL, write ws:// for http://, append /relay, and open a WebSocket there; " +
		"a process that ended has said why in its log below",
	protocol.RuleAuthBearer: "send the header `Authorization: Bearer <token>` with the upgrade; the token is made of GATEWAY_RELAY_ID and GATEWAY_RELAY_SECRET, " +
		"and `fakeconnector token mint` makes one to compare with",
	protocol.RuleAuthTokenLive:       "mint a token at each dial, with an expiry some minutes from now in unix seconds; if it is right, look at the machine's clock",
	protocol.RuleFramingNewline:      "end every frame with a newline: a frame is one line of JSON, and until the newline it has not arrived",
	protocol.RuleHandshakeHelloFirst: "as the first frame on the socket send {\"type\":\"hello\",\"platform\":…,\"botId\":…} and a newline, with GATEWAY_RELAY_PLATFORM and GATEWAY_RELAY_BOT_ID",
	protocol.RuleReconnectRedial:     "stay on the socket after the hello, and read the descriptor that answers it",
}

// driverMethods are the methods of the driver channel, the last one last: it ends the
// gateway.
var driverMethods = []string{
	"gateway/status", "gateway/capabilities", "gateway/session_key", "gateway/chat_info", "gateway/interrupt",
	"gateway/send", "gateway/edit", "gateway/typing", "gateway/follow_up", "handler/set", "handler/release", "gateway/shutdown",
}

// methodBound is how long a method may take to be answered before it counts as there: one
// that is not there is refused at once. 3 s.
const methodBound = 3 * time.Second

// methodsOf asks for every method with no parameters, so that whatever is there refuses
// them, and whatever is not says so.
func methodsOf(ctx context.Context, d *kit.Driver) []string {
	var there []string
	for _, m := range driverMethods {
		ctx, cancel := context.WithTimeout(ctx, methodBound)
		err := d.Call(ctx, m, struct{}{}, nil)
		cancel()
		var refused *jsonrpc2.Error
		if errors.As(err, &refused) && refused.Code == kit.CodeNoMethod {
			continue
		}
		if err != nil && refused == nil && !errors.Is(err, context.DeadlineExceeded) {
			break // the channel is gone
		}
		there = append(there, m)
	}
	return there
}
