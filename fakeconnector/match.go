package fakeconnector

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// Match says what a stub applies to. Every field that is set must hold. The zero Match
// is every frame of every gateway.
type Match struct {
	// Point is taken from the rest where it is empty: a Type that the connector sends
	// means PointSend, everything else PointFrame.
	Point    Point  `json:"point,omitempty"`
	Gateway  string `json:"gateway,omitempty"`
	Instance string `json:"instance,omitempty"`
	Session  string `json:"session,omitempty"`
	// Path is that of the request, at PointDial and PointHTTP.
	Path string `json:"path,omitempty"`

	Type protocol.Type `json:"type,omitempty"`
	// Op and the ids below look at the frame; for an outbound_result also at the
	// outbound frame that it answers.
	Op         protocol.Op `json:"op,omitempty"`
	ChatID     string      `json:"chat_id,omitempty"`
	SessionKey string      `json:"session_key,omitempty"`
	RequestID  string      `json:"request_id,omitempty"`
	BufferID   string      `json:"buffer_id,omitempty"`
	// Text is a regular expression for the content of an action or the text of an event.
	Text string `json:"text,omitempty"`
	// JSON is a JSON object that the frame must contain: its members, recursively; arrays
	// of the same length; scalars that are equal.
	JSON string `json:"json,omitempty"`
	// Where is asked last.
	Where func(protocol.Frame) bool `json:"-"`
}

// matcher is a Match made ready.
type matcher struct {
	Match
	text *regexp.Regexp
	json any
}

func (m Match) ready() (*matcher, error) {
	if m.Point == "" {
		m.Point = PointFrame
		if from, known := m.Type.From(); known && from == protocol.FromConnector {
			m.Point = PointSend
		}
	}
	out := &matcher{Match: m}
	if m.Text != "" {
		re, err := regexp.Compile(m.Text)
		if err != nil {
			return nil, fmt.Errorf("stub: expected Match.Text to be a regular expression: %w", err)
		}
		out.text = re
	}
	if m.JSON != "" {
		if err := json.Unmarshal([]byte(m.JSON), &out.json); err != nil {
			return nil, fmt.Errorf("stub: expected Match.JSON to be JSON: %w", err)
		}
	}
	return out, nil
}

func (m *matcher) matches(x *Exchange) bool {
	if m.Point != x.Point || !same(m.Gateway, x.gateway.ID) || !same(m.Instance, x.gateway.Instance) || !same(m.Session, x.session) {
		return false
	}
	if m.Path != "" && (x.Dial == nil || m.Path != x.Dial.Path) {
		return false
	}
	if x.Point == PointDial || x.Point == PointHTTP || x.Point == PointUpgraded {
		return true
	}
	typ, about := protocol.Type(""), traits{}
	if x.Frame != nil {
		typ, about = x.Frame.FrameType(), traitsOf(x.Frame)
	}
	if x.Cause != nil && typ == protocol.TypeOutboundResult {
		about.fill(traitsOf(x.Cause))
	}
	if !same(m.Type, typ) || !same(m.Op, about.op) || !same(m.ChatID, about.chatID) || !same(m.SessionKey, about.sessionKey) ||
		!same(m.RequestID, about.requestID) || !same(m.BufferID, about.bufferID) {
		return false
	}
	if m.text != nil && !m.text.MatchString(about.text) {
		return false
	}
	if m.json != nil {
		var got any
		if x.Frame == nil || json.Unmarshal(x.line(), &got) != nil || !contains(got, m.json) {
			return false
		}
	}
	return m.Where == nil || (x.Frame != nil && m.Where(x.Frame))
}

// line is the frame as JSON.
func (x *Exchange) line() []byte {
	if x.Raw != nil {
		return x.Raw
	}
	line, _ := protocol.Encode(x.Frame)
	return line
}

// same reports whether got is what is wanted, or nothing is.
func same[T ~string](want, got T) bool { return want == "" || want == got }

// contains reports whether got has everything that want has.
func contains(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		for k, v := range want {
			if x, has := g[k]; !ok || !has || !contains(x, v) {
				return false
			}
		}
		return ok
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return false
		}
		for i := range want {
			if !contains(g[i], want[i]) {
				return false
			}
		}
		return true
	default:
		return got == want
	}
}

// traits are what a Match looks at.
type traits struct {
	op                                            protocol.Op
	chatID, sessionKey, requestID, bufferID, text string
}

func (t *traits) fill(from traits) {
	or(&t.op, from.op)
	or(&t.chatID, from.chatID)
	or(&t.sessionKey, from.sessionKey)
	or(&t.requestID, from.requestID)
	or(&t.text, from.text)
}

func traitsOf(f protocol.Frame) traits {
	switch f := f.(type) {
	case *protocol.Outbound:
		t := actionTraits(f.Action)
		t.requestID = f.RequestID
		return t
	case *protocol.OutboundResult:
		return traits{requestID: f.RequestID}
	case *protocol.Inbound:
		return traits{chatID: f.Event.Source.ChatID, text: f.Event.Text, bufferID: f.BufferID.Or("")}
	case *protocol.InboundAck:
		return traits{bufferID: f.BufferID}
	case *protocol.PassthroughForward:
		return traits{bufferID: f.BufferID.Or("")}
	case *protocol.Interrupt:
		return traits{sessionKey: f.SessionKey}
	case *protocol.InterruptInbound:
		return traits{sessionKey: f.SessionKey, chatID: f.ChatID}
	}
	return traits{}
}

// actionTraits reads the members by their names, which are the same in every op, the
// unknown ones as well.
func actionTraits(a protocol.Action) traits {
	switch a := a.(type) {
	case nil:
		return traits{}
	case *protocol.Send: // by far the most
		if len(a.Extra) == 0 {
			return traits{op: protocol.OpSend, chatID: a.ChatID, text: a.Content}
		}
	}
	t := traits{op: a.Op()}
	line, err := json.Marshal(a)
	if err != nil {
		return t
	}
	var m map[string]any
	if json.Unmarshal(line, &m) != nil {
		return t
	}
	t.chatID, _ = m["chat_id"].(string)
	t.sessionKey, _ = m["session_key"].(string)
	t.text, _ = m["content"].(string)
	return t
}

func (m Match) String() string {
	var parts []string
	add := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" {
			parts = append(parts, name+"="+s)
		}
	}
	add("point", m.Point)
	add("gateway", m.Gateway)
	add("instance", m.Instance)
	add("session", m.Session)
	add("path", m.Path)
	add("type", m.Type)
	add("op", m.Op)
	add("chat_id", m.ChatID)
	add("session_key", m.SessionKey)
	add("request_id", m.RequestID)
	add("buffer_id", m.BufferID)
	add("text", m.Text)
	add("json", m.JSON)
	return strings.Join(parts, " ")
}
