package fakeconnector

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/relaykit/relaykit/protocol"
)

// checker holds every frame of one session against the contract. It says nothing that a
// gateway of a later revision could be blamed for: later ops and fields and several
// identities are fine.
type checker struct {
	named      Identity // what the record was given: hello must say so, or another of its identities
	spoke      bool
	hellos     []Identity // few
	requestIDs seen
}

// maxHellos bounds what one session may make us remember.
const maxHellos = 1024

func (k *checker) frame(s *Session, r *FrameRecord, seq int64) {
	if r.Raw == nil {
		s.journal(Entry{Kind: KindNote, Note: r.Err.Error()})
		return
	}
	var fe *protocol.FrameError
	if errors.As(r.Err, &fe) {
		k.broken(s, fe, r, seq)
	}
	typ := sentType(r)
	if from, known := typ.From(); known && from != protocol.FromGateway {
		s.violation(protocol.RuleFramingWrongDirection, seq, "expected a frame that a gateway sends, got %q, which the connector sends", typ)
	}
	k.order(s, typ, seq)
	k.secret(s, r.Raw, seq)
	switch f := r.Frame.(type) {
	case *protocol.Hello:
		k.hello(s, f, seq)
	case *protocol.Outbound:
		if f.RequestID == "" {
			s.violation(protocol.RuleOutboundFields, seq, "missing-field in frame \"outbound\" at /requestId: expected a string that is not empty, got an empty one")
		} else if k.requestIDs.add(f.RequestID, s.c.limits.RequestIDs) {
			s.violation(protocol.RuleOutboundRequestId, seq, "expected a requestId of its own for every request, got %q again in session %s", f.RequestID, s.id)
		}
	case *protocol.Interrupt:
		for _, fe := range protocol.Mistyped(f) {
			s.violation(protocol.RuleInterruptFields, seq, "%s", fe.Error())
		}
	case *protocol.InboundAck:
		switch s.c.acks.acked(s.gateway.Instance, f.BufferID) {
		case ackNeverSent:
			s.violation(protocol.RuleInboundAckOnlyBuffered, seq, "expected the bufferId of an entry that was sent to instance %q, got %q, which never was", s.gateway.Instance, f.BufferID)
		case ackTooOften:
			s.violation(protocol.RuleInboundAckOnlyBuffered, seq, "expected one inbound_ack for each time that the entry was sent, got another one for %q", f.BufferID)
		}
	}
}

// order judges the handshake's order.
func (k *checker) order(s *Session, typ protocol.Type, seq int64) {
	first := !k.spoke
	k.spoke = true
	if typ == protocol.TypeHello {
		select {
		case s.greeted <- seq:
		default:
		}
		return
	}
	switch {
	case first:
		s.violation(protocol.RuleHandshakeHelloFirst, seq, "expected hello as the first frame of the session, got %s", named(typ))
	case !s.descriptorSent():
		s.violation(protocol.RuleHandshakeQuietUntilDescriptor, seq, "expected nothing but hello before the descriptor arrived, got %s", named(typ))
	}
}

// secret looks for the gateway's own secret. Short ones of a test could stand anywhere, and
// a gateway that was sent its secret, in an event say, may quote it.
func (k *checker) secret(s *Session, line []byte, seq int64) {
	if s.holdsSecret(line) && !s.quotable.Load() {
		s.violation(protocol.RuleSecuritySecretStays, seq, "expected no frame to contain the gateway's secret, this one does")
	}
}

func (s *Session) holdsSecret(line []byte) bool {
	return len(s.secret) >= minSecret && bytes.Contains(line, s.secret)
}

// minSecret is the length from which a secret does not stand in a text by accident.
const minSecret = 16

func named(typ protocol.Type) string {
	if typ == "" {
		return "a line that is no frame"
	}
	return `"` + string(typ) + `"`
}

func (s *Session) descriptorSent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handshaken
}

func (k *checker) hello(s *Session, f *protocol.Hello, seq int64) {
	id := Identity{f.Platform, f.BotID}
	if slices.Contains(k.hellos, id) {
		s.violation(protocol.RuleHandshakeHelloOnce, seq, "expected one hello for each identity, got another one for platform %q, botId %q", f.Platform, f.BotID)
		return
	}
	if len(k.hellos) < maxHellos {
		k.hellos = append(k.hellos, id)
	}
	if !same(k.named.Platform, f.Platform) || !same(k.named.BotID, f.BotID) {
		if !slices.Contains(s.gateway.Fronts, id) {
			s.violation(protocol.RuleHandshakeHelloFields, seq, "expected hello for platform %q, botId %q, as gateway %q is configured, got platform %q, botId %q",
				s.gateway.Platform, s.gateway.BotID, s.gateway.ID, f.Platform, f.BotID)
		}
	}
}

// broken names the rule that a line breaks which is not a usable frame.
func (k *checker) broken(s *Session, fe *protocol.FrameError, r *FrameRecord, seq int64) {
	switch fe.Code {
	case protocol.CodeNotJSON, protocol.CodeNotObject, protocol.CodeNoType:
		if several(r.Raw) {
			s.violation(protocol.RuleFramingNewline, seq, "expected a newline after every frame, got several JSON values in one line: %s", clip(r.Raw))
			return
		}
		s.violation(protocol.RuleFramingNewline, seq, "expected a JSON object with a string \"type\" in every line, got %s", fe.Error())
		return
	}
	rule, judged := map[protocol.Type]protocol.RuleID{
		protocol.TypeHello:      protocol.RuleHandshakeHelloFields,
		protocol.TypeOutbound:   protocol.RuleOutboundFields,
		protocol.TypeInboundAck: protocol.RuleInboundAckBuffered,
		protocol.TypeInterrupt:  protocol.RuleInterruptFields,
	}[fe.Type]
	if judged {
		s.violation(rule, seq, "%s", fe.Error())
	}
}

// several reports whether a line holds more than one JSON value, the first an object.
func several(line []byte) bool {
	d := json.NewDecoder(bytes.NewReader(line))
	var first json.RawMessage
	if d.Decode(&first) != nil || len(first) == 0 || first[0] != '{' {
		return false
	}
	var second json.RawMessage
	return !errors.Is(d.Decode(&second), io.EOF)
}
