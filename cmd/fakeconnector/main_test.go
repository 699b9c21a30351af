package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.uber.org/goleak"
)

// asProcess makes the test's binary be fakeconnector: see process.
const asProcess = "FAKECONNECTOR_TEST_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		_ = os.Unsetenv(asProcess)
		main() // exits
	}
	goleak.VerifyTestMain(m)
}

// execute runs a command line as main would.
func execute(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	for line, want := range map[string]string{
		"bogus":        `"bogus" is no command of fakeconnector; there are: `,
		"token bogus":  `"bogus" is no command of fakeconnector token; there are: mint, verify`,
		"--bogus":      "unknown flag: --bogus",
		"version x":    `unknown command "x"`,
		"token mint x": `unknown command "x"`,
	} {
		code, stdout, stderr := execute(strings.Fields(line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q, %q; want %q", line, code, stdout, stderr, want)
		}
		if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "fakeconnector: ") {
			t.Errorf("%s: expected one line, got %q", line, stderr)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for line, want := range map[string]string{
		"": "Be a connector:", "token": "Available Commands:", "--help": "Be a connector:", "version": "fakeconnector ",
	} {
		code, stdout, stderr := execute(strings.Fields(line)...)
		if code != exitYes || !strings.Contains(stdout, want) || stderr != "" {
			t.Errorf("%q: exit %d, %q, %q", line, code, stdout, stderr)
		}
	}
}

// A command's own failure is neither the caller's fault nor a refusal.
func TestOwnFailure(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
	}{
		{nil, exitYes}, {context.Canceled, exitHarness}, {usagef("x"), exitUsage}, {exitWith(exitNo), exitNo}, {exitWith(exitYes), exitYes},
	} {
		root := group(&cobra.Command{Use: "root"}, &cobra.Command{Use: "sub", RunE: func(*cobra.Command, []string) error { return test.err }})
		var errs bytes.Buffer
		root.SetArgs([]string{"sub"})
		root.SetOut(&errs)
		if got := exitCode(root.ExecuteContext(t.Context()), &errs); got != test.code {
			t.Errorf("%v: exit %d, want %d", test.err, got, test.code)
		}
		if silent := errs.Len() == 0; silent != (test.err == nil || test.code < exitUsage) {
			t.Errorf("%v: printed %q", test.err, errs.String())
		}
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine("unknown command\n\nDid you mean this?\n\ttoken\n"); got != "unknown command; Did you mean this?; token" {
		t.Errorf("got %q", got)
	}
}
