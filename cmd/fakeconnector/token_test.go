package main

import (
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/protocol/auth"
)

// The contract's own frozen values.
const (
	frozenSecret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	frozenToken  = "Z3ctaW5zdGFuY2UtMTowOjM3YWE3YjE0NWU4NzY0ZDQwM2JhOWM2MzlmMjMwZGQ2M2RlOGVkOTliODhmZWQzNmFhMDI2MjVhOGE3ZTM1NjQ"
)

func TestTokenMint(t *testing.T) {
	for line, want := range map[string]string{
		"--exp 0":                frozenToken,
		"--ttl 0":                frozenToken,
		"--exp 0 --now 5":        frozenToken,
		"--ttl 60 --now 1000":    auth.Mint("gw-instance-1", frozenSecret, 1060),
		"--now 1000":             auth.Mint("gw-instance-1", frozenSecret, 1300),
		"--exp 1060":             auth.Mint("gw-instance-1", frozenSecret, 1060),
		"--ttl 1 --now 99999999": auth.Mint("gw-instance-1", frozenSecret, 100000000),
	} {
		args := append([]string{"token", "mint", "--gateway-id", "gw-instance-1", "--secret", frozenSecret}, strings.Fields(line)...)
		if code, stdout, stderr := execute(args...); code != exitYes || stdout != want+"\n" || stderr != "" {
			t.Errorf("%s: exit %d, %q, %q", line, code, stdout, stderr)
		}
	}
}

func TestTokenMintByTheClock(t *testing.T) {
	before := time.Now()
	_, stdout, _ := execute("token", "mint", "--gateway-id", "g", "--secret", "s")
	claims, err := auth.Verify(strings.TrimSpace(stdout), []string{"s"}, before)
	if err != nil {
		t.Fatal(err)
	}
	if low, high := before.Unix()+300, time.Now().Unix()+300; claims.Exp < low || claims.Exp > high {
		t.Errorf("it expires at %d, expected %d to %d", claims.Exp, low, high)
	}
}

func TestTokenVerify(t *testing.T) {
	expiring := auth.Mint("gw:1", "new-secret", 1000)
	for _, test := range []struct {
		token, flags, want string
		code               int
	}{
		{frozenToken, "--secret " + frozenSecret, "gw-instance-1", exitYes},
		{frozenToken, "--secret other --secret " + frozenSecret, "gw-instance-1", exitYes},
		{frozenToken, "--secret other", "bad-signature", exitNo},
		{frozenToken, "--secret=", "bad-signature", exitNo},
		{frozenToken + "=", "--secret " + frozenSecret, "malformed", exitNo},
		{"", "--secret " + frozenSecret, "malformed", exitNo},
		{expiring, "--secret new-secret --now 1000", "gw:1", exitYes},
		{expiring, "--secret new-secret --now 1001", "expired", exitNo},
		{expiring, "--secret new-secret", "expired", exitNo},
		{expiring, "--secret old-secret --now 1001", "bad-signature", exitNo},
	} {
		args := append([]string{"token", "verify", "--token", test.token}, strings.Fields(test.flags)...)
		if code, stdout, stderr := execute(args...); code != test.code || stdout != test.want+"\n" || stderr != "" {
			t.Errorf("%.10s %s: exit %d, %q, %q; want %d, %q", test.token, test.flags, code, stdout, stderr, test.code, test.want)
		}
	}
}

func TestTokenUsage(t *testing.T) {
	for line, want := range map[string]string{
		"mint":                          `required flag(s) "gateway-id", "secret" not set`,
		"mint --gateway-id g":           `required flag(s) "secret" not set`,
		"mint --gateway-id= --secret s": "--gateway-id is empty",
		"mint --gateway-id g --secret=": "--secret is empty",
		"mint --gateway-id g --secret s --ttl 1 --exp 2":           "[ttl exp]",
		"mint --gateway-id g --secret s --ttl x":                   `invalid argument "x" for "--ttl"`,
		"mint --gateway-id g --secret s --ttl=-1":                  "--ttl -1 is negative",
		"mint --gateway-id g --secret s --ttl 9223372036854775807": "out of range",
		"mint --gateway-id g --secret s --now 9223372036854775807": "out of range",
		"mint --gateway-id g --secret s --exp=-1":                  "--exp -1 is negative",
		"mint --gateway-id g --secret s --now=-1":                  "--now -1 is negative",
		"verify":                               `required flag(s) "secret", "token" not set`,
		"verify --token t":                     `required flag(s) "secret" not set`,
		"verify --token t --secret s --now 1x": `invalid argument "1x" for "--now"`,
	} {
		code, stdout, stderr := execute(append([]string{"token"}, strings.Fields(line)...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q; want %q", line, code, stdout, stderr, want)
		}
	}
}
