package fakeconnector

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// exported is an entry as a JSON line: payloads as text where they are UTF-8, so that a
// redactor and a reader see what is in them.
type exported struct {
	Entry
	At      float64          `json:"at"` // seconds
	Message *exportedMessage `json:"message,omitempty"`
	Frame   *exportedFrame   `json:"frame,omitempty"`
	Dial    *exportedDial    `json:"dial,omitempty"`
	Answer  *exportedAnswer  `json:"answer,omitempty"`
}

// exportedDial and exportedAnswer have the body as text.
type exportedDial struct {
	Dial
	Body string `json:"body,omitempty"`
}

type exportedAnswer struct {
	Answer
	Body string `json:"body,omitempty"`
}

type exportedMessage struct {
	Opcode string `json:"opcode"`
	Text   string `json:"text,omitempty"`
	Bytes  []byte `json:"bytes,omitempty"` // base64, where the payload is not UTF-8
	Length int    `json:"length"`
}

type exportedFrame struct {
	Type    protocol.Type `json:"type,omitempty"`
	Error   string        `json:"error,omitempty"`
	Message int64         `json:"msg"`
	First   int64         `json:"first"`
}

// WriteJSONL writes every entry that is held as one JSON object a line, oldest first, with
// every known secret and every bearer token replaced.
func (j *Journal) WriteJSONL(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, e := range j.All() {
		line, err := json.Marshal(j.export(e))
		if err != nil {
			return fmt.Errorf("exporting entry #%d of the journal: %w", e.Seq, err)
		}
		if _, err := out.WriteString(j.redact(string(line)) + "\n"); err != nil {
			return fmt.Errorf("exporting the journal: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("exporting the journal: %w", err)
	}
	return nil
}

func (j *Journal) export(e Entry) exported {
	x := exported{Entry: e, At: e.At.Seconds()}
	if m := e.Message; m != nil {
		x.Message = &exportedMessage{Opcode: "text", Length: len(m.Payload)}
		if m.Opcode == websocket.BinaryMessage {
			x.Message.Opcode = "binary"
		}
		if utf8.Valid(m.Payload) {
			x.Message.Text = string(m.Payload)
		} else {
			// Inside of base64 no redactor would find a secret.
			x.Message.Bytes = []byte(j.redact(string(m.Payload)))
		}
	}
	if d := e.Dial; d != nil {
		x.Dial = &exportedDial{*d, string(d.Body)}
	}
	if a := e.Answer; a != nil {
		x.Answer = &exportedAnswer{*a, string(a.Body)}
	}
	if f := e.Frame; f != nil {
		x.Frame = &exportedFrame{Type: sentType(f), Message: f.Message, First: f.FirstMessage}
		if f.Err != nil {
			x.Frame.Error = f.Err.Error()
		}
	}
	return x
}
