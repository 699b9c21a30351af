package protocol

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTripKeepsAbsentNullEmptyAndUnknown(t *testing.T) {
	for _, line := range []string{
		`{"type":"hello","platform":"discord","botId":"","zorp":{"a":[1,2.50,null]}}`,
		`{"type":"interrupt","session_key":"k"}`,
		`{"type":"interrupt","session_key":"k","reason":null}`,
		`{"type":"interrupt","session_key":"k","reason":""}`,
		`{"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"C","content":"<&> \u2028","reply_to":null,"metadata":{}}}`,
		`{"type":"outbound","requestId":"r","action":{"op":"task_card","deep":{"x":null}},"platform":"discord"}`,
		`{"type":"outbound","requestId":"r","action":{"op":"get_chat_info","chat_id":"C"}}`,
		`{"type":"outbound_result","requestId":"r","result":{"chat_info":{"name":null},"retry_after":1e3}}`,
		`{"type":"inbound","event":{"text":"","message_type":"text","source":{"platform":"discord","chat_id":"C","chat_type":"dm","user_id":null,"new":1},"media_urls":[],"reply_to":{"is_own":false}},"bufferId":null}`,
		`{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":[["A","1"],["a","2"],["A","1"]],"bodyB64":""}}`,
		`{"type":"going_idle","note":true}`,
		`{"type":"from_the_future","x":{"y":[]}}`,
	} {
		f, err := Decode([]byte(line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		out, err := Encode(f)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if !strings.HasSuffix(string(out), "}\n") || strings.Count(string(out), "\n") != 1 {
			t.Errorf("expected one line with one newline, got %q", out)
		}
		if diff := cmp.Diff(jsonValue(t, line), jsonValue(t, string(out))); diff != "" {
			t.Errorf("%s came back changed (-want +got):\n%s", line, diff)
		}
		if _, unknown := f.(*Unknown); !unknown && !strings.HasPrefix(string(out), `{"type":`) {
			t.Errorf("expected type first, got %s", out)
		}
	}
}

func TestDecodeRefusals(t *testing.T) {
	for _, tc := range []struct{ line, code, pointer string }{
		{`{nope`, "not-json", ""},
		{"{\"type\":\"hello\xff\"}", "not-json", ""},
		{`[]`, "not-object", ""},
		{`null`, "not-object", ""},
		{`{"Type":"hello","platform":"p","botId":"b"}`, "no-type", "/type"},
		{`{"type":5}`, "no-type", "/type"},
		{`{"type":"hello","platform":"p","BotId":"b"}`, "missing-field", "/botId"},
		{`{"type":"hello","platform":5,"botId":"b"}`, "mistyped-field", "/platform"},
		{`{"type":"hello","platform":null,"botId":"b"}`, "missing-field", "/platform"},
		{`{"type":"inbound","event":null}`, "missing-field", "/event"},
		{`{"type":"inbound","event":[]}`, "mistyped-field", "/event"},
		{`{"type":"inbound","event":{"text":"x","source":{"platform":"p"}}}`, "missing-field", "/event/source/chat_id"},
		{`{"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"C"}}`, "missing-field", "/action/content"},
		{`{"type":"outbound","requestId":"r","action":null}`, "missing-field", "/action"},
		{`{"type":"outbound","requestId":"r","action":{"op":["send"]}}`, "mistyped-field", "/action/op"},
		{`{"type":"outbound","requestId":"r","action":{"op":"prompt","chat_id":"C","prompt_kind":"choice","prompt_id":"p","content":"","options":[{"id":"a","label":"A"},{"id":"b"}]}}`, "missing-field", "/action/options/1/label"},
		{`{"type":"passthrough_forward","forward":{"platform":"d","botId":"b","method":"POST","path":"/","headers":[["A"]],"bodyB64":""}}`, "mistyped-field", "/forward/headers/0"},
		{strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "not-json", ""},
	} {
		_, err := Decode([]byte(tc.line))
		var fe *FrameError
		if !errors.As(err, &fe) {
			t.Errorf("%.60s: expected a FrameError, got %v", tc.line, err)
			continue
		}
		if string(fe.Code) != tc.code || fe.Pointer != tc.pointer {
			t.Errorf("%.60s: want %s at %q, got %s at %q", tc.line, tc.code, tc.pointer, fe.Code, fe.Pointer)
		}
	}
}

func TestFieldOfALaterRevisionDoesNotBreakABaselineFrame(t *testing.T) {
	f, err := Decode([]byte(`{"type":"inbound","event":{"text":"x","source":{"chat_id":"C"},"reply_to":"a string"}}`))
	if err != nil {
		t.Fatal(err)
	}
	ev := f.(*Inbound).Event
	if ev.ReplyTo.IsSet() || string(ev.Extra["reply_to"]) != `"a string"` {
		t.Errorf("expected the mistyped later field among the unknown ones, got %+v", ev)
	}
}

// The contract's presence column: for an optional field that is mistyped a receiver
// takes the default. The value stays on record, so a checker can still find it.
func TestMistypedOptionalFieldCountsAsAbsent(t *testing.T) {
	line := `{"type":"inbound","event":{"text":"x","message_id":5,"source":{"chat_id":"C","user_id":["U"]}},"bufferId":7}`
	f, err := Decode([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	in := f.(*Inbound)
	if in.BufferID.IsSet() || in.Event.MessageID.IsSet() || in.Event.Source.UserID.IsSet() {
		t.Errorf("expected the three fields to be absent, got %+v", in)
	}
	out, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jsonValue(t, line), dropDefaults(jsonValue(t, string(out)))); diff != "" {
		t.Errorf("the frame came back changed (-want +got):\n%s", diff)
	}
	var got []string
	for _, fe := range Mistyped(f) {
		got = append(got, string(fe.Code)+" "+fe.Pointer+" "+fe.Got)
	}
	want := []string{"mistyped-field /bufferId number", "mistyped-field /event/message_id number", "mistyped-field /event/source/user_id array"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mistyped fields (-want +got):\n%s", diff)
	}
}

// dropDefaults removes what a sender always writes and the line above left out.
func dropDefaults(v any) any {
	event := v.(map[string]any)["event"].(map[string]any)
	delete(event, "message_type")
	delete(event["source"].(map[string]any), "platform")
	delete(event["source"].(map[string]any), "chat_type")
	return v
}

func TestOfADuplicateNameTheLastCounts(t *testing.T) {
	f, err := Decode([]byte(`{"type":"inbound","event":{"text":"a","message_id":"1","source":{"chat_id":"A"}},"event":{"text":"b","source":{"chat_id":"B"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if ev := f.(*Inbound).Event; ev.Text != "b" || ev.Source.ChatID != "B" || ev.MessageID.IsSet() {
		t.Errorf("expected the second event alone, got %+v", ev)
	}
}

func TestSplitter(t *testing.T) {
	s := Splitter{Limit: 8}
	var got []string
	for _, m := range []string{"ab", "c\n\r\n  \nde\r\n", "f\n\ng", "123456789", "0\nok\n", "12345678\n"} {
		for _, l := range s.Write([]byte(m)) {
			if l.Oversize > 0 {
				got = append(got, strings.Repeat("#", l.Oversize))
				continue
			}
			got = append(got, string(l.Data))
		}
	}
	if diff := cmp.Diff([]string{"abc", "de", "f", "###########", "ok", "12345678"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if s.Pending() != 0 {
		t.Errorf("expected nothing pending, got %d bytes", s.Pending())
	}
}

// An endless line must not grow the buffer.
func TestSplitterMemoryIsBounded(t *testing.T) {
	s := Splitter{Limit: 1 << 10}
	chunk := []byte(strings.Repeat("x", 1<<9))
	for range 1 << 10 {
		if lines := s.Write(chunk); len(lines) != 0 {
			t.Fatalf("expected no line, got %d", len(lines))
		}
		if cap(s.partial) > 4<<10 {
			t.Fatalf("expected at most the limit to be held, got %d bytes", cap(s.partial))
		}
	}
	lines := s.Write([]byte("\n"))
	if len(lines) != 1 || lines[0].Oversize != 1<<19 {
		t.Errorf("expected one oversize line of %d bytes, got %+v", 1<<19, lines)
	}
}

func jsonValue(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
