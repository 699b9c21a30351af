package gen

// Reasons for leaving recorded cases out that several groups share.
const (
	open       = "the contract leaves it open (its Appendix B): "
	duplicates = "says the same as the case "
)
