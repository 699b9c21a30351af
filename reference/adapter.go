package reference

import (
	"context"
	"errors"
	"sync"

	"github.com/relaykit/relaykit/protocol"
)

// Adapter is what a bot framework asks of a chat platform. A relay is one more such
// platform: [NewAdapter] makes it from a configuration.
type Adapter interface {
	// Connect starts serving events to handler and returns once the platform is
	// connected. If it fails, nothing is left running.
	Connect(ctx context.Context, handler Handler) error
	// Disconnect drains and stops, as [Gateway.Shutdown].
	Disconnect(ctx context.Context) error
	// Send posts a message, as [Gateway.Send].
	Send(ctx context.Context, message protocol.Send) (Result, error)
	// ChatInfo names a chat and its type, as [Gateway.ChatInfo].
	ChatInfo(ctx context.Context, chatID string) (name, chatType string, err error)
	// Capabilities are what the platform can do; ok is false before it is known.
	Capabilities() (c Capabilities, ok bool)
}

// NewAdapter makes an adapter that is not connected yet. After a Disconnect it may be
// connected again; each connection is a gateway of its own.
func NewAdapter(config Config) Adapter { return &adapter{config: config} }

type adapter struct {
	config Config

	mu sync.Mutex
	gw *Gateway
}

// ErrConnected says that an adapter was to be connected twice.
var ErrConnected = errors.New("the adapter is connected already: expected a Disconnect first")

func (a *adapter) Connect(ctx context.Context, handler Handler) error {
	gw, err := New(a.config, handler)
	if err != nil {
		return err
	}
	a.mu.Lock()
	if a.gw != nil {
		a.mu.Unlock()
		return ErrConnected
	}
	a.gw = gw
	a.mu.Unlock()
	// The connection outlives the call, so it does not run under ctx.
	go gw.Run(context.WithoutCancel(ctx))
	if err := gw.WaitConnected(ctx); err != nil {
		return errors.Join(err, a.Disconnect(context.WithoutCancel(ctx)))
	}
	return nil
}

func (a *adapter) Disconnect(ctx context.Context) error {
	a.mu.Lock()
	gw := a.gw
	a.gw = nil
	a.mu.Unlock()
	if gw == nil {
		return nil
	}
	return gw.Shutdown(ctx)
}

func (a *adapter) gateway() (*Gateway, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gw == nil {
		return nil, ErrNotConnected
	}
	return a.gw, nil
}

func (a *adapter) Send(ctx context.Context, message protocol.Send) (Result, error) {
	gw, err := a.gateway()
	if err != nil {
		return Result{Error: err.Error()}, err
	}
	return gw.Send(ctx, message)
}

func (a *adapter) ChatInfo(ctx context.Context, chatID string) (name, chatType string, err error) {
	gw, err := a.gateway()
	if err != nil {
		return chatID, "dm", err
	}
	return gw.ChatInfo(ctx, chatID)
}

func (a *adapter) Capabilities() (Capabilities, bool) {
	gw, err := a.gateway()
	if err != nil {
		return Capabilities{}, false
	}
	return gw.Capabilities()
}
