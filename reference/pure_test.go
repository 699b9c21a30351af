package reference_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

func source(t *testing.T, text string) protocol.Source {
	t.Helper()
	var s protocol.Source
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSessionKey(t *testing.T) {
	type options = reference.SessionKeyOptions
	for _, c := range []struct {
		source  string
		options options
		want    string
	}{
		{`{"platform":"discord","chat_id":"C1","chat_type":"dm","user_id":"U1"}`, options{}, "agent:main:discord:dm:C1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"dm","thread_id":"T1"}`, options{}, "agent:main:discord:dm:C1:T1"},
		{`{"platform":"discord","chat_id":"","chat_type":"dm","user_id":"U1","user_id_alt":"UA"}`, options{}, "agent:main:discord:dm:UA"},
		{`{"platform":"discord","chat_id":"","chat_type":"dm","user_id":"U1","thread_id":"T1"}`, options{}, "agent:main:discord:dm:U1:T1"},
		{`{"platform":"discord","chat_id":"","chat_type":"dm"}`, options{}, "agent:main:discord:dm"},
		{`{"platform":"discord","chat_id":"","chat_type":"dm","thread_id":"T1"}`, options{}, "agent:main:discord:dm:T1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"group","user_id":"U1"}`, options{}, "agent:main:discord:group:C1:U1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"channel","user_id":"U1","user_id_alt":"UA"}`, options{}, "agent:main:discord:channel:C1:UA"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"channel","user_id":"U1","thread_id":"T1"}`, options{}, "agent:main:discord:channel:C1:T1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"forum","user_id":"U1","thread_id":"T1"}`, options{PerUserThreads: true}, "agent:main:discord:forum:C1:T1:U1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"group","user_id":"U1"}`, options{SharedGroups: true}, "agent:main:discord:group:C1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"group","user_id":"U1","thread_id":"T1"}`, options{SharedGroups: true, PerUserThreads: true}, "agent:main:discord:group:C1:T1"},
		{`{"platform":"slack","chat_id":"C1","chat_type":"channel","user_id":"U1","guild_id":"G1","scope_id":"G1"}`, options{}, "agent:main:slack:channel:C1:U1"},
		{`{"platform":"zorp","chat_id":"C1","chat_type":"dm"}`, options{}, "agent:main:relay:dm:C1"},
		{`{"platform":"Discord","chat_id":"C1","chat_type":"dm"}`, options{}, "agent:main:relay:dm:C1"},
		{`{"platform":"discord ","chat_id":"C1","chat_type":"dm"}`, options{}, "agent:main:relay:dm:C1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"dm","profile":"coder"}`, options{}, "agent:main:discord:dm:C1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"dm"}`, options{Profile: "coder"}, "agent:coder:discord:dm:C1"},
		{`{"platform":"discord","chat_id":"C1","chat_type":"dm"}`, options{Profile: "default"}, "agent:main:discord:dm:C1"},
		{`{"platform":"whatsapp","chat_id":"15551234567:12@s.whatsapp.net","chat_type":"dm"}`, options{}, "agent:main:whatsapp:dm:15551234567"},
		{`{"platform":"whatsapp","chat_id":"120363@g.us","chat_type":"group","user_id":"+15551234567"}`, options{}, "agent:main:whatsapp:group:120363@g.us:15551234567"},
		{`{"platform":"whatsapp","chat_id":"120363@g.us","chat_type":"group","user_id":"abc@lid"}`, options{}, "agent:main:whatsapp:group:120363@g.us:abc"},
		{`{"platform":"telegram","chat_id":"1@x:2","chat_type":"dm"}`, options{}, "agent:main:telegram:dm:1@x:2"},
	} {
		if got := reference.SessionKey(source(t, c.source), c.options); got != c.want {
			t.Errorf("%s %+v: expected %s, got %s", c.source, c.options, c.want, got)
		}
	}
}

func TestTextLength(t *testing.T) {
	for _, c := range []struct {
		text         string
		chars, utf16 int
	}{
		{"", 0, 0}, {"hello", 5, 5}, {"h\u00e9llo", 5, 5}, {"e\u0301", 2, 2}, {"日本語", 3, 3}, {"😀", 1, 2},
		{"👨\u200d👩\u200d👧\u200d👦", 7, 11}, {"🇺🇸", 2, 4}, {"\U00020000", 1, 2}, {"\r\n", 2, 2}, {"\U0010ffff", 1, 2},
		{"\uffff\U00010000", 2, 3}, {strings.Repeat("😀", 1000), 1000, 2000},
	} {
		for unit, want := range map[string]int{"chars": c.chars, "": c.chars, "bytes": c.chars, "utf16": c.utf16} {
			if got := reference.TextLength(c.text, unit); got != want {
				t.Errorf("%q in %q: expected %d, got %d", c.text, unit, want, got)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		unit  string
		want  []string
	}{
		{"", 5, "chars", []string{""}},
		{"short", 5, "chars", []string{"short"}},
		{"one two", 3, "chars", []string{"one", "two"}},
		{"one two three", 8, "chars", []string{"one two", "three"}},
		{"aa bb\ncc dd", 8, "chars", []string{"aa bb", "cc dd"}},
		{"aa bb\r\ncc dd", 8, "chars", []string{"aa bb", "cc dd"}},
		{"a\nbbbbbbbb cc", 11, "chars", []string{"a\nbbbbbbbb", "cc"}}, // the line break is too early
		{"abcdefgh", 3, "chars", []string{"abc", "def", "gh"}},
		{"😀😀😀", 2, "chars", []string{"😀😀", "😀"}},
		{"😀😀😀", 3, "utf16", []string{"😀", "😀", "😀"}},
		{"😀a", 1, "utf16", []string{"😀", "a"}},
		{"ae\u0301", 2, "chars", []string{"a", "e\u0301"}},
		{"a👨\u200d👩 b", 3, "chars", []string{"a", "👨\u200d👩", "b"}},
		{"     ", 2, "chars", []string{"  "}},
		{"a     b", 2, "chars", []string{"a ", "b"}},
	} {
		got := reference.Split(c.text, c.limit, c.unit)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q by %d %s: %s", c.text, c.limit, c.unit, d)
		}
	}
	if got := reference.Split(strings.Repeat("x", 5000), 0, "chars"); len(got) != 2 || len(got[0]) != 4096 {
		t.Errorf("limit 0: expected 4096, got pieces of %d and more", len(got[0]))
	}
}

// length is the judge's own, so that the code under test does not measure itself.
func length(text, unit string) int {
	if unit == "utf16" {
		return len(utf16.Encode([]rune(text)))
	}
	return utf8.RuneCountInString(text)
}

func FuzzSplit(f *testing.F) {
	for _, text := range []string{"", "a b\nc\r\nd", "😀 e\u0301 👨\u200d👩\u200d👧", "\xff\xfe broken", strings.Repeat("word ", 50), "\u00a0\u2003x"} {
		for _, limit := range []int{1, 2, 7} {
			f.Add(text, limit, true)
			f.Add(text, limit, false)
		}
	}
	f.Fuzz(func(t *testing.T, text string, limit int, wide bool) {
		unit := "chars"
		if wide {
			unit = "utf16"
		}
		if limit < 2 || limit > 1000 || len(text) > 1<<14 {
			t.Skip()
		}
		// What a gateway sends came out of JSON, so it is Unicode text.
		text = strings.ToValidUTF8(text, "\ufffd")
		pieces := reference.Split(text, limit, unit)
		at := text
		for _, p := range pieces {
			if n := length(p, unit); n > limit {
				t.Fatalf("expected at most %d %s, got %d in %q", limit, unit, n, p)
			}
			i := strings.Index(at, p)
			if i < 0 {
				t.Fatalf("piece %q: expected a part of what is left of %q", p, text)
			}
			if lost := at[:i]; strings.TrimSpace(lost) != "" {
				t.Fatalf("lost %q, expected white space at most", lost)
			}
			at = at[i+len(p):]
		}
		if strings.TrimSpace(text) != "" && strings.TrimSpace(at) != "" {
			t.Fatalf("lost %q at the end, expected white space at most", at)
		}
		if utf8.ValidString(text) && !utf8.ValidString(strings.Join(pieces, "")) {
			t.Fatal("expected whole code points")
		}
	})
}

func forward(body string) protocol.Forward {
	return protocol.Forward{Platform: "discord", BotID: "b", Method: "POST", Path: "/interactions",
		BodyB64: base64.StdEncoding.EncodeToString([]byte(body))}
}

func TestDiscordInteractions(t *testing.T) {
	const guild = `"id":"I1","channel_id":"C1","guild_id":"G1","member":{"user":{"id":"U1","username":"alice"},"nick":"Al"}`
	inGuild := func(text string) object {
		return object{"text": text, "message_type": "text", "source": object{"platform": "relay", "chat_id": "C1", "chat_type": "channel",
			"chat_name": nil, "user_id": "U1", "user_name": "alice", "thread_id": nil, "chat_topic": nil, "message_id": "I1", "guild_id": "G1", "scope_id": "G1"}}
	}
	dm := object{"text": "btn", "message_type": "text", "source": object{"platform": "relay", "chat_id": "D1", "chat_type": "dm",
		"chat_name": nil, "user_id": "U7", "user_name": "bob", "thread_id": nil, "chat_topic": nil, "message_id": "I2"}}
	for name, c := range map[string]struct {
		body string
		want object // nil: it becomes no event
	}{
		"command":              {`{"type":2,` + guild + `,"data":{"name":"model","options":[{"name":"a","value":"x"}]}}`, inGuild("model")},
		"component":            {`{"type":3,` + guild + `,"data":{"custom_id":" hp1:a:b"}}`, inGuild(" hp1:a:b")},
		"component in a dm":    {`{"type":3,"id":"I2","channel_id":"D1","user":{"id":"U7","username":"bob"},"data":{"custom_id":"btn"}}`, dm},
		"empty guild":          {`{"type":3,"id":"I2","channel_id":"D1","guild_id":"","user":{"id":"U7","username":"bob"},"data":{"custom_id":"btn"}}`, dm},
		"modal":                {`{"type":5,` + guild + `,"data":{"custom_id":"m"}}`, inGuild("")},
		"autocomplete":         {`{"type":4,` + guild + `,"data":{"name":"m"}}`, inGuild("")},
		"type as a string":     {`{"type":"2",` + guild + `,"data":{"name":"m"}}`, inGuild("")},
		"command without data": {`{"type":2,` + guild + `}`, inGuild("")},
		"member without user": {`{"type":3,"id":"I2","channel_id":"D1","member":["x"],"user":{"id":"U7","username":"bob"},"data":{"custom_id":"btn"}}`,
			dm},
		"ping":           {`{"type":1,` + guild + `}`, nil},
		"no channel":     {`{"type":2,"data":{"name":"new"}}`, nil},
		"data is a list": {`{"type":2,` + guild + `,"data":["x"]}`, nil},
		"no JSON":        {`{nope`, nil},
		"a string":       {`"x"`, nil},
		"nothing":        {``, nil},
		"utf-16":         {"\xff\xfe{\x00}\x00", nil},
	} {
		event, err := reference.EventFromForward(forward(c.body))
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: expected no event, got %+v", name, event)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got object
		data, _ := json.Marshal(event)
		json.Unmarshal(data, &got)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	other := forward(`{}`)
	other.Platform = "twilio"
	if _, err := reference.EventFromForward(other); err == nil {
		t.Error("another platform: expected no event")
	}
	broken := forward(`{}`)
	broken.BodyB64 = "e!yJh"
	if _, err := reference.EventFromForward(broken); err == nil {
		t.Error("broken base64: expected no event")
	}
}

func TestPassthroughIsReceivedOnTheTermsOfAnEvent(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		type told struct {
			Platform, Key string
			Event         bool
		}
		seen := make(chan told, 9)
		c.Observer.Passthrough = func(f protocol.Forward, e *protocol.Event, key string) { seen <- told{f.Platform, key, e != nil} }
		start(t, c, echo)
		p := r.handshaken()
		send := func(platform, body, bufferID string) {
			p.send(object{"type": "passthrough_forward", "bufferId": bufferID, "forward": object{
				"platform": platform, "botId": "b", "method": "POST", "path": "/interactions", "headers": [][]string{{"a", "b"}, {"A", "c"}},
				"bodyB64": base64.StdEncoding.EncodeToString([]byte(body))}})
		}
		command := `{"type":2,"id":"I1","channel_id":"C1","guild_id":"G1","data":{"name":"model"},"member":{"user":{"id":"U1","username":"alice"}}}`
		send("discord", command, "pb-1")
		equal(t, "ack", p.expect("inbound_ack")["bufferId"], "pb-1")
		equal(t, "reply", p.answer(object{"success": true}), object{
			"op": "send", "chat_id": "C1", "content": "model", "reply_to": nil, "metadata": object{"guild_id": "G1", "scope_id": "G1"}})
		equal(t, "told", <-seen, told{"discord", "agent:main:relay:channel:C1:U1", true})
		send("discord", command, "pb-1") // replayed
		p.expect("inbound_ack")
		p.quiet() // and not answered twice
		send("twilio", "hi", "pb-2")
		send("discord", "{nope", "pb-3")
		p.quiet() // neither acknowledged nor the end of the session
		<-seen
		equal(t, "told", []told{<-seen, <-seen}, []told{{"twilio", "", false}, {"discord", "", false}})
	})
}
