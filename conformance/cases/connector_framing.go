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
	notUTF8 := skips(id(protocol.RuleFramingNotUtf8), "skips a binary line that is not UTF-8", websocket.BinaryMessage,
		"{\"type\":\"outbound\",\"requestId\":\"r-\xff\",\"action\":"+info+"}\n")
	notUTF8.Level = kit.Should
	list := []kit.Case{
		probe(id(protocol.RuleFramingNewline), "keeps one line for a text with line breaks", publishes, lineBreaks),
		probe(id(protocol.RuleFramingSeveralInMessage), "acts on every frame of a message that holds five", none, severalRequests),
		probe(id(protocol.RuleFramingSeveralInMessage, "order"), "acts on them in their order", publishes, severalInTheirOrder),
		probe(id(protocol.RuleFramingAcrossMessages), "puts a frame together wherever it is cut", none, everyCut),
		probe(id(protocol.RuleFramingAcrossMessages, "and-a-half"), "acts on a whole frame when half of the next one is behind it", none, wholeAndHalf),
		probe(id(protocol.RuleFramingBlankLines), "skips blank lines and takes CRLF", none, blanksAndCRLF),
		probe(id(protocol.RuleFramingBinary), "reads a binary message like a text message", none, binaryRequest),
		probe(id(protocol.RuleFramingBinary, "continues-text"), "lets a binary message continue a line that a text message began", none, binaryBehindText),
		probe(id(protocol.RuleFramingUnicode), "reads escapes and UTF-8 alike, surrogate pairs included", none, escapedID),
		line(protocol.RuleFramingNotJson, "torn", "skips a line that is torn off", `{"type":"outbound","requestId":"r-torn","action":`),
		line(protocol.RuleFramingNotJson, "words", "skips a line of plain words", `hello there`),
		notUTF8,
		line(protocol.RuleFramingUnknownType, "zorp", "ignores a frame of an unknown type", `{"type":"zorp","requestId":"r-zorp","action":`+info+`}`),
		probe(id(protocol.RuleFramingUnknownFields), "acts on frames with unknown fields at every level", none, unknownMembers),
		probe(id(protocol.RuleFramingNullField), "reads null in an optional field like its absence", publishes, nullOrAbsent),
		foreign("descriptor", `{"type":"descriptor","descriptor":{}}`),
		foreign("inbound", `{"type":"inbound","bufferId":"b","event":{"text":"x","message_type":"text","source":{"platform":"discord","chat_id":"C1","chat_type":"dm"}}}`),
		foreign("outbound-result", `{"type":"outbound_result","requestId":"r","result":{"success":true}}`),
		foreign("interrupt-inbound", `{"type":"interrupt_inbound","session_key":"agent:main:discord:dm:C1","chat_id":"C1"}`),
		foreign("passthrough-forward", `{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":[],"bodyB64":""}}`),
		foreign("going-idle-ack", `{"type":"going_idle_ack"}`),
		probe(id(protocol.RuleFramingFreshBuffer), "drops the unfinished line of a session that was closed", none, freshLine((*kit.Socket).Close)),
		probe(id(protocol.RuleFramingFreshBuffer, "killed"), "drops that of a session whose TCP ended", none, freshLine((*kit.Socket).Kill)),
		probe(id(protocol.RuleFramingFrameLimit), "sends no frame over the limit, and goes on", publishes, frameLimitLive),
	}
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

func frameLimitLive(p *kit.P) {
	s := p.Connect(p.Me())
	s.CatchUp()
	huge := p.Event(strings.Repeat("x", 1100000))
	_ = p.TryPublish(p.Me(), huge) // whether it is refused, cut or dropped is the connector's own business
	small := p.Event("small")
	p.Publish(p.Me(), small)
	s.Delivered(small)
	for _, f := range s.Frames(anything) {
		if len(f.Line) >= 1048575 {
			p.Mismatch("frames of fewer than 1048576 bytes", fmt.Sprintf("one of %d", len(f.Line)+1))
		}
	}
}
