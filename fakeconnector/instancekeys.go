package fakeconnector

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// audiencePrefix and the instance id are the audience of an instance token (contract,
// section "HTTP routes").
const audiencePrefix = "agent:"

// instanceKeyBits is what RS256 asks for at least.
const instanceKeyBits = 2048

// maxInstanceKeys bounds the key set: the newest, and those of a rotation.
const maxInstanceKeys = 8

// instanceKeys sign and verify instance tokens: RS256 JWTs. They are made when they are
// first needed, as that takes a while.
type instanceKeys struct {
	given *rsa.PrivateKey // the first one, where it comes from an option

	mu   sync.Mutex
	keys []jose.JSONWebKey // private, the newest first
}

// newest needs k.mu.
func (k *instanceKeys) newest(c *Connector) (jose.JSONWebKey, error) {
	if len(k.keys) == 0 && k.given != nil {
		k.add(c, k.given)
	} else if len(k.keys) == 0 {
		if err := k.more(c); err != nil {
			return jose.JSONWebKey{}, err
		}
	}
	return k.keys[0], nil
}

func (k *instanceKeys) more(c *Connector) error {
	key, err := rsa.GenerateKey(rand.Reader, instanceKeyBits)
	if err != nil {
		return fmt.Errorf("making a key for instance tokens: %w", err)
	}
	k.add(c, key)
	return nil
}

func (k *instanceKeys) add(c *Connector, key *rsa.PrivateKey) {
	one := jose.JSONWebKey{Key: key, KeyID: c.ids.next("key-"), Algorithm: string(jose.RS256), Use: "sig"}
	k.keys = append([]jose.JSONWebKey{one}, k.keys...)
	k.keys = k.keys[:min(len(k.keys), maxInstanceKeys)]
}

// InstanceToken mints an instance token: whoever presents it to a /manage route acts for
// the instance. A ttl of zero or less makes one that has expired.
func (c *Connector) InstanceToken(instance string, ttl time.Duration) (string, error) {
	now := c.clock.Now()
	return c.SignInstanceToken(map[string]any{
		"aud": audiencePrefix + instance, "iat": now.Unix(), "exp": now.Add(ttl).Unix(),
	})
}

// SignInstanceToken signs claims of your own with the newest key, for instance tokens that
// are to be refused.
func (c *Connector) SignInstanceToken(claims map[string]any) (string, error) {
	key, id, err := c.InstanceKey()
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", id))
	if err != nil {
		return "", fmt.Errorf("signing an instance token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing an instance token: %w", err)
	}
	c.secrets.SweepWhenDue()
	var end time.Time
	if exp, ok := claims["exp"].(int64); ok {
		end = time.Unix(exp, 0)
	}
	c.hideUntil(token, end)
	return token, nil
}

// InstanceKey is the newest key of instance tokens and its id in the key set.
func (c *Connector) InstanceKey() (key *rsa.PrivateKey, id string, err error) {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	k, err := c.keys.newest(c)
	if err != nil {
		return nil, "", err
	}
	return k.Key.(*rsa.PrivateKey), k.KeyID, nil // always one: nothing else is added
}

// RotateInstanceKey makes a new key for instance tokens. The older ones stay in the key
// set, and go on verifying, until [Connector.DropOldInstanceKeys].
func (c *Connector) RotateInstanceKey() error {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	return c.keys.more(c)
}

// DropOldInstanceKeys leaves the newest key alone in the key set.
func (c *Connector) DropOldInstanceKeys() {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	c.keys.keys = c.keys.keys[:min(len(c.keys.keys), 1)]
}

// KeySet is the JSON Web Key Set with the public keys of instance tokens, which
// [RouteKeySet] serves.
func (c *Connector) KeySet() (json.RawMessage, error) {
	set, err := c.keySet()
	if err != nil {
		return nil, err
	}
	return json.Marshal(set)
}

func (c *Connector) keySet() (jose.JSONWebKeySet, error) {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	if _, err := c.keys.newest(c); err != nil {
		return jose.JSONWebKeySet{}, err
	}
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, 0, len(c.keys.keys))}
	for _, k := range c.keys.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return set, nil
}

// looksLikeJWT tells an instance token from an upgrade token, whose alphabet has no dot.
func looksLikeJWT(token string) bool { return strings.Count(token, ".") == 2 }

// instanceOf verifies an instance token and returns its instance. The algorithm is RS256,
// whatever the token says, the key is one of the set, the audience is one, and there is an
// expiry.
func (c *Connector) instanceOf(token string) (string, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", fmt.Errorf("expected a JWT that is signed with RS256: %w", err)
	}
	set, err := c.keySet()
	if err != nil {
		return "", err
	}
	keys := set.Keys
	if id := parsed.Headers[0].KeyID; id != "" {
		keys = set.Key(id)
	}
	var claims jwt.Claims
	err = fmt.Errorf("expected the id of a key of the set at %s", RouteKeySet)
	for _, k := range keys {
		if err = parsed.Claims(k.Key, &claims); err == nil {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("expected a JWT that is signed with a key of ours: %w", err)
	}
	if claims.Expiry == nil {
		return "", fmt.Errorf("expected a JWT with an expiry")
	}
	if err := claims.ValidateWithLeeway(jwt.Expected{Time: c.clock.Now()}, 0); err != nil {
		return "", fmt.Errorf("expected a JWT that is valid now: %w", err)
	}
	if len(claims.Audience) != 1 {
		return "", fmt.Errorf("expected a JWT with one audience, got %d", len(claims.Audience))
	}
	instance, ok := strings.CutPrefix(claims.Audience[0], audiencePrefix)
	if !ok || instance == "" {
		return "", fmt.Errorf("expected the audience %s and an instance id, got %.100q", audiencePrefix, claims.Audience[0])
	}
	return instance, nil
}
