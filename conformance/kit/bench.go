package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sourcegraph/jsonrpc2"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Bench is what all cases of a run share: how the gateway is started, what is known
// about it, the bounds, and what was observed on the way.
type Bench struct {
	Launcher Launcher
	Facts    Facts
	Timing   Timing
	Seed     int64
	Platform string            // the platform that gateways are configured to front
	Env      map[string]string // the target's own variables
	// TimingEnv tells a gateway its bounds; nil when this one cannot be told.
	TimingEnv func(Timing) (map[string]string, error)
	// Config renders the gateway's configuration file, see [ConfigData]; nil when it has
	// none that the suite may write.
	Config func(ConfigData) (path, text string, err error)
	// Enroll is how the gateway is made to enrol; nil when that is not known.
	Enroll *Enrollment
	// Secret is told every secret that the run mints, for the redactor.
	Secret func(...string)

	ctx      context.Context
	driver   *atomic.Int64 // a driverKnown
	kinds    *sync.Map     // kinds of notification that a driver of this run has sent
	observed *Observations
	mute     *atomic.Pointer[Diagnosis] // why no acknowledgement has come yet, though it was asked for; nil once one has
	started  *atomic.Int64              // the longest time from a launch to a dial that was seen, in nanoseconds
	told     toldBounds                 // the bounds that TimingEnv tells
	pace     *pace
}

// NewBench completes b; ctx ends everything that the run waits for.
func NewBench(ctx context.Context, b Bench) *Bench {
	b.ctx, b.observed, b.started, b.driver, b.kinds = ctx, new(Observations), new(atomic.Int64), new(atomic.Int64), new(sync.Map)
	b.mute, b.pace = new(atomic.Pointer[Diagnosis]), newPace()
	if b.TimingEnv != nil {
		b.told = boundsToldBy(b.TimingEnv)
		b.Timing = b.told.apply(ContractTiming(), b.Timing)
	}
	if b.Platform == "" {
		b.Platform = "discord"
	}
	if b.Secret == nil {
		b.Secret = func(...string) {}
	}
	return &b
}

// Observed is what the run has seen so far of frames that no case looked at.
func (b *Bench) Observed() *Observations { return b.observed }

// Instance is one gateway with the connector that it dials.
type Instance struct {
	Name      string
	Connector *fakeconnector.Connector
	Record    fakeconnector.Gateway
	Subject   Subject // nil until it is launched
	Driver    *Driver // nil when the gateway did not open the driver channel
	Timing    Timing  // the bounds that this gateway was given

	bench    *Bench
	server   *driverServer
	base     string    // the URL that the gateway was configured with
	prepared time.Time // about when its connector started
	secret   bool
	ignored  map[protocol.RuleID]bool
	closed   sync.Once
	sending  sync.Mutex    // held while a case has the session's stream to itself
	uncount  []func()      // takes its ports from those of the suite's own
	waited   time.Duration // for its turn to be started
	settled  func()        // its start is over, or given up on; others may start
	atEnd    atomic.Pointer[func(files lookThrough)]
}

// InstanceOption changes how an instance is set up.
type InstanceOption func(*instanceConfig)

type instanceConfig struct {
	url       func(base string) string
	secret    bool
	anonymous bool
	reserve   bool
	until     readiness
	bounds    func(*Timing)
	config    []func(ConfigData)
	env       map[string]string
	gatewayID string
	idSuffix  string
	key       string
	botID     *string
	respell   []func(env map[string]string)
	ignored   []protocol.RuleID
	args      []string
}

type readiness int

const (
	untilReady readiness = iota
	untilHello
	untilLaunched
)

// URL gives the gateway another spelling of the connector's base URL.
func URL(f func(base string) string) InstanceOption {
	return func(c *instanceConfig) { c.url = f }
}

// WithoutSecret starts the gateway without a secret, on a connector that accepts that.
func WithoutSecret() InstanceOption {
	return func(c *instanceConfig) { c.secret, c.anonymous = false, true }
}

// IDPrefix puts a text before the gateway's id.
func IDPrefix(prefix string) InstanceOption {
	return func(c *instanceConfig) { c.gatewayID = prefix }
}

// IDSuffix puts a text behind the gateway's id.
func IDSuffix(suffix string) InstanceOption {
	return func(c *instanceConfig) { c.idSuffix = suffix }
}

// Secret gives the gateway a secret of the case's own in place of a random one.
func Secret(secret string) InstanceOption {
	return func(c *instanceConfig) { c.key = secret }
}

// BotID configures the gateway with another bot id, which may be empty.
func BotID(id string) InstanceOption { return func(c *instanceConfig) { c.botID = &id } }

// Refusing binds the connector's port without listening: a dial is refused until
// [Instance.Listen].
func Refusing() InstanceOption { return func(c *instanceConfig) { c.reserve = true } }

// UntilHello makes Start return once the gateway said hello; without it Start waits
// for the whole handshake.
func UntilHello() InstanceOption { return func(c *instanceConfig) { c.until = untilHello } }

// UntilLaunched makes Start return without waiting for the gateway to dial.
func UntilLaunched() InstanceOption { return func(c *instanceConfig) { c.until = untilLaunched } }

// Bounds gives this gateway other bounds than the run's, where they can be set.
func Bounds(f func(*Timing)) InstanceOption { return func(c *instanceConfig) { c.bounds = f } }

// Ignoring keeps violations of a rule that this case provokes on purpose out of what
// the run observed.
func Ignoring(rules ...protocol.RuleID) InstanceOption {
	return func(c *instanceConfig) { c.ignored = append(c.ignored, rules...) }
}

// limits bound what one gateway can make the suite remember: a whole run of every case
// fills a tenth of it, and as many as run at once can flood and stay under a gigabyte.
var limits = fakeconnector.Limits{JournalEntries: 100_000, JournalBytes: 20 << 20}

// prepare makes an instance with a running (or reserved) connector and no gateway yet.
func (b *Bench) prepare(name string, opts []InstanceOption) (*Instance, *instanceConfig, error) {
	cfg := &instanceConfig{secret: true}
	for _, o := range opts {
		o(cfg)
	}
	can := b.Launcher.Can()
	fopts := []fakeconnector.Option{fakeconnector.WithSeed(b.Seed), fakeconnector.WithUnknownMembers(), fakeconnector.WithLimits(limits)}
	if can.ListenHost != "" {
		fopts = append(fopts, fakeconnector.WithListenAddress(can.ListenHost))
	}
	if cfg.anonymous {
		fopts = append(fopts, fakeconnector.WithAnonymous())
	}
	in := &Instance{Name: name, bench: b, prepared: time.Now(), Timing: b.Timing, secret: cfg.secret, ignored: map[protocol.RuleID]bool{}}
	in.Connector = fakeconnector.New(fopts...)
	for _, r := range cfg.ignored {
		in.ignored[r] = true
	}
	botID := "bot-" + name
	if cfg.botID != nil {
		botID = *cfg.botID
	}
	in.Record = in.Connector.AddGateway(fakeconnector.Gateway{ID: cfg.gatewayID + "gw-" + name + cfg.idSuffix, Secret: cfg.key, Platform: b.Platform, BotID: botID})
	in.Record.BotID = botID // the connector gives one to a record that has none
	b.Secret(in.Record.Secret)
	if cfg.reserve {
		if _, err := in.Connector.Reserve(); err != nil {
			return nil, nil, fmt.Errorf("reserving a port for the fake connector: %w", err)
		}
	} else if err := in.Connector.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting the fake connector: %w", err)
	}
	server, err := newDriverServer(can, b.kinds)
	if err != nil {
		in.Connector.Close()
		return nil, nil, err
	}
	in.server = server
	in.base = reachable(in.Connector.URL(), can.URLHost)
	if cfg.url != nil {
		in.base = cfg.url(in.base)
	}
	in.countOwn()
	in.bound(cfg)
	return in, cfg, nil
}

// bound gives the instance the bounds of its own, as far as they can be told.
func (in *Instance) bound(cfg *instanceConfig) {
	if cfg.bounds != nil && in.bench.TimingEnv != nil {
		changed := in.Timing
		cfg.bounds(&changed)
		in.Timing = in.bench.told.apply(in.Timing, changed)
	}
	cfg.bounds = nil
}

// Base is the URL that the gateway is configured with.
func (in *Instance) Base() string { return in.base }

// Listen lets a connector that was made with [Refusing] accept dials.
func (in *Instance) Listen() error { return in.Connector.Start() }

// launch starts the gateway and waits as far as the configuration says. The error is
// the harness's; the diagnosis is the gateway's.
func (in *Instance) launch(cfg *instanceConfig) (*Diagnosis, error) {
	b := in.bench
	env := map[string]string{
		"GATEWAY_RELAY_URL":      in.base,
		"GATEWAY_RELAY_ID":       in.Record.ID,
		"GATEWAY_RELAY_PLATFORM": in.Record.Platform,
		"GATEWAY_RELAY_BOT_ID":   in.Record.BotID,
		"RELAY_DRIVER_URL":       in.server.url,
	}
	if in.secret {
		env["GATEWAY_RELAY_SECRET"] = in.Record.Secret
	}
	in.bound(cfg)
	if b.TimingEnv != nil {
		bounds, err := b.TimingEnv(in.Timing)
		if err != nil {
			return nil, fmt.Errorf("rendering the target's timing: %w", err)
		}
		maps.Copy(env, bounds)
	}
	maps.Copy(env, b.Env)
	maps.Copy(env, cfg.env)
	for _, change := range cfg.respell {
		change(env)
	}
	files, err := b.files(cfg)
	if err != nil {
		return nil, err
	}
	if err := in.admit(); err != nil {
		return nil, err
	}
	began := time.Now()
	subject, err := b.Launcher.Launch(b.ctx, Spec{Name: in.Name, Env: env, Files: files, Args: cfg.args, AtEnd: in.ended})
	if err != nil {
		in.settled()
		return nil, err
	}
	launched := time.Now()
	in.Subject = subject
	in.settleOnceSeen()
	switch cfg.until {
	case untilLaunched:
		return nil, nil
	case untilHello:
		if d := in.awaitHello(b.ctx, b.Timing.Ready); d != nil {
			return d, nil
		}
	default:
		if d := in.AwaitReady(b.ctx, b.Timing.Ready); d != nil {
			return d, nil
		}
	}
	b.noteStartup(in, began, launched)
	if err := in.takeDriver(); err != nil {
		return nil, err
	}
	if cfg.until == untilReady {
		in.awaitConnected()
	}
	return nil, nil
}

// noteStartup remembers how long a gateway takes from its launch to its first dial, and
// what the first start cost altogether.
func (b *Bench) noteStartup(in *Instance, began, launched time.Time) {
	for _, e := range in.Connector.Journal().All() {
		if IsDial(e) {
			b.pace.note(e.Wall.Sub(began))
			took := int64(e.Wall.Sub(launched))
			for old := b.started.Load(); took > old && !b.started.CompareAndSwap(old, took); old = b.started.Load() {
			}
			return
		}
	}
}

func (b *Bench) startup() time.Duration { return time.Duration(b.started.Load()) }

// driverKnown is what the run knows about whether its gateways open the driver channel.
type driverKnown int64

const (
	driverUnknown driverKnown = iota
	driverPresent
	driverAbsent
)

// takeDriver picks up the driver channel, which a gateway opens before it dials the
// relay, and lets the gateway echo where it can.
func (in *Instance) takeDriver() error {
	if in.Driver != nil {
		return nil
	}
	b := in.bench
	within := b.Timing.DriverGrace
	switch driverKnown(b.driver.Load()) {
	case driverAbsent:
		return nil
	case driverPresent:
		within = b.Timing.Answer
	}
	in.Driver = in.server.ready(b.ctx, within)
	// The first gateway of a run tells what to expect of the others.
	known := driverAbsent
	if in.Driver != nil {
		known = driverPresent
	}
	b.driver.CompareAndSwap(int64(driverUnknown), int64(known))
	if in.Driver == nil || in.bench.Facts.Replies == RepliesNone {
		return nil
	}
	ctx, cancel := context.WithTimeout(in.bench.ctx, in.bench.Timing.Answer)
	defer cancel()
	err := in.Driver.Call(ctx, "handler/set", map[string]any{"mode": "echo"}, nil)
	if err == nil || lacks("handler/set", err) != "" || errors.Is(err, jsonrpc2.ErrClosed) {
		// A gateway without a settable handler keeps the one that it has. One that has closed
		// its channel, as it does when it dies, is judged on what it does next.
		return nil
	}
	return fmt.Errorf("asking for handler/set {mode: echo} through the driver: %w", err)
}

// awaitConnected waits until the gateway itself knows that it is connected: the
// connector has sent the descriptor by then, and the gateway may not have read it yet,
// so that a send which a driver asked for would rightly fail.
func (in *Instance) awaitConnected() {
	if in.Driver == nil {
		return
	}
	ctx, cancel := context.WithTimeout(in.bench.ctx, in.bench.Timing.Answer)
	defer cancel()
	// A gateway without statuses is given the sign of life that each case asks for.
	in.Driver.WaitNote(ctx, 0, func(n Note) bool {
		var s struct{ State string }
		return n.Method == "event/status" && json.Unmarshal(n.Params, &s) == nil && s.State == "connected"
	})
}

// Session is the gateway's live session, or nil.
func (in *Instance) Session() *fakeconnector.Session {
	if !in.secret {
		return in.Connector.Session(fakeconnector.AnonymousGatewayID)
	}
	return in.Connector.Session(in.Record.ID)
}

// Close stops the gateway, then the connector, and keeps what was observed.
func (in *Instance) Close() {
	in.closed.Do(func() {
		if in.Subject != nil {
			in.stop()
		}
		if in.settled != nil {
			in.settled()
		}
		in.bench.observed.Take(in)
		if in.server != nil {
			in.server.close()
		}
		in.Connector.Close()
		in.uncountOwn()
	})
}

// stop ends the gateway, and counts how when no case of its own did it before: one that
// looks at the first second of a shutdown cuts the rest short by killing it.
func (in *Instance) stop() {
	count := true
	select {
	case <-in.Subject.Exited():
		count = false
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), in.bench.Timing.Stop)
	defer cancel()
	// One that cannot even be killed counts as killed.
	exit, _ := in.Subject.Stop(ctx)
	if count {
		in.bench.observed.noteStop(exit)
	}
}

// reachable puts the name by which a subject reaches the connector into its URL.
func reachable(base, host string) string {
	u, err := url.Parse(base)
	if host == "" || err != nil {
		return base
	}
	u.Host = host + ":" + u.Port()
	return u.String()
}

// poll asks again until ok, with a bound. 20 ms: a tenth of what a reader notices, and
// nothing beside the cost of a handshake.
func poll(ctx context.Context, within time.Duration, ok func() bool) bool {
	ctx, cancel := patiently(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok() {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ok()
		}
	}
}

// Reads reports whether the gateway still reads its session: it acknowledges an event. One
// without a session is left to [Instance.Usable].
func (in *Instance) Reads() bool {
	s := in.Session()
	if s == nil || in.exited() {
		return true
	}
	journal := in.Connector.Journal()
	mark := journal.Mark()
	g := &G{bench: in.bench, gw: in, ids: newIDSource(in.bench.Seed, fmt.Sprintf("reads %s %d", in.Name, mark))}
	ev := g.Event("do you still read")
	in.sending.Lock()
	err := s.SendRaw(websocket.TextMessage, ev.Line())
	in.sending.Unlock()
	if err != nil {
		return true // its session ended meanwhile
	}
	ctx, cancel := context.WithTimeout(in.bench.ctx, in.bench.Timing.Answer)
	defer cancel()
	acked := IsAck(ev.BufferID)
	_, err = journal.Wait(ctx, mark, func(e fakeconnector.Entry) bool { return acked(e) || IsClosed(s.ID())(e) })
	return err == nil
}

// EndSession closes the gateway's session, if it has one.
func (in *Instance) EndSession() {
	if s := in.Session(); s != nil {
		_ = s.Close(websocket.CloseServiceRestart, "restart")
	}
}

// Usable reports whether the gateway runs and has a session, or comes back to one
// within the bound of a redial.
func (in *Instance) Usable() bool {
	if in.exited() {
		return false
	}
	return poll(in.bench.ctx, in.bench.Timing.Redial(1), func() bool { return in.Session() != nil || in.exited() }) && !in.exited()
}
