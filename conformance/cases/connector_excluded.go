package cases

import "github.com/relaykit/relaykit/protocol"

// Why a rule that binds a connector has no case.
const (
	noMedia        = "the media route, which the cases of the connector do not ask yet"
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
		protocol.RuleMediaLimit:            noMedia,
		protocol.RuleMediaId:               noMedia,
		protocol.RuleMediaOwner:            noMedia,
		protocol.RuleMediaExpiry:           noMedia,
		protocol.RuleSecurityConstantTime:  inTheConnector,
		protocol.RuleDeliverySignature:     oldDelivery,
	}
}
