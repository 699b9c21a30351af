package reference_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/vectors"
)

// called asks a gateway for an action. Its arguments are read as JSON into the types of
// the API, which have no room for a field of another type.
func called(gw *reference.Gateway, op string, action json.RawMessage) (r reference.Result, err error) {
	ctx := context.Background()
	read := func(into any) bool { err = json.Unmarshal(action, into); return err == nil }
	switch op {
	case "send":
		var a protocol.Send
		if read(&a) {
			return gw.Send(ctx, a)
		}
	case "edit":
		var a protocol.Edit
		if read(&a) {
			return gw.Edit(ctx, a)
		}
	case "typing":
		var a protocol.Typing
		if read(&a) {
			return gw.Typing(ctx, a)
		}
	case "follow_up":
		var a protocol.FollowUp
		if read(&a) {
			return gw.FollowUp(ctx, a)
		}
	case "get_chat_info":
		var a protocol.GetChatInfo
		if read(&a) {
			_, _, err = gw.ChatInfo(ctx, a.ChatID)
		}
	default:
		err = errors.New("no such call: " + op)
	}
	return r, err
}

// actionFrame looks at the frame that a call writes, after inbound events.
func actionFrame(t *testing.T, c vectors.Case, in object) (got any, err error) {
	var args struct {
		Action json.RawMessage
		Op     struct{ Op string } `json:"-"`
	}
	json.Unmarshal(c.Input, &args)
	json.Unmarshal(args.Action, &args.Op)
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		gw := start(t, r.config(), nil)
		p := r.next()
		p.expect("hello")
		d := descriptor()
		d["descriptor"].(object)["max_message_length"] = in["max_message_length"]
		d["descriptor"].(object)["len_unit"] = in["len_unit"]
		p.send(d)
		for _, e := range in["before"].([]any) {
			p.send(object{"type": "inbound", "event": e})
		}
		synctest.Wait()
		refusal := make(chan error, 1)
		go func() {
			_, err := called(gw, args.Op.Op, args.Action)
			refusal <- err
		}()
		synctest.Wait()
		select {
		case err = <-refusal:
			p.quiet()
			if err == nil {
				t.Errorf("%s: expected a frame or a refusal, got neither", c.ID)
			}
		default:
			got = bare(p.answer(object{"success": true}))
			if err := <-refusal; err != nil {
				t.Errorf("%s: expected success, got %v", c.ID, err)
			}
		}
	})
	return got, err
}

// bare is an action without what says nothing, as the vectors have it: a null, an empty
// metadata, and a scope_id beside the same guild_id.
func bare(action object) object {
	metadata, _ := action["metadata"].(object)
	if metadata["scope_id"] == metadata["guild_id"] {
		delete(metadata, "scope_id")
	}
	for name, v := range action {
		if v == nil || name == "metadata" && len(metadata) == 0 {
			delete(action, name)
		}
	}
	return action
}

// actionResult looks at what a caller is told.
func actionResult(t *testing.T, c vectors.Case, in object) (got any, err error) {
	actions := map[string]string{
		"send":      `{"chat_id":"C1","content":"hi"}`,
		"edit":      `{"chat_id":"C1","message_id":"m1","content":"hi"}`,
		"typing":    `{"chat_id":"C1"}`,
		"follow_up": `{"session_key":"k","kind":"discord.interaction_token","content":"hi"}`,
	}
	op := in["op"].(string)
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		told := make(chan reference.Result, 1)
		go func() {
			res, err := called(gw, op, json.RawMessage(actions[op]))
			if res.Success != (err == nil) || (res.Error == "") != res.Success {
				t.Errorf("%s: expected an error exactly where there is no success, got %+v, %v", c.ID, res, err)
			}
			told <- res
		}()
		p.answer(in["result"].(object))
		res := <-told
		said := func(v string, on bool) any {
			if !on || v == "" {
				return nil
			}
			return v
		}
		if res.Success {
			got = object{"success": true, "message_id": said(res.MessageID, true)}
		} else { // what it says where the connector gave no words is its own
			got = object{"success": false, "error": said(res.Error, res.Wire.Error.Or("") != "")}
		}
	})
	return got, err
}

func chatInfoRead(t *testing.T, _ vectors.Case, in object) (got any, err error) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		done := make(chan struct{})
		go func() {
			defer close(done)
			var name, kind string
			name, kind, err = gw.ChatInfo(context.Background(), in["chat_id"].(string))
			got = object{"name": name, "type": kind}
		}()
		p.answer(in["result"].(object))
		<-done
	})
	return got, err
}

func interruptFrame(t *testing.T, _ vectors.Case, in object) (got any, err error) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		reason, _ := in["reason"].(string)
		err = gw.Interrupt(context.Background(), in["session_key"].(string), reason)
		f := p.expect("interrupt")
		if f["reason"] == nil {
			delete(f, "reason")
		}
		got = f
	})
	return got, err
}

// helloOpen looks at a dial and at all that comes before the descriptor, over TLS where
// the URL says so.
func helloOpen(t *testing.T, c vectors.Case, in object) (got any, err error) {
	now := time.Unix(*c.Now, 0)
	server, trusted := certificate(t, "c.example")
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		config := r.config()
		config.URL, config.GatewayID = in["base"].(string), in["gateway_id"].(string)
		config.Secret, _ = in["secret"].(string)
		config.Platform, config.BotID = in["platform"].(string), in["bot_id"].(string)
		config.Now = func() time.Time { return now }
		config.TLSConfig = &tls.Config{RootCAs: trusted, Time: func() time.Time { return now }}
		var addr string
		config.NetDial = func(ctx context.Context, network, address string) (net.Conn, error) {
			addr = address
			return r.dial(ctx, network, address)
		}
		r.tls = server
		start(t, config, nil)
		p := r.next()
		var frames []any
		synctest.Wait()
		for len(p.in) > 0 {
			frames = append(frames, p.expect("hello"))
		}
		var bearer any
		if h, there := p.header["Authorization"]; there {
			bearer = strings.TrimPrefix(h[0], "Bearer ")
		}
		url := "ws://" + addr
		if host, tls := strings.CutSuffix(addr, ":443"); tls {
			url = "wss://" + host
		}
		got = object{"url": url + p.path, "bearer": bearer, "frames": frames}
	})
	return got, err
}

// certificate makes a server's certificate for a host and the pool that trusts it.
func certificate(t *testing.T, host string) (server *tls.Config, trusted *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(253402300799, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trusted = x509.NewCertPool()
	trusted.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, trusted
}
