// Command serve runs the fake connector as a process of its own, so that a mutant of it can
// be judged. It prints how it is dialed as one line of JSON, and then answers the lines of
// its standard input, each a request, until that ends.
package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/relaykit/relaykit/conformance/faketarget"
	"github.com/relaykit/relaykit/conformance/mutants/connector/pipe"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func serve() error {
	dir, err := os.MkdirTemp("", "connector")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	target, stop, err := faketarget.Durable(filepath.Join(dir, "buffers"))
	if err != nil {
		return err
	}
	defer func() { _ = stop() }()
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	say := func(v any) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(v) // nobody listens any more when it fails
	}
	key, err := x509.MarshalPKCS8PrivateKey(target.InstanceKey.Key)
	if err != nil {
		return err
	}
	say(pipe.Hello{BaseURL: target.BaseURL, Gateways: target.Gateways, Key: key, KeyID: target.InstanceKey.ID})
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var r pipe.Request
		if in.Decode(&r) != nil {
			return nil
		}
		a := pipe.Answer{ID: r.ID}
		var err error
		switch ctx := context.Background(); r.Method {
		case "publish":
			err = target.Publish(ctx, r.Subject, *r.Event)
		case "revoke":
			err = target.Revoke(ctx, r.Subject)
		case "rotate":
			a.Secret, err = target.Rotate(ctx, r.Subject)
		case "forward":
			err = target.Forward(ctx, r.Subject, *r.Forward)
		case "wake":
			err = target.SetWakeURL(ctx, r.Subject, r.URL)
		case "restart":
			a.Secret, err = target.Restart(ctx)
		case "identity":
			a.Secret, err = target.Identity(ctx, r.Subject)
		case "invite":
			a.Secret, err = target.Invite(ctx, r.Subject)
		case "link-code":
			a.Secret, err = target.LinkCode(ctx, r.Subject)
		case "arrive":
			err = target.Arrive(ctx, *r.Event)
		case "view":
			err = target.SetView(ctx, r.View.Platform, r.View.UserID, r.View.ChatID, r.View.Can)
		default:
			err = fmt.Errorf("expected a method of the target's, such as publish, got %q", r.Method)
		}
		if err != nil {
			a.Error = err.Error()
		}
		say(a)
	}
}
