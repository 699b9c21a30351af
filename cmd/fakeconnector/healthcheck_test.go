package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	_, control := serving(t)
	live := strings.TrimPrefix(control, "http://")
	_, port, err := net.SplitHostPort(live)
	if err != nil {
		t.Fatal(err)
	}
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer sick.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer secure.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	for _, tt := range []struct {
		name, control string
		code          int
		stderr        string
	}{
		{"alive", live, exitYes, ""},
		{"alive on every address", "0.0.0.0:" + port, exitYes, ""},
		{"alive without a host", ":" + port, exitYes, ""},
		{"alive over TLS", strings.TrimPrefix(secure.URL, "https://"), exitYes, ""},
		{"an answer that is not 200", strings.TrimPrefix(sick.URL, "http://"), exitNo, "/healthz: expected 200, got 503"},
		{"nobody there", gone.Addr().String(), exitNo, "expected a connector that answers at http://" + gone.Addr().String() + "/healthz"},
		{"no address", "8791", exitUsage, `control: expected host:port, got "8791"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "alive over TLS" { // its certificate is for another name
				t.Setenv(envPrefix+"TLS_CERT", "cert.pem")
				t.Setenv(envPrefix+"TLS_KEY", "key.pem")
			}
			// As in the image: by the environment that serve was given as well.
			t.Setenv(envPrefix+"CONTROL", tt.control)
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), []string{"healthcheck"}, &stdout, &stderr)
			if code != tt.code || !strings.Contains(stderr.String(), tt.stderr) || (tt.stderr == "" && stderr.Len() > 0) {
				t.Errorf("expected exit code %d and %q, got %d and %q", tt.code, tt.stderr, code, stderr.String())
			}
		})
	}
}
