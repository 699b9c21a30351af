package fakeconnector

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/protocol"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestResultsOfEveryOp(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	publish(t, c, g.Instance, "hi")
	k.inbound("hi")
	for action, want := range map[string]string{
		`{"op":"send","chat_id":"C1","content":"x","reply_to":null,"metadata":{}}`:                         `{"success":true,"message_id":"m*"}`,
		`{"op":"edit","chat_id":"C1","message_id":"m","content":"x"}`:                                      `{"success":true}`,
		`{"op":"typing","chat_id":"C1","content":""}`:                                                      `{"success":true}`,
		`{"op":"get_chat_info","chat_id":"C1"}`:                                                            `{"success":true,"chat_info":{"name":"general","type":"channel"}}`,
		`{"op":"get_chat_info","chat_id":"C2"}`:                                                            `{"success":true,"chat_info":{"name":"C2","type":"dm"}}`,
		`{"op":"follow_up","session_key":"k","kind":"x","content":"y"}`:                                    `{"success":false,"error":"*"}`,
		`{"op":"send_media","chat_id":"C1","media_kind":"image","source_url":"http://x"}`:                  `{"success":true,"message_id":"m*"}`,
		`{"op":"prompt","chat_id":"C1","prompt_kind":"choice","prompt_id":"p","content":"?","options":[]}`: `{"success":true,"message_id":"m*"}`,
		`{"op":"react","chat_id":"C1","message_id":"m","emoji":"x"}`:                                       `{"success":true}`,
		`{"op":"thread_create","chat_id":"C1","thread_name":"t"}`:                                          `{"success":true,"thread_id":"t*"}`,
		`{"op":"thread_rename","chat_id":"C1","message_id":"m","thread_name":"t"}`:                         `{"success":true}`,
		`{"op":"teleport","chat_id":"C1"}`:                                                                 `{"success":false,"error":"*"}`,
		`{"op":"send","chat_id":"C1"}`:                                                                     `{"success":false,"error":"*"}`,
		`{"op":"send","chat_id":[],"content":"x"}`:                                                         `{"success":false,"error":"*"}`,
		`{}`:   `{"success":false,"error":"*"}`,
		`null`: `{"success":false,"error":"*"}`,
	} {
		id := "r" + action
		name, _ := json.Marshal(id)
		k.raw(`{"type":"outbound","requestId":` + string(name) + `,"action":` + action + "}\n")
		r := expect[*protocol.OutboundResult](k)
		if r.RequestID != id {
			t.Fatalf("expected the result of %s, got that of %s", id, r.RequestID)
		}
		var got, wanted map[string]any
		data, err := json.Marshal(&r.Result)
		must(t, err)
		must(t, json.Unmarshal(data, &got))
		must(t, json.Unmarshal([]byte(want), &wanted))
		for key, v := range wanted { // * stands for the rest of a text
			if head, ok := strings.CutSuffix(toString(v), "*"); ok && strings.HasPrefix(toString(got[key]), head) && len(toString(got[key])) > len(head) {
				got[key] = v
			}
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: result differs (-want +got):\n%s", action, diff)
		}
	}
}

func toString(v any) string { s, _ := v.(string); return s }

func TestEgress(t *testing.T) {
	meta := func(pairs ...string) protocol.Opt[protocol.Metadata] {
		m := protocol.Metadata{}
		for i := 0; i < len(pairs); i += 2 {
			m.Set(pairs[i], pairs[i+1])
		}
		return protocol.Some(m)
	}
	for _, test := range []struct {
		name                 string
		metadata             protocol.Opt[protocol.Metadata]
		foreign, strict, off bool // whether the action is carried out
	}{
		{"its own scope", meta("guild_id", "G1"), true, true, true},
		{"its own scope, later name", meta("scope_id", "G1"), true, true, true},
		{"another tenant's scope", meta("guild_id", "G2"), false, false, true},
		{"scope_id goes before guild_id", meta("guild_id", "G1", "scope_id", "G2"), false, false, true},
		{"a scope that nobody has", meta("guild_id", "G9"), true, false, true},
		{"a scope that both have", meta("guild_id", "GB"), true, true, true},
		{"its own user", meta("user_id", "U1"), true, true, true},
		{"a user that nobody has", meta("user_id", "U9"), true, false, true},
		{"nothing to echo, as in a direct message of the baseline", meta(), true, false, true},
		{"no metadata", protocol.Opt[protocol.Metadata]{}, true, false, true},
	} {
		for mode, want := range map[Egress]bool{EgressForeign: test.foreign, EgressStrict: test.strict, EgressOff: test.off} {
			t.Run(test.name+"/"+string(mode), func(t *testing.T) {
				c := started(t, WithEgress(mode))
				g, h := c.AddGateway(Gateway{}), c.AddGateway(Gateway{})
				c.BindScope("GB", g.Tenant)
				c.BindScope("GB", h.Tenant)
				c.BindScope("G2", h.Tenant)
				k := greeted(t, c, g)
				publish(t, c, g.Instance, "hi") // binds G1 and U1
				k.inbound("hi")
				r := k.ask("r1", &protocol.Send{ChatID: "C1", Content: "x", Metadata: test.metadata})
				if r.Succeeded() != want || (!want && r.Error.Or("") != ErrorNotRouted) {
					t.Errorf("expected success %v, got %+v", want, r)
				}
			})
		}
	}
}

func TestInterruptsAreRouted(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Tenant: "t1"})
	sibling := c.AddGateway(Gateway{Tenant: "t1"})
	stranger := c.AddGateway(Gateway{Tenant: "t2"})
	k, s, x := greeted(t, c, g), greeted(t, c, sibling), greeted(t, c, stranger)
	publish(t, c, g.Instance, "hi")
	k.inbound("hi")

	s.send(&protocol.Interrupt{SessionKey: "agent:coder:discord:channel:C1:U1", Reason: protocol.Null[string]()})
	if i := expect[*protocol.InterruptInbound](k); i.SessionKey != "agent:coder:discord:channel:C1:U1" || i.ChatID != "C1" {
		t.Errorf("expected the interrupt with its chat, got %+v", i)
	}
	for _, from := range []*client{x, s} { // another tenant's, and one that runs nowhere
		mark := c.Journal().Mark()
		key := "agent:main:discord:channel:C1:U1"
		if from == s {
			key = "agent:main:discord:channel:C9:U1"
		}
		from.send(&protocol.Interrupt{SessionKey: key})
		await(t, c, mark, isNote("no instance of the tenant runs"))
	}
	for _, who := range []*client{k, s, x} {
		who.alive() // and nothing came before
	}
	noViolations(t, c)
}

func TestVaultExpires(t *testing.T) {
	clock := &handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 100)}
	c := started(t, WithClock(clock))
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	c.Vault().Put(Capability{Tenant: g.Tenant, SessionKey: "agent:main:x", Kind: "k", Credential: "credential", Expires: clock.Now().Add(time.Minute)})
	ask := func(id, key, kind string) bool {
		return k.ask(id, &protocol.FollowUp{SessionKey: key, Kind: kind, Content: "x"}).Succeeded()
	}
	if !ask("1", "agent:main:x", "k") || ask("2", "agent:main:y", "k") || ask("3", "agent:main:x", "l") {
		t.Error("expected only the follow-up with the right session and kind to be sent")
	}
	if list := c.Vault().List(); len(list) != 1 {
		t.Errorf("expected the capability in the list, got %+v", list)
	}
	clock.advance(time.Minute)
	if ask("4", "agent:main:x", "k") {
		t.Error("expected an expired capability to be refused")
	}
	if list := c.Vault().List(); len(list) != 0 {
		t.Errorf("expected an expired capability not to be listed, got %+v", list)
	}
}

func TestProfileIsStamped(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	m := protocol.Metadata{}
	m.Set("profile", "coder")
	k.ask("r1", &protocol.Send{ChatID: "C1", Content: "x", Metadata: protocol.Some(m)})
	publish(t, c, g.Instance, "hi")
	if in := k.inbound("hi"); in.Event.Source.Profile.Or("") != "coder" {
		t.Errorf("expected the profile of the last action, got %+v", in.Event.Source.Profile)
	}
}

func TestIdentityFromTheRecord(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Tenant: "t1", Instance: "i1"})
	victim := c.AddGateway(Gateway{Tenant: "t2", Instance: "i2"})
	publish(t, c, "i2", "secret")
	k := dial(t, c, g)
	k.raw(`{"type":"hello","platform":"discord","botId":"b","instanceId":"i2","tenant":"t2","gatewayId":"` + victim.ID + `"}` + "\n")
	expect[*protocol.DescriptorFrame](k)
	k.alive() // nothing of the other instance came
	if s := c.Session(g.ID); s == nil || s.Gateway().Instance != "i1" || c.Session(victim.ID) != nil {
		t.Error("expected the identity of the session to come from its record alone")
	}
}

func TestDescriptors(t *testing.T) {
	c := started(t)
	custom := Descriptor("telegram")
	custom.MaxMessageLength = 777
	anyPlatform := Descriptor("x")
	anyPlatform.Platform, anyPlatform.Label = "", "Any"
	g := c.AddGateway(Gateway{Descriptors: map[string]protocol.Descriptor{"telegram": custom, "": anyPlatform}})
	k := dial(t, c, g)
	for platform, want := range map[string]string{"telegram": "Telegram 777", "pigeon": "Any 4096"} {
		k.send(&protocol.Hello{Platform: platform})
		d := expect[*protocol.DescriptorFrame](k).Descriptor
		if got := d.Label + " " + itoa(int(d.MaxMessageLength)); got != want || d.Platform != platform {
			t.Errorf("expected %s for %s, got %s for %s", want, platform, got, d.Platform)
		}
	}
	for _, name := range append(Platforms(), "pigeon") {
		d := Descriptor(name)
		if d.Platform != name || d.Label == "" || d.MaxMessageLength <= 0 || d.ContractVersion != 1 || d.MarkdownDialect == "" {
			t.Errorf("expected a whole descriptor of %s, got %+v", name, d)
		}
	}
}

func itoa(n int) string { data, _ := json.Marshal(n); return string(data) }
