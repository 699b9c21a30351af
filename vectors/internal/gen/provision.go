package gen

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

func init() {
	nullable := m{"type": []string{"string", "null"}}
	adopt := op{input: m{"status": integer, "body": str, "gatewayId": str},
		output: closed(m{"secret": str, "gatewayId": str, "deliveryKey": str}), errors: []string{"refused", "unusable"}}
	adopt.doc = "What a gateway takes from a provision answer: `refused` for a status other than 2xx, `unusable` for a 2xx answer without a secret. Either way its boot goes on."
	ops["provision/adopt"] = adopt
	adopt.doc = "What a gateway takes from an enrolment answer."
	ops["enroll/adopt"] = adopt
	ops["provision/body"] = op{doc: "The body of a provision request. An optional value that is absent, null or empty counts as not configured.",
		input: m{"hostname": str, "gateway_id?": nullable, "platform": str, "bot_id": str, "endpoint?": nullable, "route_keys": strs,
			"instance_id?": nullable, "wake_url?": nullable, "display_name?": nullable, "revision": enum("2026-06", "2026-08")},
		output: closed(m{"gatewayId": str, "platform": str, "botId": str, "gatewayEndpoint": str, "routeKeys": strs, "instanceId?": m{"type": "string", "minLength": 1},
			"wakeUrl?": m{"type": "string", "minLength": 1}, "displayName?": m{"type": "string", "minLength": 1}})}
	ops["enroll/body"] = op{doc: "The body of an enrolment request.", input: m{"enrollment_token": str, "gateway_id": str},
		output: closed(m{"enrollmentToken": str, "gatewayId": str})}
}

func provisionBody(in m) m {
	value := func(name string) string { s, _ := in[name].(string); return s }
	id := value("gateway_id")
	if id == "" {
		id = "gw-" + value("hostname")
	}
	out := m{"gatewayId": id, "platform": in["platform"], "botId": in["bot_id"], "gatewayEndpoint": value("endpoint"), "routeKeys": in["route_keys"]}
	for field, name := range map[string]string{"instanceId": "instance_id", "wakeUrl": "wake_url", "displayName": "display_name"} {
		if v := value(name); v != "" && (field != "displayName" || in["revision"] == "2026-08") {
			out[field] = v
		}
	}
	return out
}

// adopted is the contract's reading of an answer; the second result is the error code.
func adopted(status int, body, id string) (m, string) {
	if status < 200 || status > 299 {
		return nil, "refused"
	}
	var answer map[string]any
	if json.Unmarshal([]byte(body), &answer) != nil {
		return nil, "unusable"
	}
	secret, ok := answer["secret"].(string)
	if !ok || secret == "" {
		return nil, "unusable"
	}
	out := m{"secret": secret, "gatewayId": id, "deliveryKey": ""}
	if s, _ := answer["gatewayId"].(string); s != "" {
		out["gatewayId"] = s
	}
	if s, ok := answer["deliveryKey"].(string); ok {
		out["deliveryKey"] = s
	}
	return out, ""
}

func describeProvision(b *builder) {
	g := b.group("provision", "Provisioning and enrolment: the bodies that a gateway sends, and what it takes from each answer.")
	for _, revision := range []string{"2026-06", "2026-08"} {
		rs := b.recorded("provision.2026-06.json")
		if revision == "2026-08" {
			rs = b.later("provision.2026-08.json", "provision.2026-06.json")
		}
		for _, r := range rs {
			if r.used == 0 {
				g.recordedProvision(r, revision)
			}
		}
	}
	for _, r := range b.recorded("enroll.2026-06.json") {
		g.recordedEnrol(r)
	}
	b.later("enroll.2026-08.json", "enroll.2026-06.json")
	g.ownProvision()
}

func (g *group) recordedProvision(r *rec, revision string) {
	kind, name, _ := strings.Cut(r.Name, ": ")
	var call struct {
		Args   map[string]any
		Status int
		Body   *string
		Mode   *string
	}
	r.decode(&call)
	switch {
	case kind == "send_policy":
		if strings.HasSuffix(name, "any body") || name == "dropped" {
			r.leftOut = "about the HTTP client of one implementation; the statuses are in the group policy"
		}
		return // the statuses are used by the group policy
	case kind == "self_provision":
		r.leftOut = "a whole boot with its HTTP requests, which the conformance suite judges; its parts are the other cases"
	case kind == "request":
		if revision == "2026-08" && !strings.Contains(name, "display name") {
			r.leftOut = "differs from June in the headers of the HTTP client only"
			return
		}
		in := m{"hostname": "host-1", "gateway_id": call.Args["gateway_id"], "platform": call.Args["platform"], "bot_id": call.Args["bot_id"],
			"endpoint": call.Args["gateway_endpoint"], "route_keys": call.Args["route_keys"], "revision": revision}
		for _, f := range []string{"instance_id", "wake_url", "display_name"} {
			if v, has := call.Args[f]; has {
				in[f] = v
			}
		}
		var said struct{ Request struct{ Body string } }
		r.expected(&said)
		var body m
		if err := json.Unmarshal([]byte(said.Request.Body), &body); err != nil {
			panic(err)
		}
		if !reflect.DeepEqual(normal(body), normal(provisionBody(in))) {
			panic("provision: " + r.Name + ": the recorded body is not what the contract gives")
		}
		g.addBody(slug(name), in, r)
	case call.Body == nil || call.Mode != nil || call.Status == 0:
		r.leftOut = "about the HTTP client of one implementation: connections and redirects"
	case revision == "2026-08":
		r.leftOut = "differs from June in the headers of the HTTP client only"
	default:
		g.addAnswer("provision/adopt", slug(name), call.Status, *call.Body, r)
	}
}

func (g *group) addBody(id string, in m, r *rec) {
	d := c{id: "provision-body-" + id, rule: "provision/body", op: "provision/body", cause: "plain", in: in, out: provisionBody(in), from: r, comment: "The five required fields, with the configured values."}
	set := func(name string) bool { s, _ := in[name].(string); return s != "" }
	_, wake := in["wake_url"]
	_, inst := in["instance_id"]
	_, disp := in["display_name"]
	switch {
	case disp && set("display_name") && in["revision"] == "2026-08":
		d.rule, d.cause, d.comment, d.since = "provision/display-name", "display-name", "A configured display name is sent.", "2026-07-25"
	case disp && set("display_name"):
		d.rule, d.cause, d.comment = "provision/body", "later-field-not-sent", "The baseline has no display name."
	case wake && !set("wake_url") || inst && !set("instance_id") || disp:
		d.rule, d.cause, d.comment = "provision/omit", "optional-not-configured", "What is not configured is left out, neither null nor empty."
	case wake || inst:
		d.rule, d.cause, d.comment = "provision/omit", "optional-configured", "What is configured is sent."
	case !set("gateway_id"):
		d.rule, d.cause, d.comment = "provision/default-id", "default-id", "Without a configured id it is gw- and the host's name."
	case !set("endpoint"):
		d.rule, d.cause, d.comment = "provision/no-endpoint", "no-endpoint", "Without an endpoint the field is an empty text."
	case len(normal(in["route_keys"]).([]any)) == 0:
		d.cause, d.comment = "no-route-keys", "The list may be empty, and is there."
	case in["bot_id"] == "":
		d.cause, d.comment = "no-bot", "The bot may be empty, and is there."
	case strings.IndexFunc(in["gateway_id"].(string), func(r rune) bool { return r > 127 }) >= 0:
		d.cause, d.comment = "not-ascii", "Texts beyond ASCII are sent as they are."
	}
	if d.since != "" {
		d.flags = []string{laterFlag}
	}
	g.add(d)
}

func (g *group) addAnswer(op, id string, status int, body string, r *rec) {
	area := before(op, "/")
	want, code := adopted(status, body, "gw-mine")
	d := c{id: area + "-adopt-" + id, rule: "provision/adopted", op: op, cause: "adopted", in: m{"status": status, "body": body, "gatewayId": "gw-mine"}, err: code, from: r,
		comment: "The secret of the answer, and its gatewayId where there is one."}
	switch {
	case code == "refused":
		d.rule, d.cause, d.comment = "provision/fail-soft", "refused", "A status other than 2xx: nothing is taken, and the boot goes on."
	case code == "unusable":
		d.rule, d.cause, d.comment = "provision/fail-soft", "unusable", "A 2xx answer that holds no usable secret: nothing is taken, and the boot goes on."
	default:
		d.out = want
	}
	if area == "enroll" {
		d.rule = map[int]string{400: "enroll/bad-body", 401: "enroll/bad-identity", 403: "enroll/bad-token"}[status]
		if d.rule == "" {
			d.rule = "enroll/answer"
		}
	}
	if r != nil {
		d.adapted = "the gatewayId that was asked for is given"
		var said m
		r.expected(&said)
		failure, _ := said["error"].(string)
		switch {
		case code == "" && failure != "" || code != "" && failure == "":
			d.differs, d.said, d.flags = true, m{"accepted": said["returned"]}, []string{lenient}
			d.comment += " The known implementation takes a secret that is no text."
		case failure != "" && failure != "RuntimeError":
			d.differs, d.said, d.flags = true, m{"boot_ended_by": failure}, []string{defect}
			d.comment += " The known implementation's boot ends with an exception."
		}
	}
	g.add(d)
}

func (g *group) recordedEnrol(r *rec) {
	var call struct {
		Status int
		Body   string
	}
	r.decode(&call)
	switch call.Status {
	case 200, 204, 400, 401, 403:
		var said m
		r.expected(&said)
		if failure, _ := said["error"].(string); failure != "" && failure != "RuntimeError" {
			r.leftOut = "when a gateway enrols, and what it does when that fails, the contract leaves open"
			return
		}
		g.addAnswer("enroll/adopt", slug(r.Name), call.Status, call.Body, r)
	default:
		r.leftOut = "a status that the contract does not name for enrolment"
	}
}

func (g *group) ownProvision() {
	base := func(pairs ...any) m {
		in := m{"hostname": "host-1", "gateway_id": "gw-1", "platform": "discord", "bot_id": "b1", "endpoint": "https://gw.example/in", "route_keys": []any{"G1"}, "revision": "2026-06"}
		for i := 0; i < len(pairs); i += 2 {
			in[pairs[i].(string)] = pairs[i+1]
		}
		return in
	}
	g.addBody("plain", base(), nil)
	g.addBody("default-id", base("gateway_id", nil), nil)
	g.addBody("default-id-empty", base("gateway_id", ""), nil)
	g.addBody("default-id-other-host", base("gateway_id", nil, "hostname", "h\u00f6st.example"), nil)
	g.addBody("instance", base("instance_id", "i1"), nil)
	g.addBody("wake", base("wake_url", "https://wake.example/x"), nil)
	g.addBody("instance-and-wake", base("instance_id", "i1", "wake_url", "https://wake.example/x"), nil)
	g.addBody("instance-null", base("instance_id", nil), nil)
	g.addBody("wake-null", base("wake_url", nil), nil)
	g.addBody("display-name", base("display_name", "My gateway", "revision", "2026-08"), nil)
	g.addBody("display-name-baseline", base("display_name", "My gateway"), nil)
	g.addBody("display-name-null", base("display_name", nil, "revision", "2026-08"), nil)
	g.addBody("route-key-order", base("route_keys", []any{"b", "a", "b"}), nil)
	for _, t := range []struct {
		id, body string
		status   int
	}{
		{"plain", `{"secret":"s","deliveryKey":"d","tenant":"t","gatewayId":"gw-2","routeKeys":[]}`, 200}, {"status-201", `{"secret":"s"}`, 201}, {"status-299", `{"secret":"s"}`, 299},
		{"status-300", `{"secret":"s"}`, 300}, {"status-199", `{"secret":"s"}`, 199}, {"status-503", `{"error":"later"}`, 503}, {"refused-with-secret", `{"secret":"s"}`, 403},
		{"secret-empty", `{"secret":""}`, 200}, {"secret-null", `{"secret":null}`, 200}, {"secret-list", `{"secret":["s"]}`, 200}, {"gateway-id-empty", `{"secret":"s","gatewayId":""}`, 200},
		{"gateway-id-null", `{"secret":"s","gatewayId":null}`, 200}, {"delivery-key-null", `{"secret":"s","deliveryKey":null}`, 200}, {"unknown-fields", `{"secret":"s","zorp":{"a":1}}`, 200}, {"name-case", `{"Secret":"s"}`, 200},
	} {
		g.addAnswer("provision/adopt", ""+t.id, t.status, t.body, nil)
	}
	g.addAnswer("enroll/adopt", "plain", 200, `{"secret":"s","deliveryKey":"d","tenant":"t","gatewayId":"gw-2"}`, nil)
	for _, t := range [][2]string{{"et-1", "gw-1"}, {"", "gw-1"}, {"e\u00e9", "gw-\u2603"}} {
		id := slug(t[0])
		if t[0] == "" {
			id = "empty"
		}
		g.add(c{id: "enroll-body-" + id, rule: "enroll/body", op: "enroll/body", cause: "enrolment", in: m{"enrollment_token": t[0], "gateway_id": t[1]},
			out: m{"enrollmentToken": t[0], "gatewayId": t[1]}, comment: fmt.Sprintf("The token and the id, and nothing else: %q.", t[1])})
	}
}
