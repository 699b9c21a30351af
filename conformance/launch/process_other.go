//go:build !unix

package launch

import (
	"errors"
	"os/exec"

	"github.com/relaykit/relaykit/conformance/kit"
)

func startProcess(*exec.Cmd, string, string, atEnd) (kit.Subject, error) {
	return nil, errors.New("commands need an operating system with process groups; use the in-process or the attach launcher here")
}
