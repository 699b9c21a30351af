package fakeconnector

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// The close codes and reasons of the contract that the connector uses by itself.
const (
	CloseUnauthorized = 4401 // the credential was refused or revoked

	ReasonUnauthorized = "unauthorized"
	ReasonExpired      = "expired" // since 2026-09: correctly signed, but past its exp

	// CloseSuperseded ends a session whose gateway has dialed again. The contract leaves
	// the code open; every code but 4401 means to the gateway that it may dial again.
	CloseSuperseded  = 4409
	ReasonSuperseded = "superseded"
)

// upgrader answers no origin check, as gateways are no browsers, and no compression, so
// that the bytes of the journal are the bytes of the wire.
//
// A session keeps a small buffer to read with. What it writes with is shared, as most
// sessions are silent most of the time.
var upgrader = websocket.Upgrader{
	ReadBufferSize:  512,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true },
	Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
		http.Error(w, reason.Error(), status)
	},
}

func (c *Connector) serveHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	if c.state != lifeStarted {
		c.mu.Unlock()
		// It came while the connector was closed. Without an answer it would be a 200.
		http.Error(w, shutsDown, http.StatusServiceUnavailable)
		return
	}
	c.wg.Add(1)
	c.mu.Unlock()
	defer c.wg.Done()
	c.secrets.SweepWhenDue()

	if !websocket.IsWebSocketUpgrade(r) {
		c.servePlain(w, r)
		return
	}
	c.serveDial(w, r)
}

func dialOf(r *http.Request) *Dial {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	h := r.Header.Clone()
	h.Set("Host", r.Host)
	return &Dial{Method: r.Method, Path: path, RawQuery: query, Header: h, Remote: r.RemoteAddr}
}

func (c *Connector) serveDial(w http.ResponseWriter, r *http.Request) {
	s := &Session{c: c, id: c.ids.next("s"), over: make(chan struct{}), greeted: make(chan int64, 1)}
	// The token is judged as it arrived, before anything may hold the dial up.
	id := c.identify(r)
	dial := dialOf(r)
	arrived := c.journal.one(Entry{Kind: KindDial, Session: s.id, GatewayID: id.gateway.ID, Instance: id.gateway.Instance, Dial: dial})
	s.gateway, s.secret = id.gateway, []byte(id.gateway.Secret)

	refuse := func(status int, why string) {
		answered := *dial
		answered.Status = status
		s.journal(Entry{Kind: KindRefused, Dial: &answered, Note: why})
		if status == 0 {
			_ = http.NewResponseController(w).SetWriteDeadline(noTime)
			drop(w)
			return
		}
		http.Error(w, why, status)
	}

	if dial.Path != protocol.RouteRelay {
		s.violation(protocol.RuleConnectDialPath, arrived.Seq, "expected an upgrade of %s, got one of %q; the dial URL is the base with one %s appended", protocol.RouteRelay, dial.Path, protocol.RouteRelay)
		refuse(http.StatusBadRequest, "no relay here: expected "+protocol.RouteRelay)
		return
	}
	if id.rule != "" {
		s.violation(id.rule, arrived.Seq, "%s", id.why)
	} else if id.why != "" {
		s.journal(Entry{Kind: KindNote, Note: id.why})
	}

	x := &Exchange{Point: PointDial, Dial: dial, c: c, gateway: id.gateway, session: s.id}
	c.stubs.apply(x)
	if x.wait != nil {
		select {
		case <-x.wait:
		case <-r.Context().Done():
			s.journal(Entry{Kind: KindNote, Note: "the gateway gave up while its dial was held"})
			return
		case <-c.done:
			return
		}
	}
	switch {
	case x.drop:
		refuse(0, "TCP dropped by a fault")
		return
	case x.status != 0:
		refuse(x.status, "refused by a fault")
		return
	case !c.room():
		refuse(http.StatusServiceUnavailable, "too many sessions")
		return
	}

	nc, _ := r.Context().Value(connKey{}).(net.Conn)
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	s.raw, _ = nc.(*conn)
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		answered := *dial
		answered.Status = http.StatusBadRequest
		s.journal(Entry{Kind: KindRefused, Dial: &answered, Note: "no WebSocket handshake: " + err.Error()})
		return
	}
	answered := *dial
	answered.Status = http.StatusSwitchingProtocols
	s.begin(ws, id, &answered)
}

// identity is what the upgrade's credential says about the caller.
type identity struct {
	gateway Gateway         // zero for a caller that is not known
	ok      bool            // the session may begin
	reason  string          // of the 4401
	named   Identity        // what hello must say, where it is not empty
	rule    protocol.RuleID // the rule that the credential breaks, if any
	why     string
}

// identify authenticates an upgrade against the stored records (contract, section
// "Authentication of the upgrade").
func (c *Connector) identify(r *http.Request) identity {
	id := c.authenticate(r.Header.Values("Authorization"))
	or(&id.reason, ReasonUnauthorized)
	if !id.ok && c.anonymous {
		c.mu.Lock()
		rec, known := c.records[AnonymousGatewayID]
		c.mu.Unlock()
		if !known {
			c.AddGateway(Gateway{ID: AnonymousGatewayID})
			c.mu.Lock()
			rec = c.records[AnonymousGatewayID]
			c.mu.Unlock()
		}
		// A development connector judges no credential.
		return identity{gateway: rec.Gateway, ok: true, named: rec.named}
	}
	return id
}

func (c *Connector) authenticate(headers []string) identity {
	if len(headers) == 0 {
		return identity{why: "no Authorization header"}
	}
	if len(headers) > 1 {
		return identity{rule: protocol.RuleAuthBearer, why: "expected one Authorization header, got several"}
	}
	scheme, token, found := strings.Cut(headers[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return identity{rule: protocol.RuleAuthBearer, why: `expected "Authorization: Bearer <token>", got another scheme or no token`}
	}
	claims, err := auth.Peek(token)
	if err != nil {
		return identity{rule: protocol.RuleAuthBearer, why: err.Error()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rec, err := c.record(claims.Payload)
	if err != nil {
		return identity{rule: protocol.RuleAuthBearer, why: "the token's payload: " + err.Error()}
	}
	rec.expire(c.clock.Now())
	_, err = auth.Verify(token, rec.secrets, c.clock.Now())
	switch {
	case err == nil:
		return identity{gateway: rec.Gateway, ok: true, named: rec.named}
	case auth.Code(err) == string(auth.ErrExpired):
		return identity{gateway: rec.Gateway, reason: ReasonExpired, rule: protocol.RuleAuthTokenLive, why: err.Error()}
	}
	if _, old := auth.Verify(token, rec.dropped, c.clock.Now()); old == nil || auth.Code(old) == string(auth.ErrExpired) {
		// The gateway did nothing wrong: the secret was good until it was revoked.
		return identity{gateway: rec.Gateway, why: "the token was signed with a revoked secret"}
	}
	return identity{gateway: rec.Gateway, rule: protocol.RuleAuthBearer, why: err.Error()}
}

// room reports whether another session may begin.
func (c *Connector) room() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sessions) < c.limits.Sessions
}

// drop ends the TCP connection of a request without an answer.
func drop(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	if nc, _, err := h.Hijack(); err == nil {
		_ = nc.Close()
	}
}
