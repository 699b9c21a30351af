package kit

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Enrollment is how a gateway is made to trade an enrolment token for credentials. It is
// told the token in GATEWAY_RELAY_ENROLL_TOKEN in any case.
type Enrollment struct {
	// Args renders the further arguments with which its program enrols and ends; nil for a
	// gateway that enrols at its start.
	Args func(EnrollData) ([]string, error)
	// EnvFile is where, in its working directory, it keeps what it was given: lines
	// NAME=value, the variables to start it with from then on. It is empty where there is
	// no such file.
	EnvFile string
}

// EnrollData is what a template of an argument may name.
type EnrollData struct {
	Token     string // the enrolment token
	URL       string // of the connector
	GatewayID string
}

// enrollVariable is the contract's.
const enrollVariable = "GATEWAY_RELAY_ENROLL_TOKEN"

// Enrolling is a gateway that is made to enrol.
type Enrolling struct {
	Identity string // its identity token
	Token    string // its enrolment token

	g    *G
	how  Enrollment
	args []string
	kept keptFile
}

// PrepareEnrolling is [G.PrepareIdentified] for a gateway that is to enrol. Without a target
// file that says how it does that, or a launcher that can make it, the case is not applicable.
func (g *G) PrepareEnrolling(opts ...InstanceOption) *Enrolling {
	how := g.bench.Enroll
	switch {
	case how == nil:
		g.NotApplicable("the target file has no enroll, so the suite cannot make the gateway enrol")
	case how.Args != nil && !g.bench.Launcher.Can().Args:
		g.NotApplicable("the gateway enrols by a command of its own, and this launcher cannot give it arguments in a fresh working directory")
	}
	e := &Enrolling{g: g, how: *how}
	e.Identity = g.PrepareIdentified(append([]InstanceOption{WithoutPin(), UntilLaunched()}, opts...)...)
	in := g.Gateway()
	e.Token = g.Connector().EnrollmentToken(in.Record.Tenant, 0)
	g.bench.Secret(e.Token)
	if how.Args != nil {
		e.args = e.render(e.Token)
	}
	return e
}

func (e *Enrolling) render(token string) []string {
	in := e.g.Gateway()
	args, err := e.how.Args(EnrollData{Token: token, URL: in.base, GatewayID: in.Record.ID})
	if err != nil {
		e.g.Harness(err, "rendering the target's enroll")
	}
	return args
}

// ByVariable ends the case as not applicable when the gateway is told the enrolment token in
// an argument.
func (e *Enrolling) ByVariable() {
	if e.how.Args != nil && strings.Join(e.render("relaykit-probe"), "\x00") != strings.Join(e.args, "\x00") {
		e.g.NotApplicable("the gateway is told its enrolment token in an argument")
	}
}

// Keeps ends the case as not applicable when the gateway keeps no file of variables.
func (e *Enrolling) Keeps() {
	if e.how.EnvFile == "" {
		e.g.NotApplicable("the target file's enroll has no env_file, so the suite cannot start the gateway with what it was given")
	}
}

// Ask starts the gateway and returns its request of /relay/enroll.
func (e *Enrolling) Ask(opts ...InstanceOption) fakeconnector.Entry {
	if e.how.EnvFile != "" {
		look := e.kept.lookFor(e.g.bench.ctx, e.g.Timing.Answer, e.how.EnvFile)
		e.g.Gateway().atEnd.Store(&look)
	}
	told := Environment(func(env map[string]string) { env[enrollVariable] = e.Token })
	e.g.Start(append([]InstanceOption{told, func(c *instanceConfig) { c.args = e.args }}, opts...)...)
	return e.g.Asked(protocol.RouteEnroll)
}

// Run waits until the gateway has enrolled and ended, and starts it with what it has kept,
// see [Enrolling.Keeps].
func (e *Enrolling) Run() {
	g, in := e.g, e.g.Gateway()
	ctx, cancel := patiently(g.bench.ctx, g.Timing.Answer)
	defer cancel()
	select {
	case <-in.Subject.Exited():
	case <-ctx.Done():
		g.Mismatch("the gateway to end once it has enrolled, within "+g.Timing.Answer.String(), "a process that still runs")
	}
	env, found, err := e.kept.variables()
	if err != nil {
		g.Harness(err, "looking for "+e.how.EnvFile)
	}
	if exit := in.Subject.Exit(); exit.Code != 0 || !found {
		g.Mismatch("what the connector gave it in "+e.how.EnvFile, "no such file of a process that "+exit.String())
	}
	g.bench.Secret(env["GATEWAY_RELAY_SECRET"], env["GATEWAY_RELAY_DELIVERY_KEY"])
	in.settled()
	g.Start(func(c *instanceConfig) { c.args = nil }, Environment(func(of map[string]string) {
		delete(of, enrollVariable)
		for name, value := range env {
			of[name] = value
		}
	}))
}

// keptFile is a file of variables that a gateway has left.
type keptFile struct {
	mu    sync.Mutex
	text  string
	found bool
	err   error // the launcher's
}

func (k *keptFile) lookFor(ctx context.Context, within time.Duration, path string) func(lookThrough) {
	return func(files lookThrough) {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		suffix := "/" + filepath.ToSlash(filepath.Clean(path))
		k.mu.Lock()
		defer k.mu.Unlock()
		k.err = files(ctx, func(name string, content []byte) {
			if strings.HasSuffix(filepath.ToSlash(name), suffix) {
				k.text, k.found = string(content), true
			}
		})
	}
}

// variables are the lines NAME=value of the file. A value may stand in quotes.
func (k *keptFile) variables() (env map[string]string, found bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	env = map[string]string{}
	for line := range strings.Lines(k.text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		for _, quote := range []string{`"`, `'`} {
			if len(value) > 1 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
				value = value[1 : len(value)-1]
			}
		}
		env[strings.TrimSpace(strings.TrimPrefix(name, "export "))] = value
	}
	return env, k.found, k.err
}
