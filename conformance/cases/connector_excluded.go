package cases

import "github.com/relaykit/relaykit/protocol"

// Why a rule that binds a connector has no case.
const (
	noHTTPRoutes   = "an HTTP route, which the cases of the connector do not ask yet"
	noGate         = "the delivery gate: a target publishes for an instance, past the gate"
	inTheConnector = "decided inside of the connector; nothing of it shows on the wire"
	onThePlatform  = "shows on the platform alone, which no target lets the suite see"
	keySwitches    = "depends on a switch or a revision of the gateway that runs the session, which no frame tells the connector"
)

// ConnectorExcluded names every rule that binds a connector and has no case, with the
// reason.
func ConnectorExcluded() map[protocol.RuleID]string {
	return map[protocol.RuleID]string{
		protocol.RuleAuthBlankSecret:       "a target stores no blank secret for the suite",
		protocol.RuleSessionKeyDmFallback:  "a target publishes no event without a chat",
		protocol.RuleSessionKeySlackScope:  keySwitches,
		protocol.RuleSessionKeyProspective: keySwitches,
		protocol.RuleActionTypingClear:     onThePlatform,
		protocol.RulePromptToken:           onThePlatform,
		protocol.RulePromptPress:           onThePlatform,
		protocol.RuleBufferDurable:         "needs the end of the connector's process and a new one, which no target offers yet",
		protocol.RuleMediaLimit:            noHTTPRoutes,
		protocol.RuleMediaId:               noHTTPRoutes,
		protocol.RuleMediaOwner:            noHTTPRoutes,
		protocol.RuleMediaExpiry:           noHTTPRoutes,
		protocol.RuleProvisionTenant:       noHTTPRoutes,
		protocol.RuleProvisionAnswer:       noHTTPRoutes,
		protocol.RuleProvisionError:        noHTTPRoutes,
		protocol.RuleProvisionRotates:      noHTTPRoutes,
		protocol.RuleProvisionSameSecret:   noHTTPRoutes,
		protocol.RuleEnrollAnswer:          noHTTPRoutes,
		protocol.RuleEnrollOnce:            noHTTPRoutes,
		protocol.RuleEnrollBadToken:        noHTTPRoutes,
		protocol.RuleEnrollBadIdentity:     noHTTPRoutes,
		protocol.RuleEnrollBadBody:         noHTTPRoutes,
		protocol.RulePolicyReplaces:        noHTTPRoutes,
		protocol.RuleManageAuth:            noHTTPRoutes,
		protocol.RuleManageInstance:        noHTTPRoutes,
		protocol.RuleManagePrincipal:       noHTTPRoutes,
		protocol.RuleManageDeprovision:     "its bindings belong to the delivery gate; that the secrets are revoked is judged by auth/rejected-4401:revoked",
		protocol.RuleGateAllThree:          noGate,
		protocol.RuleGateBoundAuthor:       noGate,
		protocol.RuleGateUnlinked:          noGate,
		protocol.RuleGateGrants:            noGate,
		protocol.RuleGateVisible:           noGate,
		protocol.RuleGateRelevant:          noGate,
		protocol.RuleGateOwner:             noGate,
		protocol.RuleGateNoTrace:           noGate,
		protocol.RuleGateLink:              noGate,
		protocol.RuleSecurityConstantTime:  inTheConnector,
		protocol.RuleDeliverySignature:     oldDelivery,
	}
}
