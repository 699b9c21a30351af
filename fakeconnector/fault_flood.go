package fakeconnector

import "encoding/json"

// Flood sends a frame many times over, after what is about to be sent. Without a Frame it
// is one of an unknown type, which a gateway ignores.
type Flood struct {
	Count int             `json:"count"`
	Frame json.RawMessage `json:"frame,omitempty"`
}

// Name implements [Fault].
func (Flood) Name() string { return "flood" }

// Apply implements [Fault].
func (f Flood) Apply(x *Exchange) {
	line := []byte(`{"type":"x_flood"}` + "\n")
	if len(f.Frame) > 0 {
		line = append(append([]byte(nil), f.Frame...), '\n')
	}
	x.Then(func(s *Session) error {
		for range f.Count {
			if err := s.write(wireMessage{opcode: TextStep(line).Opcode, payload: line}); err != nil {
				return err
			}
		}
		return nil
	})
}
