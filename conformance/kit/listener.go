package kit

import (
	"cmp"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Observable is a [Subject] whose processes can be looked at from outside. A launcher
// whose subjects run where nobody can look (a container, another machine) leaves it out.
type Observable interface {
	// Processes are the ids of the subject's processes now. An in-process subject has the
	// id of the suite's own.
	Processes() []int
}

// Listener is a TCP socket that a process listens on.
type Listener struct {
	Address string
	Port    int
	inode   string
}

func (l Listener) String() string { return l.Address }

// own are the ports that the suite itself listens on in this process, over all runs: an
// in-process gateway shares its table of sockets with them.
var own = struct {
	sync.Mutex
	ports map[int]int
}{ports: map[int]int{}}

// listening counts a port of the suite's own in, until the function that it returns is
// called.
func listening(port int) (closed func()) {
	add := func(n int) {
		own.Lock()
		defer own.Unlock()
		if own.ports[port] += n; own.ports[port] == 0 {
			delete(own.ports, port)
		}
	}
	add(1)
	return sync.OnceFunc(func() { add(-1) })
}

func isOwn(port int) bool {
	own.Lock()
	defer own.Unlock()
	return own.ports[port] > 0
}

// watched is what can be seen of a gateway's listeners.
type watched struct {
	pids   []int
	within bool // it runs inside of the suite's own process
}

// watch finds out whether anything can be seen; the reason says why not.
func watch(subject Subject) (watched, string) {
	o, ok := subject.(Observable)
	if !ok {
		return watched{}, "its launcher does not know its processes"
	}
	w := watched{pids: o.Processes()}
	w.within = slices.Equal(w.pids, []int{os.Getpid()})
	if _, err := w.sockets(); err != nil {
		return watched{}, err.Error()
	}
	return w, ""
}

// sockets are all listening sockets of the processes, less the suite's own.
func (w watched) sockets() ([]Listener, error) {
	var all []Listener
	for _, pid := range w.pids {
		l, err := listenersOf(pid)
		if err != nil {
			return nil, err
		}
		all = append(all, l...)
	}
	if w.within {
		all = slices.DeleteFunc(all, func(l Listener) bool { return isOwn(l.Port) })
	}
	slices.SortFunc(all, func(a, b Listener) int { return cmp.Compare(a.inode, b.inode) })
	return slices.CompactFunc(all, func(a, b Listener) bool { return a.inode == b.inode }), nil
}

// without drops the listeners that were there before.
func without(now, before []Listener) []Listener {
	return slices.DeleteFunc(slices.Clone(now), func(l Listener) bool {
		return slices.ContainsFunc(before, func(b Listener) bool { return b.inode == l.inode })
	})
}

// Listeners starts the gateway of a Fresh case, lets it work, and returns what it listens
// on. Where nothing can be seen the case is not applicable.
//
// In the suite's own process anybody else may open a socket in the same moment, so there
// only what was not there before the start counts, is not of the suite, stays, and shows
// again when the gateway is started once more.
func (g *G) Listeners() []Listener {
	before := g.elsewhere()
	g.Start()
	w, why := watch(g.Gateway().Subject)
	if why != "" {
		g.NotApplicable("what the gateway listens on cannot be observed: %s", why)
	}
	g.Alive()
	found := g.seen(w, before)
	if len(found) == 0 || !w.within {
		return found
	}
	if again := g.seenInAnother("again", nil); len(again) == 0 {
		return nil
	}
	return found
}

// ListenersNow is what the gateway listens on at this moment. In the suite's own process
// anybody else may open a socket in the same moment.
func (g *G) ListenersNow() []Listener {
	w, why := watch(g.Gateway().Subject)
	if why != "" {
		g.NotApplicable("what the gateway listens on cannot be observed: %s", why)
	}
	return g.seen(w, nil)
}

// ListenersBeside are those that are not among the ones of before.
func ListenersBeside(before, now []Listener) []Listener { return without(now, before) }

// elsewhere is what this process listens on before a gateway is started in it, or
// nothing where that cannot be seen.
func (g *G) elsewhere() []Listener {
	all, _ := listenersOf(os.Getpid())
	return all
}

// seen looks twice, a quiet window apart: the suite's own listeners are counted in a
// moment after they open.
func (g *G) seen(w watched, before []Listener) []Listener {
	var found []Listener
	for look := range 2 {
		if look > 0 {
			g.pause(g.Timing.Quiet)
		}
		now, err := w.sockets()
		if err != nil {
			g.NotApplicable("what the gateway listens on cannot be observed: %v", err)
		}
		if w.within {
			now = without(now, before)
		}
		if look > 0 && w.within {
			now = slices.DeleteFunc(now, func(l Listener) bool {
				return !slices.ContainsFunc(found, func(f Listener) bool { return f.inode == l.inode })
			})
		}
		found = now
	}
	g.observation()
	return found
}

// ListenersWithoutRelay starts the gateway a second time, with no relay URL, and returns
// what it listens on then: that is not for the relay. ran says whether it went on running
// without one.
func (g *G) ListenersWithoutRelay() (listeners []Listener, ran bool) {
	listeners = g.seenInAnother("off", func(env map[string]string) { delete(env, "GATEWAY_RELAY_URL") }, &ran)
	return listeners, ran
}

// seenInAnother looks at another gateway with its own connector, in place of the case's.
func (g *G) seenInAnother(name string, change func(map[string]string), ran ...*bool) []Listener {
	// The first one lets go of its ports, should it insist on certain ones.
	g.Gateway().Close()
	before := g.elsewhere()
	var opts []InstanceOption
	if change != nil {
		opts = append(opts, Environment(change), UntilLaunched())
	}
	in, cfg, err := g.bench.prepare(g.ids.prefix+"-"+name, opts)
	if err != nil {
		g.Harness(err, "preparing another gateway")
	}
	defer in.Close()
	d, err := in.launch(cfg)
	if err != nil {
		g.Harness(err, "starting another gateway")
	}
	if d != nil {
		g.blocked(d.Rule, d.Reason)
	}
	if change != nil {
		// Nothing shows that it is ready: as long as the first one took to dial, twice.
		t := time.NewTimer(g.bench.startup()*2 + g.Timing.Quiet)
		defer t.Stop()
		select {
		case <-t.C:
		case <-in.Subject.Exited():
			return nil
		}
	}
	for _, r := range ran {
		*r = true
	}
	w, why := watch(in.Subject)
	if why != "" {
		g.NotApplicable("what the gateway listens on cannot be observed: %s", why)
	}
	return g.seen(w, before)
}

// pause lets time go by.
func (g *G) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.bench.ctx.Done():
	}
}

// countOwn counts the ports of an instance's connector and driver channel as the suite's
// own.
func (in *Instance) countOwn() {
	for _, address := range []string{in.Connector.URL(), in.server.url} {
		if u, err := url.Parse(address); err == nil {
			port, _ := strconv.Atoi(u.Port())
			in.uncount = append(in.uncount, listening(port))
		}
	}
}

func (in *Instance) uncountOwn() {
	for _, f := range in.uncount {
		f()
	}
}
