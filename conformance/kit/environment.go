package kit

import (
	"fmt"
	"time"
)

// Environment changes what the gateway is told, after everything else has been put into
// its environment.
func Environment(change func(env map[string]string)) InstanceOption {
	return func(c *instanceConfig) { c.respell = append(c.respell, change) }
}

// Respelled gives variables other spellings of the same values.
func Respelled(spell func(value string) string, names ...string) InstanceOption {
	return Environment(func(env map[string]string) {
		for _, name := range names {
			env[name] = spell(env[name])
		}
	})
}

// NoDial holds a window open in which a gateway that does dial would have done so: twice
// the longest time that one of this run took from its start to its dial, and the first
// rung. The gateway's own end ends it, and is a terminal state on record.
func (g *G) NoDial(why string) {
	subject := g.Gateway().Subject
	window := time.NewTimer(g.bench.startup()*2 + g.Timing.Rung(0) + g.Timing.Quiet)
	defer window.Stop()
	select {
	case <-window.C:
	case <-subject.Exited():
	case <-g.bench.ctx.Done():
	}
	for _, e := range g.Connector().Journal().All() {
		if e.Dial != nil {
			g.Mismatch("no dial of a gateway "+why, fmt.Sprintf("%s %s", e.Dial.Method, e.Dial.Path))
		}
	}
	g.observation()
}
