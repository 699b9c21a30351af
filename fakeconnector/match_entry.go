package fakeconnector

import (
	"errors"
)

// Entries makes a filter for the journal of a match: the frames that a stub with it would
// have looked at, either way, or every entry where the match says nothing about frames.
// Point and Path are not looked at. The error is that of [Stub.Try].
func (m Match) Entries() (func(Entry) bool, error) {
	if m.Point != "" || m.Path != "" {
		return nil, errors.New("matching entries: expected neither a point nor a path")
	}
	ready, err := m.ready()
	if err != nil {
		return nil, err
	}
	about := m
	about.Gateway, about.Instance, about.Session = "", "", ""
	anyEntry := about.Where == nil && about.String() == ""
	return func(e Entry) bool {
		if !same(m.Gateway, e.GatewayID) || !same(m.Instance, e.Instance) || !same(m.Session, e.Session) {
			return false
		}
		if anyEntry {
			return true
		}
		if e.Kind != KindFrame {
			return false
		}
		x := &Exchange{Point: ready.Point, Frame: e.Frame.Frame, Raw: e.Frame.Raw, session: e.Session,
			gateway: Gateway{ID: e.GatewayID, Instance: e.Instance}}
		return ready.matches(x)
	}, nil
}
