package reference_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

func TestContentOverTheLimitIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		long := strings.Repeat("x", 2001)
		res, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: long})
		if !errors.Is(err, reference.ErrTooLong) || res.Success || res.Error == "" {
			t.Errorf("send: expected a failed result and ErrTooLong, got %+v, %v", res, err)
		}
		res, err = gw.Edit(context.Background(), protocol.Edit{ChatID: "C1", MessageID: "m1", Content: long})
		if !errors.Is(err, reference.ErrTooLong) || res.Success || res.Error == "" {
			t.Errorf("edit: expected a failed result and ErrTooLong, got %+v, %v", res, err)
		}
		p.quiet()
		go gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: long[:2000]})
		p.expect("outbound")
	})
}
