package fakeconnector

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/protocol"
)

// Kind says what an [Entry] of the journal records.
type Kind string

// The kinds of entry.
const (
	KindDial      Kind = "dial"      // an HTTP request for an upgrade arrived, on whatever path
	KindHTTP      Kind = "http"      // an HTTP request that asked for no upgrade arrived (Dial), or was answered (Answer)
	KindUpgraded  Kind = "upgraded"  // the 101 was sent
	KindRefused   Kind = "refused"   // the upgrade was refused, or its TCP connection dropped (Status 0)
	KindMessage   Kind = "message"   // one whole WebSocket message, either way
	KindFrame     Kind = "frame"     // one line of the stream, either way
	KindClosed    Kind = "closed"    // the session ended, recorded once per session
	KindGate      Kind = "gate"      // the delivery gate has decided who receives what arrived
	KindFault     Kind = "fault"     // a stub fired
	KindViolation Kind = "violation" // the gateway broke a rule of the contract
	KindNote      Kind = "note"      // anything else worth knowing
)

// Entry is one thing that happened. Entries are immutable; their slices must not be
// written to.
type Entry struct {
	Seq       int64              `json:"seq"`  // from 1, without gaps
	At        time.Duration      `json:"at"`   // since Start, by the monotonic clock
	Wall      time.Time          `json:"wall"` // by the wall clock
	Kind      Kind               `json:"kind"`
	Session   string             `json:"session,omitempty"` // every dial has one, also a refused one
	GatewayID string             `json:"gateway,omitempty"` // from the stored record, once the upgrade was authenticated
	Instance  string             `json:"instance,omitempty"`
	Dir       protocol.Direction `json:"dir,omitempty"` // who sent the message or frame
	Dial      *Dial              `json:"dial,omitempty"`
	Answer    *Answer            `json:"answer,omitempty"`
	Message   *Message           `json:"message,omitempty"`
	Frame     *FrameRecord       `json:"frame,omitempty"`
	Close     *CloseRecord       `json:"close,omitempty"`
	Violation *Violation         `json:"violation,omitempty"`
	Gate      *gate.Decision     `json:"decision,omitempty"`
	Note      string             `json:"note,omitempty"`
}

// Dial is an HTTP request as it arrived. Header holds the token: the journal in memory
// is whole, every way out of the process redacts.
type Dial struct {
	Method   string      `json:"method"`
	Path     string      `json:"path"` // exactly as on the request line, not cleaned
	RawQuery string      `json:"query,omitempty"`
	Header   http.Header `json:"header,omitempty"` // with Host
	Remote   string      `json:"remote"`
	Body     []byte      `json:"body,omitempty"`   // of a KindHTTP entry
	Status   int         `json:"status,omitempty"` // 0 in a KindDial entry, which is older than the answer
}

// Message is one whole WebSocket message, in exact bytes. Fragments are joined, as the
// WebSocket protocol lets intermediaries do.
type Message struct {
	Opcode  int    `json:"opcode"` // websocket.TextMessage or websocket.BinaryMessage
	Payload []byte `json:"payload"`
}

// FrameRecord is one line of the stream of messages.
type FrameRecord struct {
	Raw          []byte         `json:"raw"`   // without the newline; nil for an oversize line
	Frame        protocol.Frame `json:"-"`     // nil where Err is set
	Err          error          `json:"-"`     // why the line is not a frame, mostly a *protocol.FrameError
	Message      int64          `json:"msg"`   // Seq of the message that completed it
	FirstMessage int64          `json:"first"` // Seq of the message that began it

	// unread says that Raw is a frame that we encoded ourselves, and that nobody has asked
	// for the journal's own reading of it yet.
	unread bool
}

// decode reads the line if that was put off. [Journal.reading] must be held.
func (r *FrameRecord) decode() {
	if r != nil && r.unread {
		r.Frame, r.Err = protocol.Decode(r.Raw)
		r.unread = false
	}
}

// How a session ended, in [CloseRecord].How.
const (
	HowCloseFrame = "close-frame" // a WebSocket close frame came or went
	HowFIN        = "fin"         // TCP ended in order, without a close frame
	HowRST        = "rst"         // TCP was reset
)

// CloseRecord tells how a session ended and which side began it.
type CloseRecord struct {
	By     protocol.Direction `json:"by"`
	Code   int                `json:"code"` // 1005 for a close frame without a code, 1006 without a close frame
	Reason string             `json:"reason,omitempty"`
	How    string             `json:"how"`
}

// Violation is a breach of the contract by the gateway.
type Violation struct {
	Rule protocol.RuleID `json:"rule"`
	Text string          `json:"text"` // what was expected and what came, free of secrets
	Of   int64           `json:"of"`   // Seq of the entry that breaks the rule
}

// FrameOf matches frames of a type, in whichever direction that type goes. Use it with
// [Journal.Wait].
func FrameOf(t protocol.Type) func(Entry) bool {
	return func(e Entry) bool {
		return e.Kind == KindFrame && e.Frame.Frame != nil && e.Frame.Frame.FrameType() == t
	}
}

// OfKind matches entries of a kind.
func OfKind(k Kind) func(Entry) bool { return func(e Entry) bool { return e.Kind == k } }

// summaryBytes keeps one entry on one line of a report.
const summaryBytes = 300

// String is one line for reports and errors: it leaves out headers, which hold the token.
func (e Entry) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d %8.3fs %-9s", e.Seq, e.At.Seconds(), e.Kind)
	if e.Session != "" {
		fmt.Fprintf(&b, " %s", e.Session)
	}
	if e.GatewayID != "" {
		fmt.Fprintf(&b, " %s", e.GatewayID)
	}
	switch e.Dir {
	case protocol.FromGateway:
		b.WriteString(" gateway → connector")
	case protocol.FromConnector:
		b.WriteString(" connector → gateway")
	}
	if d := e.Dial; d != nil {
		fmt.Fprintf(&b, " %s %s", d.Method, d.Path)
		if d.RawQuery != "" {
			b.WriteString("?…")
		}
		if d.Status != 0 {
			fmt.Fprintf(&b, " → HTTP %d", d.Status)
		}
	}
	if d := e.Dial; d != nil && len(d.Body) > 0 {
		fmt.Fprintf(&b, " %s", clip(d.Body))
	}
	if a := e.Answer; a != nil {
		fmt.Fprintf(&b, " to #%d %s: HTTP %d %s", a.Of, a.Path, a.Status, clip(a.Body))
	}
	if m := e.Message; m != nil {
		kind := "text"
		if m.Opcode == websocket.BinaryMessage {
			kind = "binary"
		}
		fmt.Fprintf(&b, " %s, %d bytes: %s", kind, len(m.Payload), clip(m.Payload))
	}
	if f := e.Frame; f != nil {
		if f.Err != nil {
			fmt.Fprintf(&b, " not a frame (%v)", f.Err)
		}
		fmt.Fprintf(&b, " %s", clip(f.Raw))
	}
	if c := e.Close; c != nil {
		fmt.Fprintf(&b, " by the %s, %s, code %d", c.By, c.How, c.Code)
		if c.Reason != "" {
			fmt.Fprintf(&b, " %q", c.Reason)
		}
	}
	if v := e.Violation; v != nil {
		fmt.Fprintf(&b, " of %s by #%d: %s", v.Rule, v.Of, v.Text)
	}
	if e.Gate != nil {
		fmt.Fprintf(&b, " %s", clip([]byte(e.Gate.String())))
	}
	if e.Note != "" {
		fmt.Fprintf(&b, " %s", e.Note)
	}
	return b.String()
}

func clip(p []byte) string {
	tail := ""
	if len(p) > summaryBytes {
		tail = fmt.Sprintf("… (%d bytes more)", len(p)-summaryBytes)
		p = p[:summaryBytes]
	}
	// Line breaks above all must be seen.
	s := strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\x00`).Replace(strings.ToValidUTF8(string(p), "\uFFFD"))
	return s + tail
}
