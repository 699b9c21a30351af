package cases

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorConnect() []kit.Case {
	wrong := func(variant, path string) kit.Case {
		return probe(id(protocol.RuleConnectWrongPath, variant), "answers an upgrade of "+path+" with 400", kit.ProbeNeeds{}, func(p *kit.P) {
			s, status := p.TryDial(p.Me(), path, "Bearer "+p.Token(p.Me()))
			if s != nil || status != 400 {
				p.Mismatch("HTTP status 400", fmt.Sprintf("%d", status))
			}
			p.Observed()
		})
	}
	return []kit.Case{
		wrong("root", "/"), wrong("below", "/relay/x"), wrong("longer", "/relayed"), wrong("other", "/socket"),
		probe(id(protocol.RuleConnectSupersede), "delivers to the newer socket of a gateway only", publishes, supersedeDelivers),
		probe(id(protocol.RuleConnectSupersede, "closes"), "closes the older socket, and not with 4401", kit.ProbeNeeds{}, supersedeCloses),
	}
}

func supersedeDelivers(p *kit.P) {
	old := p.Connect(p.Me())
	s := p.Connect(p.Me())
	e := p.Event("for the newer socket")
	p.Publish(p.Me(), e)
	f := s.Delivered(e)
	if f.BufferID != "" {
		s.Ack(f.BufferID)
	}
	s.Alive()
	if twice := old.Frames(e.In); len(twice) > 0 {
		p.Mismatch("the event on the newer socket only", "the older one got it too")
	}
}

func supersedeCloses(p *kit.P) {
	old := p.Connect(p.Me())
	s := p.Connect(p.Me())
	if e := old.Ended(); e.Code == 4401 {
		p.Mismatch("a close of the older socket with a code other than 4401", e.String())
	}
	s.Alive()
}

func connectorHandshake() []kit.Case {
	return []kit.Case{
		probe(id(protocol.RuleHandshakeDescriptorAnswer), "answers a hello with one descriptor", kit.ProbeNeeds{}, oneDescriptor),
		probe(id(protocol.RuleHandshakeDescriptorAnswer, "each"), "answers every hello of a socket", kit.ProbeNeeds{}, descriptorForEach),
		probe(id(protocol.RuleHandshakeDescriptorFirst), "sends nothing before the hello, not even what is published meanwhile", publishes, nothingBeforeHello),
		probe(id(protocol.RuleHandshakeDescriptorFirst, "buffered"), "sends the descriptor before what was buffered", publishes, descriptorBeforeDrain),
		probe(id(protocol.RuleDescriptorComplete), "sends all nine required fields of a descriptor", kit.ProbeNeeds{}, completeDescriptor),
	}
}

func isDescriptor(f kit.Received) bool { return f.Is(protocol.TypeDescriptor) }

func anything(kit.Received) bool { return true }

func oneDescriptor(p *kit.P) {
	s := p.Connect(p.Me())
	s.CatchUp()
	s.Nothing("second descriptor", isDescriptor)
}

func descriptorForEach(p *kit.P) {
	s := p.Connect(p.Me())
	s.CatchUp()
	s.Hello()
	s.Await("a descriptor in answer to the second hello", isDescriptor)
	s.Alive()
	if n := len(s.Frames(isDescriptor)); n != 1 {
		p.Mismatch("one descriptor for the second hello", fmt.Sprintf("%d", n))
	}
}

// The hello itself is the sign of life.
func nothingBeforeHello(p *kit.P) {
	s := p.Dial(p.Me(), p.Token(p.Me()))
	p.Publish(p.Me(), p.Event("too early"))
	p.Wait(p.Timing.Quiet, func() bool { return false })
	if early := s.Frames(anything); len(early) > 0 {
		p.Mismatch("nothing before the hello", early[0].String())
	}
	s.Hello()
	if f := s.Await("a frame after the hello", anything); !isDescriptor(f) {
		p.Mismatch("a descriptor as the first frame", f.String())
	}
}

func descriptorBeforeDrain(p *kit.P) {
	p.Sleep(p.Me())
	p.Publish(p.Me(), p.Events(3)...)
	s := p.Dial(p.Me(), p.Token(p.Me()))
	s.Hello()
	if f := s.Await("a frame after the hello", anything); !isDescriptor(f) {
		p.Mismatch("a descriptor as the first frame", f.String())
	}
}

func completeDescriptor(p *kit.P) {
	s := p.Dial(p.Me(), p.Token(p.Me()))
	s.Hello()
	f := s.Handshaken()
	if why := kit.BadDescriptor(f); why != "" {
		p.Mismatch("a complete descriptor", why)
	}
	var platform string
	if _ = json.Unmarshal(f.Object("descriptor")["platform"], &platform); platform != p.Me().Platform {
		p.Mismatch(fmt.Sprintf("a descriptor of %q, the platform of the hello", p.Me().Platform), fmt.Sprintf("one of %q", platform))
	}
}
