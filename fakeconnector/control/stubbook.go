package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/protocol"
)

// stubBook holds the stubs of a namespace by id.
type stubBook struct {
	mu   sync.Mutex
	next int
	list []*stub
}

type stub struct {
	asked   api.NewStub
	inForce *fakeconnector.Stub
	faults  []fakeconnector.Fault
}

// maxStubs bounds the stubs of a namespace: each is looked at for every frame.
const maxStubs = 1000

// fieldError is an error about one field of a request.
type fieldError struct {
	status   int
	location string
	err      error
}

func (e *fieldError) Error() string { return e.location + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// read makes the match and the faults of a stub, without putting it in force.
func readStub(asked api.NewStub) (fakeconnector.Match, []fakeconnector.Fault, error) {
	m := asked.Match
	match := fakeconnector.Match{Point: fakeconnector.Point(m.Point), Gateway: m.Gateway, Instance: m.Instance, Session: m.Session,
		Path: m.Path, Type: protocol.Type(m.Type), Op: protocol.Op(m.Op), ChatID: m.ChatID, SessionKey: m.SessionKey,
		RequestID: m.RequestID, BufferID: m.BufferID, Text: m.Text, JSON: string(m.JSON)}
	faults := make([]fakeconnector.Fault, 0, len(asked.Faults))
	for i, one := range asked.Faults {
		fault, err := readFault(one)
		if err != nil {
			return match, nil, &fieldError{422, fmt.Sprintf("faults[%d]", i), err}
		}
		faults = append(faults, fault)
	}
	return match, faults, nil
}

func readFault(f api.Fault) (fakeconnector.Fault, error) {
	var name string
	if err := json.Unmarshal(f["name"], &name); err != nil {
		return nil, fmt.Errorf("expected the name of a fault: %w", err)
	}
	fields := map[string]json.RawMessage{}
	for k, v := range f {
		if k != "name" {
			fields[k] = v
		}
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return fakeconnector.NewFault(name, raw)
}

// add puts a stub in force.
func (b *stubBook) add(c *fakeconnector.Connector, asked api.NewStub) (api.Stub, error) {
	match, faults, err := readStub(asked)
	if err != nil {
		return api.Stub{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.list) >= maxStubs {
		return api.Stub{}, &fieldError{409, "", fmt.Errorf("expected at most %d stubs", maxStubs)}
	}
	if asked.ID == "" {
		for asked.ID == "" || b.find(asked.ID) != nil {
			b.next++
			asked.ID = "stub-" + strconv.Itoa(b.next)
		}
	} else if b.find(asked.ID) != nil {
		return api.Stub{}, &fieldError{409, "id", fmt.Errorf("expected the id of no other stub, got %q", asked.ID)}
	}
	s := &stub{asked: asked, faults: faults, inForce: c.On(match).After(asked.After).Every(asked.Every).Times(asked.Times)}
	if err := s.inForce.Try(faults...); err != nil {
		return api.Stub{}, &fieldError{422, "match", err}
	}
	b.list = append(b.list, s)
	return s.look(), nil
}

// find needs b.mu.
func (b *stubBook) find(id string) *stub {
	for _, s := range b.list {
		if s.asked.ID == id {
			return s
		}
	}
	return nil
}

func (b *stubBook) get(id string) *stub {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.find(id)
}

// remove takes a stub out of force and lets go of what it holds, as nobody else could.
func (b *stubBook) remove(id string) bool {
	b.mu.Lock()
	s := b.find(id)
	b.list = slices.DeleteFunc(b.list, func(other *stub) bool { return other == s })
	b.mu.Unlock()
	if s == nil {
		return false
	}
	s.inForce.Remove()
	s.open()
	s.release(nil)
	return true
}

func (b *stubBook) all() []api.Stub {
	b.mu.Lock()
	list := slices.Clone(b.list)
	b.mu.Unlock()
	out := make([]api.Stub, 0, len(list))
	for _, s := range list {
		out = append(out, s.look())
	}
	return out
}

func (s *stub) look() api.Stub {
	out := api.Stub{NewStub: s.asked, ID: s.asked.ID, Hits: s.inForce.Hits()}
	for _, f := range s.faults {
		if h, ok := f.(interface{ Held() int }); ok {
			out.Held += h.Held()
		}
	}
	return out
}

// open has its holds keep nothing any more, neither what they have nor what it has matched and is on its way to them.
func (s *stub) open() {
	for _, f := range s.faults {
		if hold, ok := f.(*fakeconnector.Hold); ok {
			hold.Open()
		}
	}
}

// release lets go of what the stub's faults keep: everything, or the one at a place of
// what a hold has.
func (s *stub) release(at *int) (n int) {
	for _, f := range s.faults {
		switch f := f.(type) {
		case *fakeconnector.Hold:
			if at == nil {
				n += f.Release()
			} else if f.ReleaseAt(*at) {
				n++
			}
		case interface {
			Held() int
			Release()
		}:
			if at == nil {
				n += f.Held()
				f.Release()
			}
		}
	}
	return n
}
