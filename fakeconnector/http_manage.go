package fakeconnector

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/gate"
)

// linkCodeLife is how long a link code of /manage/link works: long enough to type it.
const linkCodeLife = 15 * time.Minute

// managed is the instance that a /manage request acts on: that of its bearer, which is an
// upgrade token or an instance token, whatever the body says.
func (c *Connector) managed(r *http.Request) (instance string, refused *Answer) {
	headers := r.Header.Values("Authorization")
	if token, ok := bearerJWT(headers); ok {
		instance, err := c.instanceOf(token)
		if err != nil {
			return "", jsonError(http.StatusUnauthorized, err.Error())
		}
		if _, live := (gateRecords{c}).Tenant(instance); !live {
			return "", jsonError(http.StatusUnauthorized, "the instance is gone")
		}
		return instance, nil
	}
	id := c.authenticate(headers)
	if !id.ok {
		return "", jsonError(http.StatusUnauthorized, "expected an upgrade token or an instance token: "+id.why)
	}
	return id.gateway.Instance, nil
}

// bearerJWT is the token of a single bearer header, if it looks like a JWT.
func bearerJWT(headers []string) (string, bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	return token, strings.EqualFold(scheme, "Bearer") && looksLikeJWT(token)
}

// manage answers a /manage route: 401 for a bearer that is none of the two, 400 for a body
// that is wrong, and otherwise what becomes of it. read takes the members out of the body
// and returns what is done when they are all good.
func manage(read func(c *Connector, instance string, b *body) (do func() (map[string]any, error))) route {
	return func(c *Connector, r *httpRequest) *Answer {
		instance, refused := c.managed(r.Request)
		if refused != nil {
			return refused
		}
		b := r.object()
		delete(b.members, "instanceId") // ignored, whatever it is (manage/instance)
		do := read(c, instance, b)
		if refused := b.done(c.lenient); refused != nil {
			return refused
		}
		answer, err := do()
		switch {
		case err == nil:
			return jsonAnswer(http.StatusOK, answer)
		case errors.Is(err, gate.ErrBad):
			return jsonError(http.StatusBadRequest, err.Error())
		case errors.Is(err, gate.ErrNoInstance):
			return jsonError(http.StatusUnauthorized, "the instance is gone")
		case errors.Is(err, gate.ErrTaken):
			return jsonError(http.StatusConflict, err.Error())
		case errors.Is(err, gate.ErrNotHeld):
			return jsonError(http.StatusNotFound, err.Error())
		case errors.Is(err, gate.ErrFull):
			return jsonError(http.StatusTooManyRequests, err.Error())
		}
		return jsonError(http.StatusInternalServerError, err.Error())
	}
}

// serveLink binds an author, or, without one, makes a code by which an author binds
// himself.
func serveLink(c *Connector, instance string, b *body) func() (map[string]any, error) {
	if !b.has("platform") && !b.has("userId") {
		return func() (map[string]any, error) {
			code, err := c.LinkCode(instance)
			return map[string]any{"code": code, "expiresIn": int(linkCodeLife.Seconds())}, err
		}
	}
	a := gate.Author{Platform: b.name("platform"), UserID: b.name("userId")}
	return func() (map[string]any, error) {
		return map[string]any{"platform": a.Platform, "userId": a.UserID}, c.gate.Bind(instance, a)
	}
}

// serveScope grants a scope, and serveScopeRelease gives it back.
func serveScope(c *Connector, instance string, b *body) func() (map[string]any, error) {
	return scoped(instance, b, c.gate.Grant)
}

func serveScopeRelease(c *Connector, instance string, b *body) func() (map[string]any, error) {
	return scoped(instance, b, c.gate.Release)
}

func scoped(instance string, b *body, do func(instance, platform, scope string) error) func() (map[string]any, error) {
	platform, scope := b.name("platform"), b.name("scope")
	return func() (map[string]any, error) {
		return map[string]any{"platform": platform, "scope": scope}, do(instance, platform, scope)
	}
}

// servePrincipal sets the principal policy; allow is the list that belongs to allow-list.
func servePrincipal(c *Connector, instance string, b *body) func() (map[string]any, error) {
	policy, allowed := gate.Principal(b.text("principal")), []gate.Author{}
	b.each("allow", func(who *body) {
		allowed = append(allowed, gate.Author{Platform: who.name("platform"), UserID: who.name("userId")})
	}, c.lenient)
	return func() (map[string]any, error) {
		return map[string]any{"principal": policy, "allow": allowed}, c.gate.SetPrincipal(instance, policy, allowed...)
	}
}

// serveDMDefault says whether direct messages of authors who are not bound are for the
// instance.
func serveDMDefault(c *Connector, instance string, b *body) func() (map[string]any, error) {
	platform, on := b.name("platform"), b.flag("enabled")
	return func() (map[string]any, error) {
		return map[string]any{"platform": platform, "enabled": on}, c.gate.SetDMDefault(instance, platform, on)
	}
}

func serveDeprovision(c *Connector, instance string, _ *body) func() (map[string]any, error) {
	return func() (map[string]any, error) {
		err := c.Deprovision(instance)
		if !errors.Is(err, gate.ErrNoInstance) {
			err = nil // the rest is about sockets that were ended in another way meanwhile
		}
		return map[string]any{}, err
	}
}
