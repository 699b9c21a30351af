package cases

import "github.com/relaykit/relaykit/protocol"

// Exclusion says why a rule has no case.
type Exclusion struct {
	Reason string `json:"reason"`
	// Observer says who could see the rule broken, if not the suite. It is empty for a rule
	// of a later revision, which waits for its case.
	Observer string `json:"observer"`
}

// Why a rule of the connector has no case.
const oldDelivery = "the superseded HTTP delivery, which the vectors decide; no gateway of the baseline serves it"

// Why a rule that binds a gateway has no case.
var (
	laterRevision      = Exclusion{Reason: "belongs to a later revision; this suite judges the baseline so far"}
	deliverySuperseded = Exclusion{
		Reason:   oldDelivery,
		Observer: "the vectors of the group deliveries, to which any implementation of it can be held; a suite that posts to the server of a gateway which still offers one",
	}
)

// Excluded names every rule that binds a gateway and has no case, with the reason.
func Excluded() map[protocol.RuleID]Exclusion {
	return map[protocol.RuleID]Exclusion{
		protocol.RuleAuthBlankSecret:                laterRevision,
		protocol.RuleHandshakeHelloOrder:            laterRevision,
		protocol.RuleHandshakeDescriptorPerPlatform: laterRevision,
		protocol.RuleDescriptorBadLength:            laterRevision,
		protocol.RuleDescriptorLegacyOps:            laterRevision,
		protocol.RuleEventScopeId:                   laterRevision,
		protocol.RuleEventContextOnly:               laterRevision,
		protocol.RuleEventDisplayName:               laterRevision,
		protocol.RuleSessionKeySlackScope:           laterRevision,
		protocol.RuleSessionKeyProspective:          laterRevision,
		protocol.RuleScopeDmAuthor:                  laterRevision,
		protocol.RuleScopeAuthor:                    laterRevision,
		protocol.RuleScopeProfile:                   laterRevision,
		protocol.RuleActionNewerOp:                  laterRevision,
		protocol.RuleActionReactFailure:             laterRevision,
		protocol.RulePromptToken:                    laterRevision,
		protocol.RulePromptId:                       laterRevision,
		protocol.RulePromptForeignPress:             laterRevision,
		protocol.RuleMediaUpload:                    laterRevision,
		protocol.RuleMediaReference:                 laterRevision,
		protocol.RulePassthroughCommandLine:         laterRevision,
		protocol.RulePassthroughThread:              laterRevision,
		protocol.RuleIdleDormantNeedsAck:            laterRevision,
		protocol.RuleReconnectFlapping:              laterRevision,
		protocol.RuleRevocationExpired:              laterRevision,
		protocol.RuleRevocationOneMoreDial:          laterRevision,
		protocol.RuleRevocationSecond4401:           laterRevision,
		protocol.RuleProvisionDisplayName:           laterRevision,
		protocol.RuleProvisionEachPlatform:          laterRevision,
		protocol.RuleProvisionPartial:               laterRevision,
		protocol.RulePolicyExplicit:                 laterRevision,
		protocol.RuleConfigDisplayName:              laterRevision,
		protocol.RuleConfigClientCredentials:        laterRevision,
		protocol.RuleDeliverySignature:              deliverySuperseded,
		protocol.RuleDeliveryRawBody:                deliverySuperseded,
		protocol.RuleDeliveryWindow:                 deliverySuperseded,
		protocol.RuleDeliveryRotation:               deliverySuperseded,
		protocol.RuleDeliveryStatus:                 deliverySuperseded,
	}
}
