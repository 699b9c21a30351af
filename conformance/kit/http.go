package kit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Placed is a [Subject] whose files can be looked at from outside, while it runs. A
// launcher whose subjects have no directory of their own leaves it out.
type Placed interface {
	// Files calls look with each file that the subject has made, or was given, up to
	// [FileLimit]: those of its HOME, its directory for temporary files and, unless it was
	// given another, of its working directory, or all of a machine of its own. The error is the launcher's.
	Files(ctx context.Context, look func(name string, content []byte)) error
}

// WithoutPin leaves out the secret that the connector has on record, so that a gateway
// with an identity token provisions itself. One that was given none by the connector
// rightly dials without a header: the case judges its dials, not what the run observed.
func WithoutPin() InstanceOption {
	return func(c *instanceConfig) {
		Environment(func(env map[string]string) { delete(env, "GATEWAY_RELAY_SECRET") })(c)
		Ignoring(protocol.RuleAuthBearer)(c)
	}
}

// PrepareIdentified is Prepare for a gateway that has an identity token of its tenant,
// which it returns. Without a target file that says where the gateway finds one, the case
// is not applicable.
func (g *G) PrepareIdentified(opts ...InstanceOption) (token string) {
	token = "idt-" + rand.Text()
	g.Prepare(append(slices.Clone(opts), g.MustIdentify(token))...)
	g.Connector().AddIdentity(token, g.Gateway().Record.Tenant)
	return token
}

// IsRequest matches the gateway's HTTP request of a route, under whatever base.
func IsRequest(route string) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		return e.Kind == fakeconnector.KindHTTP && e.Dial != nil && strings.HasSuffix(e.Dial.Path, route)
	}
}

// IsAnswer matches the connector's answer to a request.
func IsAnswer(to fakeconnector.Entry) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		return e.Kind == fakeconnector.KindHTTP && e.Answer != nil && e.Answer.Of == to.Seq
	}
}

// Asked waits for the gateway's request of a route.
func (g *G) Asked(route string) fakeconnector.Entry {
	return g.Await(g.Timing.Ready, "a request of "+route, IsRequest(route))
}

// Body is the body of a request, which must be a JSON object.
func (g *G) Body(e fakeconnector.Entry) map[string]any {
	var m map[string]any
	if err := json.Unmarshal(e.Dial.Body, &m); err != nil || m == nil {
		g.Mismatch("a JSON object as the body of "+e.Dial.Path, fmt.Sprintf("%d bytes that are none", len(e.Dial.Body)))
	}
	return m
}

// Bearer is the token of a request's Authorization header.
func (g *G) Bearer(e fakeconnector.Entry) string {
	headers := e.Dial.Header.Values("Authorization")
	if len(headers) != 1 {
		g.Mismatch("one Authorization header in the request of "+e.Dial.Path, fmt.Sprintf("%d", len(headers)))
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		g.Mismatch("the scheme Bearer in the request of "+e.Dial.Path, fmt.Sprintf("%q", scheme))
	}
	g.observation()
	return token
}

// refusedFor is the rule that the body of a request breaks for which a connector answers it
// with 400; empty where it is none of those about that body.
func refusedFor(request fakeconnector.Entry) protocol.RuleID {
	var body map[string]any
	if request.Dial.Path != protocol.RouteProvision {
		return ""
	}
	if json.Unmarshal(request.Dial.Body, &body) != nil {
		return protocol.RuleProvisionBody
	}
	if body["gatewayEndpoint"] == nil {
		return protocol.RuleProvisionNoEndpoint
	}
	for _, name := range []string{"instanceId", "wakeUrl", "displayName"} {
		if v, there := body[name]; there && (v == nil || v == "") {
			return protocol.RuleProvisionOmit
		}
	}
	return protocol.RuleProvisionBody
}

// Granted is what the connector's answer to a request gave out.
func (g *G) Granted(request fakeconnector.Entry) (secret, deliveryKey string) {
	e, ok := g.waitAfter(request.Seq, g.Timing.Answer, IsAnswer(request))
	if !ok {
		g.Harness(fmt.Errorf("none within %s", g.Timing.Answer), "waiting for the connector's own answer")
	}
	if e.Answer.Status == http.StatusBadRequest {
		if rule := refusedFor(request); rule != "" && rule != g.Case.Rule() {
			g.blocked(rule, fmt.Sprintf("the connector has answered the %s request with 400 %s", request.Dial.Path, clip(string(e.Answer.Body))))
		}
	}
	if e.Answer.Status != 200 {
		g.Mismatch("a "+request.Dial.Path+" request that the connector accepts", fmt.Sprintf("one that it answers with %d %s", e.Answer.Status, clip(string(e.Answer.Body))))
	}
	var m struct{ Secret, DeliveryKey string }
	if err := json.Unmarshal(e.Answer.Body, &m); err != nil {
		g.Harness(err, "reading the connector's own answer")
	}
	return m.Secret, m.DeliveryKey
}

// Hosted is a [Subject] on a host of its own, such as a container.
type Hosted interface {
	Hostname() string // as the subject sees it
}

// Hostname is the name of the host that the gateway runs on.
func (g *G) Hostname() string {
	if s, ok := g.Gateway().Subject.(Hosted); ok {
		return s.Hostname()
	}
	if can := g.bench.Launcher.Can(); can.URLHost != "" || can.ListenHost != "" {
		g.NotApplicable("the gateway runs on a host of its own, whose name the suite does not know")
	}
	host, err := os.Hostname()
	if err != nil {
		g.Harness(err, "asking for the name of the host")
	}
	return host
}

// FileLimit is the size above which a file is not looked into: credentials and logs are
// smaller, and caches of a runtime are not.
const FileLimit = 16 << 20

// lookThrough is the Files of a [Placed].
type lookThrough = func(ctx context.Context, look func(name string, content []byte)) error

// OnDisk looks through the files that the gateway has made for texts, as they stand and in
// the encodings that hide nothing, and returns a file of each that it found. Where nobody can
// look the case is not applicable.
func (g *G) OnDisk(texts ...string) map[string]string {
	found, err := g.filesWith(texts, g.placed().Files)
	if err != nil {
		g.Harness(err, "looking through the gateway's files")
	}
	g.observation()
	return found
}

// LeftOnDisk asks the gateway to end, and is OnDisk for what it has left behind.
func (g *G) LeftOnDisk(texts ...string) (found map[string]string) {
	g.placed()
	looked := make(chan struct{})
	var err error
	look := func(files lookThrough) {
		found, err = g.filesWith(texts, files)
		close(looked)
	}
	g.Gateway().atEnd.Store(&look)
	exit := g.Stop()
	select {
	case <-looked:
	default:
		g.Mismatch("a gateway that runs until it is asked to stop", "one that has "+exit.String())
	}
	if err != nil {
		g.Harness(err, "looking through the files that the gateway has left")
	}
	return found
}

// ended is called when the gateway has ended and its files are still there.
func (in *Instance) ended(files lookThrough) {
	if look := in.atEnd.Load(); look != nil {
		(*look)(files)
	}
}

func (g *G) placed() Placed {
	placed, ok := g.Gateway().Subject.(Placed)
	if !ok {
		g.NotApplicable("the gateway's files cannot be looked at: its launcher gives it no directory of its own")
	}
	return placed
}

func (g *G) filesWith(texts []string, files lookThrough) (map[string]string, error) {
	ctx, cancel := contextFor(g, g.Timing.Answer)
	defer cancel()
	found := map[string]string{}
	err := files(ctx, func(name string, content []byte) {
		for _, text := range texts {
			if holds(content, text) != "" {
				found[text] = filepath.Base(name)
			}
		}
	})
	return found, err
}

// Uses ends the case as not applicable when the suite cannot write this gateway's
// configuration, or the target's template does not name what the case changes.
func (g *G) Uses(names ...string) {
	g.MustConfigure()
	for _, name := range names {
		data := DefaultConfig(g.bench.Platform)
		_, plain, err := g.bench.Config(data)
		if err != nil {
			g.Harness(err, "rendering the target's config")
		}
		switch data[name].(type) {
		case bool:
			data[name] = true
		case []string:
			data[name] = []string{"relaykit-probe"}
		default:
			data[name] = "relaykit-probe"
		}
		_, changed, err := g.bench.Config(data)
		if err != nil {
			g.Harness(err, "rendering the target's config")
		}
		if bytes.Equal([]byte(plain), []byte(changed)) {
			g.NotApplicable("the config template of the target file does not use {{.%s}}", name)
		}
	}
}
