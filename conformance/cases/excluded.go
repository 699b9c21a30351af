package cases

import "github.com/relaykit/relaykit/protocol"

// Why a rule that binds a gateway has no case.
const (
	laterRevision = "belongs to a later revision; this suite judges the baseline so far"
	enrolsApart   = "when a gateway enrols is left open, and the suite has no way yet to make it do so"
	oldDelivery   = "the superseded HTTP delivery, which the vectors decide; no gateway of the baseline serves it"
)

// Excluded names every rule that binds a gateway and has no case, with the reason.
func Excluded() map[protocol.RuleID]string {
	return map[protocol.RuleID]string{
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
		protocol.RuleEnrollBody:                     enrolsApart,
		protocol.RulePolicyExplicit:                 laterRevision,
		protocol.RuleConfigDisplayName:              laterRevision,
		protocol.RuleConfigClientCredentials:        laterRevision,
		protocol.RuleDeliverySignature:              oldDelivery,
		protocol.RuleDeliveryRawBody:                oldDelivery,
		protocol.RuleDeliveryWindow:                 oldDelivery,
		protocol.RuleDeliveryRotation:               oldDelivery,
		protocol.RuleDeliveryStatus:                 oldDelivery,
	}
}
