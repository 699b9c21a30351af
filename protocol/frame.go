package protocol

import "encoding/json"

// Type is the `type` member of a frame.
type Type string

// The frame types of the contract, section "Frames".
const (
	TypeHello              Type = "hello"
	TypeDescriptor         Type = "descriptor"
	TypeInbound            Type = "inbound"
	TypeInboundAck         Type = "inbound_ack"
	TypeOutbound           Type = "outbound"
	TypeOutboundResult     Type = "outbound_result"
	TypeInterrupt          Type = "interrupt"
	TypeInterruptInbound   Type = "interrupt_inbound"
	TypePassthroughForward Type = "passthrough_forward"
	TypeGoingIdle          Type = "going_idle"
	TypeGoingIdleAck       Type = "going_idle_ack"
)

// Direction says which side sends a frame.
type Direction string

// The two directions of a session.
const (
	FromGateway   Direction = "gateway"
	FromConnector Direction = "connector"
)

// Frame is one frame of the contract. The concrete types are pointers to the
// structs of this package, and *[Unknown].
type Frame interface {
	// FrameType is what the frame carries as `type`.
	FrameType() Type
}

// Hello opens a session: which platform identity the gateway fronts.
type Hello struct {
	Platform        string               `json:"platform" wire:"required"`
	BotID           string               `json:"botId" wire:"required"`
	CommandManifest Opt[json.RawMessage] `json:"command_manifest,omitzero" since:"2026-07"`
	Extra           Extra                `json:"-"`
}

// DescriptorFrame answers a hello with what the platform can do.
type DescriptorFrame struct {
	Descriptor Descriptor `json:"descriptor" wire:"required"`
	Extra      Extra      `json:"-"`
}

// Inbound carries one event to the gateway. BufferID is set when the connector wants
// an acknowledgement; an empty one counts as absent.
type Inbound struct {
	Event    Event       `json:"event" wire:"required"`
	BufferID Opt[string] `json:"bufferId,omitzero"`
	Extra    Extra       `json:"-"`
}

// InboundAck tells the connector that the entry of that bufferId was accepted.
type InboundAck struct {
	BufferID string `json:"bufferId" wire:"required"`
	Extra    Extra  `json:"-"`
}

// Outbound asks the connector to act on a platform.
type Outbound struct {
	RequestID string      `json:"requestId" wire:"required"`
	Action    Action      `json:"action" wire:"required"`
	Platform  Opt[string] `json:"platform,omitzero" since:"2026-06-26"`
	BotID     Opt[string] `json:"botId,omitzero" since:"2026-06-26"`
	Extra     Extra       `json:"-"`
}

// OutboundResult answers the outbound frame of the same requestId.
type OutboundResult struct {
	RequestID string `json:"requestId" wire:"required"`
	Result    Result `json:"result" wire:"required"`
	Extra     Extra  `json:"-"`
}

// Interrupt asks that the turn of a session key be stopped, wherever it runs.
type Interrupt struct {
	SessionKey string      `json:"session_key" wire:"required"`
	Reason     Opt[string] `json:"reason,omitzero"`
	Extra      Extra       `json:"-"`
}

// InterruptInbound tells the gateway that runs the session to stop its turn.
type InterruptInbound struct {
	SessionKey string `json:"session_key" wire:"required"`
	ChatID     string `json:"chat_id" wire:"required"`
	Extra      Extra  `json:"-"`
}

// PassthroughForward carries a platform's webhook request to the gateway.
type PassthroughForward struct {
	Forward  Forward     `json:"forward" wire:"required"`
	BufferID Opt[string] `json:"bufferId,omitzero"`
	Extra    Extra       `json:"-"`
}

// GoingIdle announces that the gateway is draining.
type GoingIdle struct {
	Extra Extra `json:"-"`
}

// GoingIdleAck says that the connector has flipped the instance to buffered-only.
type GoingIdleAck struct {
	Extra Extra `json:"-"`
}

// Unknown is a frame whose type this package does not know, kept whole. A receiver
// ignores it.
type Unknown struct {
	TypeName Type
	Raw      json.RawMessage
}

// FrameType implements [Frame].
func (*Hello) FrameType() Type              { return TypeHello }
func (*DescriptorFrame) FrameType() Type    { return TypeDescriptor }
func (*Inbound) FrameType() Type            { return TypeInbound }
func (*InboundAck) FrameType() Type         { return TypeInboundAck }
func (*Outbound) FrameType() Type           { return TypeOutbound }
func (*OutboundResult) FrameType() Type     { return TypeOutboundResult }
func (*Interrupt) FrameType() Type          { return TypeInterrupt }
func (*InterruptInbound) FrameType() Type   { return TypeInterruptInbound }
func (*PassthroughForward) FrameType() Type { return TypePassthroughForward }
func (*GoingIdle) FrameType() Type          { return TypeGoingIdle }
func (*GoingIdleAck) FrameType() Type       { return TypeGoingIdleAck }
func (u *Unknown) FrameType() Type          { return u.TypeName }

// frameKind is one row of the table that the codec and the drift check share.
type frameKind struct {
	from Direction
	make func() Frame
}

var frameKinds = map[Type]frameKind{
	TypeHello:              {FromGateway, func() Frame { return new(Hello) }},
	TypeDescriptor:         {FromConnector, func() Frame { return new(DescriptorFrame) }},
	TypeInbound:            {FromConnector, func() Frame { return new(Inbound) }},
	TypeInboundAck:         {FromGateway, func() Frame { return new(InboundAck) }},
	TypeOutbound:           {FromGateway, func() Frame { return new(Outbound) }},
	TypeOutboundResult:     {FromConnector, func() Frame { return new(OutboundResult) }},
	TypeInterrupt:          {FromGateway, func() Frame { return new(Interrupt) }},
	TypeInterruptInbound:   {FromConnector, func() Frame { return new(InterruptInbound) }},
	TypePassthroughForward: {FromConnector, func() Frame { return new(PassthroughForward) }},
	TypeGoingIdle:          {FromGateway, func() Frame { return new(GoingIdle) }},
	TypeGoingIdleAck:       {FromConnector, func() Frame { return new(GoingIdleAck) }},
}

// Types lists the known frame types, in the contract's order.
func Types() []Type {
	return []Type{TypeHello, TypeDescriptor, TypeInbound, TypeInboundAck, TypeOutbound, TypeOutboundResult,
		TypeInterrupt, TypeInterruptInbound, TypePassthroughForward, TypeGoingIdle, TypeGoingIdleAck}
}

// From says which side sends frames of this type; false for an unknown type.
func (t Type) From() (Direction, bool) {
	k, ok := frameKinds[t]
	return k.from, ok
}

// New returns an empty frame of this type, or nil for an unknown one.
func (t Type) New() Frame {
	if k, ok := frameKinds[t]; ok {
		return k.make()
	}
	return nil
}
