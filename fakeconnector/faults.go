package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// faultKinds lists the package's faults by their names, for callers that read stubs from
// JSON. Each has a file of its own, fault_*.go.
var faultKinds = map[string]func() Fault{
	"withhold": func() Fault { return new(Withhold) },
	"ignore":   func() Fault { return new(Ignore) },
	"hold":     func() Fault { return new(Hold) },
	"delay":    func() Fault { return new(Delay) },
	"stall":    func() Fault { return new(Stall) },

	"reply":     func() Fault { return new(Reply) },
	"result":    func() Fault { return new(Result) },
	"raw":       func() Fault { return new(Raw) },
	"duplicate": func() Fault { return new(Duplicate) },
	"reorder":   func() Fault { return new(Reorder) },
	"flood":     func() Fault { return new(Flood) },

	"corrupt":  func() Fault { return new(Corrupt) },
	"truncate": func() Fault { return new(Truncate) },
	"split":    func() Fault { return new(Split) },
	"join":     func() Fault { return new(Join) },
	"binary":   func() Fault { return new(Binary) },

	"unknown-type":     func() Fault { return new(UnknownType) },
	"unknown-field":    func() Fault { return new(UnknownField) },
	"mistyped-field":   func() Fault { return new(MistypedField) },
	"wrong-request-id": func() Fault { return new(WrongRequestID) },
	"set-field":        func() Fault { return new(SetField) },
	"wrong-descriptor": func() Fault { return new(WrongDescriptor) },

	"close":     func() Fault { return new(CloseWith) },
	"reset":     func() Fault { return new(Reset) },
	"half-open": func() Fault { return new(HalfOpen) },
	"refuse":    func() Fault { return new(Refuse) },
	"drop-tcp":  func() Fault { return new(DropTCP) },

	"body":     func() Fault { return new(Body) },
	"cut-body": func() Fault { return new(CutBody) },
	"redirect": func() Fault { return new(Redirect) },
}

// FaultNames lists the names of the package's faults, sorted.
func FaultNames() []string {
	names := make([]string, 0, len(faultKinds))
	for name := range faultKinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// NewFault makes a fault of a name, with its fields from a JSON object; nil takes the
// defaults. A field that the fault lacks is an error. The duration of a delay is a text
// such as "1.5s", or a number of nanoseconds, as Go's encoder has it.
func NewFault(name string, fields json.RawMessage) (Fault, error) {
	make, ok := faultKinds[name]
	if !ok {
		return nil, fmt.Errorf("expected the name of a fault, got %q; there are %q", name, FaultNames())
	}
	f := make()
	if len(fields) > 0 {
		d := json.NewDecoder(bytes.NewReader(fields))
		d.DisallowUnknownFields()
		if err := d.Decode(f); err != nil {
			return nil, fmt.Errorf("fault %q: expected a JSON object with its fields: %w", name, err)
		}
	}
	return f, nil
}

// FaultPoints lists the points at which a fault of a name acts; none for a name that is
// unknown.
func FaultPoints(name string) []string {
	make, ok := faultKinds[name]
	if !ok {
		return nil
	}
	f := make()
	var points []string
	if _, acts := f.(dialFault); acts {
		points = append(points, string(PointDial))
	}
	if _, acts := f.(httpFault); acts {
		points = append(points, string(PointHTTP))
	}
	_, only := f.(onlyHTTP)
	_, refuses := f.(*Refuse)
	_, drops := f.(*DropTCP)
	if !only && !refuses && !drops {
		points = append(points, string(PointUpgraded), string(PointFrame), string(PointSend))
	}
	return points
}
