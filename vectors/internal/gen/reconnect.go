package gen

import (
	"fmt"
	"strings"
)

func init() {
	count := m{"type": "integer", "minimum": 0}
	ops["reconnect/ladder"] = op{doc: "The waits in seconds before the first redials, one rung per dial, without jitter.", input: m{"dials": count}, output: list(integer)}
	ops["reconnect/within"] = op{doc: "Whether a wait in milliseconds is within a quarter of its rung; rungs count from 1.",
		input: m{"rung": m{"type": "integer", "minimum": 1}, "wait_ms": count}, output: boolean}
	ops["reconnect/waits"] = op{
		doc: "The wait in seconds after each outcome of a dial: `failed` (refused, or ended before its descriptor), `flap` (ended right after its descriptor) and " +
			"`session` (ended after a frame beyond the handshake).",
		input: m{"outcomes": list(enum("failed", "flap", "session")), "revision": enum("2026-06", "2026-10")}, output: list(integer)}
	ops["revocation/decide"] = op{
		doc: "What a gateway does after each of its sockets, from the start of its process: `redial` on the ladder, `redial-now`, `disabled` (it stops for good, and reports " +
			"relay_disabled) or `stay-down` (it was asked to disconnect). A socket that ended without a close frame has the code null.",
		input:  m{"revision": enum("2026-06", "2026-10"), "sockets": list(closed(m{"handshake": boolean, "code": m{"type": []string{"integer", "null"}}, "reason": str, "asked?": boolean}))},
		output: list(enum("redial", "redial-now", "disabled", "stay-down"))}
}

func rung(n int) int { // n from 1
	wait := 1
	for range n - 1 {
		if wait *= 2; wait > 30 {
			wait = 30
		}
	}
	return wait
}

func ladder(n int) []int {
	out := []int{}
	for i := range n {
		out = append(out, rung(i+1))
	}
	return out
}

func describeLadders(b *builder) {
	g := b.group("ladders", "Reconnect ladders: how long a gateway waits before each redial.")
	for _, revision := range []string{"2026-06", "2026-08"} {
		rs := b.recorded("backoff.2026-06.json")
		if revision == "2026-08" {
			rs = b.later("backoff.2026-08.json", "backoff.2026-06.json")
		}
		for _, r := range rs {
			var in struct {
				Fn       string
				Failures int
				Base     float64
				Dormant  bool
			}
			r.decode(&in)
			if in.Fn == "_read_loop end" {
				continue // the group revocations
			}
			var said struct {
				Delays []float64
				Dials  int
			}
			r.expected(&said)
			if in.Base != 1 || said.Delays == nil || in.Dormant && in.Failures < 5 {
				r.leftOut = "other parameters than the contract's, or how one implementation is built"
				continue
			}
			want := ladder(said.Dials)
			for i, d := range said.Delays {
				if int(d) != want[i] {
					panic("ladders: " + r.Name)
				}
			}
			g.add(c{id: "ladder-" + slug(r.Name), rule: "reconnect/backoff", op: "reconnect/ladder", cause: "ladder", in: m{"dials": said.Dials}, out: want, from: r,
				comment: "From 1 s, doubling, 30 s at most."})
		}
	}
	for _, n := range []int{0, 6, 7, 20, 100} {
		k := c{id: fmt.Sprintf("ladder-%d-dials", n), rule: "reconnect/backoff", op: "reconnect/ladder", cause: "ladder", in: m{"dials": n}, out: ladder(n), comment: "From 1 s, doubling, 30 s at most, for ever."}
		g.add(k)
	}
	for r := 1; r <= 8; r++ {
		ms := rung(r) * 1000
		for _, t := range []struct {
			wait  int
			cause string
		}{{ms, "exact"}, {ms * 3 / 4, "lower-edge"}, {ms * 5 / 4, "upper-edge"}, {ms*3/4 - 1, "below"}, {ms*5/4 + 1, "above"}, {0, "at-once"}} {
			in := t.wait >= ms*3/4 && t.wait <= ms*5/4
			k := c{id: fmt.Sprintf("ladder-within-rung-%d-%s", r, t.cause), rule: "reconnect/backoff", op: "reconnect/within", cause: "jitter-" + t.cause,
				in: m{"rung": r, "wait_ms": t.wait}, out: in, comment: "A wait can differ from its rung by up to a quarter of it, the edges included."}
			if !in {
				k.flags = []string{emptyValue}
			}
			g.add(k)
		}
	}
	waits := func(id, rule, cause, revision, outcomes, comment string) {
		list, out, n := strings.Fields(outcomes), []int{}, 1
		for _, o := range list {
			if o == "session" {
				n = 1
			}
			out = append(out, rung(n))
			n++
		}
		k := c{id: "ladder-waits-" + id, rule: rule, op: "reconnect/waits", cause: cause, in: m{"outcomes": list, "revision": revision}, out: out, comment: comment}
		if rule == "reconnect/flapping" {
			k.since, k.flags = "2026-10", []string{laterFlag}
		}
		g.add(k)
	}
	waits("first-dials", "reconnect/first-dial", "first-dial-fails", "2026-06", "failed failed failed", "First dials that fail climb the ladder.")
	waits("after-session", "reconnect/reset", "session-resets", "2026-06", "session", "After a real session the first wait is 1 s.")
	waits("session-then-failures", "reconnect/backoff", "failures-after-session", "2026-06", "session failed failed failed failed failed failed", "Failures after a session climb from there.")
	waits("failures-then-session", "reconnect/reset", "session-resets", "2026-06", "failed failed failed session failed", "A real session in between starts the ladder anew.")
	waits("sessions", "reconnect/reset", "session-resets", "2026-06", "session session session", "Sessions that carried something always start anew.")
	waits("flaps", "reconnect/flapping", "flap-is-failure", "2026-10", "flap flap flap flap flap flap flap", "A connection that dies right after its handshake is a failed attempt.")
	waits("session-then-flaps", "reconnect/flapping", "flap-after-session", "2026-10", "session flap flap", "After a session the flaps climb.")
	waits("flap-between-failures", "reconnect/flapping", "flap-between-failures", "2026-10", "failed flap failed flap", "A flap does not start the ladder anew.")
	waits("flaps-then-session", "reconnect/reset", "session-resets", "2026-10", "flap flap flap session flap", "A real session does.")
	waits("none", "reconnect/redial", "nothing-happened", "2026-06", "", "No dial, no wait.")
}

type socket struct {
	handshake bool
	code      int // 0 = no close frame
	reason    string
	asked     bool
}

// decide is the contract's reading of a life of sockets.
func decide(revision string, sockets []socket) []string {
	out := []string{}
	shaken, last := false, false
	for _, s := range sockets {
		shaken = shaken || s.handshake
		switch {
		case s.asked:
			return append(out, "stay-down")
		case s.code != 4401 || !shaken:
			out, last = append(out, "redial"), false
		case revision == "2026-06":
			return append(out, "disabled")
		case s.reason == "expired":
			out, last = append(out, "redial"), false
		case last:
			return append(out, "disabled")
		default:
			out, last = append(out, "redial-now"), true
		}
	}
	return out
}

func (g *group) addDecision(id, rule, cause, revision, comment string, r *rec, sockets ...socket) {
	list := []any{}
	for _, s := range sockets {
		o := m{"handshake": s.handshake, "code": s.code, "reason": s.reason}
		if s.code == 0 {
			o["code"] = nil
		}
		if s.asked {
			o["asked"] = true
		}
		list = append(list, o)
	}
	k := c{id: "revocation-" + id, rule: rule, op: "revocation/decide", cause: cause, in: m{"revision": revision, "sockets": list}, out: decide(revision, sockets), comment: comment, from: r}
	if revision == "2026-10" && strings.HasPrefix(rule, "revocation/") && rule != "revocation/before-handshake" && rule != "revocation/disabled" {
		k.since, k.flags = "2026-09", []string{laterFlag}
	}
	g.add(k)
}

func describeRevocations(b *builder) {
	g := b.group("revocations", "4401 and every other close: whether a gateway dials again, at once or on the ladder, or stops for good.")
	for _, r := range b.recorded("backoff.2026-06.json") {
		var in struct {
			Fn, Close          string
			Handshake          bool `json:"handshake_succeeded"`
			Closing, Reconnect bool
		}
		r.decode(&in)
		if in.Fn != "_read_loop end" {
			continue
		}
		var said struct {
			Revoked bool `json:"auth_revoked"`
			Redial  bool
		}
		r.expected(&said)
		s := socket{handshake: in.Handshake, asked: in.Closing}
		switch {
		case !in.Reconnect, strings.HasPrefix(in.Close, "we sent"), strings.HasPrefix(in.Close, "exception"), strings.HasPrefix(in.Close, "4401 during"):
			r.leftOut = "how one implementation is built: switches, its own closes and its own exceptions"
			continue
		case strings.HasPrefix(in.Close, "clean end"):
			s.code = 1000
		case strings.HasPrefix(in.Close, "close "):
			var reason string
			fmt.Sscanf(in.Close, "close %d %s", &s.code, &reason)
			s.reason = strings.Trim(reason, "',")
		}
		rule, cause, comment := "reconnect/any-code", "another-code", "Any close but 4401 is followed by a redial."
		switch {
		case in.Closing:
			rule, cause, comment = "reconnect/deliberate", "asked", "After a disconnect that it was asked for, it does not dial."
		case s.code == 0:
			cause, comment = "no-close-frame", "A socket that ends without a close frame is followed by a redial."
		case s.code == 4401 && in.Handshake:
			rule, cause, comment = "revocation/after-handshake", "4401-after-handshake", "After a successful handshake 4401 is the revocation, whatever its reason."
		case s.code == 4401:
			rule, cause, comment = "revocation/before-handshake", "4401-before-handshake", "Before any successful handshake 4401 is retried."
		}
		want := "redial"
		if said.Revoked {
			want = "disabled"
		} else if !said.Redial {
			want = "stay-down"
		}
		if got := decide("2026-06", []socket{s}); got[0] != want {
			panic(fmt.Sprintf("revocations: %s: recorded %s, formula %s", r.Name, want, got[0]))
		}
		g.addDecision(slug(strings.NewReplacer("''", "no reason", "=True", " yes", "=False", " no").Replace(r.Name)), rule, cause, "2026-06", comment, r, s)
	}
	ok, refused, closed := socket{handshake: true, code: 1012}, socket{code: 4401, reason: "unauthorized"}, socket{handshake: true, code: 4401, reason: "unauthorized"}
	expired, expiredAfter := socket{code: 4401, reason: "expired"}, socket{handshake: true, code: 4401, reason: "expired"}
	const after, more, second, exp, beforeShake = "revocation/after-handshake", "revocation/one-more-dial", "revocation/second-4401", "revocation/expired", "revocation/before-handshake"
	add := func(id, rule, cause, revision, comment string, sockets ...socket) {
		g.addDecision(id, rule, cause, revision, comment, nil, sockets...)
	}
	for _, rev := range []string{"2026-06", "2026-10"} {
		add("refused-three-times-"+rev, beforeShake, "4401-before-handshake", rev, "As long as no handshake has succeeded, every 4401 is retried.", refused, refused, refused)
		for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4400, 4402, 4403, 4404, 4999} {
			add(fmt.Sprintf("code-%d-%s", code, rev), "reconnect/any-code", "another-code", rev, "Any close but 4401 is followed by a redial.", socket{handshake: true, code: code})
		}
		add("no-close-frame-"+rev, "reconnect/any-code", "no-close-frame", rev, "Nor does a socket that just ends stop it.", ok, socket{handshake: true}, socket{})
		add("asked-"+rev, "reconnect/deliberate", "asked", rev, "After a disconnect that it was asked for, it does not dial.", ok, socket{handshake: true, code: 1000, asked: true})
		add("reason-of-another-code-"+rev, "reconnect/any-code", "reason-of-another-code", rev, "The reason unauthorized with another code is no revocation.", socket{handshake: true, code: 1008, reason: "unauthorized"})
	}
	add("later-socket", after, "later-socket", "2026-06", "A handshake in the life of the process counts, also for a 4401 on a later socket before its descriptor.", ok, refused)
	add("much-later-socket", after, "later-socket", "2026-06", "However many sockets lie between.", ok, socket{code: 1006}, socket{code: 1011}, refused)
	add("refused-then-good-then-closed", after, "4401-after-handshake", "2026-06", "Refused at first, then a good session, then the revocation.", refused, ok, closed)
	add("expired-baseline", after, "expired-in-baseline", "2026-06", "The baseline knows no reason: expired is a revocation like any other.", expiredAfter)
	add("reason-empty-baseline", after, "4401-after-handshake", "2026-06", "Nor does it need one.", socket{handshake: true, code: 4401})
	add("one-more-dial", more, "one-more-dial", "2026-10", "The first 4401 after a handshake earns one immediate dial.", closed)
	add("one-more-dial-then-refused", second, "second-4401", "2026-10", "A 4401 on that dial is the revocation.", closed, refused)
	add("one-more-dial-later-socket", more, "one-more-dial-later-socket", "2026-10", "Also when it comes on a later socket, before its descriptor.", ok, refused)
	add("one-more-dial-later-socket-then-refused", second, "second-4401", "2026-10", "And a second one in a row is the revocation.", ok, refused, refused)
	add("one-more-dial-then-expired", exp, "expired-on-that-dial", "2026-10", "A token that expired on that dial is no revocation.", closed, expired)
	add("one-more-dial-reason-empty", more, "one-more-dial-reason-empty", "2026-10", "A 4401 without a reason has another reason than expired.", socket{handshake: true, code: 4401})
	add("reason-case", more, "reason-case", "2026-10", "Reasons are compared as they stand: Expired is not expired.", socket{handshake: true, code: 4401, reason: "Expired"})
	add("expired-after-handshake", exp, "expired-after-handshake", "2026-10", "An expired token is never a revocation.", expiredAfter)
	add("expired-three-times", exp, "expired-repeatedly", "2026-10", "However often.", expiredAfter, expired, expired)
	add("expired-before-handshake", exp, "expired-before-handshake", "2026-10", "Nor before a handshake.", expired)
	add("expired-then-refused", more, "one-more-dial-after-expired", "2026-10", "After an expired one, the first 4401 of another reason earns its one dial.", expiredAfter, refused)
}
