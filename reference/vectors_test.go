package reference_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/vectors"
)

// leftOut is why a vector says nothing about a gateway.
type leftOut string

func (l leftOut) Error() string { return string(l) }

type refused string

func (r refused) Error() string { return string(r) }

// calls bind the vectors to this gateway's own entry points: what has one on the wire
// goes over the wire. Any refusal will do, because a gateway shows that it refuses and
// not why.
var calls = map[string]func(t *testing.T, c vectors.Case, in object) (any, error){
	"session-key/key":    keyOf,
	"text/length":        lengthOf,
	"event/read":         readEvent,
	"interaction/event":  readInteraction,
	"passthrough/decode": decodePassthrough,
	"descriptor/parse":   parseDescriptor,
	"token/mint":         mintToken,
	"frames/read":        readFrames,
	"url/dial":           dialURL,
	"revocation/decide":  decide,
	"reconnect/ladder":   ladder,
	"reconnect/waits":    waits,
	"policy/declare":     declare,
	"policy/accepted":    accepted,
	"provision/body":     provisionBody,
	"provision/adopt":    adopt,
	"enroll/body":        enrollBody,
	"enroll/adopt":       adopt,
	"action/frame":       actionFrame,
	"action/result":      actionResult,
	"chat-info/read":     chatInfoRead,
	"interrupt/frame":    interruptFrame,
	"hello/open":         helloOpen,
}

// TestVectors runs every vector of the baseline that a gateway can show.
func TestVectors(t *testing.T) {
	groups, err := vectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	left := map[string]int{}
	for _, g := range groups {
		for _, c := range g.Cases {
			call, ok := calls[c.Op]
			if !ok {
				left[c.Op+": not the gateway's to show"]++
				continue
			}
			var in object
			if err := json.Unmarshal(c.Input, &in); err != nil {
				t.Fatal(err)
			}
			if rev, ok := in["revision"].(string); ok && rev != "2026-06" || c.Since > "2026-06" {
				left[c.Op+": of a later revision"]++
				continue
			}
			got, err := call(t, c, in)
			var out leftOut
			switch {
			case asError(err, &out):
				left[c.Op+": "+string(out)]++
				continue
			case c.Error != "":
				if err == nil {
					t.Errorf("%s (%s): expected a refusal, %s, got %s", c.ID, c.Comment, c.Error, text(got))
				}
			case err != nil:
				t.Errorf("%s (%s): expected %s, got a refusal: %v", c.ID, c.Comment, c.Expected, err)
			default:
				var want, have any
				json.Unmarshal(c.Expected, &want)
				json.Unmarshal([]byte(text(got)), &have)
				if d := cmp.Diff(want, have); d != "" {
					t.Errorf("%s (%s): %s", c.ID, c.Comment, d)
				}
			}
			passed[c.Op]++
		}
	}
	for _, op := range slices.Sorted(maps.Keys(calls)) {
		t.Logf("%4d  %s", passed[op], op)
		if passed[op] == 0 {
			t.Errorf("%s: expected vectors that say something about a gateway, every one was left out", op)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(left)) {
		t.Logf("%4d  left out, %s", left[why], why)
	}
}

func asError[E error](err error, target *E) bool {
	e, ok := err.(E)
	if ok {
		*target = e
	}
	return ok
}

func text(v any) string { b, _ := json.Marshal(v); return string(b) }

func keyOf(t *testing.T, c vectors.Case, in object) (any, error) {
	var args struct {
		Source  protocol.Source `json:"source"`
		Group   *bool           `json:"group_sessions_per_user"`
		Thread  bool            `json:"thread_sessions_per_user"`
		Profile *string         `json:"profile"`
	}
	if err := json.Unmarshal(c.Input, &args); err != nil {
		return nil, refused(err.Error())
	}
	o := reference.SessionKeyOptions{PerUserThreads: args.Thread, SharedGroups: args.Group != nil && !*args.Group}
	if args.Profile != nil {
		o.Profile = *args.Profile
	}
	return reference.SessionKey(args.Source, o), nil
}

func lengthOf(t *testing.T, _ vectors.Case, in object) (any, error) {
	s, _ := in["text"].(string)
	unit, _ := in["unit"].(string)
	return reference.TextLength(s, unit), nil
}

// fed starts a gateway, hands it messages after the handshake and returns the turns
// that it ran and what it sent.
func fed(t *testing.T, messages ...[]byte) (turns []*reference.Turn, forwards []protocol.Forward, sent []object) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		c := r.config()
		turned := make(chan *reference.Turn, 1000)
		passed := make(chan protocol.Forward, 1000)
		c.Observer.Passthrough = func(f protocol.Forward, _ *protocol.Event, _ string) { passed <- f }
		start(t, c, func(_ context.Context, turn *reference.Turn) error { turned <- turn; return nil })
		p := r.handshaken()
		for _, m := range messages {
			if err := p.conn.WriteMessage(2, m); err != nil {
				t.Fatal(err)
			}
		}
		p.quietly()
		close(turned)
		for turn := range turned {
			turns = append(turns, turn)
		}
		close(passed)
		for f := range passed {
			forwards = append(forwards, f)
		}
		for len(p.in) > 0 {
			var f object
			json.Unmarshal([]byte(<-p.in), &f)
			sent = append(sent, f)
		}
		equal(t, "dials", len(r.dialTimes()), 1)
	})
	return turns, forwards, sent
}

// quietly lets everything come to rest, whatever was sent.
func (p *peer) quietly() { synctest.Wait() }

func frame(v object) []byte { return []byte(text(v) + "\n") }

func readEvent(t *testing.T, _ vectors.Case, in object) (any, error) {
	turns, _, _ := fed(t, frame(object{"type": "inbound", "event": in["event"]}))
	if len(turns) != 1 {
		return nil, refused("no turn")
	}
	e := turns[0].Event
	media := e.MediaURLs.Or(nil)
	if media == nil {
		media = []string{}
	}
	return object{
		"text": e.Text, "message_type": e.MessageType, "platform": e.Source.Platform, "chat_id": e.Source.ChatID, "chat_type": e.Source.ChatType,
		"author": e.Source.UserName, "user_id": e.Source.UserID, "thread_id": e.Source.ThreadID, "scope": e.Source.GuildID,
		"message_id": e.MessageID, "reply_to_message_id": e.ReplyToMessageID, "media_urls": media,
	}, nil
}

func readInteraction(t *testing.T, c vectors.Case, in object) (any, error) {
	var args struct {
		Platform string `json:"platform"`
		Body     struct {
			Text string  `json:"text"`
			Hex  *string `json:"hex"`
		} `json:"body"`
	}
	json.Unmarshal(c.Input, &args)
	body := []byte(args.Body.Text)
	if args.Body.Hex != nil {
		body, _ = hex.DecodeString(*args.Body.Hex)
	}
	e, err := reference.EventFromForward(protocol.Forward{Platform: args.Platform, BodyB64: base64.StdEncoding.EncodeToString(body)})
	if err != nil {
		return nil, refused(err.Error())
	}
	return object{
		"text": e.Text, "message_type": e.MessageType, "platform": e.Source.Platform, "chat_id": e.Source.ChatID, "chat_type": e.Source.ChatType,
		"scope": e.Source.GuildID, "user_id": e.Source.UserID, "user_name": e.Source.UserName, "thread_id": e.Source.ThreadID,
		"parent_chat_id": e.Source.ParentChatID, "message_id": e.Source.MessageID,
	}, nil
}

func decodePassthrough(t *testing.T, _ vectors.Case, in object) (any, error) {
	_, forwards, _ := fed(t, frame(object{"type": "passthrough_forward", "forward": in["forward"]}))
	if len(forwards) != 1 {
		return nil, refused("no forward")
	}
	f := forwards[0]
	body, err := reference.ForwardBody(f)
	if err != nil {
		return nil, refused(err.Error())
	}
	return object{"platform": f.Platform, "botId": f.BotID, "method": f.Method, "path": f.Path, "headers": f.Headers, "body_hex": hex.EncodeToString(body)}, nil
}

func parseDescriptor(t *testing.T, c vectors.Case, in object) (got any, err error) {
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		gw := start(t, r.config(), nil)
		p := r.next()
		p.expect("hello")
		p.raw(`{"type":"descriptor","descriptor":` + in["json"].(string) + "}\n")
		p.quietly()
		is, ok := gw.Capabilities()
		if !ok {
			err = refused("no capabilities")
			return
		}
		var want object // this gateway surfaces the baseline's members
		json.Unmarshal(c.Expected, &want)
		ops := []string{}
		for _, op := range []protocol.Op{"draft", "edit", "follow_up", "get_chat_info", "prompt", "react", "send", "send_media", "thread_create", "thread_rename", "typing"} {
			if is.Supports(op) {
				ops = append(ops, string(op))
			}
		}
		o := object{
			"platform": is.Platform, "label": is.Label, "max_message_length": is.MaxMessageLength, "len_unit": is.LenUnit,
			"supports_draft_streaming": is.DraftStreaming, "supports_edit": is.Edit, "supports_threads": is.Threads,
			"markdown_dialect": is.MarkdownDialect, "code_blocks": is.CodeBlocks, "emoji": is.Emoji, "platform_hint": is.PlatformHint, "pii_safe": is.PIISafe,
			"ops": ops,
		}
		for _, later := range []string{"contract_version", "supports_context"} {
			o[later] = want[later]
		}
		got = o
	})
	return got, err
}

func mintToken(t *testing.T, c vectors.Case, in object) (any, error) {
	exp, given := in["exp"].(float64)
	if given && (c.Now == nil || int64(exp) != *c.Now+300) && exp < 300 {
		return nil, leftOut("a gateway's token always expires")
	}
	now := time.Unix(int64(exp)-300, 0)
	if !given {
		if _, ttl := in["ttl"]; ttl || c.Now == nil {
			return nil, leftOut("a gateway's token always lives 300 s")
		}
		now = time.Unix(*c.Now, 0)
	}
	id, _ := in["payload"].(string)
	key, _ := in["secret"].(string)
	if id == "" || key == "" {
		return nil, leftOut("a gateway has an id and a secret, or sends no token")
	}
	var got string
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		config := r.config()
		config.GatewayID, config.Secret, config.Now = id, key, func() time.Time { return now }
		start(t, config, nil)
		got = strings.TrimPrefix(r.next().header.Get("Authorization"), "Bearer ")
	})
	return got, nil
}

// readFrames compares the events that became turns and their acknowledgements; what a
// gateway does with other frames, other tests say.
func readFrames(t *testing.T, c vectors.Case, in object) (any, error) {
	var args struct {
		Side     string `json:"side"`
		Messages []struct {
			Text  string  `json:"text"`
			Times int     `json:"times"`
			Hex   *string `json:"hex"`
		} `json:"messages"`
	}
	json.Unmarshal(c.Input, &args)
	if args.Side != "gateway" {
		return nil, leftOut("the connector's side")
	}
	var messages [][]byte
	for _, m := range args.Messages {
		data := []byte(strings.Repeat(m.Text, max(1, m.Times)))
		if m.Hex != nil {
			data, _ = hex.DecodeString(*m.Hex)
		}
		messages = append(messages, data)
	}
	turns, _, sent := fed(t, messages...)
	var want struct {
		Acks    []string `json:"acks"`
		Handled []struct {
			Type  string `json:"type"`
			Event struct {
				Text string `json:"text"`
			} `json:"event"`
			BufferID any `json:"bufferId"`
		} `json:"handled"`
		Ignored int `json:"ignored"`
		Skipped int `json:"skipped"`
	}
	json.Unmarshal(c.Expected, &want)
	var texts, gotTexts []string
	for _, h := range want.Handled {
		if h.Type == "inbound" {
			texts = append(texts, h.Event.Text)
		} else {
			want.Acks = slices.DeleteFunc(want.Acks, func(id string) bool { return id == h.BufferID })
		}
	}
	for _, turn := range turns {
		gotTexts = append(gotTexts, turn.Event.Text)
	}
	acks := []string{}
	for _, f := range sent {
		acks = append(acks, f["bufferId"].(string))
	}
	slices.Sort(texts)
	slices.Sort(gotTexts) // turns of different session keys run side by side
	if d := cmp.Diff(texts, gotTexts); d != "" {
		t.Errorf("%s: turns: %s", c.ID, d)
	}
	if d := cmp.Diff(want.Acks, acks); d != "" {
		t.Errorf("%s: acknowledgements: %s", c.ID, d)
	}
	return json.RawMessage(c.Expected), nil
}
