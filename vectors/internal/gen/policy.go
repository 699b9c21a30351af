package gen

import (
	"fmt"
	"reflect"
	"strings"
)

func init() {
	fields := m{"platform": str, "requireAddress": boolean, "freeResponseScopes": strs, "allowOtherBots": boolean}
	ops["policy/declare"] = op{
		doc: "The body that a gateway posts to /relay/policy, or null where it posts nothing, from the platform's configuration: " +
			"require_mention and free_response_channels of its section, and the value of <PLATFORM>_ALLOW_BOTS.",
		input: m{"platform": str, "require_mention?": m{"type": []string{"boolean", "null"}}, "free_response_channels?": either(strs, str, m{"type": "null"}),
			"allow_bots?": str, "revision": enum("2026-06", "2026-08")},
		output: either(closed(fields), m{"type": "null"})}
	ops["policy/accepted"] = op{doc: "Whether a status means that a declared policy was accepted.", input: m{"status": integer}, output: boolean}
}

// policy is the contract's projection, nil where nothing is posted.
func policy(in m) m {
	platform := strings.Trim(in["platform"].(string), white)
	out := m{"platform": platform, "requireAddress": in["require_mention"] == true, "freeResponseScopes": []string{}, "allowOtherBots": false}
	scopes := []string{}
	var given []any
	switch v := in["free_response_channels"].(type) {
	case []any:
		given = v
	case string:
		for _, s := range strings.Split(v, ",") {
			given = append(given, s)
		}
	}
	for _, s := range given {
		if t := strings.Trim(s.(string), white); t != "" {
			scopes = append(scopes, t)
		}
	}
	out["freeResponseScopes"] = scopes
	bots, _ := in["allow_bots"].(string)
	bots = strings.Trim(bots, white)
	out["allowOtherBots"] = bots == "mentions" || bots == "all"
	quiet := out["requireAddress"] == false && len(scopes) == 0 && out["allowOtherBots"] == false
	if in["revision"] == "2026-08" {
		quiet = in["require_mention"] == nil && in["free_response_channels"] == nil && bots == ""
	}
	if platform == "" || platform == "relay" || quiet {
		return nil
	}
	return out
}

func describePolicy(b *builder) {
	g := b.group("policy", "The relevance policy that a gateway projects from its own configuration and declares at boot.")
	for _, revision := range []string{"2026-06", "2026-08"} {
		rs := b.recorded("policy.2026-06.json")
		if revision == "2026-08" {
			rs = b.later("policy.2026-08.json", "policy.2026-06.json")
		}
		for _, r := range rs {
			g.recordedPolicy(r, revision)
		}
	}
	for _, r := range b.recorded("policy_multi.2026-08.json") {
		g.recordedPolicy(r, "2026-08")
	}
	g.ownPolicy(b)
}

func (g *group) recordedPolicy(r *rec, revision string) {
	var call struct {
		Config   any
		Env      map[string]string
		Platform string
	}
	r.decode(&call)
	platform := strings.TrimSpace(call.Platform)
	config, _ := call.Config.(map[string]any)
	section, _ := config[platform].(map[string]any)
	mention, hasMention := section["require_mention"]
	free, hasFree := section["free_response_channels"]
	_, isBool := mention.(bool)
	texts := true
	if l, ok := free.([]any); ok {
		for _, v := range l {
			if _, ok := v.(string); !ok {
				texts = false
			}
		}
	}
	switch free.(type) {
	case nil, string, []any:
	default:
		texts = false
	}
	_, notConfig := call.Config.(string)
	switch {
	case notConfig:
		r.leftOut = "what one implementation does when its own configuration cannot be read"
		return
	case strings.HasPrefix(r.Name, "top-level"), strings.HasPrefix(r.Name, "gateway"), strings.HasPrefix(r.Name, "platform block not"), config["platforms"] != nil:
		r.leftOut = "where else in its configuration one implementation looks"
		return
	case hasMention && mention != nil && !isBool:
		r.leftOut = pythonic
		return
	case !texts:
		r.leftOut = pythonic
		return
	}
	in := m{"platform": call.Platform, "revision": revision}
	if hasMention {
		in["require_mention"] = mention
	}
	if hasFree {
		in["free_response_channels"] = free
	}
	if bots, has := call.Env[strings.ToUpper(platform)+"_ALLOW_BOTS"]; has {
		in["allow_bots"] = bots
	}
	var said m
	r.expected(&said)
	name := strings.NewReplacer("''", "empty", "['1', '2']", "list of two", "'1,2'", "text of two", "None", "null", "[]", "empty list", "('1',)", "one", "' 1 , ,2 '", "spaced", "' Mentions '", "spaced mentions", "'ALL'", "upper case all", "' 1 '", "spaced", "{'a': 1}", "object").Replace(r.Name)
	g.addPolicy(slug(name)+map[bool]string{true: "-2026-08"}[revision == "2026-08"], in, "", r, said)
}

func (g *group) addPolicy(id string, in m, comment string, r *rec, said m) {
	want := policy(normal(in).(map[string]any))
	bots, _ := in["allow_bots"].(string)
	d := c{id: "policy-" + id, op: "policy/declare", in: in, from: r}
	if want == nil {
		d.out = nil
	} else {
		d.out = want
	}
	trimmed := strings.Trim(bots, white)
	platform := strings.Trim(in["platform"].(string), white)
	switch {
	case platform == "" || platform == "relay":
		d.rule, d.cause, d.comment = "policy/no-platform", "no-platform", "Without a concrete platform nothing is posted."
	case in["revision"] == "2026-08" && want == nil:
		d.rule, d.cause, d.comment, d.since = "policy/explicit", "nothing-configured", "Nothing is configured, nothing is posted.", "2026-07-23"
	case in["revision"] == "2026-08":
		d.rule, d.cause, d.comment, d.since = "policy/explicit", "explicit", "What is configured is declared, defaults included.", "2026-07-23"
	case want == nil && bots == "":
		d.rule, d.cause, d.comment = "policy/defaults-quiet", "all-defaults", "All three values are at their defaults: nothing is posted."
	case bots != "" && trimmed != bots:
		d.rule, d.cause, d.comment = "config/trimmed", "allow-bots-white-space", "White space around a configured value is dropped."
	case bots != "":
		d.rule, d.cause, d.comment = "policy/allow-bots", "allow-bots-"+map[bool]string{true: "yes", false: "other"}[trimmed == "mentions" || trimmed == "all"], "Other bots are answered exactly for mentions and all."
	case platform != in["platform"]:
		d.rule, d.cause, d.comment = "config/trimmed", "platform-white-space", "White space around a configured value is dropped."
	default:
		list, isList := in["free_response_channels"].([]any)
		text, isText := in["free_response_channels"].(string)
		switch {
		case isText:
			d.rule, d.cause, d.comment = "policy/free-response", "comma-text", "A text with commas: trimmed, without empty entries."
			if strings.ContainsAny(text, " ") {
				d.cause = "comma-text-spaced"
			}
		case isList && len(list) > 0:
			d.rule, d.cause, d.comment = "policy/free-response", "list", "A list of chats."
		case in["free_response_channels"] != nil && !isList:
			d.rule, d.cause, d.comment = "policy/free-response", "list", "A list of chats."
		default:
			d.rule, d.cause, d.comment = "policy/require-address", "require-mention", "require_mention becomes requireAddress."
		}
	}
	if comment != "" {
		d.comment = comment
	}
	if d.since != "" {
		d.flags = append(d.flags, laterFlag)
	}
	if r != nil && !reflect.DeepEqual(normal(want), normal(said)) {
		d.differs, d.said, d.flags = true, said, append(d.flags, lenient)
		d.comment += " The known implementation folds the case of the value."
		if !strings.EqualFold(trimmed, "all") && !strings.EqualFold(trimmed, "mentions") {
			panic(fmt.Sprintf("policy: %s: recorded %s, formula %s", r.Name, compact(said), compact(want)))
		}
	}
	g.add(d)
}

func (g *group) ownPolicy(b *builder) {
	for _, rev := range []string{"2026-06", "2026-08"} {
		own := func(id string, pairs ...any) {
			in := m{"platform": "discord", "revision": rev}
			for i := 0; i < len(pairs); i += 2 {
				in[pairs[i].(string)] = pairs[i+1]
			}
			g.addPolicy(id+"-"+rev, in, "", nil, nil)
		}
		own("nothing")
		own("mention-true", "require_mention", true)
		own("mention-false", "require_mention", false)
		own("mention-null", "require_mention", nil)
		own("all-three", "require_mention", true, "free_response_channels", []any{"C1", "C2"}, "allow_bots", "all")
		own("platform-relay", "platform", "relay", "require_mention", true)
		own("platform-empty", "platform", "", "require_mention", true)
		own("platform-telegram", "platform", "telegram", "require_mention", true)
		own("free-order", "free_response_channels", []any{"b", "a", "b"})
		own("free-trimmed", "free_response_channels", []any{" C1 ", "", "  ", "C2"})
		own("free-text-one", "free_response_channels", "C1")
		own("free-text-commas", "free_response_channels", ",C1,,C2,")
		for _, v := range []string{"mentions", "all", "ALL", "true", "none", "1", "Mentions"} {
			own("bots-"+slug(v)+map[bool]string{true: "-upper", false: ""}[strings.ToUpper(v) == v && v != "1"]+map[bool]string{true: "-capital", false: ""}[v == "Mentions"], "allow_bots", v, "require_mention", true)
		}
	}
	for _, s := range []int{200, 201, 202, 204, 301, 307, 400, 401, 403, 404, 409, 429, 500, 503} {
		cause := "other-status"
		if s == 200 {
			cause = "status-200"
		} else if s < 300 {
			cause = "other-2xx"
		}
		d := c{id: fmt.Sprintf("policy-accepted-%d", s), rule: "policy/fail-soft", op: "policy/accepted", cause: cause, in: m{"status": s}, out: s == 200,
			comment: "Nothing but 200 counts as accepted, and whatever came, the boot goes on."}
		for _, r := range b.recorded("provision.2026-06.json") {
			if n := strings.TrimSuffix(r.Name, " counts as refused"); n == fmt.Sprintf("send_policy: %d", s) {
				d.from, d.adapted = r, "the status alone"
			}
		}
		if s != 200 {
			d.flags = []string{emptyValue}
		}
		g.add(d)
	}
}
