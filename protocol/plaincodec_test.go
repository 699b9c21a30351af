package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// codecSeeds are lines whose reading is easy to get wrong.
var codecSeeds = []string{
	`{"type":"inbound","event":{"text":"x","message_type":"text","source":{"platform":"discord","chat_id":"C","chat_type":"dm","chat_name":null,"user_id":"U","thread_id":null,"guild_id":"G","scope_id":"G","more":{"a":[1, 2]}},"media_urls":["u", "v"],"media":[{"a": 1},null],"reply_to":{"text":"t","is_own":false}},"bufferId":"b-1"}`,
	` { "type" : "outbound" , "requestId" : "r" , "action" : { "op" : "send" , "chat_id" : "C" , "content" : "\u00e9\ud83d\ude00\ud800 <&>" , "metadata" : { "b" : 1 , "a" : [ ] } , "new" : [ 1 , { } ] } } `,
	"{\"type\":\"outbound\",\"requestId\":\"r\",\"action\":{\"op\":\"send\",\"chat_id\":\"é\u2028\",\"content\":\"\\n\\\"\\\\\"}}",
	`{"type":"outbound","requestId":"r","action":{"op":"prompt","chat_id":"C","prompt_kind":"k","prompt_id":"p","content":"","options":[{"id":"a","label":"A","x":"\/"},{"id":"b","label":null}],"timeout_s":1e3}}`,
	`{"type":"outbound","requestId":"r","action":{"op":"soon","x": [ 1 ]}}`,
	`{"type":"outbound","requestId":"r","action":{"op":5}}`,
	`{"type":"outbound","requestId":7,"action":null}`,
	`{"\u0074ype":"hello","plat\u0066orm":"p","botId":"b","b\u006ftId":"c","":1,"\"":2,"é":3}`,
	`{"type":"hello","platform":"a","platform":"b","botId":5,"botId":"b","x":1,"x":2}`,
	`{"type":"outbound_result","requestId":"r","result":{"success":"yes","message_id":5,"chat_info":{"name":null,"type":[]},"error":null,"retry_after":1.50}}`,
	`{"type":"descriptor","descriptor":{"contract_version":1.0,"platform":"p","label":"l","max_message_length":"many","supports_draft_streaming":true,"supports_edit":false,"supports_threads":true,"markdown_dialect":"m","len_unit":"u","supported_ops":["send",5]}}`,
	`{"type":"descriptor","descriptor":{"contract_version":1,"platform":"p","label":"l","max_message_length":2e3,"supports_draft_streaming":true,"supports_edit":null,"supports_threads":true,"markdown_dialect":"m","len_unit":"u"}}`,
	`{"type":"passthrough_forward","forward":{"platform":"d","botId":"b","method":"POST","path":"/","headers":[["A","1"],["B"]],"bodyB64":""}}`,
	`{"type":"passthrough_forward","forward":{"platform":"d","botId":"b","method":"POST","path":"/","headers":[["A","1"],["~/","2"]],"bodyB64":"e30="},"bufferId":null}`,
	`{"type":"interrupt","session_key":"k","reason":{"a":"}"}}`,
	`{"type":"going_idle"}`,
}

func TestCodecAgreesWithThePlainOne(t *testing.T) {
	for _, line := range codecSeeds {
		agree(t, []byte(line))
	}
}

func FuzzCodec(f *testing.F) {
	for _, line := range codecSeeds {
		f.Add([]byte(line))
	}
	f.Fuzz(agree)
}

// agree holds the reading and the writing of a line against the plain codec.
func agree(t *testing.T, line []byte) {
	got, err := Decode(line)
	var fe *FrameError
	if errors.As(err, &fe) && (fe.Code == CodeNotJSON || fe.Code == CodeNotObject || fe.Code == CodeNoType) {
		return // decided before an object is read
	}
	if _, unknown := got.(*Unknown); unknown {
		return
	}
	want, wantErr := plainFrame(line)
	var wantFE *FrameError
	if errors.As(wantErr, &wantFE); (err == nil) != (wantErr == nil) || (err != nil && !sameError(fe, wantFE)) {
		t.Fatalf("%q: expected the error %v, got %v", line, wantErr, err)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%q: expected\n%#v, got\n%#v", line, want, got)
	}
	wantLine, wantErr := plainEncode(string(want.FrameType()), want)
	gotLine, err := Encode(got)
	if err != nil || wantErr != nil || !bytes.Equal(append(wantLine, '\n'), gotLine) {
		t.Fatalf("expected\n%s (%v), got\n%s (%v)", wantLine, wantErr, gotLine, err)
	}
}

// sameError compares all but the frame's type, which only Decode knows.
func sameError(got, want *FrameError) bool {
	return want != nil && got.Code == want.Code && got.Pointer == want.Pointer && got.Want == want.Want && got.Got == want.Got
}

// What a program put into Extra is written as JSON on one line, or refused.
func TestExtraOfAProgram(t *testing.T) {
	spaced := Extra{"a": json.RawMessage("{ \"b\" :\n1 }")}
	line, err := Encode(&Inbound{Event: Event{Source: Source{Extra: spaced}}})
	if err != nil || !strings.Contains(string(line), `"a":{"b":1}`) {
		t.Errorf("expected the member without its line break, got %q, %v", line, err)
	}
	if line, err := Encode(&Inbound{Event: Event{Extra: Extra{"a": json.RawMessage("{")}}}); err == nil {
		t.Errorf("expected an error for a member that is no JSON, got %q", line)
	}
}

func BenchmarkCodec(b *testing.B) {
	line := []byte(codecSeeds[0])
	f, err := Decode(line)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_, _ = Decode(line)
		}
	})
	b.Run("decode-plain", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_, _ = plainFrame(line)
		}
	})
	b.Run("encode-plain", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_, _ = plainEncode("inbound", f)
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_, _ = Encode(f)
		}
	})
}
