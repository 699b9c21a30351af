package protocol

import "strings"

// The HTTP routes of the contract, section "HTTP routes".
const (
	RouteRelay     = "/relay"
	RouteProvision = "/relay/provision"
	RouteEnroll    = "/relay/enroll"
	RoutePolicy    = "/relay/policy"
	RouteMedia     = "/relay/media"

	RouteManageLink         = "/manage/link"
	RouteManageScope        = "/manage/scope"
	RouteManageScopeRelease = "/manage/scope/release"
	RouteManagePrincipal    = "/manage/principal"
	RouteManageDMDefault    = "/manage/dm-default"
	RouteManageDeprovision  = "/manage/deprovision"
)

// BaseURL is a configured relay URL as a gateway keeps it: without surrounding white
// space and trailing slashes.
func BaseURL(configured string) string {
	return strings.TrimRight(strings.TrimSpace(configured), "/")
}

// DialURL is the WebSocket URL of a configured relay URL: trimmed, https and http
// turned into wss and ws, trailing slashes gone, and /relay appended unless it is
// there already. Applying it twice changes nothing. It is a function of strings, as
// the contract defines it: it does not check that the result is a usable URL.
func DialURL(base string) string {
	u := strings.TrimSpace(base)
	if rest, ok := strings.CutPrefix(u, "https://"); ok {
		u = "wss://" + rest
	} else if rest, ok := strings.CutPrefix(u, "http://"); ok {
		u = "ws://" + rest
	}
	u = strings.TrimRight(u, "/")
	if strings.HasSuffix(u, RouteRelay) {
		return u
	}
	return u + RouteRelay
}

// HTTPBase is the base of the HTTP routes of a configured relay URL: ws and wss
// turned into http and https, trailing slashes and one trailing /relay gone.
func HTTPBase(base string) string {
	u := strings.TrimSpace(base)
	if rest, ok := strings.CutPrefix(u, "wss://"); ok {
		u = "https://" + rest
	} else if rest, ok := strings.CutPrefix(u, "ws://"); ok {
		u = "http://" + rest
	}
	return strings.TrimSuffix(strings.TrimRight(u, "/"), RouteRelay)
}

// RouteURL is the URL of an HTTP route such as [RouteProvision].
func RouteURL(base, route string) string { return HTTPBase(base) + route }
