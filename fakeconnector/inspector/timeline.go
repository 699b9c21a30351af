package inspector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// shownRows is how many entries a timeline begins with, the newest ones.
const shownRows = 200

// shownKinds are all but whole messages, whose lines stand below as frames.
var shownKinds = []string{"dial", "http", "upgraded", "refused", "frame", "closed", "gate", "fault", "violation", "note"}

// timelineBody is what the page of the timeline shows.
type timelineBody struct {
	Rows      []row
	Types     []string
	Filter    api.Filter
	Messages  bool // whole messages are shown as well
	Broken    bool // violations alone
	Filtered  bool
	Forgotten int64
	StreamURL string
}

// frameTypes are the types of the contract's frames, for the filter.
var frameTypes = []string{"hello", "descriptor", "inbound", "inbound_ack", "outbound", "outbound_result", "interrupt",
	"interrupt_inbound", "passthrough_forward", "going_idle", "going_idle_ack"}

// query is what a request asks to see.
func query(v url.Values) (q client.Query, messages, broken bool) {
	messages, broken = v.Get("messages") != "", v.Get("broken") != ""
	q.Filter = api.Filter{Kinds: shownKinds, Session: v.Get("session"), Gateway: v.Get("gateway"), Instance: v.Get("instance"), Dir: v.Get("dir"),
		Type: v.Get("type"), ChatID: v.Get("chat_id"), Text: v.Get("text")}
	if messages {
		q.Kinds = append([]string{"message"}, shownKinds...)
	}
	if broken {
		q.Kinds = []string{"violation"}
	}
	return q, messages, broken
}

func (i *Inspector) timeline(r *http.Request, c *client.Client) (string, string, any, error) {
	b := timelineBody{Types: frameTypes}
	var q client.Query
	q, b.Messages, b.Broken = query(r.URL.Query())
	b.Filter = q.Filter
	q.Limit, q.Last = shownRows, true
	entries, err := c.Journal(r.Context(), q)
	if err != nil {
		return "", "", nil, err
	}
	b.Forgotten = entries.Forgotten
	broken := map[int64]bool{}
	for _, e := range entries.Entries {
		if e.Violation != nil {
			broken[e.Violation.Of] = true
		}
	}
	for _, e := range entries.Entries {
		row := rowOf(e)
		row.Broken = row.Broken || broken[e.Seq]
		b.Rows = append(b.Rows, row)
	}
	stream := url.Values{"after": {strconv.FormatInt(entries.Mark, 10)}}
	for name, values := range r.URL.Query() {
		if name != "done" && name != "failed" && values[0] != "" {
			stream.Set(name, values[0])
			b.Filtered = b.Filtered || name != "namespace"
		}
	}
	b.StreamURL = Base + "/timeline/stream?" + stream.Encode()
	return "timeline.html", "Timeline", b, nil
}

// stream sends rows as server-sent events, each a JSON string of HTML: the page puts it in
// as it is, so there is one way to make a row.
func (i *Inspector) stream(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	q, _, _ := query(v)
	after := v.Get("after")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		after = id
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 0 {
		http.Error(w, fmt.Sprintf("after: expected the number of an entry, got %q", after), http.StatusBadRequest)
		return
	}
	q.After = n
	out := http.NewResponseController(w)
	send := func(id int64, event, data string) error {
		_ = out.SetWriteDeadline(time.Now().Add(writeBound))
		if id > 0 {
			data = fmt.Sprintf("%s\nid: %d", data, id)
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data); err != nil {
			return err
		}
		return out.Flush()
	}
	w.Header().Set("Content-Type", "text/event-stream")
	// The browser learns at once that the stream is there.
	if _, err := io.WriteString(w, ": from here on\n\n"); err != nil || out.Flush() != nil {
		return
	}
	for e, err := range i.client.In(v.Get("namespace")).Follow(r.Context(), q) {
		if err != nil {
			_ = send(0, "end", text(err.Error())) // nobody may be there to read it
			return
		}
		html, err := i.rowHTML(e)
		if err != nil {
			i.log.Error("a row could not be made", "seq", e.Seq, "error", err)
			continue
		}
		if send(e.Seq, "row", text(html)) != nil {
			return
		}
	}
}

// writeBound is how long a browser may take no bytes before its stream ends.
const writeBound = 30 * time.Second

func (i *Inspector) rowHTML(e api.Entry) (string, error) {
	var b strings.Builder
	err := i.pages["timeline.html"].ExecuteTemplate(&b, "row", rowOf(e))
	return b.String(), err
}

// text is a JSON string.
func text(s string) string {
	b, _ := json.Marshal(s) // a string can always be encoded
	return string(b)
}

// row is an entry as a timeline shows it.
type row struct {
	Seq     int64
	At      string
	Wall    time.Time
	Kind    string
	Session string
	Gateway string
	Arrow   string // who sent it
	From    string // the same in words
	Name    string
	Summary string
	Detail  string
	Broken  bool
	Rule    string
	Of      int64
}

func rowOf(e api.Entry) row {
	r := row{Seq: e.Seq, At: fmt.Sprintf("%.3f", e.At), Wall: e.Wall, Kind: e.Kind, Session: e.Session, Gateway: e.Gateway, Name: e.Kind}
	switch e.Dir {
	case "gateway":
		r.Arrow, r.From = "→", "from the gateway"
	case "connector":
		r.Arrow, r.From = "←", "to the gateway"
	}
	switch {
	case e.Violation != nil:
		r.Broken, r.Rule, r.Of, r.Summary = true, e.Violation.Rule, e.Violation.Of, e.Violation.Text
	case e.Frame != nil:
		r.Name, r.Summary, r.Detail = e.Frame.Type, e.Frame.Text, pretty(e.Frame.Text)
		if e.Frame.Error != "" {
			r.Name, r.Summary = "no frame", e.Frame.Error+": "+e.Frame.Text
		}
	case e.Message != nil:
		r.Name, r.Summary = e.Message.Opcode+" message", e.Message.Text
		if e.Message.Text == "" && e.Message.Length > 0 {
			r.Summary = fmt.Sprintf("%d bytes: %x", e.Message.Length, e.Message.Bytes)
		}
		r.Detail = r.Summary
	case e.Answer != nil:
		r.Arrow, r.From = "←", "to the gateway"
		r.Name, r.Summary, r.Detail = fmt.Sprintf("HTTP %d", e.Answer.Status), e.Answer.Path+" "+e.Answer.Body, pretty(e.Answer.Body)
	case e.Dial != nil:
		r.Arrow, r.From = "→", "from the gateway"
		r.Summary = e.Dial.Method + " " + e.Dial.Path
		if e.Dial.Status != 0 {
			r.Summary += fmt.Sprintf(" → HTTP %d", e.Dial.Status)
		}
		var headers strings.Builder
		for _, name := range sortedKeys(e.Dial.Header) {
			fmt.Fprintf(&headers, "%s: %s\n", name, strings.Join(e.Dial.Header[name], ", "))
		}
		r.Detail = strings.TrimSpace(headers.String() + "\n" + pretty(e.Dial.Body))
	case e.Close != nil:
		r.Summary = fmt.Sprintf("by the %s, %s, code %d %s", e.Close.By, e.Close.How, e.Close.Code, e.Close.Reason)
	}
	if e.Note != "" {
		r.Summary = strings.TrimSpace(r.Summary + " " + e.Note)
	}
	return r
}

// pretty is JSON with its lines broken, and any other text as it is.
func pretty(v any) string {
	text, isText := v.(string)
	if !isText {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(b)
	}
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}
