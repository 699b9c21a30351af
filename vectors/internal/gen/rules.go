package gen

// Reasons for leaving recorded cases out that several groups share.
const (
	open = "the contract leaves it open (its Appendix B): "
)

const (
	pythonic  = "shows how one language reads a value of another type, which the contract leaves to nobody"
	otherCase = "says the same as another case of its file"
)
