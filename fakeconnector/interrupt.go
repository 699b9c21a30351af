package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// interrupt routes an interrupt to the instance that runs the session, within the
// gateway's own tenant and nowhere else (contract, section "Interrupts").
func (c *Connector) interrupt(s *Session, f *protocol.Interrupt) {
	c.known.mu.Lock()
	r, ok := c.known.runs.get(pair(s.gateway.Tenant, withoutProfile(f.SessionKey)))
	c.known.mu.Unlock()
	if !ok {
		s.journal(Entry{Kind: KindNote, Note: "no instance of the tenant runs the session that the interrupt names"})
		return
	}
	to := c.instance(r.instance).live()
	if to == nil {
		s.journal(Entry{Kind: KindNote, Note: "the instance that runs the interrupted session is not connected"})
		return
	}
	if err := to.Send(&protocol.InterruptInbound{SessionKey: f.SessionKey, ChatID: r.chatID}); err != nil {
		s.journal(Entry{Kind: KindNote, Note: "the interrupt did not leave: " + err.Error()})
	}
}
