package reference

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// writeBuffer holds most frames whole, so that a frame is one WebSocket frame too.
const writeBuffer = 16 << 10

// socket is a WebSocket with the TCP connection under it.
type socket struct {
	*websocket.Conn
	wire *wire
}

// dial opens one WebSocket.
//
// Contract, sections "Connection" and "Authentication of the upgrade":
//
//   - The gateway dials out, on the URL that is derived from the configured base.
//   - Every dial carries a token that was minted for it; a token that was kept could
//     have expired in the meantime.
//   - Without a secret there is no header.
//   - The dial with its upgrade takes no longer than the handshake bound.
func (g *Gateway) dial(ctx context.Context) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, g.bounds.Handshake)
	defer cancel()
	var w *wire
	dialer := &websocket.Dialer{
		TLSClientConfig: g.config.TLSConfig,
		WriteBufferSize: writeBuffer,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			open := g.config.NetDial
			if open == nil {
				open = new(net.Dialer).DialContext
			}
			conn, err := open(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			w = &wire{Conn: conn, silence: g.bounds.Silence}
			return w, nil
		},
	}
	if g.config.NetDial == nil {
		dialer.Proxy = http.ProxyFromEnvironment
	}
	conn, answer, err := dialer.DialContext(ctx, protocol.DialURL(g.config.URL), g.upgradeHeader())
	if err != nil {
		if answer != nil {
			return nil, fmt.Errorf("dial: expected HTTP 101 to the upgrade, got %d; check the relay URL", answer.StatusCode)
		}
		return nil, fmt.Errorf("dial: %w", err)
	}
	return &socket{Conn: conn, wire: w}, nil
}

// upgradeHeader carries the bearer token of one dial.
func (g *Gateway) upgradeHeader() http.Header {
	h := http.Header{}
	if token := g.mintToken(); token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return h
}

// mintToken makes an upgrade token that is good from now on, or "" without a secret.
func (g *Gateway) mintToken() string {
	g.mu.Lock()
	id, secret := g.config.GatewayID, g.config.Secret
	g.mu.Unlock()
	if secret == "" {
		return ""
	}
	token := auth.Mint(id, secret, auth.Expiry(g.config.Now(), auth.DefaultTTL))
	g.redactor.addToken(token)
	return token
}

// wire is a TCP connection that counts as dead when not one byte came for a while.
// The time starts anew with every read and not with every message, because a large
// frame may take minutes on a slow network.
type wire struct {
	net.Conn
	silence time.Duration
	limit   atomic.Pointer[time.Time] // reads end here, whatever comes
}

func (w *wire) Read(p []byte) (int, error) {
	deadline := time.Now().Add(w.silence)
	if limit := w.limit.Load(); limit != nil && limit.Before(deadline) {
		deadline = *limit
	}
	if err := w.Conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	// A limit that was set meanwhile must not be undone by the line above.
	if limit := w.limit.Load(); limit != nil && limit.Before(deadline) {
		w.Conn.SetReadDeadline(*limit)
	}
	return w.Conn.Read(p)
}

// endBy lets reads go on until t and no longer.
func (w *wire) endBy(t time.Time) {
	w.limit.Store(&t)
	w.Conn.SetReadDeadline(t)
}
