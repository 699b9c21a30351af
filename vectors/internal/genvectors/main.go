// Command genvectors writes the vector files, their schemas and their ledgers. Run it
// through `go generate ./vectors`.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/relaykit/relaykit/vectors/internal/gen"
)

func main() {
	dir := flag.String("dir", ".", "the vectors directory")
	flag.Parse()
	outputs, err := gen.Files(os.DirFS(*dir))
	if err == nil {
		for _, o := range outputs {
			path := filepath.Join(*dir, filepath.FromSlash(o.Path))
			if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
				err = os.WriteFile(path, o.Data, 0o644)
			}
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "genvectors:", err)
		os.Exit(1)
	}
}
