// Package protocol is what goes over the wire between a gateway and a connector:
// frames, descriptors, events, actions, results, URLs and rule ids, as values and
// pure functions. It does no I/O and keeps no state beyond what a caller holds.
//
// Three properties matter to everybody who builds on it:
//
//   - Absent, null and empty stay apart. A field that may be left out is an [Opt].
//   - What this package does not know stays alive. Unknown fields are kept in the
//     Extra of the object that had them, unknown frame types in [Unknown], unknown
//     ops in [UnknownAction], and all are written again by [Encode].
//   - Field names are matched exactly, as the contract writes them. (The standard
//     library's decoder folds case, which would accept frames that other languages
//     ignore.)
//
// Struct tags carry the contract to the drift check: `json` is the field's name,
// `wire` says what a sender owes and a receiver may rely on, `since` is the dated
// revision that added the field.
//
//	wire:"required"  a sender must send it and a receiver must refuse its absence
//	wire:"always"    a sender must send it, a receiver has a default
//	wire:"nullable"  a sender must send it and may send null
//	(none)           a sender may leave it out
package protocol
