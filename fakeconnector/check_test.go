package fakeconnector

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

const hello = `{"type":"hello","platform":"discord","botId":"bot-1"}` + "\n"

// Each line is sent after the handshake; the session must go on.
func TestBrokenFrames(t *testing.T) {
	send := `{"type":"outbound","requestId":"%s","action":{"op":"send","chat_id":"C1","content":"x"}}` + "\n"
	for name, test := range map[string]struct {
		text string
		want []protocol.RuleID
	}{
		"not JSON":                     {"hello there\n", rules(protocol.RuleFramingNewline)},
		"two frames in one line":       {`{"type":"going_idle"}{"type":"going_idle"}` + "\n", rules(protocol.RuleFramingNewline)},
		"an array":                     {`[{"type":"going_idle"}]` + "\n", rules(protocol.RuleFramingNewline)},
		"no type":                      {`{"platform":"discord"}` + "\n", rules(protocol.RuleFramingNewline)},
		"a type that is a number":      {`{"type":1}` + "\n", rules(protocol.RuleFramingNewline)},
		"not UTF-8":                    {"{\"type\":\"x\",\"y\":\"\xff\"}\n", rules(protocol.RuleFramingNewline)},
		"a frame of ours":              {`{"type":"going_idle_ack"}` + "\n", rules(protocol.RuleFramingWrongDirection)},
		"a broken frame of ours":       {`{"type":"inbound","event":null}` + "\n", rules(protocol.RuleFramingWrongDirection)},
		"outbound without requestId":   {`{"type":"outbound","action":{"op":"typing","chat_id":"C"}}` + "\n", rules(protocol.RuleOutboundFields)},
		"outbound without action":      {`{"type":"outbound","requestId":"r1"}` + "\n", rules(protocol.RuleOutboundFields)},
		"outbound without op":          {`{"type":"outbound","requestId":"r1","action":{}}` + "\n", rules(protocol.RuleOutboundFields)},
		"send without content":         {`{"type":"outbound","requestId":"r1","action":{"op":"send","chat_id":"C"}}` + "\n", rules(protocol.RuleOutboundFields)},
		"send with a number as chat":   {`{"type":"outbound","requestId":"r1","action":{"op":"send","chat_id":1,"content":""}}` + "\n", rules(protocol.RuleOutboundFields)},
		"an empty requestId":           {fmt.Sprintf(send, ""), rules(protocol.RuleOutboundFields)},
		"a requestId that comes twice": {fmt.Sprintf(send, "r1") + fmt.Sprintf(send, "r2") + fmt.Sprintf(send, "r1"), rules(protocol.RuleOutboundRequestId)},
		"ack without bufferId":         {`{"type":"inbound_ack"}` + "\n", rules(protocol.RuleInboundAckBuffered)},
		"ack of what was never sent":   {`{"type":"inbound_ack","bufferId":"b-77"}` + "\n", rules(protocol.RuleInboundAckOnlyBuffered)},
		"interrupt without key":        {`{"type":"interrupt"}` + "\n", rules(protocol.RuleInterruptFields)},
		"interrupt with odd reason":    {`{"type":"interrupt","session_key":"k","reason":7}` + "\n", rules(protocol.RuleInterruptFields)},
		"hello twice":                  {hello, rules(protocol.RuleHandshakeHelloOnce)},
		"hello without botId":          {`{"type":"hello","platform":"x"}` + "\n", rules(protocol.RuleHandshakeHelloFields)},
		"hello for a platform not its": {`{"type":"hello","platform":"slack","botId":"s"}` + "\n", rules(protocol.RuleHandshakeHelloFields)},

		// What no gateway may be blamed for.
		"one of its other identities": {`{"type":"hello","platform":"telegram","botId":"t","command_manifest":[]}` + "\n", nil},
		"blank lines and CRLF":        {"\n  \r\n\t\n" + strings.TrimSuffix(fmt.Sprintf(send, "r1"), "\n") + "\r\n", nil},
		"nulls":                       {`{"type":"outbound","requestId":"r1","action":{"op":"send","chat_id":"C","content":"","reply_to":null,"metadata":null}}` + "\n", nil},
		"a reason that is null":       {`{"type":"interrupt","session_key":"k","reason":null}` + "\n", nil},
		"a later op":                  {`{"type":"outbound","requestId":"r1","action":{"op":"task_card","x":[1]}}` + "\n", nil},
		"a later field, mistyped":     {`{"type":"outbound","requestId":"r1","platform":7,"action":{"op":"typing","chat_id":"C"}}` + "\n", nil},
		"a later frame":               {`{"type":"heartbeat"}` + "\n", nil},
		"going idle twice":            {`{"type":"going_idle"}` + "\n" + `{"type":"going_idle"}` + "\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t)
			g := c.AddGateway(Gateway{Platform: "discord", BotID: "bot-1", Fronts: []Identity{{"telegram", "t"}}})
			k := greeted(t, c, g)
			mark := c.Journal().Mark()
			k.raw(test.text)
			// The session goes on: the answer to one more request comes, after whatever
			// the line was answered with.
			k.raw(fmt.Sprintf(send, "last"))
			for {
				if r, ok := decoded(t, k).(*protocol.OutboundResult); ok && r.RequestID == "last" {
					break
				}
			}
			if got := violations(c); !slices.Equal(got, test.want) {
				t.Errorf("expected violations %q, got %q", test.want, got)
			}
			for _, e := range c.Journal().Since(mark) {
				if e.Kind == KindViolation {
					if of := c.Journal().Since(e.Violation.Of - 1)[0]; of.Kind != KindFrame || of.Dir != protocol.FromGateway {
						t.Errorf("expected the violation to name a frame of the gateway, it names %s", of)
					}
				}
			}
		})
	}
}

func rules(r ...protocol.RuleID) []protocol.RuleID { return r }

func decoded(t *testing.T, k *client) protocol.Frame {
	t.Helper()
	f, err := protocol.Decode(k.line())
	must(t, err)
	return f
}

func TestFrameBeforeHello(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Platform: "discord", BotID: "bot-1"})
	k := dial(t, c, g)
	k.raw(`{"type":"going_idle"}` + "\n" + hello)
	expect[*protocol.DescriptorFrame](k) // and no going_idle_ack before it
	k.alive()
	if got := violations(c); !slices.Equal(got, rules(protocol.RuleHandshakeHelloFirst)) {
		t.Errorf("expected one violation of hello-first, got %q", got)
	}
}

func TestQuietUntilDescriptor(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Platform: "discord", BotID: "bot-1", Fronts: []Identity{{"slack", "s"}}})
	hold := &Hold{}
	c.On(Match{Type: protocol.TypeHello}).Times(1).Do(hold)
	k := dial(t, c, g)
	k.raw(hello)
	must(t, hold.Wait(within(t), 1))
	k.raw(`{"type":"hello","platform":"slack","botId":"s"}` + "\n") // one more hello is fine
	expect[*protocol.DescriptorFrame](k)
	noViolations(t, c)

	early := dial(t, c, c.AddGateway(Gateway{ID: "early", Platform: "discord", BotID: "bot-1"}))
	c.On(Match{Gateway: "early", Type: protocol.TypeHello}).Do(Withhold{})
	early.raw(hello + `{"type":"going_idle"}` + "\n")
	await(t, c, 0, isViolation(protocol.RuleHandshakeQuietUntilDescriptor))
}

func TestAcksAreCounted(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	in := &protocol.Inbound{Event: event("C1", "x"), BufferID: protocol.Some("one")}
	ack := &protocol.InboundAck{BufferID: "one"}
	must(t, c.Session(g.ID).Send(in))
	k.send(ack)
	k.alive2()
	must(t, c.Session(g.ID).Send(in)) // a repeat earns another ack, in this session …
	must(t, c.Session(g.ID).SendRaw(websocket.TextMessage, []byte(`{"type":"inbound","event":{},"bufferId":17}`+"\n")))
	k.reset()
	again := greeted(t, c, g)
	again.send(ack)                                  // … or in the next
	again.send(&protocol.InboundAck{BufferID: "17"}) // and a fault's number counts as its digits
	again.alive()
	noViolations(t, c)
	again.send(ack)
	await(t, c, 0, isViolation(protocol.RuleInboundAckOnlyBuffered))
}

// alive2 is alive for a client that has deliveries unread.
func (k *client) alive2() {
	k.t.Helper()
	k.send(&protocol.Outbound{RequestID: "still", Action: &protocol.Typing{ChatID: "c"}})
	for {
		f, err := protocol.Decode(k.line())
		must(k.t, err)
		if _, ok := f.(*protocol.OutboundResult); ok {
			return
		}
	}
}

func TestASecretThatWasSentMayBeQuoted(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	publish(t, c, g.Instance, "your secret is "+g.Secret)
	in := k.inbound("your secret is " + g.Secret)
	k.ask("r1", send("C1", in.Event.Text))
	noViolations(t, c)
}

func TestSecretStays(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	k.send(&protocol.Interrupt{SessionKey: "x" + g.Secret})
	e := await(t, c, 0, isViolation(protocol.RuleSecuritySecretStays))
	if strings.Contains(e.String(), g.Secret) {
		t.Errorf("the violation quotes the secret: %s", e)
	}
}

// In a bubble, over connections in memory: the bound passes at once.
func bubble(t *testing.T, test func(t *testing.T, c *Connector, k *client)) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemListener()
		c := New(WithListener(l))
		must(t, c.Start())
		g := c.AddGateway(Gateway{Platform: "discord", BotID: "bot-1"})
		k := dial(t, c, g)
		// No deadline: time flies in here. net.Pipe has no buffer, so somebody must read what the connector sends.
		reads := make(chan struct{})
		go func() {
			defer close(reads)
			for {
				if _, _, err := k.ws.ReadMessage(); err != nil {
					return
				}
			}
		}()
		test(t, c, k)
		_ = k.ws.Close()
		must(t, c.Close())
		<-reads
	})
}

func TestNewlineMissing(t *testing.T) {
	bubble(t, func(t *testing.T, c *Connector, k *client) {
		k.raw(strings.TrimSuffix(hello, "\n"))
		time.Sleep(c.limits.NewlineBound - time.Millisecond)
		synctest.Wait()
		noViolations(t, c)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := violations(c); !slices.Equal(got, rules(protocol.RuleFramingNewline)) {
			t.Errorf("expected a missing newline to be seen at the bound, got %q", got)
		}
		time.Sleep(time.Hour)
		must(t, k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second)))
		synctest.Wait()
		if got := violations(c); len(got) != 1 {
			t.Errorf("expected it to be seen once, got %q", got)
		}
	})
}

func TestNoNewlineYet(t *testing.T) {
	for name, script := range map[string]func(*client){
		"the newline comes as a message of its own": func(k *client) {
			k.raw(strings.TrimSuffix(hello, "\n"))
			time.Sleep(time.Second)
			k.raw("\n")
		},
		"half a frame, for long":        func(k *client) { k.raw(hello[:20]); time.Sleep(time.Minute); k.raw(hello[20:]) },
		"half a frame, then cut off":    func(k *client) { k.raw(hello[:20]); _ = k.ws.NetConn().Close() },
		"no newline, then cut off":      func(k *client) { k.raw(strings.TrimSuffix(hello, "\n")); _ = k.ws.NetConn().Close() },
		"a frame, then spaces for long": func(k *client) { k.raw(hello + "  \r"); time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *Connector, k *client) {
				script(k)
				time.Sleep(time.Hour)
				synctest.Wait()
				noViolations(t, c)
			})
		})
	}
}

func TestUnfinishedLineAtTheGatewaysOwnClose(t *testing.T) {
	for name, text := range map[string]string{"no newline": strings.TrimSuffix(hello, "\n"), "half a frame": hello[:20]} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *Connector, k *client) {
				k.raw(text)
				must(t, k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second)))
				synctest.Wait()
				if got := violations(c); !slices.Equal(got, rules(protocol.RuleFramingNewline)) {
					t.Errorf("expected an unfinished line to be seen, got %q", got)
				}
			})
		})
	}
}
