package cases

import (
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func actions() []kit.Case {
	failed := func(variant, title, method, result string) kit.Case {
		c := kit.Case{ID: id(protocol.RuleActionNoSuccess), Title: title, Level: kit.Should, Needs: kit.Needs{Driver: []string{method}}, Gateway: toldOfFailure(method, result)}
		if variant != "" {
			c.ID = id(protocol.RuleActionNoSuccess, variant)
		}
		return c
	}
	info := func(rule protocol.RuleID, variant, title, result, name, kind string) kit.Case {
		c := kit.Case{ID: id(rule), Title: title, Level: kit.Must, Needs: kit.Needs{Driver: []string{"gateway/chat_info"}}, Gateway: chatInfo(result, name, kind)}
		if variant != "" {
			c.ID = id(rule, variant)
		}
		return c
	}
	return []kit.Case{
		failed("", "tells a caller that a send without success failed", "gateway/send", `{"message_id":"m-1"}`),
		failed("false", "tells a caller that a send with success false failed", "gateway/send", `{"success":false,"error":"no such chat","message_id":"m-1"}`),
		failed("null", "tells a caller that a send with success null failed", "gateway/send", `{"success":null,"message_id":"m-1"}`),
		failed("mistyped", "tells a caller that a send with a text for success failed", "gateway/send", `{"success":"true","message_id":"m-1"}`),
		failed("empty", "tells a caller that a send with an empty result failed", "gateway/send", `{}`),
		failed("edit", "tells a caller that an edit without success failed", "gateway/edit", `{}`),
		failed("edit-false", "tells a caller that an edit with success false failed", "gateway/edit", `{"success":false,"error":"too old"}`),
		failed("follow-up", "tells a caller that a follow_up without success failed", "gateway/follow_up", `{"message_id":"m-1"}`),
		failed("follow-up-false", "tells a caller that a follow_up with success false failed", "gateway/follow_up", `{"success":false,"error":"expired"}`),
		info(protocol.RuleActionChatInfoNested, "", "reads name and type from chat_info", `{"success":true,"chat_info":{"name":"general","type":"channel"}}`, "general", "channel"),
		info(protocol.RuleActionChatInfoNested, "no-success", "does so from a result that leaves success out", `{"chat_info":{"name":"general","type":"group"}}`, "general", "group"),
		info(protocol.RuleActionChatInfoNested, "beside-flat", "prefers chat_info to a name and a type at the top", `{"success":true,"name":"outer","type":"dm","chat_info":{"name":"general","type":"channel"}}`, "general", "channel"),
		info(protocol.RuleActionChatInfoFlat, "", "reads name and type at the top of a result without chat_info", `{"success":true,"name":"general","type":"channel"}`, "general", "channel"),
		info(protocol.RuleActionChatInfoFlat, "no-success", "does so from a result that leaves success out", `{"name":"general","type":"group"}`, "general", "group"),
		info(protocol.RuleActionChatInfoFlat, "null", "does so beside a chat_info that is null", `{"success":true,"chat_info":null,"name":"general","type":"forum"}`, "general", "forum"),
		info(protocol.RuleActionChatInfoDefault, "", "takes the chat's id and dm where the result has neither", `{"success":true}`, theChat, "dm"),
		info(protocol.RuleActionChatInfoDefault, "empty", "does so for an empty chat_info", `{"success":true,"chat_info":{}}`, theChat, "dm"),
		info(protocol.RuleActionChatInfoDefault, "name", "takes the chat's id where the result has a type alone", `{"success":true,"chat_info":{"type":"channel"}}`, theChat, ""),
		info(protocol.RuleActionChatInfoDefault, "type", "takes dm where the result has a name alone", `{"success":true,"chat_info":{"name":"general"}}`, "", "dm"),
		info(protocol.RuleActionChatInfoDefault, "null", "takes the defaults for nulls", `{"success":true,"chat_info":{"name":null,"type":null}}`, theChat, "dm"),
		info(protocol.RuleActionChatInfoDefault, "no-success", "takes them from a result that leaves success out, too", `{}`, theChat, "dm"),
		info(protocol.RuleFramingNullField, "chat-info", "reads a chat_info that is null like none", `{"success":true,"chat_info":null,"name":"general","type":"group"}`, "general", "group"),
		info(protocol.RuleFramingNullField, "chat-info-success", "takes the answer about a chat whose success is null", `{"success":null,"chat_info":{"name":"general","type":"channel"}}`, "general", "channel"),
	}
}

// toldOfFailure answers an action of its own, which it knows by its content.
func toldOfFailure(method, result string) func(*kit.G) {
	return func(g *kit.G) {
		p := params(g, method, g.ID("c"))
		if method == "gateway/follow_up" {
			delete(p, "chat_id")
			p["session_key"], p["kind"] = "agent:main:relay:channel:"+g.ID("c"), "discord.interaction_token"
		}
		g.AnswerWith(fakeconnector.Match{Text: p["content"].(string)}, result)
		g.WantSuccess(g.Drive(method, p, g.Timing.Answer), false)
	}
}

// theChat stands for the id of the chat that is asked about.
const theChat = "<chat_id>"

// chatInfo checks what a caller is told; an empty name or type is not looked at.
func chatInfo(result, name, kind string) func(*kit.G) {
	return func(g *kit.G) {
		chat := g.ID("c")
		g.AnswerWith(fakeconnector.Match{Op: protocol.OpGetChatInfo, ChatID: chat}, result)
		gotName, gotKind := g.ChatInfo(chat)
		if want := strings.ReplaceAll(name, theChat, chat); want != "" && gotName != want {
			g.Mismatch(fmt.Sprintf("the name %q from the result %s", want, result), fmt.Sprintf("%q", gotName))
		}
		if kind != "" && gotKind != kind {
			g.Mismatch(fmt.Sprintf("the type %q from the result %s", kind, result), fmt.Sprintf("%q", gotKind))
		}
	}
}
