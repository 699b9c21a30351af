package fakeconnector

// DropTCP ends the TCP connection of a dial without an answer.
type DropTCP struct{}

// Name implements [Fault].
func (DropTCP) Name() string { return "drop-tcp" }

// Apply implements [Fault].
func (DropTCP) Apply(x *Exchange) { x.DropTCP() }
