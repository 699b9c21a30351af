package cases

import (
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// routeURLs looks at the request of /relay/policy, for which a gateway needs no identity
// token, and once at that of /relay/provision.
func routeURLs() []kit.Case {
	declared := rules(protocol.RulePolicyDeclared)
	route := func(variant, title, want string, respell func(base string) string) kit.Case {
		return kit.Case{ID: id(protocol.RuleConnectRouteUrl, variant), Title: title, Level: kit.Must, Needs: kit.Needs{Fresh: true}, After: declared,
			Gateway: func(g *kit.G) { requestsPath(g, want, respell) }}
	}
	return []kit.Case{
		{ID: id(protocol.RuleConnectRouteUrl), Title: "requests a route below a base that has no path", Level: kit.Must, Needs: kit.Needs{Fresh: true}, After: declared,
			Gateway: func(g *kit.G) { requestsPath(g, "/relay/policy", func(b string) string { return b }) }},
		route("trailing-slash", "strips trailing slashes from the base", "/relay/policy", func(b string) string { return b + "//" }),
		route("relay", "strips a trailing /relay from the base", "/relay/policy", func(b string) string { return b + "/relay" }),
		route("relay-slash", "strips the slashes before the /relay", "/relay/policy", func(b string) string { return b + "/relay//" }),
		route("relay-twice", "strips one /relay only", "/relay/relay/policy", func(b string) string { return b + "/relay/relay" }),
		route("ws-scheme", "turns ws:// into http://", "/relay/policy", func(b string) string { return strings.Replace(b, "http://", "ws://", 1) }),
		route("white-space", "trims white space around the base", "/relay/policy", func(b string) string { return " \t" + b + "/relay \n" }),
		route("base-path", "keeps the path of the base", "/some/base/relay/policy", func(b string) string { return b + "/some/base/relay" }),
		route("word", "keeps a last part that only ends in the word", "/myrelay/relay/policy", func(b string) string { return b + "/myrelay" }),
		route("upper-case", "compares the end of the base in lower case only", "/Relay/relay/policy", func(b string) string { return b + "/Relay" }),
		{ID: id(protocol.RuleConnectRouteUrl, "provision"), Title: "requests its credentials at the same base", Level: kit.Must, Needs: kit.Needs{Fresh: true}, After: rules(protocol.RuleProvisionWhen),
			Gateway: func(g *kit.G) {
				e := provisionRequest(g, kit.URL(func(b string) string { return strings.Replace(b, "http://", "ws://", 1) + "/some/base/relay/" }), otherPaths())
				wantPath(g, e.Dial.Path, "/some/base/relay/provision")
			}},
	}
}

// otherPaths keeps what a dial of another path breaks out of what the run observed.
func otherPaths() kit.InstanceOption {
	return kit.Ignoring(protocol.RuleConnectDialPath, protocol.RuleConnectWrongPath)
}

func requestsPath(g *kit.G, want string, respell func(string) string) {
	wantPath(g, policyRequest(g, kit.URL(respell), otherPaths(), allowBots("all")).Dial.Path, want)
}

func wantPath(g *kit.G, got, want string) {
	if got != want {
		g.Mismatch("a request of "+want, "one of "+got)
	}
}
