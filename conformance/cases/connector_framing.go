package cases

import (
	"fmt"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

const info = `{"op":"get_chat_info","chat_id":"C1"}`

func connectorFraming() []kit.Case {
	none := kit.ProbeNeeds{}
	after := rules(protocol.RuleOutboundAnswered)
	// What follows a line that is to be skipped is answered, and so is what stands before.
	skips := func(caseID, title string, opcode int, payload string) kit.Case {
		return probe(caseID, title, none, func(p *kit.P) {
			s := p.Connect(p.Me())
			s.CatchUp()
			before, behind := p.RequestID(), p.RequestID()
			s.Message(websocket.TextMessage, kit.OutboundLine(before, info)+"\n")
			s.Message(opcode, payload)
			s.Message(websocket.TextMessage, kit.OutboundLine(behind, info)+"\n")
			s.Result(before)
			s.Result(behind)
			ours := func(f kit.Received) bool { return kit.IsResult(before)(f) || kit.IsResult(behind)(f) }
			s.Alive()
			if n := len(s.Frames(anything)); n != 3 { // with the sign of life
				for _, f := range s.Frames(anything) {
					if !ours(f) {
						p.Mismatch("no answer to what is to be ignored", f.String())
					}
				}
				p.Mismatch("three answers", fmt.Sprintf("%d", n))
			}
		})
	}
	line := func(rule protocol.RuleID, variant, title, text string) kit.Case {
		return skips(id(rule, variant), title, websocket.TextMessage, text+"\n")
	}
	foreign := func(variant, text string) kit.Case {
		return line(protocol.RuleFramingWrongDirection, variant, "ignores a frame that only connectors send: "+variant, text)
	}
	// Each asks for something of its own, so that whoever acts on two answers neither twice.
	bad := func(n int) string {
		return strings.Replace(kit.OutboundLine(fmt.Sprintf("r-%d-bad", n), info), "bad", "\xff", 1) + "\n"
	}
	notUTF8 := []kit.Case{
		skips(id(protocol.RuleFramingNotUtf8), "skips a binary line that is not UTF-8", websocket.BinaryMessage, bad(1)),
		skips(id(protocol.RuleFramingNotUtf8, "several"), "skips one after the other", websocket.BinaryMessage, bad(1)+bad(2)+bad(3)),
		probe(id(protocol.RuleFramingNotUtf8, "between"), "acts on the lines before and behind it in the same message", none, func(p *kit.P) {
			s, before, behind := p.Connect(p.Me()), p.RequestID(), p.RequestID()
			s.Message(websocket.BinaryMessage, kit.OutboundLine(before, info)+"\n"+bad(1)+kit.OutboundLine(behind, info)+"\n")
			s.Result(before)
			s.Result(behind)
		}),
		probe(id(protocol.RuleFramingNotUtf8, "before-hello"), "skips it before the hello too", none, func(p *kit.P) {
			s := p.Dial(p.Me(), p.Token(p.Me()))
			s.Message(websocket.BinaryMessage, bad(1))
			s.Hello()
			s.Await("a descriptor in answer to the hello behind a line that is not UTF-8", isDescriptor)
			s.Alive()
		}),
	}
	for i := range notUTF8 {
		notUTF8[i].Level = kit.Should
	}
	list := []kit.Case{
		probe(id(protocol.RuleFramingNewline), "keeps one line for a text with line breaks", publishes, lineBreaks),
		probe(id(protocol.RuleFramingSeveralInMessage), "acts on every frame of a message that holds five", none, severalRequests),
		probe(id(protocol.RuleFramingSeveralInMessage, "order"), "acts on them in their order", publishes, severalInTheirOrder),
		probe(id(protocol.RuleFramingAcrossMessages), "puts a frame together wherever it is cut", none, everyCut),
		probe(id(protocol.RuleFramingAcrossMessages, "and-a-half"), "acts on a whole frame when half of the next one is behind it", none, wholeAndHalf),
		probe(id(protocol.RuleFramingAcrossMessages, "each-byte"), "puts a frame together that comes byte by byte", none, func(p *kit.P) {
			s := p.Connect(p.Me())
			r := p.RequestID()
			for _, b := range []byte(kit.OutboundLine(r, info) + "\n") {
				s.Message(websocket.TextMessage, string([]byte{b}))
			}
			s.Result(r)
		}),
		probe(id(protocol.RuleFramingBlankLines), "skips blank lines and takes CRLF", none, blanksAndCRLF),
		probe(id(protocol.RuleFramingBinary), "reads a binary message like a text message", none, binaryRequest),
		probe(id(protocol.RuleFramingBinary, "continues-text"), "lets a binary message continue a line that a text message began", none, binaryBehindText),
		probe(id(protocol.RuleFramingUnicode), "reads escapes and UTF-8 alike, surrogate pairs included", none, escapedID),
		line(protocol.RuleFramingNotJson, "torn", "skips a line that is torn off", `{"type":"outbound","requestId":"r-torn","action":`),
		line(protocol.RuleFramingNotJson, "words", "skips a line of plain words", `hello there`),
		line(protocol.RuleFramingUnknownType, "zorp", "ignores a frame of an unknown type", `{"type":"zorp","requestId":"r-zorp","action":`+info+`}`),
		probe(id(protocol.RuleFramingUnknownType, "before-hello"), "ignores a frame of an unknown type before the hello too", none, func(p *kit.P) {
			s := p.Dial(p.Me(), p.Token(p.Me()))
			s.Send(`{"type":"zorp","platform":"discord"}`)
			s.Hello()
			s.Await("a descriptor in answer to the hello behind a frame of an unknown type", isDescriptor)
			s.Alive()
		}),
		probe(id(protocol.RuleFramingUnknownFields, "action"), "carries out an action with unknown fields like one without", publishes, unknownInAction),
		probe(id(protocol.RuleFramingUnknownFields, "ack"), "takes an acknowledgement with unknown fields", publishes, unknownInAck),
		probe(id(protocol.RuleFramingUnknownFields), "acts on frames with unknown fields at every level", none, unknownMembers),
		probe(id(protocol.RuleFramingNullField), "reads null in an optional field like its absence", publishes, nullOrAbsent),
		probe(id(protocol.RuleFramingNullField, "each"), "does so in every optional field of an action", publishes, nullInEach),
		probe(id(protocol.RuleFramingNullField, "reason"), "reads null in the reason of an interrupt like its absence", publishes, nullReason),
		foreign("descriptor", `{"type":"descriptor","descriptor":{}}`),
		foreign("inbound", `{"type":"inbound","bufferId":"b","event":{"text":"x","message_type":"text","source":{"platform":"discord","chat_id":"C1","chat_type":"dm"}}}`),
		foreign("outbound-result", `{"type":"outbound_result","requestId":"r","result":{"success":true}}`),
		foreign("interrupt-inbound", `{"type":"interrupt_inbound","session_key":"agent:main:discord:dm:C1","chat_id":"C1"}`),
		foreign("passthrough-forward", `{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":[],"bodyB64":""}}`),
		foreign("going-idle-ack", `{"type":"going_idle_ack"}`),
		probe(id(protocol.RuleFramingFreshBuffer), "drops the unfinished line of a session that was closed", none, freshLine((*kit.Socket).Close)),
		probe(id(protocol.RuleFramingFreshBuffer, "killed"), "drops that of a session whose TCP ended", none, freshLine((*kit.Socket).Kill)),
		probe(id(protocol.RuleFramingFrameLimit), "sends no frame over the limit, and goes on", publishes, frameLimitLive),
		probe(id(protocol.RuleFramingFrameLimit, "exactly"), "sends no frame of exactly the limit, or about it, live", publishes, func(p *kit.P) { aboutTheLimit(p, false) }),
		probe(id(protocol.RuleFramingFrameLimit, "exactly-buffered"), "sends none from a buffer either", publishes, func(p *kit.P) { aboutTheLimit(p, true) }),
		probe(id(protocol.RuleFramingFrameLimit, "message"), "sends no message over the limit, however many entries wait", publishes, longDrain),
	}
	list = append(list, notUTF8...)
	for i := range list {
		list[i].After = after
	}
	return list
}

func lineBreaks(p *kit.P) {
	s := p.Connect(p.Me())
	e := p.Event("one\ntwo\r\nthree\u2028four\u0085five \"six\" \\ ☃ 😀")
	p.Publish(p.Me(), e)
	f := s.Delivered(e)
	if got := string(f.Object("event")["text"]); got == "" {
		p.Mismatch("the event's text", f.String())
	}
	if why := kit.BadEvent(f); why != "" {
		p.Mismatch("a whole event on one line", why)
	}
}

func severalRequests(p *kit.P) {
	s := p.Connect(p.Me())
	var ids []string
	var b strings.Builder
	for range 5 {
		ids = append(ids, p.RequestID())
		b.WriteString(kit.OutboundLine(ids[len(ids)-1], info) + "\n")
	}
	s.Message(websocket.TextMessage, b.String())
	for _, r := range ids {
		s.Result(r)
	}
}

// An acknowledgement before the going_idle of the same message counts before the flip.
func severalInTheirOrder(p *kit.P) {
	p.Sleep(p.Me())
	events := p.Events(2)
	p.Publish(p.Me(), events...)
	s := p.Connect(p.Me())
	first, second := s.Delivered(events[0]), s.Delivered(events[1])
	s.Message(websocket.TextMessage, ack(first)+ack(second)+"{\"type\":\"going_idle\"}\n"+kit.OutboundLine("r-order", info)+"\n")
	s.Result("r-order")
	order := s.Frames(func(f kit.Received) bool { return f.Is(protocol.TypeGoingIdleAck) || f.Is(protocol.TypeOutboundResult) })
	if !order[0].Is(protocol.TypeGoingIdleAck) {
		p.Mismatch("the going_idle_ack before the result of the request behind it", order[0].String())
	}
	s.Close()
	p.Connect(p.Me()).Nothing("entry that was acknowledged", kit.IsDelivery)
}

func ack(f kit.Received) string {
	return fmt.Sprintf("{\"type\":\"inbound_ack\",\"bufferId\":%q}\n", f.BufferID)
}

func everyCut(p *kit.P) {
	s := p.Connect(p.Me())
	whole := kit.OutboundLine(strings.Repeat("x", 3), info) + "\n"
	for cut := 1; cut < len(whole); cut++ {
		r := fmt.Sprintf("%03d", cut)
		text := strings.Replace(whole, "xxx", r, 1)
		s.Message(websocket.TextMessage, text[:cut])
		s.Message(websocket.TextMessage, text[cut:])
	}
	for cut := 1; cut < len(whole); cut++ {
		s.Result(fmt.Sprintf("%03d", cut))
	}
}

func wholeAndHalf(p *kit.P) {
	s := p.Connect(p.Me())
	first, second := p.RequestID(), p.RequestID()
	half := kit.OutboundLine(second, info) + "\n"
	s.Message(websocket.TextMessage, kit.OutboundLine(first, info)+"\n"+half[:20])
	s.Result(first)
	s.Message(websocket.TextMessage, half[20:])
	s.Result(second)
}

func blanksAndCRLF(p *kit.P) {
	s := p.Connect(p.Me())
	first, second := p.RequestID(), p.RequestID()
	s.Message(websocket.TextMessage, "\n \t \n\r\n"+kit.OutboundLine(first, info)+"\r\n\n"+kit.OutboundLine(second, info)+"\r\n")
	s.Result(first)
	s.Result(second)
}

func binaryRequest(p *kit.P) {
	s := p.Connect(p.Me())
	r := p.RequestID()
	s.Message(websocket.BinaryMessage, kit.OutboundLine(r, info)+"\n")
	s.Result(r)
}

func binaryBehindText(p *kit.P) {
	s := p.Connect(p.Me())
	line := kit.OutboundLine("r-☃", info) + "\n"
	cut := strings.Index(line, "☃")
	s.Message(websocket.TextMessage, line[:cut])
	s.Message(websocket.BinaryMessage, line[cut:cut+1])
	s.Message(websocket.BinaryMessage, line[cut+1:])
	s.Result("r-☃")
}

func escapedID(p *kit.P) {
	s := p.Connect(p.Me())
	for i, written := range []string{`☃😀`, `\u2603\ud83d\ude00`, `\u2603😀`} {
		s.Send(fmt.Sprintf(`{"type":"outbound","requestId":"r-%d-%s","action":%s}`, i, written, info))
		s.Result(fmt.Sprintf("r-%d-☃😀", i))
	}
}

func unknownMembers(p *kit.P) {
	s := p.Dial(p.Me(), p.Token(p.Me()))
	s.Send(fmt.Sprintf(`{"zorp":[1,{"a":null}],"type":"hello","platform":%q,"botId":%q,"later":{}}`, p.Me().Platform, p.Me().BotID))
	s.Await("a descriptor in answer to a hello with unknown fields", isDescriptor)
	r := p.RequestID()
	s.Send(fmt.Sprintf(`{"zorp":{"type":"hello"},"type":"outbound","requestId":%q,"action":{"op":"get_chat_info","chat_id":"C1","zorp":null},"x":[]}`, r))
	s.Await("a result of a request with unknown fields", kit.IsResult(r))
	s.Send(`{"type":"going_idle","zorp":1}`)
	s.Await("a going_idle_ack", func(f kit.Received) bool { return f.Is(protocol.TypeGoingIdleAck) })
}

func nullOrAbsent(p *kit.P) {
	s := p.Connect(p.Me())
	e := p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	absent := s.Do(fmt.Sprintf(`{"op":"send","chat_id":%q,"content":"x"}`, e.ChatID))
	null := s.Do(fmt.Sprintf(`{"op":"send","chat_id":%q,"content":"x","reply_to":null,"metadata":null}`, e.ChatID))
	if absent.Success == nil || null.Success == nil || *absent.Success != *null.Success {
		p.Mismatch("the same answer for null as for nothing: "+string(absent.Raw), string(null.Raw))
	}
	with := s.Do(fmt.Sprintf(`{"op":"send","chat_id":%q,"content":"x","reply_to":null,"metadata":{"guild_id":%q}}`, e.ChatID, e.Scope))
	p.Want(with, true, "a send whose reply_to is null")
}

func freshLine(end func(*kit.Socket)) func(*kit.P) {
	return func(p *kit.P) {
		s := p.Connect(p.Me())
		s.Alive()
		s.Message(websocket.TextMessage, `{"type":"outbound","requestId":"r-unfinished","action":{"op":"get_ch`)
		end(s)
		next := p.Dial(p.Me(), p.Token(p.Me()))
		next.Hello()
		next.Await("a descriptor, as the hello is a line of its own", isDescriptor)
		next.Alive()
	}
}

// frameLimit is the contract's: every message and every frame with its newline is shorter.
const frameLimit = 1048576

func frameLimitLive(p *kit.P) {
	s := p.Connect(p.Me())
	s.CatchUp()
	huge := p.Event(strings.Repeat("x", 1100000))
	_ = p.TryPublish(p.Me(), huge) // whether it is refused, cut or dropped is the connector's own business
	goesOn(p, s)
}

// goesOn expects an event that is short, and that nothing before it reached the limit.
func goesOn(p *kit.P, s *kit.Socket) {
	small := p.Event("small")
	p.Publish(p.Me(), small)
	s.Until("the short event behind the long ones", func(f kit.Received) bool {
		if f.BufferID != "" {
			s.Ack(f.BufferID)
		}
		return small.In(f)
	})
	if n := s.LongestMessage(); n >= frameLimit {
		p.Mismatch("messages of fewer than 1048576 bytes", fmt.Sprintf("one of %d", n))
	}
}

// aboutTheLimit measures the frame of a short event, and publishes events whose frames are
// as much longer as takes them to the limit, a byte less and more beside it: the connector
// may write ids of its own into a frame, which need not be as long each time.
func aboutTheLimit(p *kit.P, buffered bool) {
	for range 20 {
		p.Event("") // its ids are not used: all that follow have as many digits
	}
	connect := func(events ...*kit.Published) *kit.Socket {
		if !buffered {
			s := p.Connect(p.Me())
			for _, e := range events {
				_ = p.TryPublish(p.Me(), e)
			}
			return s
		}
		p.Sleep(p.Me())
		for _, e := range events {
			_ = p.TryPublish(p.Me(), e)
		}
		return p.Connect(p.Me())
	}
	measured := p.Event("x")
	s := connect(measured)
	f := s.Delivered(measured)
	if f.BufferID != "" {
		s.Ack(f.BufferID)
	}
	s.Alive()
	s.Close()
	var events []*kit.Published
	for range 2 { // where an id becomes a digit longer on the way, it skips a length
		for over := -2; over <= 1; over++ {
			events = append(events, p.Event(strings.Repeat("x", frameLimit+over-len(f.Line))))
		}
	}
	s = connect(events...)
	s.CatchUp()
	goesOn(p, s)
}

// The entries of a drain, put together, are over the limit; each alone is far below.
func longDrain(p *kit.P) {
	p.Sleep(p.Me())
	var events []*kit.Published
	for range 6 {
		events = append(events, p.Event(strings.Repeat("x", frameLimit/4)))
	}
	p.Publish(p.Me(), events...)
	s := p.Connect(p.Me())
	drained(p, s, events)
	if n := s.LongestMessage(); n >= frameLimit {
		p.Mismatch("messages of fewer than 1048576 bytes", fmt.Sprintf("one of %d", n))
	}
}

// unknownInAction compares with the same action without the unknown fields.
func unknownInAction(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	for _, action := range []string{
		`{"op":"send","chat_id":%[1]q,"content":"x","reply_to":null,"metadata":{"guild_id":%[2]q%[3]s}%[3]s}`,
		`{"op":"typing","chat_id":%[1]q,"metadata":{"guild_id":%[2]q%[3]s}%[3]s}`,
		`{"op":"get_chat_info","chat_id":%[1]q%[3]s}`,
	} {
		without := s.Do(fmt.Sprintf(action, e.ChatID, e.Scope, ""))
		with := s.Do(fmt.Sprintf(action, e.ChatID, e.Scope, `,"zorp":{"op":"zorp"}`))
		sameSuccess(p, without, with)
	}
}

func sameSuccess(p *kit.P, one, other kit.Answer) {
	if (one.Success == nil) != (other.Success == nil) || one.Success != nil && *one.Success != *other.Success {
		p.Mismatch("the same success as in "+string(one.Raw), string(other.Raw))
	}
}

func unknownInAck(p *kit.P) {
	events := asleep(p, 2)
	s := p.Connect(p.Me())
	f := s.Delivery(0, "the first entry of the drain")
	s.Send(fmt.Sprintf(`{"zorp":{"bufferId":"z"},"type":"inbound_ack","later":null,"bufferId":%q}`, f.BufferID))
	s.Alive()
	s.Close()
	drained(p, p.Connect(p.Me()), stillAwaited(events, f))
}

// nullInEach compares each action with one that leaves the field out.
func nullInEach(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	for _, x := range []struct{ action, field string }{
		{`{"op":"send","chat_id":%[1]q,"content":"x","metadata":{"guild_id":%[2]q}%[3]s}`, "reply_to"},
		{`{"op":"send","chat_id":%[1]q,"content":"x"%[3]s}`, "metadata"},
		{`{"op":"edit","chat_id":%[1]q,"message_id":"m1","content":"x"%[3]s}`, "metadata"},
		{`{"op":"typing","chat_id":%[1]q,"metadata":{"guild_id":%[2]q}%[3]s}`, "content"},
		{`{"op":"typing","chat_id":%[1]q%[3]s}`, "metadata"},
		{`{"op":"follow_up","session_key":"agent:main:discord:dm:C1","kind":"discord.interaction_token","content":"x"%[3]s}`, "metadata"},
	} {
		absent := s.Do(fmt.Sprintf(x.action, e.ChatID, e.Scope, ""))
		null := s.Do(fmt.Sprintf(x.action, e.ChatID, e.Scope, `,"`+x.field+`":null`))
		sameSuccess(p, absent, null)
	}
}

func nullReason(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("a long turn")
	runs(p, s, e)
	for _, reason := range []string{"", `,"reason":null`} {
		s.CatchUp()
		s.Send(fmt.Sprintf(`{"type":"interrupt","session_key":%q%s}`, e.SessionKey(p.Me().Platform), reason))
		s.Await("the interrupt", isInterrupt)
	}
}
