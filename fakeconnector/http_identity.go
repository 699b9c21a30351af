package fakeconnector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// admission is what the connector knows about who may have credentials. It is guarded by
// the connector's mutex.
type admission struct {
	tenants map[string]string // identity token → tenant
	key     []byte            // signs enrolment tokens
	invited map[string]bool   // enrolment tokens that were not used yet, by their nonce
}

func newAdmission() admission {
	return admission{tenants: map[string]string{}, key: []byte(newSecret()), invited: map[string]bool{}}
}

// IdentityToken mints an identity token: whoever presents it to /relay/provision or
// /relay/enroll belongs to the tenant. (Contract, section "HTTP routes".)
func (c *Connector) IdentityToken(tenant string) string {
	token := newSecret()
	c.AddIdentity(token, tenant)
	return token
}

// AddIdentity makes a token of your own an identity token of a tenant.
func (c *Connector) AddIdentity(token, tenant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admission.tenants[token] = tenant
	c.hide(token, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.admission.tenants[token] == ""
	})
}

// RemoveIdentity ends an identity token.
func (c *Connector) RemoveIdentity(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.admission.tenants, token)
}

// invitation is what an enrolment token says.
type invitation struct {
	Tenant  string `json:"tenant"`
	Nonce   string `json:"nonce"`
	Expires int64  `json:"exp,omitempty"` // Unix seconds; 0 never
}

// EnrollmentToken mints an invitation of a tenant: signed, and good for one use. A ttl of
// zero or less never expires. (Contract, section "Enrolment".)
func (c *Connector) EnrollmentToken(tenant string, ttl time.Duration) string {
	i := invitation{Tenant: tenant, Nonce: newSecret()}
	if ttl > 0 {
		i.Expires = c.clock.Now().Add(ttl).Unix()
	}
	text, _ := json.Marshal(i) // strings and a number always encode
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admission.invited[i.Nonce] = true
	payload := base64.RawURLEncoding.EncodeToString(text)
	token := payload + "." + c.admission.sign(payload)
	c.hide(token, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if i.Expires != 0 && c.clock.Now().Unix() > i.Expires {
			delete(c.admission.invited, i.Nonce)
		}
		return !c.admission.invited[i.Nonce]
	})
	return token
}

func (a *admission) sign(payload string) string {
	m := hmac.New(sha256.New, a.key)
	m.Write([]byte(payload))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// read takes an enrolment token apart. An invitation that is not ours, was used, or has
// expired is none.
func (a *admission) read(token string, now time.Time) (i invitation, ok bool) {
	payload, signature, _ := strings.Cut(token, ".")
	if !hmac.Equal([]byte(signature), []byte(a.sign(payload))) {
		return i, false
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(text, &i) != nil || !a.invited[i.Nonce] {
		return i, false
	}
	return i, i.Expires == 0 || now.Unix() <= i.Expires
}

// tenant is whose identity token a request carries.
func (c *Connector) tenant(r *http.Request) (string, *Answer) {
	unknown := jsonError(http.StatusUnauthorized, "expected one Authorization header with a known identity token")
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", unknown
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	c.mu.Lock()
	defer c.mu.Unlock()
	tenant, ok := c.admission.tenants[token]
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", unknown
	}
	return tenant, nil
}
