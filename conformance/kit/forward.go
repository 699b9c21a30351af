package kit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Interaction is a request of a platform that a case forwards: a Discord interaction in
// a channel of its own, until the case makes something else of it.
type Interaction struct {
	BufferID string // empty: the frame carries none
	Token    string // what the event's text is, for a command and for a component
	Channel  string
	Platform string         // the platform of the forward
	BotID    string         // the bot that it is for
	Headers  [][]string     // pairs of name and value
	Members  map[string]any // the body, where Raw is nil
	Raw      []byte         // the body's bytes, whatever they are

	ids []string // what only an event that was made of this one holds
}

// The types of an interaction that have a text.
const (
	CommandInteraction   = 2
	ComponentInteraction = 3
)

// Interaction makes an interaction of a type, from a server's channel, with a bufferId.
func (g *G) Interaction(kind int) *Interaction {
	in := &Interaction{
		BufferID: g.ids.next("buf"), Token: g.ids.next("t"), Channel: g.ids.next("c"),
		Platform: "discord", BotID: g.Gateway().Record.BotID,
		Headers: [][]string{{"content-type", "application/json"}, {"x-trace", "1"}, {"x-trace", "2"}},
	}
	author, id := g.ids.next("u"), g.ids.next("m")
	data := map[string]any{"name": in.Token}
	if kind != CommandInteraction {
		data = map[string]any{"custom_id": in.Token}
	}
	in.Members = map[string]any{
		"type": kind, "id": id, "channel_id": in.Channel, "guild_id": g.ids.next("g"),
		"data": data, "member": map[string]any{"user": map[string]any{"id": author, "username": "alice"}, "nick": "queen of " + in.Channel},
	}
	in.ids = []string{in.Token, in.Channel, id, author}
	return in
}

// Direct makes it one of a direct message: no server, and the author stands on top.
func (in *Interaction) Direct() *Interaction {
	in.Members["user"] = in.Members["member"].(map[string]any)["user"]
	delete(in.Members, "member")
	delete(in.Members, "guild_id")
	return in
}

// Unbuffered is the forward without a bufferId.
func (in *Interaction) Unbuffered() *Interaction { in.BufferID = ""; return in }

// ID is the interaction's own id.
func (in *Interaction) ID() string { id, _ := in.Members["id"].(string); return id }

// Body is the exact bytes of the request that is passed on.
func (in *Interaction) Body() []byte {
	if in.Raw != nil {
		return in.Raw
	}
	return mustJSON(in.Members)
}

// Line is the forward's frame as it goes over the wire, newline included.
func (in *Interaction) Line() []byte {
	frame := map[string]any{"type": "passthrough_forward", "forward": map[string]any{
		"platform": in.Platform, "botId": in.BotID, "method": "POST", "path": "/interactions/" + in.Token,
		"headers": in.Headers, "bodyB64": base64.StdEncoding.EncodeToString(in.Body()),
	}}
	if in.BufferID != "" {
		frame["bufferId"] = in.BufferID
	}
	return append(mustJSON(frame), '\n')
}

// mustJSON encodes a value of the suite's own, without the escapes that HTML needs.
func mustJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(stop{verdict: HarnessError, reason: "encoding a value of the suite's own: " + err.Error()})
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Forward sends forwards, each in a message of its own.
func (g *G) Forward(forwards ...*Interaction) {
	for _, in := range forwards {
		g.SendRaw(websocket.TextMessage, in.Line())
	}
}

// ForwardAcked waits for the acknowledgement of a forward's bufferId.
func (g *G) ForwardAcked(in *Interaction) fakeconnector.Entry {
	return g.Await(g.Timing.Answer, fmt.Sprintf("an inbound_ack with the forward's bufferId %q", in.BufferID), IsAck(in.BufferID))
}

// AnswerTo matches what a gateway says to an interaction: a send to some chat or a
// follow_up, by the token where the gateway echoes, else by the channel.
func (g *G) AnswerTo(in *Interaction) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		if o == nil || o.Op != "send" && o.Op != "follow_up" {
			return false
		}
		if g.Facts.Replies == RepliesEcho && strings.Contains(o.Content, in.Token) {
			return true
		}
		return g.Facts.Replies != RepliesEcho && (o.ChatID == in.Channel || strings.Contains(o.sessionKey(), in.Channel))
	}
}

// TalkAbout matches anything that the gateway sends to the forward's channel or with
// its token, whatever it is.
func (in *Interaction) TalkAbout(e fakeconnector.Entry) bool {
	o := newOutbound(e)
	return o != nil && (o.ChatID == in.Channel || slices.ContainsFunc(in.ids, func(id string) bool { return bytes.Contains(e.Frame.Raw, []byte(id)) }))
}

func (o *Outbound) sessionKey() string {
	var key string
	_ = json.Unmarshal(o.Action["session_key"], &key)
	return key
}

// Answer waits for the answer to an interaction of a gateway that replies.
func (g *G) Answer(in *Interaction) *Outbound {
	what := fmt.Sprintf("an answer to the interaction in channel %q", in.Channel)
	if g.Facts.Replies == RepliesEcho {
		what += fmt.Sprintf(" whose content holds %q", in.Token)
	}
	return newOutbound(g.Await(g.Timing.Answer, what, g.AnswerTo(in)))
}

// ShowsTurns ends the case when nothing would show a turn of this gateway.
func (g *G) ShowsTurns() {
	if g.Facts.Replies == RepliesNone && g.Gateway().Driver == nil {
		g.NotApplicable("the gateway shows no turns: it does not reply, and there is no driver")
	}
}

// Echoes ends the case when the gateway's answers do not show the text that it read.
func (g *G) Echoes() {
	if g.Facts.Replies != RepliesEcho {
		g.NotApplicable("the gateway does not echo, so the wire does not show what text it made of a forward")
	}
}

// Became is the event that the driver reported for a forward.
type Became struct {
	Text       *string        `json:"text"`
	MessageID  string         `json:"message_id"`
	Source     map[string]any `json:"source"`
	SessionKey string         `json:"-"`
}

// Became waits for the event that the gateway made of an interaction, from whichever of
// event/passthrough and event/inbound comes first.
func (g *G) Became(in *Interaction) Became {
	var b Became
	g.NotifiedAny("an event/passthrough or event/inbound with the event that was made of it", func(n Note) bool {
		event, key, ok := in.reported(n)
		if !ok || json.Unmarshal(event, &b) != nil {
			return false
		}
		b.SessionKey = key
		return true
	})
	return b
}

// BecameNothing looks at what the driver has reported so far: no event of the forward.
func (g *G) BecameNothing(in *Interaction) {
	d := g.Gateway().Driver
	if d == nil {
		return
	}
	for _, n := range d.Notes(g.notesMark) {
		if event, _, ok := in.reported(n); ok {
			g.Mismatch("no event to be made of a forward that is no interaction", fmt.Sprintf("%s with the event %.200s", n.Method, event))
		}
	}
}

// reported is the event of a notification about the forward.
func (in *Interaction) reported(n Note) (event json.RawMessage, key string, ok bool) {
	if n.Method != "event/passthrough" && n.Method != "event/inbound" {
		return nil, "", false
	}
	var p struct {
		Event      json.RawMessage `json:"event"`
		SessionKey string          `json:"session_key"`
		Forward    struct {
			BodyB64 string `json:"bodyB64"`
		} `json:"forward"`
	}
	if json.Unmarshal(n.Params, &p) != nil || len(p.Event) == 0 || string(p.Event) == "null" {
		return nil, "", false
	}
	ours := p.Forward.BodyB64 != "" && p.Forward.BodyB64 == base64.StdEncoding.EncodeToString(in.Body())
	for _, id := range in.ids {
		ours = ours || bytes.Contains(p.Event, []byte(`"`+id+`"`))
	}
	return p.Event, p.SessionKey, ours
}

// Passed waits for the driver's event/passthrough and returns the headers and the body of
// its forward.
func (g *G) Passed(in *Interaction) (headers [][]string, body string) {
	n, ok := g.note(g.notesMark, g.Timing.Answer, func(n Note) bool {
		return n.Method == "event/passthrough" && bytes.Contains(n.Params, []byte(in.Token))
	})
	if !ok {
		if !slices.ContainsFunc(g.Gateway().Driver.Notes(0), func(n Note) bool { return n.Method == "event/passthrough" }) {
			g.NotApplicable("the gateway's driver has sent no event/passthrough at all")
		}
		g.Mismatch(fmt.Sprintf("the driver's event/passthrough within %s", g.Timing.Answer), g.lastNote())
	}
	g.observation()
	var p struct {
		Forward struct {
			Headers [][]string `json:"headers"`
			BodyB64 string     `json:"bodyB64"`
		} `json:"forward"`
	}
	if err := json.Unmarshal(n.Params, &p); err != nil {
		g.Mismatch("a forward as it was sent in event/passthrough", err.Error())
	}
	return p.Forward.Headers, p.Forward.BodyB64
}

// Buffer lets the connector put a forward into the buffer of the gateway's instance,
// which must not be connected, and takes over the bufferId that it gives it.
func (g *G) Buffer(in *Interaction) {
	frame, err := protocol.Decode(bytes.TrimSuffix(in.Line(), []byte("\n")))
	if err != nil {
		g.Harness(err, "reading a forward of the suite's own")
	}
	d, err := g.Connector().Forward(g.Gateway().Record.Instance, frame.(*protocol.PassthroughForward).Forward)
	if err == nil && d.BufferID == "" {
		err = errors.New("it was sent live")
	}
	if err != nil {
		g.Harness(err, "buffering a forward")
	}
	in.BufferID = d.BufferID
	g.stimulus()
}
