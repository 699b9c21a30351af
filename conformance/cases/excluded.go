package cases

import "github.com/relaykit/relaykit/protocol"

// Why a rule that binds a gateway has no case.
const (
	laterRevision = "belongs to a later revision; this suite judges the baseline so far"
	notYet        = "no case yet"
	pureFunction  = "decided by the vectors; nothing on the wire of a stock gateway shows it"
	oldDelivery   = "the superseded HTTP delivery, which the vectors decide; no gateway of the baseline serves it"
	onTheProcess  = "seen on the process and not on the wire; no observer of the process yet"
)

// Excluded names every rule that binds a gateway and has no case, with the reason.
func Excluded() map[protocol.RuleID]string {
	return map[protocol.RuleID]string{}
}
