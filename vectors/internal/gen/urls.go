package gen

import "strings"

func init() {
	base := m{"base": str}
	ops["url/configured"] = op{doc: "A configured relay URL as a gateway keeps it.", input: base, output: str}
	ops["url/dial"] = op{doc: "The WebSocket URL to dial, from a configured relay URL.", input: base, output: str}
	ops["url/http-base"] = op{doc: "The base of the HTTP routes, from a configured relay URL.", input: base, output: str}
	ops["url/route"] = op{doc: "The URL of an HTTP route, from a configured relay URL.",
		input: m{"base": str, "route": enum("/relay/provision", "/relay/policy", "/relay/enroll", "/relay/media")}, output: str}
}

const white = " \t\r\n"

// The contract's two derivations, written down once more.
func dialURL(base string) string {
	u := strings.Trim(base, white)
	u = swapScheme(u, "https://", "wss://", "http://", "ws://")
	u = strings.TrimRight(u, "/")
	if !strings.HasSuffix(u, "/relay") {
		u += "/relay"
	}
	return u
}

func httpBase(base string) string {
	u := swapScheme(strings.Trim(base, white), "wss://", "https://", "ws://", "http://")
	return strings.TrimSuffix(strings.TrimRight(u, "/"), "/relay")
}

func configured(base string) string { return strings.TrimRight(strings.Trim(base, white), "/") }

func swapScheme(u string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if rest, ok := strings.CutPrefix(u, pairs[i]); ok {
			return pairs[i+1] + rest
		}
	}
	return u
}

// urlCauses says what a URL is about, by the first feature that it has.
var urlCauses = []struct {
	cause, comment string
	has            func(u string) bool
}{
	{"white-space-around", "White space around the URL is trimmed.", func(u string) bool { return strings.Trim(u, white) != u && strings.Trim(u, white) != "" }},
	{"nothing-but-white-space", "A function of strings: it derives, it does not judge whether the result is usable.", func(u string) bool { return strings.Trim(u, white) == "" }},
	{"white-space-inside", "White space that a slash hides from the trimming stays.", func(u string) bool { return strings.ContainsAny(u, white) }},
	{"scheme-twice", "Only the leading scheme is replaced.", func(u string) bool { return strings.Count(u, "://") > 1 }},
	{"user-info", "User and password stay where they are.", func(u string) bool { return strings.Contains(u, "@") }},
	{"slashes-only", "Nothing is left once the slashes are gone.", func(u string) bool { return strings.Trim(after(u, "://"), "/") == "" }},
	{"no-scheme", "No scheme, nothing to replace.", func(u string) bool { return !strings.Contains(u, "://") }},
	{"relay-twice", "One trailing /relay counts, the one before it is part of the base.", func(u string) bool { return strings.Contains(u, "/relay/relay") }},
	{"relay-then-route", "A path after /relay is part of the base.", func(u string) bool { return strings.Contains(u, "/relay/p") }},
	{"relay-case", "/RELAY is not /relay.", func(u string) bool { return strings.Contains(u, "/RELAY") }},
	{"relay-inside-a-word", "A path that only contains the word is part of the base.", func(u string) bool { return strings.Contains(u, "relayx") || strings.Contains(u, "xrelay") }},
	{"double-slash", "Slashes inside the path stay.", func(u string) bool { return strings.Contains(after(u, "://"), "//relay") }},
	{"relay-and-slashes", "Trailing slashes go before /relay is looked for.", func(u string) bool { return strings.Contains(u, "/relay/") }},
	{"trailing-slashes", "Every trailing slash goes.", func(u string) bool {
		return strings.HasSuffix(u, "/") && !strings.Contains(strings.Trim(after(u, "://"), "/"), "/")
	}},
	{"sub-path", "A base may have a path of its own.", func(u string) bool { return strings.Contains(u, "/base") || strings.Contains(u, "/my") }},
	{"not-ascii", "Letters outside of ASCII stay as they are.", func(u string) bool { return strings.IndexFunc(u, func(r rune) bool { return r > 127 }) >= 0 }},
	{"ipv6", "An IPv6 address and its port stay.", func(u string) bool { return strings.Contains(u, "[") }},
	{"port", "The port stays.", func(u string) bool { return strings.Contains(after(u, "://"), ":") }},
	{"relay-present", "/relay stands there already.", func(u string) bool { return strings.HasSuffix(u, "/relay") }},
	{"plain", "The plain form.", func(string) bool { return true }},
}

func before(s, sep string) string { b, _, _ := strings.Cut(s, sep); return b }
func after(s, sep string) string  { _, a, _ := strings.Cut(s, sep); return a }
func isUpper(r rune) bool         { return r >= 'A' && r <= 'Z' }

func describeURLs(b *builder) {
	g := b.group("urls", "The URLs that a gateway derives from its configured relay URL: functions of strings, which trim, replace the scheme and deal with slashes and /relay, and judge nothing.")
	add := func(op, url, route string, r *rec) {
		k := c{op: op, rule: "connect/route-url", in: m{"base": url}, from: r}
		switch op {
		case "url/dial":
			k.rule, k.out = "connect/dial-path", dialURL(url)
		case "url/http-base":
			k.out = httpBase(url)
		case "url/configured":
			k.rule, k.out = "config/trailing-slash", configured(url)
		case "url/route":
			k.in, k.out = m{"base": url, "route": route}, httpBase(url)+route
		}
		for _, f := range urlCauses {
			if f.has(url) {
				k.cause, k.comment = f.cause, f.comment
				break
			}
		}
		id := "url-" + strings.TrimPrefix(op, "url/")
		if op == "url/configured" && k.cause == "white-space-around" {
			k.rule = "config/trimmed"
		}
		if route != "" {
			id = "url-" + strings.TrimPrefix(route, "/relay/")
		}
		k.id = id + "-" + urlSlug(url)
		if r != nil {
			var said string
			r.expected(&said)
			if route == "/relay/media" {
				said, k.adapted = said+route, "the recorded call yields the base alone"
			}
			if said != k.out {
				k.differs, k.said, k.flags = true, said, []string{defect}
				k.comment = "The base is trimmed for the HTTP routes as well. The known implementation does not, so its HTTP calls fail where its dial succeeds."
				if k.cause == "slashes-only" {
					k.comment = "The scheme is replaced before the slashes go. The known implementation strips first, and then finds no ws:// to replace."
				}
			}
		}
		if k.out == "" {
			k.flags = append(k.flags, emptyValue)
		}
		g.add(k)
	}
	for _, r := range b.recorded("urls.json") {
		var in struct {
			Fn, URL string
			Env     map[string]string
		}
		r.decode(&in)
		switch {
		case string(r.Expected) == "null":
			r.leftOut = "how one implementation finds out that no relay is configured; no URL is derived"
		case strings.ContainsAny(in.URL+in.Env["GATEWAY_RELAY_URL"], "?#"):
			r.leftOut = open + "a base with a query or a fragment"
		case strings.IndexFunc(before(in.URL+in.Env["GATEWAY_RELAY_URL"], "://"), isUpper) >= 0:
			r.leftOut = open + "a scheme in upper case"
		case in.Fn == "_ws_dial_url":
			add("url/dial", in.URL, "", r)
		case in.Fn == "_provision_url":
			add("url/route", in.URL, "/relay/provision", r)
		case in.Fn == "_policy_url":
			add("url/route", in.URL, "/relay/policy", r)
		case in.Fn == "enroll_base":
			add("url/http-base", in.URL, "", r)
		case in.Fn == "relay_url":
			add("url/configured", in.Env["GATEWAY_RELAY_URL"], "", r)
		}
	}
	for _, r := range b.recorded("urls_media.2026-08.json") {
		var in struct{ URL string }
		r.decode(&in)
		switch {
		case in.URL == "":
			r.leftOut = "how one implementation finds out that no relay is configured; no URL is derived"
		case strings.ContainsAny(in.URL, "?#"):
			r.leftOut = open + "a base with a query or a fragment"
		case strings.IndexFunc(before(in.URL, "://"), isUpper) >= 0:
			r.leftOut = open + "a scheme in upper case"
		default:
			add("url/route", in.URL, "/relay/media", r)
		}
	}
	for _, u := range []string{"http://c.example", "ws://c.example", "wss://c.example/relay/", "wss://c.example/base/relay", "ws://[::1]:8080", "https://user:pw@c.example/relay"} {
		add("url/dial", u, "", nil)
	}
	for _, u := range []string{"wss://c.example", "ws://c.example/base", "https://c.example/relay"} {
		add("url/route", u, "/relay/enroll", nil)
	}
	for _, u := range []string{"https://c.example", "http://c.example/base/", "  https://c.example/relay ", "https://c.example/relay/relay"} {
		once := dialURL(u)
		g.add(c{id: "url-dial-twice-" + slug(u), rule: "connect/dial-path", op: "url/dial", cause: "idempotent", in: m{"base": once}, out: once,
			comment: "What dialing derives from " + strings.TrimSpace(u) + ", derived once more: nothing changes."})
	}
}

// urlSlug names a URL in kebab-case, telling apart what a plain slug folds together.
func urlSlug(u string) string {
	trimmed := strings.TrimRight(u, "/")
	tail := ""
	if n := len(u) - len(trimmed); n > 0 {
		tail = " slash" + strings.Repeat(" slash", n-1)
	}
	if strings.HasPrefix(trimmed, "//") {
		tail = " after slash slash" + tail
	}
	s := strings.NewReplacer(" ", " space ", "\t", " tab ", "\n", " newline ", "RELAY", " upper case relay", "//relay", " slash slash relay", ":/", " ").Replace(trimmed)
	for _, r := range s {
		if r > 127 {
			s += " not ascii"
			break
		}
	}
	if slug(s+tail) == "" {
		return "empty"
	}
	return slug(s + tail)
}
