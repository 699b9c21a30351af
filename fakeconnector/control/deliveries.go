package control

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/protocol"
)

func (s *Server) push(_ context.Context, in *struct {
	OfInstance
	Body api.Event
}) (*out[api.Delivery], error) {
	c, state, err := s.instance(in.OfInstance)
	if err != nil {
		return nil, err
	}
	mark := c.Journal().Mark()
	d, err := c.Publish(state.ID, in.Body)
	if err != nil {
		return nil, refused("body", err)
	}
	src := in.Body.Source
	if src.Platform == "" {
		src.Platform = platformOf(c, state)
	}
	return give(api.Delivery{Mark: mark, Instance: state.ID, Session: d.Session, BufferID: d.BufferID,
		SessionKey: protocol.SessionKey(completed(src), protocol.SessionKeyOptions{})})
}

// platformOf is the platform that an event takes which names none.
func platformOf(c *fakeconnector.Connector, i fakeconnector.InstanceState) string {
	for _, g := range c.Gateways() {
		if g.Instance == i.ID {
			return g.Platform
		}
	}
	return protocol.PlatformRelay
}

// rawHTTP documents the body of a passthrough: a request as it stands on the wire.
func rawHTTP(op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Description: "an HTTP request: its request line, its headers in their order, an empty line, its body. Lines end with CRLF or LF. Of a body, Content-Length is not looked at: everything after the empty line is the body.",
		Content: map[string]*huma.MediaType{"message/http": {Schema: &huma.Schema{Type: huma.TypeString}}}}
}

func (s *Server) passthrough(_ context.Context, in *struct {
	OfInstance
	Platform    string `query:"platform" default:"discord" minLength:"1" maxLength:"256" doc:"where the request came from"`
	BotID       string `query:"bot_id" maxLength:"256" doc:"for which bot; left out, the one of the instance's gateway"`
	ContentType string `header:"Content-Type"`
	RawBody     []byte
}) (*out[api.Delivery], error) {
	c, state, err := s.instance(in.OfInstance)
	if err != nil {
		return nil, err
	}
	if !isRawHTTP(in.ContentType) {
		return nil, fault(415, "header.Content-Type", in.ContentType, "expected message/http")
	}
	forward, err := readRequest(in.RawBody)
	if err != nil {
		return nil, fault(422, "body", nil, "%v", err)
	}
	forward.Platform, forward.BotID = in.Platform, in.BotID
	for _, g := range c.Gateways() {
		if forward.BotID == "" && g.Instance == state.ID {
			forward.BotID = g.BotID
		}
	}
	mark := c.Journal().Mark()
	d, err := c.Forward(state.ID, forward)
	if err != nil {
		return nil, refused("body", err)
	}
	return give(api.Delivery{Mark: mark, Instance: state.ID, Session: d.Session, BufferID: d.BufferID})
}

func (s *Server) interrupt(_ context.Context, in *struct {
	OfInstance
	Body api.Interrupt
}) (*out[api.Sent], error) {
	c, state, err := s.instance(in.OfInstance)
	if err != nil {
		return nil, err
	}
	mark := c.Journal().Mark()
	session, err := c.Interrupt(state.ID, in.Body.SessionKey, in.Body.ChatID)
	if err != nil {
		return nil, refused("path.instance", err)
	}
	return give(api.Sent{Mark: mark, Session: session})
}
