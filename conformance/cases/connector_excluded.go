package cases

import "github.com/relaykit/relaykit/protocol"

// Why a rule that binds a connector has no case, and who could see it broken.
var (
	noMedia     = Exclusion{"the media route, which the cases of the connector do not ask yet", "a probe that uploads a file, and acts on it as its gateway and as another one"}
	keySwitches = Exclusion{"depends on the revision of the gateway that runs the session, which no frame tells the connector",
		"a target that says of which revision the gateways of its records are; the vectors of the group session-key decide the key itself"}
	onThePlatform = Exclusion{"shows on the platform alone, which no target lets the suite see", "a target that tells what its connector did on the platform"}
)

// ConnectorExcluded names every rule that binds a connector and has no case.
func ConnectorExcluded() map[protocol.RuleID]Exclusion {
	return map[protocol.RuleID]Exclusion{
		protocol.RuleAuthBlankSecret: {"a target stores no blank secret for the suite: a token that is signed with one, for a gateway that has another, is refused as any wrong one is",
			"a target that stores a record whose secret is white space"},
		protocol.RuleSessionKeySlackScope:  keySwitches,
		protocol.RuleSessionKeyProspective: keySwitches,
		protocol.RuleActionTypingClear:     onThePlatform,
		protocol.RulePromptToken:           onThePlatform,
		protocol.RulePromptPress:           {"begins on the platform, where no target lets the suite press an option", "a target that presses an option of a prompt"},
		protocol.RuleMediaLimit:            noMedia,
		protocol.RuleMediaId:               noMedia,
		protocol.RuleMediaOwner:            noMedia,
		protocol.RuleMediaExpiry:           noMedia,
		protocol.RuleSecurityConstantTime: {"decided inside of the connector; the difference is lost in the noise of any network",
			"a reader of its code, or very many measurements on a machine that does nothing else"},
		protocol.RuleDeliverySignature: {oldDelivery, "the vectors of the group deliveries, to which any implementation of it can be held"},
	}
}
