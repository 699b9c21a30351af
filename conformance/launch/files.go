package launch

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/relaykit/relaykit/conformance/kit"
)

// atEnd is the AtEnd of a [kit.Spec].
type atEnd = func(files func(context.Context, func(string, []byte)) error)

// writeFiles puts files into a subject's working directory.
func writeFiles(work string, files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.FromSlash(name)
		if !filepath.IsLocal(path) {
			return fmt.Errorf("expected a path inside of its working directory, got %q", name)
		}
		path = filepath.Join(work, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("making the directory of %s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// lookThrough calls look with each file below a directory. One may go away under the walk:
// what cannot be read holds nothing.
func lookThrough(dir string, look func(name string, content []byte)) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > kit.FileLimit {
			return nil
		}
		if content, err := os.ReadFile(path); err == nil {
			look(path, content)
		}
		return nil
	})
}
