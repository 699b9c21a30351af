package cases

import (
	"net/http"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// enrollments need a target file that says how its gateway is made to enrol. When it does so,
// and what becomes of the answer, is left to the gateway.
func enrollments() []kit.Case {
	fresh := kit.Needs{Fresh: true}
	body := rules(protocol.RuleEnrollBody)
	return []kit.Case{
		{ID: id(protocol.RuleEnrollBody), Title: "enrols with its enrolment token and its id, and its identity token as bearer", Level: kit.Must, Needs: fresh,
			Gateway: func(g *kit.G) { enrolls(g) }},
		{ID: id(protocol.RuleEnrollBody, "spelling"), Title: "sends an id as it is configured, whatever characters it has", Level: kit.Must, Needs: fresh,
			Gateway: func(g *kit.G) { enrolls(g, kit.IDPrefix("Zoë:"), kit.IDSuffix(":X")) }},
		{ID: id(protocol.RuleConfigTrimmed, "enroll"), Title: "drops white space around its enrolment token and its id", Level: kit.Must, Needs: fresh, After: body, Gateway: trimmedEnroll},
		{ID: id(protocol.RuleConnectRouteUrl, "enroll"), Title: "enrols at the same base", Level: kit.Must, Needs: fresh, After: body,
			Gateway: func(g *kit.G) {
				e := g.PrepareEnrolling(kit.URL(func(b string) string { return strings.Replace(b, "http://", "ws://", 1) + "/some/base/relay/" }), otherPaths())
				wantPath(g, e.Ask().Dial.Path, "/some/base/relay/enroll")
			}},
		{ID: id(protocol.RuleAuthBearer, "enrolled"), Title: "signs with the secret that its enrolment has given it", Edge: true, Level: kit.Must, Needs: fresh, After: body, Gateway: signsEnrolled},
		{ID: id(protocol.RuleSecuritySecretStays, "enrolled"), Title: "sends neither the secret nor the delivery key of its enrolment", Level: kit.Must, Needs: fresh, After: body, Gateway: enrolledStay},
	}
}

// enrolls makes the gateway enrol, and looks at its request.
func enrolls(g *kit.G, opts ...kit.InstanceOption) {
	e := g.PrepareEnrolling(opts...)
	request := e.Ask()
	if request.Dial.Method != http.MethodPost || request.Dial.Path != protocol.RouteEnroll {
		g.Mismatch("POST "+protocol.RouteEnroll, request.Dial.Method+" "+request.Dial.Path)
	}
	if g.Bearer(request) != e.Identity {
		g.Mismatch("the identity token as the bearer of the request", "another bearer")
	}
	wantEnrollment(g, e, request)
}

func wantEnrollment(g *kit.G, e *kit.Enrolling, request fakeconnector.Entry) {
	wantFields(g, request, map[string]any{"enrollmentToken": e.Token, "gatewayId": g.Gateway().Record.ID})
}

func trimmedEnroll(g *kit.G) {
	e := g.PrepareEnrolling()
	e.ByVariable()
	wantEnrollment(g, e, e.Ask(kit.Respelled(spaced, "GATEWAY_RELAY_ENROLL_TOKEN", "GATEWAY_RELAY_ID")))
}

// runsEnrolled makes the gateway enrol, and lets it go on with what it was given.
func runsEnrolled(g *kit.G) (dial fakeconnector.Entry, secret, key string) {
	e := g.PrepareEnrolling()
	e.Keeps()
	request := e.Ask()
	secret, key = g.Granted(request)
	e.Run()
	dial = g.AwaitAfter(request, g.Timing.Ready, "a dial", kit.IsDial)
	return dial, secret, key
}

func signsEnrolled(g *kit.G) {
	dial, secret, _ := runsEnrolled(g)
	signedWith(g, dial, g.Gateway().Record.ID, secret, "the secret of the enrolment answer")
	g.Ready()
	g.Alive()
}

func enrolledStay(g *kit.G) {
	_, secret, key := runsEnrolled(g)
	g.Ready()
	g.Alive()
	g.NoLeak("secret", secret)
	g.NoLeak("delivery key", key)
}
