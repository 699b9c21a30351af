package kit

import (
	"testing"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// What a connector refuses in a provision request is laid to the rule of the field.
func TestWhatIsRefusedHasARule(t *testing.T) {
	for body, want := range map[string]protocol.RuleID{
		`{"gatewayEndpoint":"","routeKeys":null}`:   protocol.RuleProvisionBody,
		`{"routeKeys":[]}`:                          protocol.RuleProvisionNoEndpoint,
		`{"gatewayEndpoint":null}`:                  protocol.RuleProvisionNoEndpoint,
		`{"gatewayEndpoint":"","wakeUrl":null}`:     protocol.RuleProvisionOmit,
		`{"gatewayEndpoint":"","instanceId":""}`:    protocol.RuleProvisionOmit,
		`{"gatewayEndpoint":"","wakeUrl":"http:x"}`: protocol.RuleProvisionBody,
		`[]`: protocol.RuleProvisionBody,
	} {
		request := fakeconnector.Entry{Dial: &fakeconnector.Dial{Path: protocol.RouteProvision, Body: []byte(body)}}
		if got := refusedFor(request); got != want {
			t.Errorf("%s: expected %s, got %q", body, want, got)
		}
	}
	if got := refusedFor(fakeconnector.Entry{Dial: &fakeconnector.Dial{Path: protocol.RouteEnroll, Body: []byte(`{}`)}}); got != "" {
		t.Errorf("an enrolment: expected no rule of the provision request, got %s", got)
	}
}
