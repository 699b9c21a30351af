package cases

import (
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func auth() []kit.Case {
	return []kit.Case{
		{ID: id(protocol.RuleAuthBearer), Title: "presents a token of its own id, signed with its own secret", Level: kit.Must, Gateway: bearer},
		{ID: id(protocol.RuleAuthCanonical), Title: "writes its token in the canonical form", Level: kit.Must, After: rules(protocol.RuleAuthBearer), Gateway: canonicalToken},
		{ID: id(protocol.RuleAuthTokenLive), Title: "presents a token that has not expired", Level: kit.Must, After: rules(protocol.RuleAuthBearer), Gateway: tokenLive},
		{ID: id(protocol.RuleAuthFreshToken), Title: "mints a token for every dial", Level: kit.Must,
			Needs: kit.Needs{Alone: true}, After: rules(protocol.RuleAuthTokenLive, protocol.RuleReconnectRedial), Gateway: freshToken},
		{ID: id(protocol.RuleAuthFreshToken, "refused"), Title: "mints one for every dial before its first handshake as well", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleAuthTokenLive, protocol.RuleReconnectFirstDial), Gateway: freshTokenWhileRefused},
		{ID: id(protocol.RuleAuthSplitRight), Title: "signs an id that holds colons as it stands", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: colonsInID},
		{ID: id(protocol.RuleAuthBearer, "odd-id"), Title: "writes an id beyond ASCII into its token as UTF-8", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: oddID},
		{ID: id(protocol.RuleAuthBearer, "odd-secret"), Title: "signs with a long secret beyond ASCII by its bytes in UTF-8", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: oddSecret},
		{ID: id(protocol.RuleAuthCanonical, "alphabet"), Title: "writes - and _ where another base64 has + and /", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: tokenAlphabet},
		{ID: id(protocol.RuleAuthNoSecretNoHeader, "refused"), Title: "sends none after a dial that was closed with 4401 either", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, After: rules(protocol.RuleRevocationBeforeHandshake), Gateway: noSecretNoHeaderOnceRefused},
		{ID: id(protocol.RuleAuthNoSecretNoHeader, "redial"), Title: "sends none on a redial either", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, After: rules(protocol.RuleReconnectRedial), Gateway: noSecretNoHeaderOnRedial},
		{ID: id(protocol.RuleAuthNoSecretNoHeader), Title: "sends no Authorization header when it has no secret", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: noSecretNoHeader},
	}
}

// bearer recomputes the signature with the standard library alone.
func bearer(g *kit.G) {
	t := g.Token(g.FirstDial())
	if t.Payload != g.Gateway().Record.ID {
		g.Mismatch(fmt.Sprintf("a token of the gateway %q", g.Gateway().Record.ID), fmt.Sprintf("one of %q", t.Payload))
	}
	if !t.SignedWith(g.Gateway().Record.Secret) {
		g.Mismatch("a signature over payload:exp by the configured secret", "another signature")
	}
	g.Alive()
}

func canonicalToken(g *kit.G) {
	t := g.Token(g.FirstDial())
	if why := t.NotCanonical(); why != "" {
		g.Mismatch("a token in the canonical form", why)
	}
	g.Alive()
}

func tokenLive(g *kit.G) {
	d := g.FirstDial()
	t := g.Token(d)
	if t.Exp != 0 && t.Exp < d.Wall.Unix() {
		g.Mismatch(fmt.Sprintf("an exp of 0 or at least %d, the time of the dial", d.Wall.Unix()), fmt.Sprintf("%d, which is %d s before it", t.Exp, d.Wall.Unix()-t.Exp))
	}
	g.Alive()
}

// freshToken closes the session once the clock has gone on by a second, so that a token
// that was minted for this dial cannot have the exp of the one before.
func freshToken(g *kit.G) {
	laterThanBefore(g)
	laterThanBefore(g)
}

func laterThanBefore(g *kit.G) {
	before := g.LastDial()
	old := g.Token(before)
	g.UntilSecondsAfter(before, 1)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	after := g.Redialed(0)
	fresh := g.Token(after)
	if old.Exp != 0 && fresh.Exp <= old.Exp {
		g.Mismatch(fmt.Sprintf("an exp later than %d, that of the dial %.1f s before", old.Exp, kit.Elapsed(before, after).Seconds()), fmt.Sprintf("%d", fresh.Exp))
	}
	if fresh.Exp != 0 && fresh.Exp < after.Wall.Unix() {
		g.Mismatch("a token that is still valid at the redial", fmt.Sprintf("one that expired %d s before", after.Wall.Unix()-fresh.Exp))
	}
	g.Back()
}

// freshTokenWhileRefused refuses dials until two and more seconds lie between the first and
// the last, the last two of them a second apart and more. Where the ladder can be set, it
// begins with such waits.
func freshTokenWhileRefused(g *kit.G) {
	g.Prepare(kit.Bounds(func(t *kit.Timing) {
		if t.BackoffBase < kit.ContractTiming().BackoffBase {
			t.BackoffBase, t.BackoffCap = 1400*time.Millisecond, 1400*time.Millisecond
		}
	}))
	refused, total := 0, time.Duration(0)
	for total < 2*time.Second || g.Timing.Rung(refused-1)*3/4 < time.Second {
		total += g.Timing.Rung(refused) * 3 / 4
		refused++
	}
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(refused).Do(fakeconnector.Refuse{})
	g.Start(kit.UntilLaunched())
	within := g.Timing.Ready
	for i := range refused {
		within += g.Timing.Redial(i)
	}
	dials := g.Dials(refused+1, within)
	first, last := g.Token(dials[0]), g.Token(dials[refused])
	if first.Exp != 0 && last.Exp <= first.Exp {
		g.Mismatch(fmt.Sprintf("an exp later than %d, that of a dial %.1f s before", first.Exp, kit.Elapsed(dials[0], dials[refused]).Seconds()), fmt.Sprintf("%d", last.Exp))
	}
	g.Ready()
	g.Alive()
}

func colonsInID(g *kit.G) {
	g.Start(kit.IDPrefix("org:eu::"), kit.IDSuffix(":1::"), kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer, protocol.RuleAuthCanonical))
	d := g.Await(g.Timing.Ready, "a dial", kit.IsDial)
	t := g.Token(d)
	if want := g.Gateway().Record.ID; t.Payload != want {
		g.Mismatch(fmt.Sprintf("the payload %q", want), fmt.Sprintf("%q", t.Payload))
	}
	g.Ready()
	g.Alive()
}

// oddSecret is longer than a block of the hash, which keys are cut down to in another way
// than a reader would guess, and no two of its encodings have the same bytes.
func oddSecret(g *kit.G) {
	g.Start(kit.Secret(strings.Repeat("Schl\u00fcssel \u2603 \U0001F511 ", 6)+"."), kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer))
	d := g.Await(g.Timing.Ready, "a dial", kit.IsDial)
	if !g.Token(d).SignedWith(g.Gateway().Record.Secret) {
		g.Mismatch("a signature by the configured secret in UTF-8", "another signature")
	}
	g.Ready()
	g.Alive()
}

// oddID has characters of two, three and four bytes, and two that Latin-1 knows. What is
// signed is the same text.
func oddID(g *kit.G) {
	g.Start(kit.IDPrefix("T\u00fcr\u00e9 \u2603 \U0001F511-"), kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer, protocol.RuleAuthCanonical))
	t := g.Token(g.Await(g.Timing.Ready, "a dial", kit.IsDial))
	if want := g.Gateway().Record.ID; t.Payload != want {
		g.Mismatch(fmt.Sprintf("a token whose payload is the configured id %+q in UTF-8", want), fmt.Sprintf("%+q", t.Payload))
	}
	if !t.SignedWith(g.Gateway().Record.Secret) {
		g.Mismatch("a signature over that id in UTF-8", "another signature")
	}
	g.Ready()
	g.Alive()
}

// tokenAlphabet gives the gateway an id that takes both of the characters in which the
// alphabets of base64 differ.
func tokenAlphabet(g *kit.G) {
	g.Start(kit.IDPrefix("??>>~~-"), kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer, protocol.RuleAuthCanonical))
	t := g.Token(g.Await(g.Timing.Ready, "a dial", kit.IsDial))
	if why := t.NotCanonical(); why != "" {
		g.Mismatch("a token in the canonical form", why)
	}
	if t.Payload != g.Gateway().Record.ID {
		g.Mismatch(fmt.Sprintf("a token of %q", g.Gateway().Record.ID), fmt.Sprintf("one of %q", t.Payload))
	}
	g.Ready()
	g.Alive()
}

func noSecretNoHeader(g *kit.G) {
	g.Start(kit.WithoutSecret())
	headerless(g, g.FirstDial())
	g.Alive()
}

func noSecretNoHeaderOnRedial(g *kit.G) {
	g.Start(kit.WithoutSecret())
	g.Alive()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	headerless(g, g.Redialed(0))
	g.Back()
}

func noSecretNoHeaderOnceRefused(g *kit.G) {
	g.Prepare(kit.WithoutSecret())
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Times(1).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.Start(kit.UntilLaunched())
	for _, d := range g.Dials(2, g.Timing.Ready+g.Timing.Redial(0)) {
		headerless(g, d)
	}
	g.Ready()
	g.Alive()
}

func headerless(g *kit.G, d fakeconnector.Entry) {
	if h := d.Dial.Header.Values("Authorization"); len(h) > 0 {
		scheme, _, _ := strings.Cut(h[0], " ")
		g.Mismatch("no Authorization header", fmt.Sprintf("%d, the first with the scheme %q", len(h), scheme))
	}
}
