package fakeconnector

// Reset ends the session with a TCP RST, after what is about to be sent, which the reset
// may overtake. At PointDial it drops the connection, with a FIN.
type Reset struct{}

// Name implements [Fault].
func (Reset) Name() string { return "reset" }

// Apply implements [Fault].
func (Reset) Apply(x *Exchange) {
	if x.Point == PointDial {
		x.DropTCP()
		return
	}
	x.Then((*Session).Reset)
}
