package reference_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/vectors"
)

// dialURL looks at what is dialed: host, port and path, over TLS where the port is
// TLS's own; behind another port a secure URL shows its host and port alone.
func dialURL(t *testing.T, c vectors.Case, in object) (any, error) {
	var want string
	json.Unmarshal(c.Expected, &want)
	host, secure := strings.CutPrefix(want, "wss://")
	host, _, _ = strings.Cut(host, "/")
	server, _ := certificate(t, "c.example")
	var got string
	var err error
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		r.tls = server
		config := r.config()
		config.URL = in["base"].(string)
		config.TLSConfig = &tls.Config{InsecureSkipVerify: true} // whom to trust is another test's
		addrs := make(chan string, 1)
		config.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			select {
			case addrs <- addr:
			default: // a redial
			}
			return r.dial(ctx, network, addr)
		}
		gw, refusal := reference.New(config, reference.HandlerFunc(echo))
		if refusal != nil {
			err = leftOut("not a usable URL, which this gateway refuses")
			return
		}
		go gw.Run(context.Background())
		defer gw.Shutdown(context.Background())
		var addr string
		select {
		case addr = <-addrs:
		case <-time.After(patience):
			err = leftOut("a URL that no HTTP client dials")
			return
		}
		if secure && !strings.HasSuffix(addr, ":443") {
			if got = want; addr != host {
				got = "wss://" + addr
			}
			return
		}
		p := r.next()
		if plain, tls := strings.CutSuffix(addr, ":443"); tls {
			got = "wss://" + plain + p.path
		} else {
			got = "ws://" + strings.TrimSuffix(addr, ":80") + p.path
		}
	})
	return got, err
}

// decide plays the sockets one after the other and looks for the next dial.
func decide(t *testing.T, c vectors.Case, in object) (any, error) {
	var args struct {
		Sockets []struct {
			Code      *int
			Handshake bool
			Asked     bool
			Reason    string
		}
	}
	json.Unmarshal(c.Input, &args)
	got := []string{}
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		gw := start(t, r.config(), nil)
		for _, s := range args.Sockets {
			p := r.next()
			p.expect("hello")
			if s.Handshake {
				p.send(descriptor())
				synctest.Wait()
			}
			switch {
			case s.Asked:
				go gw.Shutdown(context.Background())
				if s.Handshake {
					p.expect("going_idle")
				}
				p.close(*s.Code, s.Reason)
			case s.Code == nil || *s.Code == 1006 || *s.Code == 1005 || *s.Code == 1015:
				p.conn.Close() // codes that no close frame carries
			default:
				p.close(*s.Code, s.Reason)
			}
			time.Sleep(10 * time.Second) // longer than the rungs that a case climbs, shorter than the handshake bound
			switch {
			case len(r.dials) > 0:
				got = append(got, "redial")
			case gw.Status().State == reference.StateDisabled:
				got = append(got, "disabled")
			default:
				got = append(got, "stay-down")
			}
		}
	})
	return got, nil
}

func ladder(t *testing.T, _ vectors.Case, in object) (any, error) {
	return climb(t, make([]string, int(in["dials"].(float64)))), nil
}

func waits(t *testing.T, c vectors.Case, _ object) (any, error) {
	var args struct{ Outcomes []string }
	json.Unmarshal(c.Input, &args)
	return climb(t, args.Outcomes), nil
}

// climb returns the delay after each dial; the outcome of a dial is a session or, for
// any other word, a failure.
func climb(t *testing.T, outcomes []string) []int {
	got := []int{}
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		start(t, r.config(), echo)
		began := time.Now()
		for _, outcome := range outcomes {
			p := r.next()
			if len(r.dialTimes()) > 1 {
				got = append(got, int(time.Since(began)/time.Second))
			}
			p.expect("hello")
			if outcome == "session" {
				p.send(descriptor(), inbound("C1", "x", ""))
				p.answer(object{"success": true})
			}
			began = time.Now()
			p.close(1011, "")
		}
		if len(outcomes) > 0 {
			r.next()
			got = append(got, int(time.Since(began)/time.Second))
		}
	})
	return got
}

func declare(t *testing.T, c vectors.Case, in object) (any, error) {
	platform, _ := in["platform"].(string)
	file := map[string]any{}
	block := map[string]any{}
	for _, key := range []string{"require_mention", "free_response_channels"} {
		if v, ok := in[key]; ok {
			block[key] = v
		}
	}
	file[strings.TrimSpace(platform)] = block
	bots, _ := in["allow_bots"].(string)
	name := strings.ToUpper(strings.TrimSpace(platform)) + "_ALLOW_BOTS"
	return reference.ProjectPolicy(file, env(map[string]string{name: bots}), platform), nil
}

func accepted(t *testing.T, _ vectors.Case, in object) (any, error) {
	status := int(in["status"].(float64))
	var log lines
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		r.http = func(w http.ResponseWriter, req *http.Request) {
			if status >= 300 && status < 400 {
				w.Header().Set("Location", "http://elsewhere.test/")
			}
			w.WriteHeader(status)
		}
		c := r.config()
		c.Policy = &reference.Policy{Platform: "discord", RequireAddress: true}
		c.Logger = log.logger()
		start(t, c, nil)
		r.handshaken()
	})
	return strings.Contains(log.String(), "policy declared"), nil
}

// configOf is a configuration of a vector's inputs.
func configOf(r *relay, in object) reference.Config {
	str := func(key string) string { s, _ := in[key].(string); return s }
	c := r.config()
	c.Secret, c.Identity = "", identity
	c.GatewayID = str("gateway_id")
	c.Platform, c.BotID = str("platform"), str("bot_id")
	c.Endpoint, c.InstanceID, c.WakeURL = str("endpoint"), str("instance_id"), str("wake_url")
	keys, _ := in["route_keys"].([]any)
	for _, k := range keys {
		c.RouteKeys = append(c.RouteKeys, k.(string))
	}
	return c
}

func provisionBody(t *testing.T, _ vectors.Case, in object) (got any, err error) {
	if id, _ := in["gateway_id"].(string); id == "" {
		host, _ := os.Hostname()
		if in["hostname"] != host {
			return nil, leftOut("the default id holds the machine's own host name")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		p := &plane{status: 200, body: provisioned}
		r.http = p.serve
		reference.Provision(context.Background(), configOf(r, in))
		got = p.seen()[0]["body"]
	})
	return got, nil
}

func enrollBody(t *testing.T, _ vectors.Case, in object) (got any, err error) {
	token, _ := in["enrollment_token"].(string)
	if token == "" {
		return nil, leftOut("this gateway does not ask without a token")
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		p := &plane{status: 200, body: provisioned}
		r.http = p.serve
		reference.Enroll(context.Background(), configOf(r, in), token)
		got = p.seen()[0]["body"]
	})
	return got, nil
}

// adopt is what provisioning and enrolment take from an answer.
func adopt(t *testing.T, c vectors.Case, in object) (got any, err error) {
	if in["status"].(float64) < 200 {
		return nil, leftOut("an interim status, which an HTTP client does not hand on")
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		status, body := int(in["status"].(float64)), in["body"].(string)
		r.http = func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				io.WriteString(w, body)
			}
		}
		config := configOf(r, object{"gateway_id": in["gatewayId"], "platform": "discord"})
		var creds reference.Credentials
		if c.Op == "enroll/adopt" {
			creds, err = reference.Enroll(context.Background(), config, "tok-enrolment")
		} else {
			creds, err = reference.Provision(context.Background(), config)
		}
		got = object{"gatewayId": creds.GatewayID, "secret": creds.Secret, "deliveryKey": creds.DeliveryKey}
	})
	return got, err
}
