package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// WrongDescriptor answers a hello with another descriptor. With Drop, fields are left out
// of it, by name.
type WrongDescriptor struct {
	Descriptor protocol.Descriptor `json:"descriptor"`
	Drop       []string            `json:"drop,omitempty"`
}

// Name implements [Fault].
func (WrongDescriptor) Name() string { return "wrong-descriptor" }

// Apply implements [Fault].
func (f WrongDescriptor) Apply(x *Exchange) {
	Reply{Frames: []protocol.Frame{&protocol.DescriptorFrame{Descriptor: f.Descriptor}}}.Apply(x)
	for _, field := range f.Drop {
		SetField{Pointer: "/descriptor/" + field}.Apply(x)
	}
}
