package fakeconnector

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// testKey is one key for all tests, as making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, instanceKeyBits)
	if err != nil {
		panic(err)
	}
	return key
})

func rawURL(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// token64 is a JWT by the standard library alone.
func token64(t testing.TB, header, claims map[string]any, sign func(input string) []byte) string {
	t.Helper()
	h, err := json.Marshal(header)
	must(t, err)
	c, err := json.Marshal(claims)
	must(t, err)
	input := rawURL(h) + "." + rawURL(c)
	return input + "." + rawURL(sign(input))
}

func rs256(t testing.TB, key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		out, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		must(t, err)
		return out
	}
}

func hs256(key []byte) func(string) []byte {
	return func(input string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(input))
		return m.Sum(nil)
	}
}

type claims = map[string]any

// The tokens of an outsider, each with what is wrong with it.
func badInstanceTokens(t testing.TB, c *Connector, instance string) map[string]string {
	t.Helper()
	key, kid, err := c.InstanceKey()
	must(t, err)
	now := time.Now().Unix()
	good := claims{"aud": "agent:" + instance, "exp": now + 300}
	rs := claims{"alg": "RS256", "typ": "JWT", "kid": kid}
	with := func(change claims) claims {
		out := claims{}
		for _, m := range []claims{good, change} {
			for k, v := range m {
				if v == nil {
					delete(out, k)
				} else {
					out[k] = v
				}
			}
		}
		return out
	}
	other, err := rsa.GenerateKey(rand.Reader, instanceKeyBits)
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	set, err := c.KeySet()
	must(t, err)
	jwk := claims{"kty": "RSA", "n": rawURL(other.N.Bytes()), "e": rawURL(big.NewInt(int64(other.E)).Bytes())}
	rs512 := func(input string) []byte {
		sum := sha512.Sum512([]byte(input))
		out, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA512, sum[:])
		must(t, err)
		return out
	}
	ps256 := func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		out, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
		must(t, err)
		return out
	}
	signed := token64(t, rs, good, rs256(t, key))
	parts := strings.Split(signed, ".")
	swapped := token64(t, rs, with(claims{"aud": "agent:another"}), rs256(t, key))
	return map[string]string{
		"alg none":             token64(t, claims{"alg": "none"}, good, func(string) []byte { return nil }),
		"alg None":             token64(t, claims{"alg": "None"}, good, func(string) []byte { return nil }),
		"alg none, signed":     token64(t, claims{"alg": "none", "kid": kid}, good, rs256(t, key)),
		"no alg":               token64(t, claims{"kid": kid}, good, rs256(t, key)),
		"HS256, public PEM":    token64(t, claims{"alg": "HS256", "kid": kid}, good, hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))),
		"HS256, public DER":    token64(t, claims{"alg": "HS256", "kid": kid}, good, hs256(der)),
		"HS256, key set":       token64(t, claims{"alg": "HS256", "kid": kid}, good, hs256(set)),
		"HS256, modulus":       token64(t, claims{"alg": "HS256", "kid": kid}, good, hs256(key.N.Bytes())),
		"HS256, empty":         token64(t, claims{"alg": "HS256", "kid": kid}, good, hs256(nil)),
		"RS512":                token64(t, claims{"alg": "RS512", "kid": kid}, good, rs512),
		"PS256":                token64(t, claims{"alg": "PS256", "kid": kid}, good, ps256),
		"forged":               token64(t, rs, good, rs256(t, other)),
		"forged, no kid":       token64(t, claims{"alg": "RS256"}, good, rs256(t, other)),
		"brings its own key":   token64(t, claims{"alg": "RS256", "jwk": jwk}, good, rs256(t, other)),
		"key of a URL":         token64(t, claims{"alg": "RS256", "jku": "http://127.0.0.1:1/keys", "kid": "x"}, good, rs256(t, other)),
		"unknown kid":          token64(t, claims{"alg": "RS256", "kid": "../key-1"}, good, rs256(t, key)),
		"critical header":      token64(t, claims{"alg": "RS256", "kid": kid, "crit": []string{"exp"}, "exp": now + 300}, good, rs256(t, key)),
		"signature cut":        signed[:len(signed)-2],
		"no signature":         parts[0] + "." + parts[1] + ".",
		"payload swapped":      parts[0] + "." + strings.Split(swapped, ".")[1] + "." + parts[2],
		"expired":              token64(t, rs, with(claims{"exp": now - 1}), rs256(t, key)),
		"no expiry":            token64(t, rs, with(claims{"exp": nil}), rs256(t, key)),
		"mistyped expiry":      token64(t, rs, with(claims{"exp": "tomorrow"}), rs256(t, key)),
		"not yet valid":        token64(t, rs, with(claims{"nbf": now + 60}), rs256(t, key)),
		"of the future":        token64(t, rs, with(claims{"iat": now + 60}), rs256(t, key)),
		"no audience":          token64(t, rs, with(claims{"aud": nil}), rs256(t, key)),
		"bare audience":        token64(t, rs, with(claims{"aud": instance}), rs256(t, key)),
		"another prefix":       token64(t, rs, with(claims{"aud": "Agent:" + instance}), rs256(t, key)),
		"empty instance":       token64(t, rs, with(claims{"aud": "agent:"}), rs256(t, key)),
		"two audiences":        token64(t, rs, with(claims{"aud": []string{"agent:" + instance, "agent:another"}}), rs256(t, key)),
		"unknown instance":     token64(t, rs, with(claims{"aud": "agent:nobody"}), rs256(t, key)),
		"mistyped audience":    token64(t, rs, with(claims{"aud": claims{"agent": instance}}), rs256(t, key)),
		"claims are no object": token64(t, rs, nil, rs256(t, key)),
		"dots":                 "..",
		"garbage":              "a.b.c",
	}
}

func TestInstanceTokensThatAreRefused(t *testing.T) {
	c := started(t, WithInstanceKey(testKey()))
	g := c.AddGateway(Gateway{})
	c.AddGateway(Gateway{Instance: "another"})
	for name, token := range badInstanceTokens(t, c, g.Instance) {
		t.Run(name, func(t *testing.T) {
			request(t, c, "POST", protocol.RouteManageLink, token, `{"platform":"discord","userId":"U1"}`).refusedJSON(t, 401)
		})
	}
	if got := c.Gate().Bindings(); len(got) > 0 {
		t.Errorf("expected nothing to change, got %v", got)
	}
	noViolations(t, c)
}

// The tokens that are accepted: so the ones above are refused for what is wrong with them.
func TestInstanceTokens(t *testing.T) {
	c := started(t, WithInstanceKey(testKey()))
	g := c.AddGateway(Gateway{})
	key, kid, err := c.InstanceKey()
	must(t, err)
	accepted := func(token string) bool {
		return request(t, c, "POST", protocol.RouteManageLink, token, `{"platform":"discord","userId":"U1"}`).status == 200
	}
	now := time.Now().Unix()
	minted, err := c.InstanceToken(g.Instance, time.Minute)
	must(t, err)
	late, err := c.InstanceToken(g.Instance, -time.Second)
	must(t, err)
	for name, token := range map[string]string{
		"minted":      minted,
		"by hand":     token64(t, claims{"alg": "RS256", "kid": kid}, claims{"aud": "agent:" + g.Instance, "exp": now + 60, "nbf": now - 1, "iat": now - 1}, rs256(t, key)),
		"without kid": token64(t, claims{"alg": "RS256"}, claims{"aud": "agent:" + g.Instance, "exp": now + 60}, rs256(t, key)),
		"a list":      token64(t, claims{"alg": "RS256"}, claims{"aud": []string{"agent:" + g.Instance}, "exp": now + 60}, rs256(t, key)),
	} {
		if !accepted(token) {
			t.Errorf("%s: expected the token to be accepted", name)
		}
	}
	if accepted(late) {
		t.Error("expected a token without life to be refused")
	}
	// A rotation keeps the older key until it is dropped.
	must(t, c.RotateInstanceKey())
	fresh, err := c.InstanceToken(g.Instance, time.Minute)
	must(t, err)
	if !accepted(minted) || !accepted(fresh) {
		t.Error("expected the tokens of both keys within the rotation window")
	}
	c.DropOldInstanceKeys()
	if accepted(minted) || !accepted(fresh) {
		t.Error("expected the newest key alone after it")
	}
	// An upgrade takes no instance token.
	d := dialWith(t, c, map[string][]string{"Authorization": {"Bearer " + fresh}})
	if code, _ := d.closed(); code != CloseUnauthorized {
		t.Errorf("expected a close with 4401, got %d", code)
	}
}

func TestKeySet(t *testing.T) {
	c := started(t) // makes its own
	a := request(t, c, "GET", RouteKeySet, "", "")
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	must(t, json.Unmarshal([]byte(a.body), &set))
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" || len(set.Keys) != 1 {
		t.Fatalf("expected a key set, got %d %s", a.status, a.body)
	}
	key, kid, err := c.InstanceKey()
	must(t, err)
	one := set.Keys[0]
	if one["kty"] != "RSA" || one["alg"] != "RS256" || one["use"] != "sig" || one["kid"] != kid || one["n"] != rawURL(key.N.Bytes()) {
		t.Errorf("expected the public key, got %v", one)
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi"} {
		if _, there := one[private]; there {
			t.Errorf("expected no private member, got %q", private)
		}
	}
}
