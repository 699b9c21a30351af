package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/protocol"
)

func sessionOf(s fakeconnector.SessionState) api.Session {
	return api.Session{ID: s.ID, Gateway: s.GatewayID, Instance: s.Instance, Remote: s.Remote, Since: s.Since,
		Handshake: s.Handshake, Live: s.Live, Closing: s.Closing, Stalled: s.Stalled, Queued: s.Queued}
}

func sessionsOf(c *fakeconnector.Connector) []api.Session {
	out := []api.Session{}
	for _, s := range c.Sessions() {
		out = append(out, sessionOf(s))
	}
	return out
}

func (s *Server) listSessions(_ context.Context, in *InNamespace) (*out[api.Sessions], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Sessions{Sessions: sessionsOf(space.Connector)})
}

// OfSession names a session in the path.
type OfSession struct {
	InNamespace
	Session string `path:"session" minLength:"1" maxLength:"64"`
}

// session finds the open session that a request names.
func (s *Server) session(in OfSession) (*fakeconnector.Connector, *fakeconnector.Session, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, nil, err
	}
	if found := space.Connector.SessionByID(in.Session); found != nil {
		return space.Connector, found, nil
	}
	return nil, nil, fault(404, "path.session", in.Session, "expected the id of an open session; GET %s/sessions has them", api.Base)
}

func (s *Server) getSession(_ context.Context, in *OfSession) (*out[api.Session], error) {
	_, found, err := s.session(*in)
	if err != nil {
		return nil, err
	}
	return give(sessionOf(found.State()))
}

func (s *Server) closeSession(_ context.Context, in *struct {
	OfSession
	Body *api.Close
}) (*struct{}, error) {
	_, found, err := s.session(in.OfSession)
	if err != nil {
		return nil, err
	}
	how := api.Close{Code: websocket.CloseNormalClosure}
	if in.Body != nil {
		how = *in.Body
	}
	switch how.How {
	case fakeconnector.HowRST:
		err = found.Reset()
	case fakeconnector.HowFIN:
		err = found.Drop()
	default:
		err = found.Close(how.Code, how.Reason)
	}
	if err != nil {
		return nil, fault(422, "body", nil, "%v", err)
	}
	return nil, nil
}

// anyFrame documents a frame: whatever the contract has, and whatever it lacks.
func anyFrame(op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"type"}, Properties: map[string]*huma.Schema{"type": {Type: huma.TypeString}},
		Examples: []any{map[string]any{"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:C1", "chat_id": "C1"}}}}}}
}

func (s *Server) sendFrame(_ context.Context, in *struct {
	OfSession
	Body json.RawMessage
}) (*out[api.Sent], error) {
	c, found, err := s.session(in.OfSession)
	if err != nil {
		return nil, err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, in.Body); err != nil {
		return nil, fault(400, "body", nil, "expected a JSON object: %v", err)
	}
	frame, err := protocol.Decode(line.Bytes())
	if err != nil {
		return nil, fault(422, "body", nil, "expected a frame; to send what is none, use messages: %v", err)
	}
	mark := c.Journal().Mark()
	if err := found.Send(frame); err != nil {
		return nil, refused("path.session", err)
	}
	return give(api.Sent{Mark: mark, Session: found.ID()})
}

func (s *Server) sendMessage(_ context.Context, in *struct {
	OfSession
	Body api.Message
}) (*out[api.Sent], error) {
	c, found, err := s.session(in.OfSession)
	if err != nil {
		return nil, err
	}
	payload := []byte(in.Body.Text)
	switch {
	case in.Body.Text != "" && len(in.Body.Bytes) > 0:
		return nil, fault(422, "body", nil, "expected text or bytes, got both")
	case len(in.Body.Bytes) > 0:
		payload = in.Body.Bytes
	}
	opcode := websocket.TextMessage
	if in.Body.Binary {
		opcode = websocket.BinaryMessage
	}
	mark := c.Journal().Mark()
	if err := found.SendRaw(opcode, payload); err != nil {
		return nil, refused("path.session", fmt.Errorf("%w", err))
	}
	return give(api.Sent{Mark: mark, Session: found.ID()})
}
