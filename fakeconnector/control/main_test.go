package control_test

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/internal/rig"
	"github.com/relaykit/relaykit/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bound = rig.Bound

var within, must = rig.Within, rig.Must

// controlled is a connector behind its control API, with a client whose calls are kept.
type controlled struct {
	*rig.Rig
	t      testing.TB
	client *client.Client
	calls  *recorder
}

func start(t testing.TB, seed control.Seed, set func(*control.Options), options ...fakeconnector.Option) *controlled {
	t.Helper()
	var token string
	r := &controlled{t: t, Rig: rig.Start(t, seed, func(o *control.Options) {
		if set != nil {
			set(o)
		}
		token = o.Token
	}, options...)}
	r.calls = &recorder{next: r.Transport}
	r.client = client.New(r.HTTP.URL, token).WithHTTP(&http.Client{Transport: r.calls})
	return r
}

// dial connects a gateway that echoes; over is closed at the end of its session.
func (r *controlled) dial(made api.NewGatewayRecord) (over <-chan struct{}) {
	r.t.Helper()
	return rig.Echo(r.t, r.Front.URL(), rig.Gateway{ID: made.Gateway.ID, Secret: made.Secret, Platform: made.Gateway.Platform, BotID: made.Gateway.BotID})
}

// event is an event of a chat.
func event(chat, text string) api.Event {
	return api.Event{Text: text, Source: protocol.Source{ChatID: chat}}
}
