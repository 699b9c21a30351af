package api

import (
	"net/http"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/gate"
)

// Entry is one entry of the journal. Every known secret and every bearer token in it is
// replaced by a placeholder.
type Entry struct {
	Seq       int64          `json:"seq" doc:"from 1, without gaps"`
	At        float64        `json:"at" doc:"seconds since the connector started"`
	Wall      time.Time      `json:"wall"`
	Kind      string         `json:"kind" enum:"dial,http,upgraded,refused,message,frame,closed,fault,violation,gate,note"`
	Session   string         `json:"session,omitempty"`
	Gateway   string         `json:"gateway,omitempty"`
	Instance  string         `json:"instance,omitempty"`
	Dir       string         `json:"dir,omitempty" doc:"who sent it: gateway or connector"`
	Dial      *Dial          `json:"dial,omitempty" doc:"an HTTP request"`
	Answer    *Answer        `json:"answer,omitempty" doc:"of an HTTP request"`
	Message   *EntryMessage  `json:"message,omitempty" doc:"a whole WebSocket message"`
	Frame     *EntryFrame    `json:"frame,omitempty" doc:"one line of the stream"`
	Close     *EntryClose    `json:"close,omitempty"`
	Violation *Violation     `json:"violation,omitempty"`
	Decision  *gate.Decision `json:"decision,omitempty" doc:"of the delivery gate"`
	Note      string         `json:"note,omitempty"`
}

// Dial is an HTTP request.
type Dial struct {
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Query  string      `json:"query,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Remote string      `json:"remote"`
	Body   string      `json:"body,omitempty"`
	Status int         `json:"status,omitempty"`
}

// Answer is the answer to an HTTP request.
type Answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	Body   string      `json:"body,omitempty"`
	Cut    bool        `json:"cut,omitempty"`
	Keep   int         `json:"keep,omitempty"`
	Of     int64       `json:"of" doc:"seq of the request"`
	Path   string      `json:"path"`
}

// EntryMessage is one whole WebSocket message.
type EntryMessage struct {
	Opcode string `json:"opcode" enum:"text,binary"`
	Text   string `json:"text,omitempty"`
	Bytes  []byte `json:"bytes,omitempty" nullable:"false" doc:"in base64, where it is not UTF-8"`
	Length int    `json:"length"`
}

// EntryFrame is one line of the stream.
type EntryFrame struct {
	Type    string `json:"type,omitempty"`
	Error   string `json:"error,omitempty" doc:"why it is no frame"`
	Message int64  `json:"msg" doc:"seq of the message that completed it"`
	First   int64  `json:"first" doc:"seq of the message that began it"`
	Text    string `json:"text,omitempty" doc:"the line, without its newline"`
}

// EntryClose is how a session ended.
type EntryClose struct {
	By     string `json:"by"`
	Code   int    `json:"code"`
	Reason string `json:"reason,omitempty"`
	How    string `json:"how" enum:"close-frame,fin,rst"`
}

// Violation is a breach of the contract by the gateway.
type Violation struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
	Of   int64  `json:"of" doc:"seq of the entry that breaks the rule"`
}

// Entries is a part of the journal.
type Entries struct {
	Epoch     string  `json:"epoch"`
	Entries   []Entry `json:"entries" nullable:"false"`
	Next      int64   `json:"next" doc:"after which seq to ask for more"`
	Mark      int64   `json:"mark" doc:"seq of the last entry that there is"`
	Forgotten int64   `json:"forgotten" doc:"entries that had to go because the journal was full"`
}

// Filter chooses entries. Every field that is set must hold; of several kinds one must.
type Filter struct {
	Kinds      []string `query:"kind" doc:"one or several, with commas"`
	Gateway    string   `query:"gateway"`
	Instance   string   `query:"instance"`
	Session    string   `query:"session"`
	Dir        string   `query:"dir" enum:"gateway,connector" doc:"who sent it"`
	Rule       string   `query:"rule" doc:"of a violation"`
	Type       string   `query:"type" doc:"of a frame, such as outbound; from here on: frames only"`
	Op         string   `query:"op" doc:"of an outbound action"`
	ChatID     string   `query:"chat_id"`
	SessionKey string   `query:"session_key"`
	RequestID  string   `query:"request_id"`
	BufferID   string   `query:"buffer_id"`
	Text       string   `query:"text" doc:"a regular expression for the content of an action or the text of an event"`
}
