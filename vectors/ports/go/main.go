// Command go is the port of this project itself: it answers vectors with the protocol
// package. Run it through `fakeconnector vectors run --command './port'`.
package main

import (
	"fmt"
	"os"

	"github.com/relaykit/relaykit/vectors/internal/answer"
)

func main() {
	if err := answer.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "port:", err)
		os.Exit(1)
	}
}
